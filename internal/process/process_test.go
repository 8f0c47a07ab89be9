package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tasks/internal/fault"
)

func TestMain(m *testing.M) {
	if Guardian() {
		return
	}
	if os.Getenv("PROCESS_TEST_PARENT") != "" {
		Run(context.Background(), sh("setsid sh -c 'echo $$ > "+os.Getenv("PROCESS_TEST_PARENT")+"; exec sleep 300' & wait"))
		return
	}
	os.Exit(m.Run())
}

func sh(script string) Spec {
	return Spec{Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Limits: Limits{Wall: 2 * time.Minute, Grace: 200 * time.Millisecond}}
}

func linuxOnly(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("needs Linux: descendants are found through /proc")
	}
}

// gone waits until pid is no process any more.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(data), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("process %d still lives: %s", pid, data)
		}
	}
}

// readPid waits for a file with a pid in it.
func readPid(t *testing.T, path string) int {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		data, _ := os.ReadFile(path)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
			return pid
		}
	}
	t.Fatalf("no pid came into %s", path)
	return 0
}

func TestEnds(t *testing.T) {
	for _, c := range []struct {
		script string
		want   End
	}{
		{"exit 0", End{Cause: Exited}},
		{"echo oh >&2; exit 7", End{Cause: Exited, Code: 7, LastWords: "oh\n"}},
		{"kill -9 $$", End{Cause: Signaled, Code: -1, Signal: "killed"}},
		{"kill -TERM $$", End{Cause: Signaled, Code: -1, Signal: "terminated"}},
	} {
		got, err := Run(t.Context(), sh(c.script))
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.script, got, err, c.want)
		}
	}
}

func TestStreamsAndEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_OURS", "canary")
	s := sh("pwd; cat; env; ls /proc/self/fd")
	var out bytes.Buffer
	dir, err := filepath.EvalSymlinks(t.TempDir()) // as pwd says it
	if err != nil {
		t.Fatal(err)
	}
	s.Dir, s.Stdin, s.Stdout = dir, strings.NewReader("told\n"), &out
	if _, err := Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	if !strings.HasPrefix(got, s.Dir+"\ntold\n") || strings.Contains(got, "canary") || strings.Contains(got, "\n5\n") {
		t.Errorf("got %q", got)
	}
}

// TestOneWriterForBothKeepsTheOrder: what a test run prints is read as it was printed.
func TestOneWriterForBothKeepsTheOrder(t *testing.T) {
	s := sh("for n in $(seq 500); do echo out; echo err >&2; done")
	var both bytes.Buffer
	s.Stdout, s.Stderr = &both, &both
	if end, err := Run(t.Context(), s); err != nil || end.Cause != Exited || end.Code != 0 {
		t.Fatalf("%+v, %v", end, err)
	}
	if both.String() != strings.Repeat("out\nerr\n", 500) {
		t.Errorf("the lines are not in their order: %.200q", both.String())
	}
}

func TestNotStarted(t *testing.T) {
	for _, path := range []string{"/does/not/exist", "relative", t.TempDir()} {
		end, err := Run(t.Context(), Spec{Path: path})
		if err == nil || end.Cause != NotStarted {
			t.Errorf("%s: %+v, %v", path, end, err)
		}
		if filepath.IsAbs(path) && fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: code %s", path, fault.CodeOf(err))
		}
	}
}

func TestGrandchildInASessionOfItsOwnEnds(t *testing.T) {
	linuxOnly(t)
	for name, tail := range map[string]string{"exited": "exit 0", "timeout": "sleep 300"} {
		file := filepath.Join(t.TempDir(), "pid")
		s := sh("setsid sh -c 'trap \"\" INT TERM; echo $$ > " + file + "; while :; do sleep 1; done' & while [ ! -s " + file + " ]; do :; done; " + tail)
		tree, err := start(s)
		if err != nil {
			t.Fatal(err)
		}
		pid := readPid(t, file)
		if name == "timeout" { // which begins when all are there
			s.Limits.Wall = 100 * time.Millisecond
		}
		if end := tree.wait(t.Context(), s.Limits); string(end.Cause) != name {
			t.Errorf("%s: %+v", name, end)
		}
		gone(t, pid)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "pid")
	done := make(chan End)
	go func() {
		end, _ := Run(ctx, sh("echo $$ > "+file+"; trap '' INT TERM; while :; do sleep 1; done"))
		done <- end
	}()
	pid := readPid(t, file)
	cancel()
	if end := <-done; end.Cause != Canceled {
		t.Errorf("got %+v", end)
	}
	linuxOnly(t)
	gone(t, pid)
}

func TestInterruptComesFirst(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	file := filepath.Join(t.TempDir(), "pid")
	s := sh("trap 'echo last words >&2; exit 3' INT; echo $$ > " + file + "; while :; do sleep 0.05; done")
	s.Limits.Grace = time.Minute
	done := make(chan End)
	go func() { end, _ := Run(ctx, s); done <- end }()
	readPid(t, file)
	cancel()
	if end := <-done; end.Cause != Canceled || end.Code != 3 || end.LastWords != "last words\n" {
		t.Errorf("got %+v", end)
	}
}

func TestTooMuchOutput(t *testing.T) {
	var out bytes.Buffer
	s := sh("yes")
	s.Stdout, s.Limits.MaxOutput = &out, 1000
	end, err := Run(t.Context(), s)
	if err != nil || end.Cause != TooMuch || out.Len() != 1000 {
		t.Errorf("%+v, %v, %d bytes", end, err, out.Len())
	}
}

