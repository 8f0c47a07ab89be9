package watch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Without the kernel's help every change is still found, and it is said.
func TestLimitOfWatchesFallsBackToSweeping(t *testing.T) {
	root := t.TempDir()
	var said error
	told := make(chan []Change, 10)
	w, err := newWatcher(Config{Root: root, Degraded: func(err error) { said = err }, Changed: func(c []Change) { told <- c }})
	if err != nil {
		t.Fatal(err)
	}
	w.close()
	w.notify, w.events, w.errors = nil, nil, nil
	w.degrade(&os.PathError{Op: "inotify_add_watch", Err: syscall.ENOSPC})
	if said == nil || !strings.Contains(said.Error(), "max_user_watches") {
		t.Errorf("said %v", said)
	}
	run(t, w)
	if err := os.WriteFile(filepath.Join(root, "a.md"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-told; len(got) != 1 || got[0] != (Change{"a.md", Created}) {
		t.Errorf("told %v", got)
	}
}

// When the queue overflows, what was lost is found by stat.
func TestOverflowSweeps(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"changed.md", "removed.md", "same.md"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	told := make(chan []Change, 10)
	w, err := newWatcher(Config{Root: root, Changed: func(c []Change) { told <- c }})
	if err != nil {
		t.Fatal(err)
	}
	w.close() // nothing comes from the kernel any more
	errs := make(chan error, 1)
	w.notify, w.events, w.errors = nil, nil, errs
	run(t, w)
	if err := os.WriteFile(filepath.Join(root, "changed.md"), []byte("longer"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "new/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "new/deep/a.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "removed.md")); err != nil {
		t.Fatal(err)
	}
	errs <- fsnotify.ErrEventOverflow
	got := map[string]Op{}
	for len(got) < 3 {
		for _, c := range <-told {
			got[c.Path] = c.Op
		}
	}
	if got["changed.md"] != Changed || got["new/deep/a.md"] != Created || got["removed.md"] != Removed {
		t.Errorf("told %v", got)
	}
}

func run(t *testing.T, w *watcher) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.loop(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A file that was taken away and is there again when its removal would be told has changed,
// also where the kernel's word of it is still to come.
func TestBackBeforeItsRemovalIsTold(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "a.md")
	if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var told []Change
	w, err := newWatcher(Config{Root: root, Changed: func(c []Change) { told = append(told, c...) }})
	if err != nil {
		t.Fatal(err)
	}
	w.close()
	now := time.Now()
	for _, there := range []bool{true, false} {
		told = nil
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		w.dirty["a.md"] = true
		if w.tell(now) {
			t.Errorf("told at once: %v", told)
		}
		want := Change{"a.md", Removed}
		if there {
			if err := os.WriteFile(name, []byte("y"), 0o644); err != nil {
				t.Fatal(err)
			}
			want.Op = Changed
		}
		if now = now.Add(removalGrace); !w.tell(now) || len(told) != 1 || told[0] != want {
			t.Errorf("there again %v: told %v, want %v", there, told, want)
		}
	}
}
