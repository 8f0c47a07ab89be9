package repo_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// house is a checkout in a folder of its own, with a folder outside beside it.
type house struct {
	t             testing.TB
	root, outside string
	*repo.Repo
}

func newHouse(t testing.TB, files ...string) *house {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, root: filepath.Join(top, "root"), outside: filepath.Join(top, "outside")}
	for _, dir := range []string{h.root, h.outside} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		h.put(f, "text of "+f)
	}
	h.open(repo.Options{LockDir: filepath.Join(top, "state", "locks")})
	return h
}

func (h *house) open(o repo.Options) {
	h.t.Helper()
	var err error
	if h.Repo, err = repo.Open(h.root, o); err != nil {
		h.t.Fatal(err)
	}
	r := h.Repo
	h.t.Cleanup(func() { r.Close() })
}

func (h *house) path(name string) string { return filepath.Join(h.root, filepath.FromSlash(name)) }

func (h *house) put(name, text string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) link(target, name string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Symlink(target, h.path(name)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) text(name string) string {
	h.t.Helper()
	data, err := os.ReadFile(h.path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(data)
}

// both runs a test in the way of this system and in the portable way.
func both(t *testing.T, fn func(t *testing.T, portable bool)) {
	t.Run(runtime.GOOS, func(t *testing.T) { fn(t, false) })
	t.Run("portable", func(t *testing.T) { fn(t, true) })
}

func wantCode(t testing.TB, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %v (code %q), want code %q", what, err, got, want)
	}
}

func TestClean(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "a/b.md": "a/b.md", "a//b": "a/b", "./a": "a", "a/": "a", "a/./b": "a/b", "a/../b": "b", "tasks/../docs/x.md": "docs/x.md",
		"ü/日本.md": "ü/日本.md", "a b": "a b", "..a": "..a", "-rf": "-rf", "a\nb": "a\nb", "10:30.md": "10:30.md", ".env.example": ".env.example",
		".gitignore": ".gitignore", ".gitattributes": ".gitattributes", ".github/x.md": ".github/x.md", "git": "git", "worktrees/a": "worktrees/a", "id.md": "id.md", "keys.md": "keys.md",
		"a.key.md": "a.key.md", "sqlite.md": "sqlite.md", "con.md": "con.md", "git~x": "git~x", "environment.md": "environment.md", "👩\u200d💻.md": "👩\u200d💻.md",
	} {
		if got, err := repo.Clean(name); got != want || err != nil {
			t.Errorf("Clean(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", ".", "./", "a/..", "a\x00b", `a\b`, `..\..\x`, `\\?\C:\x`, `tasks/..\.git`, "a\xffb", "\x00"} {
		_, err := repo.Clean(name)
		wantCode(t, "Clean("+name+")", err, fault.Usage)
	}
	for _, name := range []string{
		"..", "../x", "a/../../x", "/", "/etc/passwd", "//x", "C:x", "c:/x", "tasks/../.git/config", "tasks/../../x",
		// git's folders under any spelling
		".git", ".git/config", "a/.git", "a/.git/x", ".GIT/config", ".Git", ".gIt", ".g\u200cit", "\ufeff.git", ".git\u200d/config", ".gi\u0301t/../.git", "git~1", "GIT~1/config", "git~2",
		".git.", ".git...", ".git ", ".git. .", ".git::$INDEX_ALLOCATION", ".git:stream", "．ｇｉｔ", ".gıt/../.git", ".g\u00adit", ".gi\ufe0ft", "sub/.git:x/y",
		".worktrees", ".Worktrees/a/b.md", "x/.worktrees/y", ".worktrees./x", "WORKTR~1",
		// secrets
		".env", ".ENV", ".env.local", ".envrc", ".env/bin/x", ".env.", ".env.example.bak", ".env::$DATA", "a/.env", ".e\u200bnv", "ENV~1", ".env.example/../.env",
		"a.pem", "A.PEM", "a.pem ", "a.Key", "server.key", "server.\u212aey", "id_rsa", "ID_ED25519", "id_rsa.pub", "a/id_x.md", ".npmrc", ".NPMRC", ".netrc", "a/.netrc",
		"a.sqlite", "a.sqlite3", "a.SQLite-wal", "a.db", "A.DB", "a.d\u200bb", "x.db/y.md",
		// devices and what is only half there
		"CON", "nul", "a/AUX", "com1", "LPT9", ".tasks-0123456789ab-x.tmp", "...", "\u200b", "a/\u200d/b", "...\u200b/x",
	} {
		_, err := repo.Clean(name)
		wantCode(t, "Clean("+name+")", err, fault.Forbidden)
	}
}

func TestPolicyOnDisk(t *testing.T) {
	both(t, func(t *testing.T, portable bool) {
		h := newHouse(t, "docs/a.md", "docs/sub/b.md", ".git/config", ".env", "secret.pem", "ignored/x.md", "nested/.git/HEAD", "nested/doc.md",
			"module/.git", "module/doc.md", ".worktrees/w/a.md", "bare/HEAD", "bare/config", "bare/description.md", "src/HEAD", "src/refs/x.md", "UPPER/C.MD")
		if portable {
			h.Portable()
		}
		h.put(".gitignore", "ignored/\n*.log\n")
		h.put("docs/x.log", "x")
		for _, dir := range []string{"bare/objects/aa", "bare/refs/heads", "bare/hooks"} {
			os.MkdirAll(h.path(dir), 0o755)
		}
		os.WriteFile(filepath.Join(h.outside, "o.md"), []byte("outside"), 0o644)

		h.link("a.md", "docs/same.md")
		h.link("../docs", "other/docs")
		h.link("sub", "docs/folder")
		h.link("same.md", "docs/chain.md")
		h.link("../docs/./sub/../a.md", "docs/winding.md")
		h.link("../../outside/o.md", "docs/out.md")
		h.link("../../outside", "docs/outdir")
		h.link(h.path("docs/a.md"), "docs/absolute.md")
		h.link("/proc/self/environ", "docs/environ")
		h.link("nowhere.md", "docs/dangling.md")
		h.link("l2", "docs/l1")
		h.link("l1", "docs/l2")
		h.link("../.git/config", "docs/config.md")
		h.link("../.git", "docs/repository")
		h.link("../.env", "docs/harmless.md")
		h.link("../secret.pem", "docs/pem.md")
		h.link("../ignored/x.md", "docs/ignored.md")
		h.link("../.worktrees/w", "docs/w")
		h.link("../bare", "docs/bare")
		h.link("a.md", "docs/link.log") // the link itself is ignored
		if err := os.Link(filepath.Join(h.outside, "o.md"), h.path("docs/hard.md")); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(h.path("docs/fifo.md"), 0o644); err != nil {
			t.Fatal(err)
		}
		socket, err := net.Listen("unix", h.path("docs/s"))
		if err != nil {
			t.Skip(err) // the path may be too long for a socket
		}
		defer socket.Close()

		for name, real := range map[string]string{
			"docs/a.md": "docs/a.md", "docs/same.md": "docs/a.md", "docs/chain.md": "docs/a.md", "other/docs/a.md": "docs/a.md", "docs/folder/b.md": "docs/sub/b.md",
			"docs/winding.md": "docs/a.md", "nested/doc.md": "nested/doc.md", "module/doc.md": "module/doc.md", "src/refs/x.md": "src/refs/x.md", "UPPER/C.MD": "UPPER/C.MD",
			"./docs//a.md": "docs/a.md", "other/docs/folder/b.md": "docs/sub/b.md",
		} {
			f, err := h.ReadFile(name, 0)
			if err != nil || f.Path != real || string(f.Data) != "text of "+real || f.Hash != repo.Hash(f.Data) {
				t.Errorf("ReadFile(%q) = %+v %q, %v; want %s", name, f.Info, f.Data, err, real)
			}
			o, info, err := h.Open(name)
			if err != nil || info.Path != real {
				t.Errorf("Open(%q) = %+v, %v", name, info, err)
				continue
			}
			o.Close()
		}
		for _, name := range []string{
			".git/config", ".env", "secret.pem", "ignored/x.md", "ignored", "docs/x.log", "nested/.git/HEAD", "module/.git", ".worktrees/w/a.md",
			"bare", "bare/HEAD", "bare/config", "bare/description.md",
			"docs/out.md", "docs/outdir/o.md", "docs/outdir", "docs/absolute.md", "docs/environ", "docs/dangling.md", "docs/l1", "docs/config.md", "docs/repository/config",
			"docs/repository", "docs/harmless.md", "docs/pem.md", "docs/ignored.md", "docs/w/a.md", "docs/bare/description.md", "docs/link.log",
			"docs/hard.md", "docs/fifo.md", "docs/s",
		} {
			refusedEverywhere(t, h, name)
		}
		for _, name := range []string{"docs/missing.md", "docs/a.md/x", "missing/x.md", "docs/folder/missing.md", "other/docs/missing"} {
			_, err := h.ReadFile(name, 0)
			wantCode(t, "ReadFile "+name, err, fault.NotFound)
		}
		for _, name := range []string{"docs", "", "docs/folder"} {
			_, err := h.ReadFile(name, 0)
			wantCode(t, "ReadFile of a folder", err, fault.Usage)
		}
		_, err = h.ReadDir("docs/a.md")
		wantCode(t, "ReadDir of a file", err, fault.Usage)

		_, err = h.Replace(context.Background(), "bare/hooks/new.md", []byte("x"), "")
		wantCode(t, "a new file in a bare repository", err, fault.Forbidden)
		_, err = h.Replace(context.Background(), "ignored/deep/new.md", []byte("x"), "")
		wantCode(t, "a new file that git ignores", err, fault.Forbidden)

		sameEntries(t, h, "docs", "folder/", "sub/", "a.md", "chain.md", "same.md", "winding.md")
		sameEntries(t, h, "", "UPPER/", "docs/", "module/", "nested/", "other/", "src/", ".gitignore")
		sameEntries(t, h, "other/docs", "folder/", "sub/", "a.md", "chain.md", "same.md", "winding.md")
		wantWalk(t, h, "", ".gitignore", "UPPER/C.MD", "docs/a.md", "docs/hard.md", "docs/sub/b.md", "module/doc.md", "nested/doc.md", "src/HEAD", "src/refs/x.md")
		wantWalk(t, h, "docs", "docs/a.md", "docs/hard.md", "docs/sub/b.md")
		for _, text := range []string{"outside", "text of .git", "text of .env", "text of secret", "text of ignored", "text of bare", "text of .worktrees"} {
			hits, err := h.Search(context.Background(), repo.Query{Text: text})
			if err != nil || len(hits.Hits) != 0 {
				t.Errorf("Search(%q) = %+v, %v; want nothing", text, hits, err)
			}
		}
	})
}

// refusedEverywhere tries every way in.
func refusedEverywhere(t *testing.T, h *house, name string) {
	t.Helper()
	ctx := context.Background()
	ended := make(chan struct{})
	go func() { // none may wait for a pipe's other end
		defer close(ended)
		_, err := h.Stat(name)
		wantCode(t, "Stat "+name, err, fault.Forbidden)
		_, err = h.ReadFile(name, 0)
		wantCode(t, "ReadFile "+name, err, fault.Forbidden)
		_, _, err = h.Open(name)
		wantCode(t, "Open "+name, err, fault.Forbidden)
		_, err = h.ReadDir(name)
		wantCode(t, "ReadDir "+name, err, fault.Forbidden)
		wantCode(t, "Walk "+name, h.Walk(ctx, name, func(repo.Entry) error { return nil }), fault.Forbidden)
		_, err = h.Replace(ctx, name, []byte("x"), "")
		wantCode(t, "Replace "+name, err, fault.Forbidden)
		_, err = h.Replace(ctx, name+"/new.md", []byte("x"), "")
		if code := fault.CodeOf(err); code != fault.Forbidden && code != fault.NotFound && code != fault.Usage {
			t.Errorf("Replace %s/new.md: %v", name, err)
		}
		_, err = h.Update(ctx, name, func(repo.File) ([]byte, error) { return []byte("x"), nil })
		wantCode(t, "Update "+name, err, fault.Forbidden)
		wantCode(t, "Remove "+name, h.Remove(ctx, name, repo.Hash([]byte("text of "+name))), fault.Forbidden)
		_, err = h.Search(ctx, repo.Query{Text: "x", Dir: name})
		wantCode(t, "Search in "+name, err, fault.Forbidden)
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: still waiting", name)
	}
}

func sameEntries(t *testing.T, h *house, dir string, want ...string) {
	t.Helper()
	entries, err := h.ReadDir(dir)
	if err != nil {
		t.Errorf("ReadDir(%q): %v", dir, err)
	}
	var got []string
	for _, e := range entries {
		name := e.Name
		if e.Dir {
			name += "/"
		}
		got = append(got, name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("ReadDir(%q) = %q, want %q", dir, got, want)
	}
}

func wantWalk(t testing.TB, h *house, dir string, want ...string) {
	t.Helper()
	var got []string
	err := h.Walk(context.Background(), dir, func(e repo.Entry) error {
		got = append(got, e.Path)
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Walk(%q) = %q, %v\nwant %q", dir, got, err, want)
	}
}

func TestIgnoredButTracked(t *testing.T) {
	h := newHouse(t, "out/kept/a.md", "out/kept/b.md", "out/c.md", "x.log", "y.log", ".git/index")
	h.put(".gitignore", "out/\n*.log\n")
	asked := 0
	tracked, failure := []string{"out/kept/a.md", "x.log"}, error(nil)
	h.open(repo.Options{Index: h.path(".git/index"), TrackedIgnored: func(context.Context) ([]string, error) {
		asked++
		return tracked, failure
	}})
	long := time.Now().Add(-time.Hour)
	os.Chtimes(h.path(".git/index"), long, long)

	wantWalk(t, h, "", ".gitignore", "out/kept/a.md", "x.log")
	wantWalk(t, h, "out", "out/kept/a.md")
	sameEntries(t, h, "out", "kept/")
	sameEntries(t, h, "out/kept", "a.md")
	for name, want := range map[string]fault.Code{"x.log": "", "y.log": fault.Forbidden, "out/kept/a.md": "", "out/kept/b.md": fault.Forbidden, "out": "", "out/c.md": fault.Forbidden} {
		_, err := h.Stat(name)
		wantCode(t, "Stat "+name, err, want)
	}
	if asked != 1 {
		t.Errorf("git was asked %d times, want once", asked)
	}

	tracked = append(tracked, "y.log") // as git add -f does
	os.Chtimes(h.path(".git/index"), long, long.Add(time.Second))
	if _, err := h.Stat("y.log"); err != nil || asked != 2 {
		t.Errorf("after the index has changed: %v, asked %d times", err, asked)
	}
	tracked, failure = nil, errors.New("no git")
	os.Chtimes(h.path(".git/index"), long, long.Add(2*time.Second))
	_, err := h.Stat("x.log")
	wantCode(t, "when git cannot be asked", err, fault.Forbidden)
	if !strings.Contains(err.Error(), "no git") {
		t.Errorf("the reason is not told: %v", err)
	}
}

// A change of an ignore file counts at once, however fast it follows the last one.
func TestIgnoreFilesAreFresh(t *testing.T) {
	h := newHouse(t, "docs/a.md")
	for i := range 50 {
		rules, want := "docs/b.md\n", fault.Code("")
		if i%2 == 1 {
			rules, want = "docs/a.md\n", fault.Forbidden // of the same length
		}
		h.put(".gitignore", rules)
		_, err := h.Stat("docs/a.md")
		wantCode(t, "after "+rules, err, want)
	}
}

func TestReadFileLimit(t *testing.T) {
	h := newHouse(t)
	h.put("a.md", strings.Repeat("x", 1000))
	h.put("empty.md", "")
	for _, c := range []struct {
		name  string
		limit int64
		size  int
		cut   bool
	}{{"a.md", 0, 1000, false}, {"a.md", 1000, 1000, false}, {"a.md", 1001, 1000, false}, {"a.md", 999, 999, true}, {"a.md", 1, 1, true}, {"empty.md", 1, 0, false}} {
		f, err := h.ReadFile(c.name, c.limit)
		if err != nil || len(f.Data) != c.size || f.Cut != c.cut || (f.Hash == "") != c.cut || f.Size != int64(map[string]int{"a.md": 1000}[c.name]) {
			t.Errorf("ReadFile(%s, %d): %d bytes, cut %v, hash %q, size %d, %v", c.name, c.limit, len(f.Data), f.Cut, f.Hash, f.Size, err)
		}
	}
	if _, err := h.ReadFile("/dev/zero", 10); fault.CodeOf(err) != fault.Forbidden {
		t.Error(err)
	}
}

// Version tells apart what a second of mtime would not.
func TestVersionChangesWithTheFile(t *testing.T) {
	h := newHouse(t, "a.md")
	seen := map[string]bool{}
	version := func() string {
		t.Helper()
		info, err := h.Stat("a.md")
		if err != nil {
			t.Fatal(err)
		}
		return info.Version
	}
	first, err := h.Stat("a.md")
	if err != nil {
		t.Fatal(err)
	}
	if version() != first.Version {
		t.Error("an unchanged file has two versions")
	}
	seen[first.Version] = true
	for range 20 {
		// Same size, mtime set back: a save that hides.
		if err := os.WriteFile(h.path("tmp"), []byte("text of b.md"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(h.path("tmp"), first.ModTime, first.ModTime); err != nil {
			t.Fatal(err)
		}
		old := h.path("old")
		os.Remove(old)
		os.Rename(h.path("a.md"), old) // keeps the inode in use
		if err := os.Rename(h.path("tmp"), h.path("a.md")); err != nil {
			t.Fatal(err)
		}
		v := version()
		if v == first.Version {
			t.Fatal("a replaced file has the version of the first")
		}
		seen[v] = true
	}
}