// TestASlowReaderLosesNoWord: who takes the output may take long, also after the end.
func TestASlowReaderLosesNoWord(t *testing.T) {
	defer func(d time.Duration) { holdTime = d }(holdTime)
	holdTime = 300 * time.Millisecond
	var out slow
	s := sh("echo first; read x; i=0; while [ $i -lt 3000 ]; do echo a line of words; i=$((i+1)); done; echo last >&2; echo last")
	in, say, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	started := make(chan *tree, 1)
	out.first = func() {
		say.Close() // all the rest fits into the pipe
		<-(<-started).out[0].over
		time.Sleep(2 * holdTime)
	}
	s.Stdin, s.Stdout = in, &out
	held, err := start(s)
	if err != nil {
		t.Fatal(err)
	}
	started <- held
	if end := held.wait(t.Context(), s.Limits); end.Cause != Exited || end.LastWords != "last\n" {
		t.Errorf("%+v", end)
	}
	if got := out.String(); !strings.HasSuffix(got, "words\nlast\n") || strings.Count(got, "\n") != 3002 {
		t.Errorf("%d lines came, the last of them %q", strings.Count(got, "\n"), got[max(0, len(got)-20):])
	}
}

// TestWhoPrintsOnIsNotWaitedFor: a guardian that was killed leaves what it had started, and
// that may print for ever.
func TestWhoPrintsOnIsNotWaitedFor(t *testing.T) {
	linuxOnly(t)
	defer func(d time.Duration) { holdTime = d }(holdTime)
	holdTime = 300 * time.Millisecond
	mark := filepath.Base(t.TempDir()) + time.Now().Format("150405.000000000")
	var out slow
	s := sh("setsid sh -c 'while :; do echo on; sleep 0.02; done' & wait")
	s.Env = append(s.Env, "TASKS_TEST_MARK="+mark)
	started := make(chan *tree, 1)
	out.first = func() { (<-started).cmd.Process.Kill() }
	s.Stdout = &out
	held, err := start(s)
	if err != nil {
		t.Fatal(err)
	}
	started <- held
	done := make(chan End, 1)
	go func() { done <- held.wait(t.Context(), s.Limits) }()
	select {
	case end := <-done:
		if !end.Lost {
			t.Errorf("%+v", end)
		}
	case <-time.After(time.Minute):
		t.Error("it is waited for")
	}
	if left, err := Survivors("TASKS_TEST_MARK", mark); err != nil || len(KillAll(t.Context(), left)) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// slow is a reader that stops at the first words.
type slow struct {
	bytes.Buffer
	first func()
}

func (s *slow) Write(p []byte) (int, error) {
	if s.first != nil {
		s.first()
		s.first = nil
	}
	return s.Buffer.Write(p)
}

func TestLimits(t *testing.T) {
	linuxOnly(t)
	s := sh("for i in 1 2 3 4 5 6 7 8 9; do sleep 300 & done; wait")
	s.Limits.Processes = 5
	if end, err := Run(t.Context(), s); err != nil || end.Cause != TooMany {
		t.Errorf("processes: %+v, %v", end, err)
	}
	s = sh("x=$(head -c 200000000 /dev/zero | tr '\\0' x); sleep 300")
	s.Limits.Memory = 50 << 20
	if end, err := Run(t.Context(), s); err != nil || end.Cause != TooLarge {
		t.Errorf("memory: %+v, %v", end, err)
	}
}

func TestTreeEndsWhenWeAreKilled(t *testing.T) {
	linuxOnly(t)
	file := filepath.Join(t.TempDir(), "pid")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "PROCESS_TEST_PARENT="+file)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pid := readPid(t, file)
	parent.Process.Kill()
	parent.Wait()
	gone(t, pid)
}

func TestSandbox(t *testing.T) {
	linuxOnly(t)
	t.Run("best", testSandbox)
	held := bubblewrap
	bubblewrap = func() string { return "" }
	defer func() { bubblewrap = held }()
	t.Run("without bubblewrap", testSandbox)
}

func testSandbox(t *testing.T) {
	if Protection() == "" {
		t.Skip("needs bubblewrap or Landlock")
	}
	dir := t.TempDir()
	// A test's own folder is below /tmp; what is not named must be out of reach.
	for _, d := range []string{"root/sub", "out", "other"} {
		os.MkdirAll(filepath.Join(dir, d), 0o755)
	}
	for name, text := range map[string]string{"root/a.md": "readable", "root/.env": "secret1", "root/sub/key.pem": "secret2", "root/sub/b.md": "readable", "other/x": "secret3"} {
		os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
	}
	var out bytes.Buffer
	s := sh("cat a.md sub/b.md; cat .env sub/key.pem ../other/x; echo w > ../out/w && echo wrote; echo w > a.md || echo refused")
	s.Dir, s.Stdout = filepath.Join(dir, "root"), &out
	s.Sandbox = &Sandbox{
		ReadOnly: []string{"/usr", "/bin", "/lib", "/lib64", "/etc", s.Dir},
		Writable: []string{filepath.Join(dir, "out")},
		Deny:     []string{filepath.Join(dir, "root/.env"), filepath.Join(dir, "root/sub/key.pem")},
	}
	end, err := Run(t.Context(), s)
	if err != nil || end.Protected != Protection() {
		t.Fatalf("%+v, %v", end, err)
	}
	if got := out.String(); strings.Contains(got, "secret") || !strings.Contains(got, "readablereadable") || !strings.Contains(got, "wrote") || !strings.Contains(got, "refused") {
		t.Errorf("under %s: %q (%s)", end.Protected, got, end.LastWords)
	}
}
