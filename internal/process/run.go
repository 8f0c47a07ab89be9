package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"tasks/internal/fault"
)

// guardianName is argv[0] of the process between us and the program.
const guardianName = "tasks-guardian"

// order is what the guardian is told on its descriptor 3.
type order struct {
	Path      string
	Args      []string
	Dir       string
	Env       []string
	Memory    int64
	Processes int
	Sandbox   *Sandbox
	Wrap      string // bubblewrap's path, or ""
	Inherit   int    // how many files from descriptor 6 on are only held
}

// Run runs the tree to its end. The error is for what could not be started; how a
// started tree ended is in End.
func Run(ctx context.Context, s Spec) (End, error) {
	none := End{Cause: NotStarted, Code: -1}
	if err := ctx.Err(); err != nil {
		return End{Cause: Canceled, Code: -1}, nil
	}
	if !filepath.IsAbs(s.Path) {
		return none, fault.New(fault.Internal, "%s cannot be run: the path is not absolute", s.Path)
	}
	t, err := start(s)
	if err != nil {
		return none, fault.New(fault.Unavailable, "%s cannot be started: %w", filepath.Base(s.Path), err)
	}
	end := t.wait(ctx, s.Limits)
	if end.Cause == NotStarted {
		return end, fault.New(fault.Unavailable, "%s cannot be started: %s", filepath.Base(s.Path), end.LastWords)
	}
	return end, nil
}

// tree is a started guardian.
type tree struct {
	cmd      *exec.Cmd
	control  *os.File // closing it ends the tree at once; one byte interrupts it
	report   *os.File
	tail     *tail
	overflow chan struct{}
}

func start(s Spec) (*tree, error) {
	self, err := selfPath()
	if err != nil {
		return nil, err
	}
	o := order{s.Path, s.Args, s.Dir, s.Env, s.Limits.Memory, s.Limits.Processes, s.Sandbox, "", len(s.Inherit)}
	if s.Sandbox != nil {
		o.Wrap = bubblewrap()
	}
	told, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var files [6]*os.File // pairs of read and write ends: order, control, report
	for i := 0; i < 6; i += 2 {
		if files[i], files[i+1], err = os.Pipe(); err != nil {
			closeAll(files[:])
			return nil, err
		}
	}
	t := &tree{control: files[3], report: files[4], tail: &tail{}, overflow: make(chan struct{}, 1)}
	t.cmd = &exec.Cmd{
		Path: self, Args: []string{guardianName}, Dir: s.Dir, Env: os.Environ(),
		Stdin: s.Stdin, ExtraFiles: append([]*os.File{files[0], files[2], files[5]}, s.Inherit...),
		SysProcAttr: guardianAttr(),
		// The guardian ends only after the tree, so nothing can hold the pipes;
		// should a system without that promise leave a holder, do not wait for it.
		WaitDelay: 2 * time.Second,
	}
	t.cmd.Stdout = &capped{w: s.Stdout, left: s.Limits.MaxOutput, limited: s.Limits.MaxOutput > 0, overflow: t.overflow}
	t.cmd.Stderr = io.MultiWriter(t.tail, &capped{w: s.Stderr, left: s.Limits.MaxOutput, limited: s.Limits.MaxOutput > 0, overflow: t.overflow})
	err = t.cmd.Start()
	closeAll([]*os.File{files[0], files[2], files[5]})
	if err != nil {
		closeAll([]*os.File{files[1], files[3], files[4]})
		return nil, err
	}
	// An order is smaller than any pipe holds in parts; the guardian reads it first.
	_, err = files[1].Write(told)
	files[1].Close()
	if err != nil {
		t.control.Close()
		t.report.Close()
		return nil, errors.Join(err, t.cmd.Wait())
	}
	return t, nil
}

// wait follows the tree: limit, interrupt, grace, kill.
func (t *tree) wait(ctx context.Context, l Limits) End {
	done := make(chan error, 1)
	go func() { done <- t.cmd.Wait() }()
	var wall <-chan time.Time
	if l.Wall > 0 {
		timer := time.NewTimer(l.Wall)
		defer timer.Stop()
		wall = timer.C
	}
	var cause Cause
	var failed error
	select {
	case failed = <-done:
	case <-ctx.Done():
		cause = Canceled
	case <-wall:
		cause = TimedOut
	case <-t.overflow:
		cause = TooMuch
	}
	if cause != "" {
		failed = t.finish(done, l.Grace)
	}
	t.control.Close()
	end := t.read(failed)
	if cause != "" {
		end.Cause = cause
	}
	return end
}

// finish interrupts, waits for the grace, and then lets go of the control pipe,
// at which the guardian kills what is left.
func (t *tree) finish(done chan error, grace time.Duration) error {
	if grace == 0 {
		grace = 2 * time.Second
	}
	t.control.Write([]byte{'i'})
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
	}
	t.control.Close()
	return <-done
}

// read takes the guardian's report; without one, its own end is all there is to tell.
func (t *tree) read(failed error) End {
	defer t.report.Close()
	var end End
	data, err := io.ReadAll(io.LimitReader(t.report, 1<<16))
	if err != nil || json.Unmarshal(data, &end) != nil || end.Cause == "" {
		end = End{Cause: Signaled, Code: -1, Signal: "the guardian ended without a report", Lost: true}
		if failed != nil {
			end.Signal += fmt.Sprintf(" (%v)", failed)
		}
	}
	if end.LastWords == "" {
		end.LastWords = t.tail.String()
	}
	return end
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// capped passes at most left bytes on, swallows the rest and tells of it once.
type capped struct {
	w        io.Writer
	left     int64
	limited  bool
	overflow chan struct{}
}

func (c *capped) Write(p []byte) (int, error) {
	n := len(p)
	if c.limited && int64(n) > c.left {
		p = p[:c.left]
		select {
		case c.overflow <- struct{}{}:
		default:
		}
	}
	c.left -= int64(len(p))
	if c.w != nil && len(p) > 0 {
		if _, err := c.w.Write(p); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// tail keeps the last 2 KB.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - 2048; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
