package forge

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/process"
)

func TestMain(m *testing.M) {
	if process.Guardian() {
		return
	}
	os.Exit(m.Run())
}

// world is a repository with a bare one beside it, and a folder for programs.
type world struct {
	t                    *testing.T
	root, bare, bin, dir string
	f                    *Forge
	env                  map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, root: filepath.Join(dir, "root"), bare: filepath.Join(dir, "remote.git"), bin: filepath.Join(dir, "bin")}
	for _, d := range []string{w.root, w.bin, filepath.Join(dir, "home")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.git("init", "-q", "-b", "main", w.root)
	w.git("init", "-q", "--bare", "-b", "main", w.bare)
	w.commit("first")
	w.git("-C", w.root, "remote", "add", "origin", w.bare)
	checkout, err := git.Find(t.Context(), w.root)
	if err != nil {
		t.Fatal(err)
	}
	w.env = map[string]string{"PATH": w.bin + ":" + os.Getenv("PATH"), "HOME": filepath.Join(dir, "home"), "XDG_STATE_HOME": filepath.Join(dir, "state")}
	getenv := func(k string) (string, bool) { v, ok := w.env[k]; return v, ok }
	w.f = &Forge{Git: checkout, StateDir: UserState(getenv), Getenv: getenv}
	return w
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nowhere", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes a commit and returns it.
func (w *world) commit(text string) string {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.root, "file"), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.git("-C", w.root, "add", "file")
	w.git("-C", w.root, "commit", "-q", "-m", text)
	return w.git("-C", w.root, "rev-parse", "HEAD")
}

func (w *world) remote() Remote {
	w.t.Helper()
	r, err := w.f.Remote(w.t.Context(), "", "main")
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) at(branch string) string {
	w.t.Helper()
	return w.git("-C", w.bare, "rev-parse", "refs/heads/"+branch)
}

