package watch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"tasks/internal/watch"
)

// watched is a running watch of a temporary folder.
type watched struct {
	t       testing.TB
	root    string
	batches chan []watch.Change
	made    map[string]bool // files that write made anew since the last want
}

func start(t testing.TB, files ...string) *watched {
	t.Helper()
	w := &watched{t: t, root: t.TempDir(), batches: make(chan []watch.Change, 1000), made: map[string]bool{}}
	for _, f := range files {
		w.write(f, "old")
	}
	w.run(watch.Config{Root: w.root, Skip: func(dir string) bool { return dir == "vendor" }})
	return w
}

func (w *watched) run(c watch.Config) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	c.Ready = func() { close(ready) }
	c.Changed = func(b []watch.Change) { w.batches <- b }
	go func() { done <- c.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- nil
		w.t.Fatalf("Run: %v", err)
	}
}

func (w *watched) path(name string) string { return filepath.Join(w.root, filepath.FromSlash(name)) }

// write writes a file in place, one that is there in a single call: emptying it first
// would be a change of its own, which a slow machine tells apart.
func (w *watched) write(name, text string) {
	w.t.Helper()
	if f, err := os.OpenFile(w.path(name), os.O_WRONLY, 0); err == nil {
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.Size() > int64(len(text)) {
			text += strings.Repeat(" ", int(info.Size())-len(text))
		}
		if _, err := f.WriteString(text); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	w.made[name] = true
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(w.path(from), w.path(to)); err != nil {
		w.t.Fatal(err)
	}
}

// until gathers changes, path to operations in order, until all of want have
// come.
func (w *watched) until(want ...string) map[string]string {
	w.t.Helper()
	got := map[string]string{}
	w.gather(got, func() string {
		for _, p := range want {
			if got[p] == "" {
				return p
			}
		}
		return ""
	})
	return got
}

// gather adds what is told to got, until nothing is missing.
func (w *watched) gather(got map[string]string, without func() string) {
	w.t.Helper()
	deadline := time.After(time.Minute)
	for {
		missing := without()
		if missing == "" {
			return
		}
		select {
		case batch := <-w.batches:
			for _, c := range batch {
				got[c.Path] = strings.TrimSpace(got[c.Path] + " " + string(c.Op))
			}
		case <-deadline:
			w.t.Fatalf("%s never came; got %v", missing, got)
		}
	}
}

// settled writes and removes a last file and gathers everything up to its removal, which is
// told as late as any: so what should not be told has had its chance.
func (w *watched) settled() map[string]string {
	w.t.Helper()
	w.write("last", "x")
	got := w.until("last")
	if err := os.Remove(w.path("last")); err != nil {
		w.t.Fatal(err)
	}
	w.gather(got, func() string {
		if !strings.HasSuffix(got["last"], "removed") {
			return "the removal of last"
		}
		return ""
	})
	delete(got, "last")
	return got
}

func (w *watched) want(got map[string]string, want ...string) {
	w.t.Helper()
	var list []string
	for p, ops := range got {
		// A file that was made just now was made empty and then written: a slow machine tells
		// the two apart.
		if w.made[p] && ops == "created changed" {
			ops = "created"
		}
		list = append(list, p+": "+ops)
	}
	clear(w.made)
	sort.Strings(list)
	if len(list) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(list, want) {
		w.t.Errorf("got %q, want %q", list, want)
	}
}

func TestOneFile(t *testing.T) {
	w := start(t, "a.md", "docs/b.md")
	w.write("docs/b.md", "new")
	w.want(w.settled(), "docs/b.md: changed")
	w.write("docs/c.md", "new")
	w.want(w.settled(), "docs/c.md: created")
	if err := os.Remove(w.path("a.md")); err != nil {
		t.Fatal(err)
	}
	w.want(w.settled(), "a.md: removed")
	w.rename("docs/c.md", "d.md")
	w.want(w.settled(), "d.md: created", "docs/c.md: removed")
	if err := os.Chmod(w.path("d.md"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.settled())
}

// Same length, same moment: the stamp may be the same, the write is told.
func TestWriteOfTheSameLengthIsTold(t *testing.T) {
	w := start(t, "a.md")
	for i := range 20 {
		w.write("a.md", fmt.Sprintf("%03d", i))
		w.until("a.md")
	}
}

func TestSavesOfEditorsAreOneChange(t *testing.T) {
	for name, save := range map[string]func(w *watched){
		"temporary file with a dot": func(w *watched) {
			w.write("docs/.a.md.123.tmp", "new")
			w.rename("docs/.a.md.123.tmp", "docs/a.md")
		},
		"temporary file without": func(w *watched) {
			w.write("docs/a.md~", "new")
			w.rename("docs/a.md~", "docs/a.md")
		},
		"backup moved away first": func(w *watched) {
			w.rename("docs/a.md", "docs/a.md~")
			w.write("docs/a.md", "new")
			_ = os.Remove(w.path("docs/a.md~"))
		},
		"vim": func(w *watched) {
			w.write("docs/.a.md.swp", "x")
			w.write("docs/4913", "")
			_ = os.Remove(w.path("docs/4913"))
			w.rename("docs/a.md", "docs/a.md~")
			w.write("docs/a.md", "new")
			_ = os.Remove(w.path("docs/a.md~"))
			_ = os.Remove(w.path("docs/.a.md.swp"))
		},
		"removed and written again": func(w *watched) {
			_ = os.Remove(w.path("docs/a.md"))
			w.write("docs/a.md", "new")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var w *watched
			for range 50 { // an editor is quick: what a busy machine drew out is another case
				w = start(t, "docs/a.md")
				begun := time.Now()
				if save(w); time.Since(begun) < 15*time.Millisecond {
					break
				}
			}
			got := w.settled()
			if !strings.HasPrefix(got["docs/a.md"], "changed") || strings.Contains(got["docs/a.md"], "removed") || strings.Contains(got["docs/a.md"], "created") || len(got) != 1 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAtomicSaveIsSeenOnce(t *testing.T) {
	w := start(t, "docs/a.md")
	w.write("docs/.a.md.tmp", "new")
	w.settled()
	w.rename("docs/.a.md.tmp", "docs/a.md")
	w.want(w.settled(), "docs/a.md: changed")
}

func TestTreeMadeAtOnceIsNotMissed(t *testing.T) {
	w := start(t)
	for i := range 30 {
		p := fmt.Sprintf("n%d/a/b/c/d.md", i)
		w.write(p, "x")
		w.until(p)
	}
	// And as a whole, moved in from where nothing is watched.
	other := t.TempDir()
	if err := os.MkdirAll(filepath.Join(other, "tree/x/y"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "tree/x/y/z.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(other, "tree"), w.path("tree")); err != nil {
		t.Skipf("cannot rename between temporary folders: %v", err)
	}
	w.until("tree/x/y/z.md")
}

func TestFolders(t *testing.T) {
	w := start(t, "old/sub/a.md", "vendor/v.md", ".hidden/h.md")
	w.rename("old", "new")
	w.want(w.settled(), "new/sub/a.md: created", "old/sub/a.md: removed")
	// The folder's watches must have moved along with its name.
	w.write("new/sub/a.md", "again")
	w.write("new/sub/b.md", "x")
	w.want(w.settled(), "new/sub/a.md: changed", "new/sub/b.md: created")
	w.write("old/sub/a.md", "back")
	w.want(w.settled(), "old/sub/a.md: created")
	if err := os.RemoveAll(w.path("new")); err != nil {
		t.Fatal(err)
	}
	w.want(w.settled(), "new/sub/a.md: removed", "new/sub/b.md: removed")
	w.write("vendor/v.md", "not told")
	w.write(".hidden/h.md", "not told")
	w.write("docs/.hidden", "not told")
	w.want(w.settled())
}

func TestLinksAndPipes(t *testing.T) {
	w := start(t, "a.md")
	if err := os.Symlink("a.md", w.path("link.md")); err != nil {
		t.Fatal(err)
	}
	if mkfifo, err := exec.LookPath("mkfifo"); err == nil {
		if err := exec.Command(mkfifo, w.path("pipe")).Run(); err != nil {
			t.Fatal(err)
		}
	}
	w.want(w.settled(), "link.md: created")
}

func TestManyAtOnce(t *testing.T) {
	const n = 5000
	var files []string
	for i := range n {
		files = append(files, fmt.Sprintf("d%d/f%d.md", i%100, i))
	}
	w := start(t, files...)
	for _, f := range files {
		w.write(f, "newer")
	}
	got := w.until(files...)
	for _, f := range files {
		if strings.Contains(got[f], "removed") || strings.Contains(got[f], "created") {
			t.Fatalf("%s: %s", f, got[f])
		}
	}
}

func TestNothingThereIsAnError(t *testing.T) {
	err := watch.Run(context.Background(), filepath.Join(t.TempDir(), "none"), nil, nil, func([]watch.Change) {})
	if err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkLatency(b *testing.B) {
	w := start(b, "a.md")
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		time.Sleep(40 * time.Millisecond) // a first change, not a following one
		b.StartTimer()
		w.write(".tmp", fmt.Sprint(i))
		w.rename(".tmp", "a.md")
		<-w.batches
	}
}
