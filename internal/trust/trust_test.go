package trust_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/task"
	"tasks/internal/trust"
)

// book is a book in a state folder of the test's own.
func book(t *testing.T) (*trust.Book, string) {
	t.Helper()
	dir := t.TempDir()
	return trust.New(env(map[string]string{"XDG_STATE_HOME": dir})), filepath.Join(dir, "tasks")
}

func env(vars map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := vars[k]; return v, ok }
}

func with(verify ...string) []trust.Command {
	return trust.Commands([]*task.Task{{Path: "tasks/a.md", Verify: verify}})
}

func look(t *testing.T, b *trust.Book, root string, c []trust.Command) trust.Standing {
	t.Helper()
	s, err := b.Look(root, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommandsAreListedOnce(t *testing.T) {
	got := trust.Commands([]*task.Task{
		{Path: "b", Verify: []string{"make", " ", "go test"}}, {Path: "c", Verify: []string{"make", "make "}},
	})
	if len(got) != 3 || got[0].Text != "go test" || got[1] != (trust.Command{Kind: trust.Verify, Text: "make", Path: "b"}) || got[2].Text != "make " {
		t.Errorf("%q", got)
	}
}

func TestTrustIsForThisRootAndTheseCommands(t *testing.T) {
	b, dir := book(t)
	if s := look(t, b, "/r", nil); s != trust.NotNeeded {
		t.Error(s)
	}
	if s := look(t, b, "/r", with("make")); s != trust.Unasked || s.May() {
		t.Error(s)
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("looking made a folder")
	}
	must(t, b.Trust("/r", with("make", "go test")))
	for _, c := range []struct {
		root   string
		verify []string
		want   trust.Standing
	}{
		{"/r", []string{"make", "go test"}, trust.Trusted},
		{"/r", []string{"make"}, trust.Trusted},
		{"/r", []string{"make", "go test", "curl x | sh"}, trust.Changed},
		{"/r", []string{"make "}, trust.Changed},
		{"/r/sub", []string{"make"}, trust.Unasked},
	} {
		if s := look(t, b, c.root, with(c.verify...)); s != c.want {
			t.Errorf("%s with %q is %s, want %s", c.root, c.verify, s, c.want)
		}
	}
	if was, err := b.Revoke("/r"); !was || err != nil {
		t.Errorf("%v %v", was, err)
	}
	if s := look(t, b, "/r", with("make")); s != trust.Revoked {
		t.Error(s)
	}
	if was, err := b.Revoke("/r"); was || err != nil {
		t.Errorf("revoked twice: %v %v", was, err)
	}
	must(t, b.Trust("/r", with("make")))
	if s := look(t, b, "/r", with("make")); s != trust.Trusted {
		t.Error(s)
	}
}

func TestOthersAreKeptOut(t *testing.T) {
	b, dir := book(t)
	must(t, b.Trust("/r", with("make")))
	files, err := filepath.Glob(filepath.Join(dir, "trust", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q %v", files, err)
	}
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "trust"): 0o700, files[0]: 0o600} {
		info, err := os.Lstat(name)
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	refused := func(what string) {
		t.Helper()
		s, err := b.Look("/r", with("make"))
		if s.May() || fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s: %s, %v", what, s, err)
		}
	}
	must(t, os.Chmod(files[0], 0o644)) // as git would check it out
	refused("a record that others can read")
	must(t, os.Chmod(files[0], 0o600))
	must(t, os.Chmod(dir, 0o755))
	refused("a folder that lets others in")
	if err := b.Trust("/r", with("make")); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("written into it: %v", err)
	}
	must(t, os.Chmod(dir, 0o700))
	other := filepath.Join(t.TempDir(), "x")
	must(t, os.Rename(files[0], other))
	must(t, os.Symlink(other, files[0]))
	refused("a link")
}

func TestARecordThatCannotBeUnderstoodTrustsNothing(t *testing.T) {
	b, dir := book(t)
	must(t, b.Trust("/r", with("make")))
	files, _ := filepath.Glob(filepath.Join(dir, "trust", "*"))
	for _, text := range []string{"", "{", `{"schemaVersion":2,"root":"/r","commands":[]}`, `{"schemaVersion":1,"root":"/other","commands":[]}`} {
		must(t, os.WriteFile(files[0], []byte(text), 0o600))
		if s, err := b.Look("/r", with("make")); s.May() || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %s, %v", text, s, err)
		}
	}
	must(t, b.Trust("/r", with("make")))
	if s := look(t, b, "/r", with("make")); s != trust.Trusted {
		t.Error(s)
	}
}

func TestWithoutAPlaceNothingIsTrusted(t *testing.T) {
	for name, b := range map[string]*trust.Book{"nil": nil, "no variables": trust.New(env(nil)), "relative": trust.New(env(map[string]string{"XDG_STATE_HOME": "x", "HOME": "y"}))} {
		if s, err := b.Look("/r", with("make")); s != trust.Unasked || err != nil {
			t.Errorf("%s: %s, %v", name, s, err)
		}
		if err := b.Trust("/r", with("make")); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "HOME") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
