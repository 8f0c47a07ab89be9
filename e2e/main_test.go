package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tasks/internal/process"
	"tasks/internal/worker"
)

func TestMain(m *testing.M) {
	if process.Guardian() || worker.Bridge() {
		return
	}
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// need finds a program of e2e/node_modules or of the path. Without it the test is
// skipped, or fails where TASKS_E2E=required says that nothing may be missing.
func need(t *testing.T, name string) string {
	t.Helper()
	local, err := filepath.Abs(filepath.Join("node_modules", ".bin", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{local, name} {
		if found, err := exec.LookPath(p); err == nil {
			return found
		}
	}
	if os.Getenv("TASKS_E2E") == "required" {
		t.Fatalf("%s is not there, and TASKS_E2E=required", name)
	}
	t.Skipf("skipped: needs %s (npm ci in e2e, or the system's package)", name)
	return ""
}

// write makes files below a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	// Links are resolved, because the program itself works on resolved paths.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// git runs git in dir with an identity of its own.
func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.invalid"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}
