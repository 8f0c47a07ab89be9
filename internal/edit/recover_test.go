package edit_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/store"
)

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if root := os.Getenv("EDIT_TEST_ROOT"); root != "" {
		fmt.Fprintln(os.Stderr, writeForEver(root, os.Getenv("EDIT_TEST_STATE")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver makes, changes and takes back edits of one file until it is killed.
func writeForEver(root, state string) error {
	ctx := context.Background()
	r, err := repo.Open(root, repo.Options{LockDir: state + "/locks"})
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, state)
	if err != nil {
		return err
	}
	e := edit.New(r, db, []string{"docs"})
	for i := 0; ; i++ {
		f, err := r.ReadFile("docs/a.md", 0)
		if err != nil {
			return err
		}
		text := strings.Repeat(fmt.Sprintf("%d of %d\n", i, os.Getpid()), 1000)
		record, err := e.Write(ctx, edit.Change{Conversation: "c1", Path: "docs/a.md", Want: f.Hash, After: []byte(text)})
		if err != nil {
			return err
		}
		if i%3 == 2 {
			if _, err := e.Undo(ctx, "c1", record.ID); err != nil {
				return err
			}
		}
		if i == 0 {
			fmt.Println("ready")
		}
	}
}

// However the writer is killed, after Recover the journal tells the truth: the file is
// what the newest edit says, and that edit can be undone.
func TestKilledEditors(t *testing.T) {
	b := newBench(t, map[string]string{"docs/a.md": "first"})
	open := 0
	for round := range 25 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "EDIT_TEST_ROOT="+b.root, "EDIT_TEST_STATE="+b.state)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("the writer said %q, %v", line, err)
		}
		time.Sleep(rand.N(10 * time.Millisecond)) // any moment will do
		cmd.Process.Kill()
		cmd.Wait()

		open += b.count("intent")
		if err := b.Recover(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := b.count("intent"); n != 0 {
			t.Fatalf("round %d: %d intents are open after Recover", round, n)
		}
		var id, after string
		var undone *string
		if err := b.db.QueryRow(`select id, after_hash, undone_by from edits where state = 'done' order by rowid desc limit 1`).Scan(&id, &after, &undone); err != nil {
			t.Fatal(err)
		}
		if got := repo.Hash([]byte(b.text("docs/a.md"))); got != after || undone != nil {
			t.Fatalf("round %d: the file has hash %s, the newest edit says %s, undone by %v", round, got, after, undone)
		}
		b.undo(id)
	}
	t.Logf("%d intents were open", open)
}

func (b *bench) count(state string) (n int) {
	b.t.Helper()
	if err := b.db.QueryRow(`select count(*) from edits where state = ?`, state).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func TestRecoverSettlesByHash(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name, before, after, file string // "-" is no file
		want                      string
	}{
		{"not yet written", "one", "two", "one", "failed"},
		{"written", "one", "two", "two", "done"},
		{"somebody else's text", "one", "two", "three", "failed"},
		{"not yet created", "-", "two", "-", "failed"},
		{"created", "-", "two", "two", "done"},
		{"created empty", "-", "", "", "done"},
		{"not yet removed", "one", "-", "one", "failed"},
		{"removed", "one", "-", "-", "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, map[string]string{"docs/other.md": ""})
			if c.file != "-" {
				b.put("docs/a.md", c.file)
			}
			value := func(text string) (blob, hash any) {
				if text == "-" {
					return nil, nil
				}
				return []byte(text), repo.Hash([]byte(text))
			}
			before, beforeHash := value(c.before)
			after, afterHash := value(c.after)
			_, err := b.db.Exec(`insert into edits (id, conversation, path, source, before_hash, after_hash, before, after, state, created_at)
				values ('e1', 'c1', 'docs/a.md', 'assistant', ?, ?, ?, ?, 'intent', '2026-01-02T03:04:05Z')`, beforeHash, afterHash, before, after)
			if err != nil {
				t.Fatal(err)
			}
			b.open()
			if err := b.Recover(ctx); err != nil {
				t.Fatal(err)
			}
			if b.count(c.want) != 1 {
				t.Fatalf("the edit is not %s", c.want)
			}
			_, err = b.Undo(ctx, "c1", "e1")
			if c.want == "failed" {
				wantCode(t, "undo of what never was", err, fault.Conflict)
				return
			}
			if err != nil || b.text("docs/a.md") != c.before {
				t.Errorf("undo: %v, the file holds %q, want %q", err, b.text("docs/a.md"), c.before)
			}
		})
	}
}

// FuzzUndo: an edit and its undo leave the file as it was, byte by byte, and the undo of
// that as it was after the edit; the diff names what changed.
func FuzzUndo(f *testing.F) {
	f.Add([]byte("one\ntwo\n"), []byte("one\nthree\n"))
	f.Add([]byte(""), []byte("x"))
	f.Add([]byte("a\r\nb\r\n"), []byte("a\nb"))
	f.Add([]byte("\xff\x00"), []byte("text"))
	f.Add([]byte("\\ No newline at end of file\n"), []byte("--- a\n+++ b\n@@ -1 +1 @@\n"))
	b := newBench(f, nil)
	f.Fuzz(func(t *testing.T, before, after []byte) {
		b.t = t
		b.put("docs/a.md", string(before))
		r, err := b.Write(context.Background(), edit.Change{Conversation: "c1", Path: "docs/a.md", Want: repo.Hash(before), After: after})
		if err != nil {
			if code := fault.CodeOf(err); code != fault.Invalid || b.text("docs/a.md") != string(before) {
				t.Fatalf("refused with %v, the file holds %q", err, b.text("docs/a.md"))
			}
			return
		}
		undone := b.undo(r.ID)
		if got := b.text("docs/a.md"); got != string(before) {
			t.Fatalf("after undo %q, was %q", got, before)
		}
		b.undo(undone.ID)
		if got := b.text("docs/a.md"); got != string(after) {
			t.Fatalf("after undo of undo %q, was %q", got, after)
		}
		if got := patch(t, string(before), r.Diff); got != string(after) {
			t.Fatalf("the diff makes %q of %q, want %q\n%s", got, before, after, r.Diff)
		}
	})
}

// patch applies a unified diff, as an oracle for it.
func patch(t *testing.T, text, diff string) string {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	var out strings.Builder
	at := 0
	body := strings.SplitAfter(diff, "\n")
	for i := 2; i < len(body); i++ { // behind --- and +++
		line := body[i]
		if line == "" {
			continue
		}
		rest := line[1:]
		if i+1 < len(body) && strings.HasPrefix(body[i+1], `\ No newline`) {
			rest = strings.TrimSuffix(rest, "\n")
		}
		switch line[0] {
		case '@':
			var start, count int
			fmt.Sscanf(line, "@@ -%d,%d", &start, &count)
			if count == 0 {
				start++ // an empty range is named by the line before it
			}
			for ; at < start-1; at++ {
				out.WriteString(lines[at])
			}
		case ' ', '-':
			if at >= len(lines) || lines[at] != rest {
				t.Fatalf("the diff does not fit: line %d is not %q\n%s", at+1, rest, diff)
			}
			at++
			if line[0] == ' ' {
				out.WriteString(rest)
			}
		case '+':
			out.WriteString(rest)
		case '\\':
		default:
			t.Fatalf("the diff has a line %q\n%s", line, diff)
		}
	}
	for ; at < len(lines); at++ {
		out.WriteString(lines[at])
	}
	return out.String()
}
