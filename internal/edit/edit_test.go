package edit_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/store"
)

// bench is an editor over a checkout of its own.
type bench struct {
	t     testing.TB
	root  string
	state string
	repo  *repo.Repo
	db    *store.DB
	*edit.Editor
}

func newBench(t testing.TB, files map[string]string) *bench {
	t.Helper()
	b := &bench{t: t, root: t.TempDir(), state: filepath.Join(t.TempDir(), "tasks")}
	for name, text := range files {
		b.put(name, text)
	}
	b.open()
	return b
}

// open opens everything anew, as a restart does.
func (b *bench) open() {
	b.t.Helper()
	var err error
	if b.repo, err = repo.Open(b.root, repo.Options{LockDir: filepath.Join(b.state, "locks")}); err != nil {
		b.t.Fatal(err)
	}
	if b.db, err = store.Open(context.Background(), b.state); err != nil {
		b.t.Fatal(err)
	}
	r, db := b.repo, b.db
	b.t.Cleanup(func() { r.Close(); db.Close() })
	b.Editor = edit.New(b.repo, b.db, []string{"tasks/", "docs", "ai_notes"})
}

func (b *bench) put(name, text string) {
	b.t.Helper()
	full := filepath.Join(b.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// text is what the file holds, "-" where there is none.
func (b *bench) text(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.root, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		return "-"
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

func (b *bench) write(name, before, after string) edit.Record {
	b.t.Helper()
	c := edit.Change{Conversation: "c1", Path: name, After: []byte(after), Source: "assistant"}
	if before != "-" {
		c.Want = repo.Hash([]byte(before))
	}
	r, err := b.Write(context.Background(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *bench) undo(id string) edit.Record {
	b.t.Helper()
	r, err := b.Undo(context.Background(), "c1", id)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %v (code %q), want code %q", what, err, got, want)
	}
}

func TestWriteUndoAndUndoOfUndo(t *testing.T) {
	b := newBench(t, map[string]string{"docs/a.md": "one\n"})
	first := b.write("docs/a.md", "one\n", "two\n")
	wantDiff := "--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1,1 +1,1 @@\n-one\n+two\n"
	if first.Diff != wantDiff || first.Before != repo.Hash([]byte("one\n")) || first.After != repo.Hash([]byte("two\n")) {
		t.Fatalf("record %+v\nwant diff %q", first, wantDiff)
	}
	undone := b.undo(first.ID)
	if undone.Undoes != first.ID || undone.Before != first.After || undone.After != first.Before {
		t.Errorf("the undo's record is %+v", undone)
	}
	if got := b.text("docs/a.md"); got != "one\n" {
		t.Fatalf("after undo the file holds %q", got)
	}
	_, err := b.Undo(context.Background(), "c1", first.ID)
	wantCode(t, "a second undo", err, fault.Conflict)

	b.open() // what follows must work after a restart
	redone := b.undo(undone.ID)
	if got := b.text("docs/a.md"); got != "two\n" || redone.Undoes != undone.ID {
		t.Fatalf("after undo of undo: %q, %+v", got, redone)
	}
	b.undo(redone.ID)
	if got := b.text("docs/a.md"); got != "one\n" {
		t.Fatalf("after the third undo: %q", got)
	}
}

func TestUndoOfCreationRemovesAndBringsBack(t *testing.T) {
	b := newBench(t, map[string]string{"docs/x.md": "x"})
	made := b.write("docs/new/deep/a.md", "-", "")
	if made.Before != "" || made.After != repo.Hash(nil) {
		t.Fatalf("record of an empty new file: %+v", made)
	}
	filled := b.write("docs/new/deep/a.md", "", "text")
	b.open()
	b.undo(filled.ID)
	gone := b.undo(made.ID)
	if b.text("docs/new/deep/a.md") != "-" || gone.After != "" {
		t.Fatalf("the file is still there: %+v", gone)
	}
	if !strings.HasPrefix(filled.Diff, "--- a/docs/new/deep/a.md\n+++ b/docs/new/deep/a.md\n") {
		t.Errorf("diff of an edit of an empty file: %q", filled.Diff)
	}
	b.undo(gone.ID)
	if got := b.text("docs/new/deep/a.md"); got != "" {
		t.Fatalf("undo of the removal: %q", got)
	}
}

func TestConflicts(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, map[string]string{"docs/a.md": "one\n", "docs/b.md": "b"})
	wish := edit.Change{Conversation: "c1", Path: "docs/a.md", Want: repo.Hash([]byte("one\n")), After: []byte("two\n")}

	stale := wish
	stale.Want = repo.Hash([]byte("zero\n"))
	_, err := b.Write(ctx, stale)
	wantCode(t, "a stale edit", err, fault.Conflict)
	create := wish
	create.Want = ""
	_, err = b.Write(ctx, create)
	wantCode(t, "creating what exists", err, fault.Conflict)
	missing := wish
	missing.Path = "docs/missing.md"
	_, err = b.Write(ctx, missing)
	wantCode(t, "editing what is gone", err, fault.Conflict)
	if got := b.text("docs/a.md"); got != "one\n" {
		t.Fatalf("a refused edit changed the file: %q", got)
	}

	r, err := b.Write(ctx, wish)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Undo(ctx, "c2", r.ID)
	wantCode(t, "another conversation's undo", err, fault.NotFound)
	_, err = b.Undo(ctx, "c1", "nothing")
	wantCode(t, "undo of nothing", err, fault.NotFound)
	b.put("docs/a.md", "two\nand a person's line\n")
	_, err = b.Undo(ctx, "c1", r.ID)
	wantCode(t, "undo over a person's change", err, fault.Conflict)
	if got := b.text("docs/a.md"); got != "two\nand a person's line\n" {
		t.Fatalf("the person's change is lost: %q", got)
	}
	b.put("docs/a.md", "two\n")
	b.undo(r.ID) // the same bytes again: nothing is lost by going back
}

func TestTextsThatAreRefused(t *testing.T) {
	b := newBench(t, map[string]string{"docs/a.md": "one"})
	for what, text := range map[string][]byte{
		"NUL":       []byte("a\x00b"),
		"not UTF-8": []byte("a\xffb"),
		"too long":  bytes.Repeat([]byte("a"), 2<<20+1),
		"unchanged": []byte("one"),
	} {
		_, err := b.Write(context.Background(), edit.Change{Path: "docs/a.md", Want: repo.Hash([]byte("one")), After: text})
		wantCode(t, what, err, fault.Invalid)
	}
	if got := b.text("docs/a.md"); got != "one" {
		t.Fatalf("the file holds %q", got)
	}
}

// Of many writers with the same wish one wins, and of many undos as well.
func TestOneOfManyWins(t *testing.T) {
	b := newBench(t, map[string]string{"docs/a.md": "one"})
	race := func(what string, do func(i int) (edit.Record, error)) (won edit.Record) {
		var wins int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				r, err := do(i)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					wins++
					won = r
				} else {
					wantCode(t, what, err, fault.Conflict)
				}
			})
		}
		all.Wait()
		if wins != 1 {
			t.Fatalf("%s: %d won, want 1", what, wins)
		}
		return won
	}
	ctx := context.Background()
	r := race("write", func(i int) (edit.Record, error) {
		return b.Write(ctx, edit.Change{Conversation: "c1", Path: "docs/a.md", Want: repo.Hash([]byte("one")), After: []byte{byte('a' + i)}})
	})
	undone := race("undo", func(int) (edit.Record, error) { return b.Undo(ctx, "c1", r.ID) })
	if got := b.text("docs/a.md"); got != "one" {
		t.Fatalf("after the undo: %q", got)
	}
	b.undo(undone.ID) // the record that won is the one that counts
}
