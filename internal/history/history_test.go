package history_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/history"
	"tasks/internal/run"
	"tasks/internal/store"
)

var noon = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

// repository is a git repository of the test.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	r := &repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "trunk")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	return r.gitAt(noon, "Ana Ruiz", "", args...)
}

func (r *repository) gitAt(when time.Time, who, in string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	at := when.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME="+who, "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=C",
		"GIT_COMMITTER_EMAIL=c@d", "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files (name, text) and commits them.
func (r *repository) commit(when time.Time, who, subject string, files ...string) {
	r.t.Helper()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(r.dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	r.git("add", "-A", "-f")
	r.gitAt(when, who, "", "commit", "-q", "--allow-empty", "-m", subject)
}

// many imports n commits of one file, without a process for each.
func (r *repository) many(n int, at func(i int) time.Time) {
	r.t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "commit refs/heads/trunk\ncommitter C <c@d> %d +0000\ndata <<EOT\nno %d\nEOT\n", at(i).Unix(), i)
		fmt.Fprintf(&b, "M 644 inline docs/a.md\ndata <<EOT\n%d\nEOT\n", i)
	}
	r.gitAt(noon, "A", b.String(), "fast-import", "--quiet", "--force")
}

func (r *repository) reader(c history.Config) *history.Reader {
	r.t.Helper()
	checkout, err := git.Find(context.Background(), r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	c.Git = checkout
	if c.Now == nil {
		c.Now = func() time.Time { return noon }
	}
	return history.New(c)
}

func window(t *testing.T, r *history.Reader, ask history.Ask) *history.Window {
	t.Helper()
	w, err := r.Window(t.Context(), ask)
	if err != nil || w.Problem != "" || w.Pending {
		t.Fatalf("Window: %v, %q, pending %v", err, w.Problem, w.Pending)
	}
	return w
}

func texts(items []history.Item) string {
	var out []string
	for _, it := range items {
		out = append(out, it.Text)
	}
	return strings.Join(out, "|")
}

func TestWindow(t *testing.T) {
	g := newRepository(t)
	g.commit(noon.Add(-300*time.Hour), "Tom", "long ago", "docs/old.md", "x")
	g.commit(noon.Add(-200*time.Hour), "Tom", "before", "docs/old.md", "y")
	g.commit(noon.Add(-50*time.Hour), "Ana Ruiz", "both", "docs/a.md", "a", "tasks/one.md", "b", "main.go", "c", ".env", "SECRET=1")
	g.commit(noon.Add(-40*time.Hour), "Ana Ruiz", "a doc", "README.md", "b")
	g.commit(noon.Add(-30*time.Hour), "Tom", "code", "main.go", "d")
	r := g.reader(history.Config{})
	w := window(t, r, history.Ask{})
	if got := texts(w.Items); got != "code|a doc|both" || texts(w.Before) != "before|long ago" || w.Cut || w.Shallow {
		t.Fatalf("items %q, before %q, cut %v", got, texts(w.Before), w.Cut)
	}
	if !w.To.Equal(noon) || !w.From.Equal(noon.Add(-history.Week)) || !w.At.Equal(noon) || len(w.Head) != 40 {
		t.Errorf("bounds: %v to %v, at %v, head %s", w.From, w.To, w.At, w.Head)
	}
	both := w.Items[2]
	if both.Kind != history.Task || both.Owner != "ana-ruiz" || both.More != 1 || len(both.Changes) != 3 {
		t.Errorf("both: %+v", both)
	}
	for _, c := range both.Changes {
		if c.Path == ".env" {
			t.Error("a path that the policy refuses is named")
		}
	}
	if !both.Has(history.Doc) || !both.Has(history.Code) || both.Has(history.Run) {
		t.Error("kinds of an item with changes of three kinds")
	}
	if w.Items[1].Kind != history.Doc || w.Items[0].Kind != history.Code {
		t.Errorf("kinds %s, %s", w.Items[1].Kind, w.Items[0].Kind)
	}

	if w.Older == nil {
		t.Fatal("nothing older")
	}
	older := window(t, r, *w.Older)
	if texts(older.Items) != "before|long ago" || older.Older != nil {
		t.Errorf("older: %q, %v", texts(older.Items), older.Older)
	}
	files := w.Files(3, func(c history.Change) bool { return c.Kind != history.Code })
	var names []string
	for _, f := range files {
		names = append(names, f.Path+" "+f.Text)
	}
	if got := strings.Join(names, ", "); got != "README.md a doc, docs/a.md both, tasks/one.md both" {
		t.Errorf("files: %s", got)
	}
}

// Every commit is in exactly one window, also where hundreds have one moment.
func TestOlderLeadsToEveryCommit(t *testing.T) {
	for name, at := range map[string]func(int) time.Time{
		"one moment":       func(int) time.Time { return noon.Add(-time.Hour) },
		"one a minute":     func(i int) time.Time { return noon.Add(time.Duration(i-700) * time.Minute) },
		"forty a second":   func(i int) time.Time { return noon.Add(time.Duration(i/40-100) * time.Second) },
		"one in ten days":  func(i int) time.Time { return noon.Add(time.Duration(i-700) * 240 * time.Hour) },
		"bursts and pause": func(i int) time.Time { return noon.Add(time.Duration(i/300-10) * 1000 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newRepository(t)
			g.many(641, at)
			r := g.reader(history.Config{})
			seen := map[string]bool{}
			ask := &history.Ask{}
			for n := 0; ask != nil; n++ {
				if n > 700 {
					t.Fatal("the way back does not end")
				}
				w := window(t, r, *ask)
				if n > 0 && len(w.Items) == 0 {
					t.Fatalf("an older link leads to nothing: %+v", ask)
				}
				if len(w.Items) > history.Limit {
					t.Fatalf("%d items", len(w.Items))
				}
				for _, it := range w.Items {
					if seen[it.Hash] {
						t.Fatalf("%s twice", it.Text)
					}
					seen[it.Hash] = true
				}
				ask = w.Older
				if name == "one in ten days" && n == 20 {
					return
				}
			}
			if len(seen) != 641 {
				t.Errorf("%d of 641 commits", len(seen))
			}
		})
	}
}

func TestOddRepositories(t *testing.T) {
	g := newRepository(t)
	r := g.reader(history.Config{})
	if w := window(t, r, history.Ask{}); len(w.Items) != 0 || w.Head != "" || w.Older != nil {
		t.Errorf("without a commit: %+v", w)
	}
	if p, err := r.Of(t.Context(), "docs/a.md", 5); err != nil || len(p.Items) != 0 || p.Problem != "" {
		t.Errorf("a file without a commit: %+v, %v", p, err)
	}
	g.commit(noon.Add(-2*time.Hour), "A", "one", "docs/a.md", "x")
	g.commit(noon.Add(-time.Hour), "A", "two", "docs/a.md", "y")
	g.git("checkout", "-q", "--detach", "HEAD~1")
	if w := window(t, r, history.Ask{}); texts(w.Items) != "one" {
		t.Errorf("detached: %q", texts(w.Items))
	}
	g.git("checkout", "-q", "trunk")
	if w := window(t, r, history.Ask{}); texts(w.Items) != "two|one" {
		t.Errorf("after a checkout: %q", texts(w.Items))
	}
	shallow := &repository{t, t.TempDir()}
	shallow.git("clone", "-q", "--depth", "1", "file://"+g.dir, ".")
	if w := window(t, shallow.reader(history.Config{}), history.Ask{}); texts(w.Items) != "two" || !w.Shallow {
		t.Errorf("shallow: %q, %v", texts(w.Items), w.Shallow)
	}
}

func TestOf(t *testing.T) {
	g := newRepository(t)
	g.commit(noon.Add(-9000*time.Hour), "A", "made", "tasks/one.md", "a text\nof some\nlines\n")
	g.commit(noon.Add(-30*time.Hour), "B", "elsewhere", "docs/a.md", "x")
	g.git("mv", "tasks/one.md", "tasks/two.md")
	g.commit(noon.Add(-20*time.Hour), "B", "moved")
	r := g.reader(history.Config{})
	p, err := r.Of(t.Context(), "tasks/two.md", 5)
	if err != nil || texts(p.Items) != "moved|made" || p.Cut {
		t.Fatalf("Of = %+v, %v", p, err)
	}
	if c := p.Items[0].Changes; len(c) != 1 || c[0].Op != history.Renamed || c[0].From != "tasks/one.md" {
		t.Errorf("the rename: %+v", c)
	}
	if p, err = r.Of(t.Context(), "tasks/two.md", 1); err != nil || texts(p.Items) != "moved" || !p.Cut {
		t.Errorf("Of, limited = %+v, %v", p, err)
	}
	for _, bad := range []string{"", "../x", "/etc/passwd", ".git/config", ".env", "a\x00b"} {
		if _, err := r.Of(t.Context(), bad, 5); err == nil {
			t.Errorf("Of(%q) is not refused", bad)
		}
	}
}

func TestRunsAreInTheWindow(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	runs := run.New(db)
	for slug, at := range map[string]time.Time{"new": noon.Add(-time.Hour), "old": noon.Add(-900 * time.Hour)} {
		if _, _, err := runs.Enqueue(t.Context(), run.Run{Slug: slug, Path: "tasks/" + slug + ".md", QueuedAt: at}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`update runs set state = 'accepted', started_at = ?, ended_at = ?, worker = 'claude' where slug = 'old'`,
		"2026-03-01T00:00:00.000000000Z", "2026-03-20T10:00:00.000000000Z"); err != nil {
		t.Fatal(err)
	}
	g := newRepository(t)
	g.commit(noon.Add(-90*time.Minute), "A", "between", "docs/a.md", "x")
	w := window(t, g.reader(history.Config{Runs: runs}), history.Ask{})
	if got := texts(w.Items); got != "was handed over|between|was accepted" {
		t.Errorf("items: %q", got)
	}
	if it := w.Items[2]; it.Kind != history.Run || it.Run.Slug != "old" || it.Owner != "claude" {
		t.Errorf("the run's end: %+v", it)
	}
}

// A page never waits for a slow git: it gets what was known, and is told later. One
// reading serves all who ask meanwhile.
func TestSlowGit(t *testing.T) {
	g := newRepository(t)
	g.commit(noon.Add(-2*time.Hour), "A", "one", "docs/a.md", "x")
	var mu sync.Mutex
	var waiting []func()
	told := make(chan struct{}, 8)
	r := g.reader(history.Config{
		Spawn: func(read func(context.Context)) {
			mu.Lock()
			defer mu.Unlock()
			waiting = append(waiting, func() { read(context.Background()) })
		},
		Changed: func() { told <- struct{}{} },
	})
	release := func() int {
		mu.Lock()
		defer mu.Unlock()
		n := len(waiting)
		for _, f := range waiting {
			f()
		}
		waiting = nil
		return n
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	w, err := r.Window(short, history.Ask{})
	if err != nil || !w.Pending || !w.At.IsZero() || len(w.Items) != 0 {
		t.Fatalf("nothing known yet: %+v, %v", w, err)
	}
	if n := release(); n != 1 {
		t.Fatalf("%d readings", n)
	}
	<-told
	window(t, r, history.Ask{})
	g.commit(noon.Add(-time.Hour), "A", "two", "docs/a.md", "y")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			w, err := r.Window(t.Context(), history.Ask{})
			if err != nil || !w.Pending || texts(w.Items) != "one" || w.At.IsZero() {
				t.Errorf("while git works: %+v, %v", w, err)
			}
		})
	}
	wait.Wait()
	if n := release(); n != 1 {
		t.Errorf("%d readings for eight who asked", n)
	}
	<-told
	if w := window(t, r, history.Ask{}); texts(w.Items) != "two|one" {
		t.Errorf("after the reading: %q", texts(w.Items))
	}
}

