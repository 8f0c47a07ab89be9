package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// started runs a shell in the background that has said it is there.
func started(t *testing.T, env string, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestSurvivorsAreFoundByTheirMarkAndKilledWithTheirChildren(t *testing.T) {
	mark := filepath.Base(t.TempDir()) + time.Now().Format("150405.000000000")
	cmd := started(t, "TASKS_TEST_MARK="+mark, "(trap '' TERM; tail -f /dev/null) & echo x; wait")
	found, err := Survivors("TASKS_TEST_MARK", mark)
	if err != nil || len(found) < 2 {
		t.Fatalf("found %v, %v; want the shell and its child", found, err)
	}
	if other, err := Survivors("TASKS_TEST_MARK", mark[:len(mark)-1]); err != nil || len(other) != 0 {
		t.Errorf("a mark that only begins so found %v, %v", other, err)
	}
	if left := KillAll(t.Context(), []int{cmd.Process.Pid}); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	if found, err := Survivors("TASKS_TEST_MARK", mark); err != nil || len(found) != 0 {
		t.Errorf("still there: %v, %v", found, err)
	}
}

func TestAPidOfAnotherIsNotAlive(t *testing.T) {
	at, err := StartTime(os.Getpid())
	if err != nil || !Alive(os.Getpid(), at) {
		t.Fatalf("this process: %q, %v", at, err)
	}
	if Alive(os.Getpid(), at+"0") || Alive(os.Getpid(), "") || Alive(0, at) {
		t.Error("another start time counts as this process")
	}
	cmd := exec.Command("/bin/true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	cmd.Wait()
	if _, err := StartTime(pid); err == nil {
		t.Error("a process that has ended has a start time")
	}
}

// TestTheGuardianHoldsALock: the lock is held while anything of the tree is there, and not
// by the program, which could pass it on.
func TestTheGuardianHoldsALock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	held := func() bool {
		g, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		return errors.Is(syscall.Flock(int(g.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
	}
	in, say, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var out signalled
	out.first = make(chan struct{})
	done := make(chan End, 1)
	go func() {
		end, err := Run(context.Background(), Spec{
			Path: "/bin/sh", Args: []string{"-c", "echo there; ls /proc/self/fd | wc -l; read x"}, Stdin: in, Stdout: &out, Inherit: []*os.File{f}, Env: os.Environ(),
		})
		if err != nil {
			t.Error(err)
		}
		done <- end
	}()
	<-out.first
	f.Close() // ours is gone; the guardian has its own
	if !held() {
		t.Error("the lock is free while the program runs")
	}
	say.Close()
	if end := <-done; end.Cause != Exited {
		t.Errorf("end %+v", end)
	}
	if held() {
		t.Error("the lock is held after the end")
	}
}

// signalled closes first at its first byte.
type signalled struct {
	bytes.Buffer
	first chan struct{}
	once  bool
}

func (s *signalled) Write(p []byte) (int, error) {
	if !s.once {
		s.once = true
		close(s.first)
	}
	return s.Buffer.Write(p)
}

// TestAnInterruptReachesTheProgramInsideBubblewrap: it has its grace there as well.
func TestAnInterruptReachesTheProgramInsideBubblewrap(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("bubblewrap is of Linux alone")
	}
	for _, box := range []*Sandbox{nil, {Whole: true}} {
		var out signalled
		out.first = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-out.first; cancel() }()
		end, err := Run(ctx, Spec{
			Path: "/bin/sh", Args: []string{"-c", "trap 'echo bye; exit 7' INT; tail -f /dev/null & echo there; wait"}, Stdout: &out,
			Env: []string{"PATH=/usr/bin:/bin"}, Sandbox: box, Limits: Limits{Grace: time.Minute},
		})
		if err != nil || end.Cause != Canceled || !bytes.Contains(out.Bytes(), []byte("bye")) {
			t.Errorf("sandbox %+v: %+v, %v, said %q; want a last word", box, end, err, out.String())
		}
	}
}

func TestADetachedProgramHasASessionOfItsOwn(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pid, err := Detach(DetachSpec{Path: "/bin/sh", Args: []string{"-c", "tail -f /dev/null"}, Env: os.Environ(), Output: f})
	if err != nil {
		t.Fatal(err)
	}
	at, err := StartTime(pid)
	if err != nil {
		t.Fatal(err)
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("its group is %d, %v; want its own", group, err)
	}
	if left := KillAll(t.Context(), []int{pid}); len(left) > 0 || Alive(pid, at) {
		t.Errorf("left %v", left)
	}
	if _, err := Detach(DetachSpec{Path: "sh"}); err == nil {
		t.Error("a relative path was started")
	}
}

// TestSurvivorsMissNoneThatIsBecomingAnotherProgram: in the moment of an exec a process has
// no environment that could be read, and is there all the same.
func TestSurvivorsMissNoneThatIsBecomingAnotherProgram(t *testing.T) {
	mark := filepath.Base(t.TempDir()) + time.Now().Format("150405.000000000")
	script := filepath.Join(t.TempDir(), "again")
	if err := os.WriteFile(script, []byte("exec /bin/sh "+script+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := started(t, "TASKS_TEST_MARK="+mark, "echo x; exec /bin/sh "+script)
	for i := range 200 {
		found, err := Survivors("TASKS_TEST_MARK", mark)
		if err != nil || len(found) != 1 || found[0] != cmd.Process.Pid {
			t.Fatalf("look %d found %v, %v; want %d", i, found, err, cmd.Process.Pid)
		}
	}
}
