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
	"reflect"
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
	out      []*stream
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
		WaitDelay:   holdTime, // for what feeds its standard input
	}
	limit := func(w io.Writer) io.Writer {
		return &capped{w: w, left: s.Limits.MaxOutput, limited: s.Limits.MaxOutput > 0, overflow: t.overflow}
	}
	stdout, stderr, err := t.streams(limit(s.Stdout), limit(s.Stderr), s.together())
	if err == nil {
		t.cmd.Stdout, t.cmd.Stderr = stdout, stderr
		err = t.cmd.Start()
	}
	closeAll([]*os.File{files[0], files[2], files[5], stdout, stderr})
	if err != nil {
		closeAll([]*os.File{files[1], files[3], files[4]})
		for _, o := range t.out {
			o.from.Close()
		}
		return nil, err
	}
	for _, o := range t.out {
		go o.copy()
	}
	// An order is smaller than any pipe holds in parts; the guardian reads it first.
	_, err = files[1].Write(told)
	files[1].Close()
	if err != nil {
		t.control.Close()
		t.report.Close()
		return nil, errors.Join(err, t.ended())
	}
	return t, nil
}

// wait follows the tree: limit, interrupt, grace, kill.
func (t *tree) wait(ctx context.Context, l Limits) End {
	done := make(chan error, 1)
	go func() { done <- t.ended() }()
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

// together tells whether one writer takes both streams. One of a kind that cannot be compared
// is taken for two.
func (s Spec) together() bool {
	return s.Stdout != nil && s.Stderr != nil && reflect.ValueOf(s.Stdout).Comparable() && s.Stdout == s.Stderr
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// stream adds one that is passed on to w, and returns the end that the guardian writes to.
func (t *tree) stream(w io.Writer) (*os.File, error) {
	from, into, err := os.Pipe()
	if err == nil {
		t.out = append(t.out, &stream{from: from, to: w, over: make(chan struct{}), done: make(chan struct{})})
	}
	return into, err
}

// streams adds both of them, standard error's end kept as the last words. One pipe for the
// two keeps what was printed in its order, which two copied side by side would lose.
func (t *tree) streams(out, errs io.Writer, together bool) (stdout, stderr *os.File, err error) {
	if together {
		stdout, err = t.stream(io.MultiWriter(t.tail, out))
		return stdout, stdout, err
	}
	if stdout, err = t.stream(out); err == nil {
		stderr, err = t.stream(io.MultiWriter(t.tail, errs))
	}
	return stdout, stderr, err
}

// ended waits for the guardian's end, and until what was printed by then is passed on.
func (t *tree) ended() error {
	err := t.cmd.Wait()
	for _, o := range t.out {
		close(o.over)
		o.from.SetReadDeadline(time.Now().Add(holdTime)) // wakes one that waits for more
	}
	for _, o := range t.out {
		<-o.done
	}
	return err
}

// holdTime is how long a stream is waited for after the guardian's end, beside the time that
// passing it on takes. The guardian ends only after the tree, so nothing holds the pipe;
// one that was killed itself may leave a holder, and that may print for ever. Shorter in tests.
var holdTime = 2 * time.Second

// pipeSize is the most a pipe holds: more than that was printed after the guardian's end.
const pipeSize = 1 << 20

// stream passes on what is printed. Who takes it may take all the time it wants: a slow
// disk must not cost the last words.
type stream struct {
	from *os.File
	to   io.Writer
	over chan struct{} // closed when the guardian has ended
	done chan struct{}
}

func (s *stream) copy() {
	defer close(s.done)
	defer s.from.Close()
	buf := make([]byte, 32<<10)
	late, waited := 0, time.Duration(0) // since the guardian's end: bytes read, time for which there were none
	for late <= pipeSize && waited < holdTime {
		over, begun := s.isOver(), time.Now()
		if over {
			s.from.SetReadDeadline(begun.Add(holdTime - waited))
		}
		n, err := s.from.Read(buf)
		if over {
			late, waited = late+n, waited+time.Since(begun)
		}
		if n > 0 {
			if _, err := s.to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil && (over || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return
		}
	}
}

func (s *stream) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
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