func TestAProblemIsSaid(t *testing.T) {
	g := newRepository(t)
	g.commit(noon.Add(-2*time.Hour), "A", "one", "docs/a.md", "x")
	r := g.reader(history.Config{})
	window(t, r, history.Ask{})
	if err := os.WriteFile(filepath.Join(g.dir, ".git/refs/heads/trunk"), []byte(strings.Repeat("01", 20)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := r.Window(t.Context(), history.Ask{})
	if err != nil || w.Problem == "" || texts(w.Items) != "one" {
		t.Errorf("a damaged repository: %+v, %v", w, err)
	}
	if fault.CodeOf(err) != "" {
		t.Error(err)
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]history.Kind{
		"tasks/a.md": history.Task, "tasks/workstreams/w/README.md": history.Task, "docs/x.png": history.Doc, "README.MD": history.Doc,
		"src/notes.md": history.Doc, "src/a.go": history.Code, "tasks": history.Task, "taskset/a": history.Code,
	} {
		if got := history.KindOf(name); got != want {
			t.Errorf("KindOf(%s) = %s, want %s", name, got, want)
		}
	}
	if !slices.Contains([]history.Kind{history.Code}, history.KindOf("")) {
		t.Error("no name is code")
	}
}

// BenchmarkWindow is a page's share once the window is known.
func BenchmarkWindow(b *testing.B) {
	checkout, err := git.Find(context.Background(), ".")
	if err != nil {
		b.Skip(err)
	}
	r := history.New(history.Config{Git: checkout})
	for b.Loop() {
		if _, err := r.Window(context.Background(), history.Ask{}); err != nil {
			b.Fatal(err)
		}
	}
}