func TestNothingIsPushedBeforeTheRemoteIsConfirmed(t *testing.T) {
	w := newWorld(t)
	ctx, r, head := t.Context(), w.remote(), w.git("-C", w.root, "rev-parse", "HEAD")
	err := w.f.Push(ctx, r, "task/a", head)
	if fault.CodeOf(err) != fault.Forbidden || !strings.Contains(err.Error(), w.bare) || !strings.Contains(fault.HintOf(err), "--remote origin --confirm") {
		t.Fatalf("%v, hint %q", err, fault.HintOf(err))
	}
	if out := w.git("-C", w.bare, "for-each-ref"); out != "" {
		t.Fatalf("the remote has %s", out)
	}
	if err := w.f.Confirm(r); err != nil {
		t.Fatal(err)
	}
	if err := w.f.Push(ctx, r, "task/a", head); err != nil {
		t.Fatal(err)
	}
	if w.at("task/a") != head {
		t.Error("another commit is there")
	}
	// Another address under the same name is asked about again.
	w.git("-C", w.root, "remote", "set-url", "origin", w.bare+"/../other.git")
	if err := w.f.Push(ctx, w.remote(), "task/a", head); fault.CodeOf(err) != fault.Forbidden {
		t.Fatalf("%v", err)
	}
	info, err := os.Stat(filepath.Join(w.f.StateDir, "remotes"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

// A rebased branch replaces what we pushed, and never what somebody else did.
func TestPushReplacesOnlyWhatWePushed(t *testing.T) {
	w := newWorld(t)
	ctx, r := t.Context(), w.remote()
	if err := w.f.Confirm(r); err != nil {
		t.Fatal(err)
	}
	push := func(commit string) error { return w.f.Push(ctx, r, "task/a", commit) }
	base := w.git("-C", w.root, "rev-parse", "HEAD")
	one := w.commit("one")
	if err := push(one); err != nil {
		t.Fatal(err)
	}
	w.git("-C", w.root, "reset", "-q", "--hard", base)
	two := w.commit("two, not after one")
	if err := push(two); err != nil || w.at("task/a") != two {
		t.Fatalf("a rebased branch: %v", err)
	}
	if err := push(two); err != nil {
		t.Fatalf("the same again: %v", err)
	}
	w.git("-C", w.bare, "update-ref", "refs/heads/task/a", one) // somebody else's work
	three := w.commit("three")
	err := push(three)
	if fault.CodeOf(err) != fault.Conflict || w.at("task/a") != one {
		t.Fatalf("%v; the remote is at %s", err, w.at("task/a"))
	}
	w.git("-C", w.bare, "update-ref", "refs/heads/task/b", one) // a name that we never pushed
	if err := w.f.Push(ctx, r, "task/b", three); fault.CodeOf(err) != fault.Conflict || w.at("task/b") != one {
		t.Fatalf("%v", err)
	}
}

// What the repository's own configuration says is not run by a push.
func TestPushRunsNothingOfTheRepository(t *testing.T) {
	w := newWorld(t)
	r := w.remote()
	if err := w.f.Confirm(r); err != nil {
		t.Fatal(err)
	}
	evil := filepath.Join(w.dir, "ran")
	hook := filepath.Join(w.root, ".git", "hooks", "pre-push")
	script := "#!/bin/sh\ntouch " + evil + "\n"
	for _, name := range []string{hook, filepath.Join(w.dir, "evil")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range map[string]string{
		"core.fsmonitor": filepath.Join(w.dir, "evil"), "core.sshCommand": filepath.Join(w.dir, "evil"), "credential.helper": "!" + filepath.Join(w.dir, "evil"),
		"core.hooksPath": filepath.Dir(hook), "push.gpgSign": "true", "gpg.program": filepath.Join(w.dir, "evil"), "remote.origin.receivepack": filepath.Join(w.dir, "evil"),
	} {
		w.git("-C", w.root, "config", key, value)
	}
	head := w.git("-C", w.root, "rev-parse", "HEAD")
	if err := w.f.Push(t.Context(), r, "task/a", head); err != nil || w.at("task/a") != head {
		t.Fatal(err)
	}
	if _, err := os.Stat(evil); err == nil {
		t.Error("a program of the repository's choice ran")
	}
	w.git("-C", w.root, "remote", "set-url", "origin", "ext::sh -c 'touch "+evil+"'")
	if r, err := w.f.Remote(t.Context(), "origin", ""); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRemotes(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.git("-C", w.root, "remote", "add", "hub", "git@example.org:ann/thing.git")
	if r := w.remote(); r.Name != "origin" || r.Repository() != "" {
		t.Errorf("%+v", r)
	}
	w.git("-C", w.root, "config", "branch.main.remote", "hub")
	if r := w.remote(); r.Repository() != "example.org/ann/thing" {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"-x", "a b", "nope"} {
		if r, err := w.f.Remote(ctx, name, ""); err == nil {
			t.Errorf("%q is %+v", name, r)
		}
	}
	w.git("-C", w.root, "remote", "set-url", "--add", "--push", "hub", "https://a.example/b/c")
	w.git("-C", w.root, "remote", "set-url", "--add", "--push", "hub", "https://d.example/b/c")
	if r, err := w.f.Remote(ctx, "hub", ""); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("two addresses: %+v, %v", r, err)
	}
	w.git("-C", w.root, "remote", "remove", "origin")
	w.git("-C", w.root, "remote", "remove", "hub")
	if _, err := w.f.Remote(ctx, "", "main"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		url, host, path string
		ok              bool
	}{
		{"https://github.com/ann/thing.git", "github.com", "ann/thing", true},
		{"https://u:p@GitHub.com/ann/thing/", "github.com", "ann/thing", true},
		{"ssh://git@git.example.org:2222/ann/thing.git", "git.example.org", "ann/thing", true},
		{"git@github.com:ann/thing.git", "github.com", "ann/thing", true},
		{"github.com:ann/thing", "github.com", "ann/thing", true},
		{"/srv/git/x.git", "", "", true},
		{"../x.git", "", "", true},
		{"file:///srv/x.git", "", "", true},
		{"ext::sh -c evil", "", "", false},
		{"foo::bar", "", "", false},
		{"git://x/y", "", "", false},
		{"-oProxyCommand=evil:x", "", "", false},
		{"ssh://-oProxyCommand=evil/x", "", "", false},
		{"git@-oProxyCommand=evil:x", "", "", false},
		{"a\nb", "", "", false},
		{"", "", "", false},
	} {
		host, path, ok := address(c.url)
		if ok != c.ok || ok && (host != c.host || path != c.path) {
			t.Errorf("%q: %q %q %v", c.url, host, path, ok)
		}
	}
	r := Remote{URL: "https://ann:secret@example.org/a/b"}
	if strings.Contains(r.Shown(), "secret") {
		t.Errorf("%s", r.Shown())
	}
	if r := (Remote{URL: "ssh://git@example.org/a/b"}); r.Shown() != r.URL {
		t.Errorf("%s", r.Shown())
	}
}

func TestConfirmationIsNotTheRepositorys(t *testing.T) {
	w := newWorld(t)
	w.f.StateDir = filepath.Join(w.root, "state")
	if err := w.f.Confirm(w.remote()); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
	w.f.StateDir = ""
	if err := w.f.Confirm(w.remote()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
	w.f.StateDir = filepath.Join(w.dir, "open")
	if err := os.MkdirAll(filepath.Join(w.f.StateDir, "remotes"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(w.f.StateDir, "remotes"), 0o755); err != nil { // whatever the umask
		t.Fatal(err)
	}
	if ok, err := w.f.Confirmed(w.remote()); ok || fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("%v, %v", ok, err)
	}
}
