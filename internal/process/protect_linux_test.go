package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestWhatIsProtectedInAWritableFolder: below what may be written some is read-only, below
// that some may be written after all, and some is not there at all.
func TestWhatIsProtectedInAWritableFolder(t *testing.T) {
	t.Run("best", testProtected)
	held := bubblewrap
	bubblewrap = func() string { return "" }
	defer func() { bubblewrap = held }()
	t.Run("without bubblewrap", testProtected)
}

func testProtected(t *testing.T) {
	if Protection() == "" {
		t.Skip("skipped: neither bubblewrap nor Landlock works here")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"open/x", "open/kept/x", "open/kept/again/x", "open/kept/hidden/x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("as it was"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(dir, "open/kept")
	var out bytes.Buffer
	end, err := Run(t.Context(), Spec{
		Path: "/bin/sh", Args: []string{"-c", "cat kept/x; cat kept/hidden/x 2>/dev/null; for f in x kept/x kept/again/x kept/hidden/x kept/new; do (echo new > $f); done 2>/dev/null; rm -rf kept/x; mv kept gone 2>/dev/null; true"},
		Dir: filepath.Join(dir, "open"), Env: []string{"PATH=/usr/bin:/bin"}, Stdout: &out,
		Sandbox: &Sandbox{ReadOnly: []string{"/"}, Writable: []string{filepath.Join(dir, "open")}, Protect: []string{kept},
			Again: []string{filepath.Join(kept, "again")}, Deny: []string{filepath.Join(kept, "hidden")}},
	})
	if err != nil || end.Protected == "" || out.String() != "as it was" {
		t.Errorf("%+v, %v, said %q", end, err, out.String())
	}
	for name, want := range map[string]string{"open/x": "new\n", "open/kept/x": "as it was", "open/kept/again/x": "new\n", "open/kept/hidden/x": "as it was"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(kept, "new")); err == nil {
		t.Error("a file was made in the protected folder")
	}
}

// TestNobodyLivesOnWhenTheGuardianIsKilled: it says so, and in a pid namespace nothing is left.
func TestNobodyLivesOnWhenTheGuardianIsKilled(t *testing.T) {
	if Protection() != "bubblewrap" {
		t.Skip("skipped: needs bubblewrap that works")
	}
	mark := filepath.Base(t.TempDir()) + time.Now().Format("150405.000000000")
	var out signalled
	out.first = make(chan struct{})
	go func() {
		<-out.first
		for _, pid := range descendants(os.Getpid()) {
			if name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); err == nil && bytes.HasPrefix(name, []byte(guardianName)) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}()
	end, err := Run(t.Context(), Spec{
		Path: "/bin/sh", Args: []string{"-c", "setsid tail -f /dev/null & echo there; wait"}, Stdout: &out, Sandbox: &Sandbox{Whole: true},
		Env: []string{"PATH=/usr/bin:/bin", "TASKS_TEST_MARK=" + mark},
	})
	if err != nil || !end.Lost || end.Cause != Signaled {
		t.Errorf("%+v, %v", end, err)
	}
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left, err := Survivors("TASKS_TEST_MARK", mark)
		if err != nil || len(left) == 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("left: %v", left)
		}
	}
}

// TestSandboxWhileFilesComeAndGo: beside what is denied others make and remove files while the
// rules are made. The program is held all the same, or it is not started.
func TestSandboxWhileFilesComeAndGo(t *testing.T) {
	held := bubblewrap
	bubblewrap = func() string { return "" }
	defer func() { bubblewrap = held }()
	if Protection() == "" {
		t.Skip("skipped: Landlock does not work here")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kept"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				name := filepath.Join(dir, strconv.Itoa(i%40))
				if os.Remove(name) != nil {
					_ = os.Mkdir(name, 0o755)
				}
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	for range 20 {
		var out bytes.Buffer
		end, err := Run(t.Context(), Spec{
			Path: "/bin/sh", Args: []string{"-c", "cat kept"}, Dir: dir, Env: []string{"PATH=/usr/bin:/bin"}, Stdout: &out,
			Sandbox: &Sandbox{ReadOnly: []string{"/usr", "/bin", "/lib", "/lib64", "/etc", dir}, Deny: []string{filepath.Join(dir, "kept")}},
		})
		if err != nil || end.Protected != "landlock" || out.String() != "" {
			t.Fatalf("%+v, %v, said %q", end, err, out.String())
		}
	}
}
