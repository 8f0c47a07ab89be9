package repo_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// While somebody swaps a folder for a link that leads out, and back, nothing outside
// is ever read or written, nor anything inside that the policy refuses.
func TestSwapsNeverEscape(t *testing.T) {
	both(t, func(t *testing.T, portable bool) {
		h := newHouse(t, "docs/x/a.md", ".git/x/a.md", "other.md")
		if portable {
			h.Portable()
		}
		const inside, secret = "text of docs/x/a.md", "secret"
		h.put(".git/x/a.md", secret)
		if err := os.WriteFile(filepath.Join(h.outside, "a.md"), []byte(secret), 0o644); err != nil {
			t.Fatal(err)
		}
		h.link("../../outside", "docs/out")
		h.link("../.git/x", "docs/git")
		stop := swapper(h)
		defer stop()

		ctx := context.Background()
		hash := repo.Hash([]byte(inside))
		good, tries := 0, 2000
		for i := range tries {
			switch i % 6 {
			case 0, 1:
				f, err := h.ReadFile("docs/x/a.md", 0)
				if err == nil && string(f.Data) != inside {
					t.Fatalf("read %q", f.Data)
				}
				if err == nil {
					good++
				}
			case 2:
				if o, _, err := h.Open("docs/x/a.md"); err == nil {
					var b bytes.Buffer
					b.ReadFrom(o)
					o.Close()
					if b.String() != inside {
						t.Fatalf("opened %q", b.String())
					}
					good++
				}
			case 3:
				// The text stays what it was, so that reading can go on.
				if _, err := h.Replace(ctx, "docs/x/a.md", []byte(inside), hash); err == nil {
					good++
				}
			case 4:
				h.Replace(ctx, "docs/x/new.md", []byte("n"), "")
				h.Remove(ctx, "docs/x/new.md", repo.Hash([]byte("n")))
			case 5:
				hits, err := h.Search(ctx, repo.Query{Text: secret})
				if err != nil && fault.CodeOf(err) != fault.Forbidden && fault.CodeOf(err) != fault.NotFound || len(hits.Hits) > 0 {
					t.Fatalf("found %+v, %v", hits, err)
				}
			}
		}
		stop()
		if good == 0 || good == tries {
			t.Errorf("%d of %d tries went well: the race was none", good, tries)
		}
		for _, dir := range []string{h.outside, h.path(".git/x")} {
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("%s holds %v, %v", dir, entries, err)
			}
			if data, _ := os.ReadFile(filepath.Join(dir, "a.md")); string(data) != secret {
				t.Errorf("%s/a.md holds %q", dir, data)
			}
		}
	})
}

// swapper puts in turn the folder itself, a link out and a link to git's folder at
// docs/x, until it is stopped.
func swapper(h *house) (stop func()) {
	var end atomic.Bool
	ended := make(chan struct{})
	x, kept := h.path("docs/x"), h.path("docs/kept")
	go func() {
		defer close(ended)
		for i := 0; !end.Load(); i++ {
			link := h.path([]string{"docs/out", "docs/git"}[i%2])
			os.Rename(x, kept)
			os.Rename(link, x)
			if i%3 == 0 {
				time.Sleep(50 * time.Microsecond)
			}
			os.Rename(x, link)
			os.Rename(kept, x)
			time.Sleep(50 * time.Microsecond)
		}
	}()
	return func() {
		end.Store(true)
		<-ended
	}
}

// Reading a file that somebody writes in place, refused files and failures leave no
// file open and close none twice.
func TestNoFileStaysOpen(t *testing.T) {
	both(t, func(t *testing.T, portable bool) {
		h := newHouse(t, "docs/a.md", "docs/.env")
		if portable {
			h.Portable()
		}
		h.link("a.md", "docs/link.md")
		h.link("gone", "docs/dangling.md")
		var end atomic.Bool
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for i := 0; !end.Load(); i++ {
				os.WriteFile(h.path("docs/a.md"), bytes.Repeat([]byte("x"), i%5000), 0o644)
			}
		}()
		work := func() {
			for _, name := range []string{"docs/a.md", "docs/link.md", "docs/dangling.md", "docs/.env", "docs", "docs/none", "docs/a.md/x"} {
				h.ReadFile(name, 0)
				h.ReadDir(name)
				if f, _, err := h.Open(name); err == nil {
					f.Close()
				}
				h.Search(context.Background(), repo.Query{Text: "x", Dir: name})
				h.Replace(context.Background(), name, []byte("y"), "0")
			}
		}
		work()
		before := openFiles(t)
		for range 100 {
			work()
		}
		after := openFiles(t)
		end.Store(true)
		<-ended
		if after > before+3 { // the writer beside us has one
			t.Errorf("%d files were open before, %d are after", before, after)
		}
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(list)
}
