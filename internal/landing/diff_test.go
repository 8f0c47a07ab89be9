package landing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
)

func byPath(d *Diff) map[string]File {
	m := map[string]File{}
	for _, f := range d.Files {
		m[f.Path] = f
	}
	return m
}

func TestDiffTellsEachKindOfChange(t *testing.T) {
	long := strings.Repeat("line\n", maxLines+1)
	s := fixture(t, map[string]string{
		"crlf.txt": "a\r\nb\r\n", "end.txt": "x", "mode.sh": "#!/bin/sh\n", "bin": "\x00\x01\x02", "moved.txt": strings.Repeat("same\n", 20) + "end\n",
		"gone.txt": "gone\n", "kind": "was a file\n", "diff.txt": "a\n", ".gitattributes": "*.txt diff=evil\n",
	})
	plain(t, s.root, "config", "diff.evil.textconv", "false")
	plain(t, s.root, "config", "diff.external", "false")
	plain(t, s.root, "config", "diff.noprefix", "true")
	s.work(map[string]string{"kind": "", "moved.txt": "", "gone.txt": ""})
	if err := os.Symlink("a.txt", filepath.Join(s.tree.Dir, "kind")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.tree.Dir, "mode.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.work(map[string]string{
		"crlf.txt": "a\r\nB\r\n", "end.txt": "y", "bin": "\x00\x01\x03", "went.txt": strings.Repeat("same\n", 20) + "END\n", "long.txt": long,
		"empty.txt": "\x00"[:0] + "", "sp \"q\" ü\n.txt": "odd\n", "wide.txt": strings.Repeat("w", maxLine+1) + "\n",
		"diff.txt": "diff --git a/x b/x\n@@ -1 +1 @@\n--- a\n", "bad.txt": "\xff\n",
	})
	d, err := s.l.Diff(t.Context(), s.r.Begin, s.r.Head)
	if err != nil {
		t.Fatal(err)
	}
	f := byPath(d)
	if got := f["crlf.txt"].Hunks[0].Lines; len(got) != 3 || got[1] != (Line{Kind: "-", Old: 2, Text: "b\r"}) || got[2] != (Line{Kind: "+", New: 2, Text: "B\r"}) {
		t.Errorf("crlf.txt: %+v", got)
	}
	if got := f["end.txt"].Hunks[0].Lines; len(got) != 2 || !got[0].NoNewline || !got[1].NoNewline {
		t.Errorf("end.txt: %+v", got)
	}
	if got := f["mode.sh"]; got.OldMode != "100644" || got.NewMode != "100755" || got.Status != "modified" || len(got.Hunks) != 0 {
		t.Errorf("mode.sh: %+v", got)
	}
	if got := f["bin"]; !got.Binary || len(got.Hunks) != 0 {
		t.Errorf("bin: %+v", got)
	}
	if got := f["went.txt"]; got.Status != "renamed" || got.Old != "moved.txt" || got.Added != 1 || got.Deleted != 1 || len(got.Hunks) != 1 {
		t.Errorf("went.txt: %+v", got)
	}
	if got := f["gone.txt"]; got.Status != "deleted" || got.Deleted != 1 || got.Hunks[0].NewLines != 0 {
		t.Errorf("gone.txt: %+v", got)
	}
	if got := f["kind"]; got.Status != "type" || got.OldMode != "100644" || got.NewMode != "120000" || len(got.Hunks) != 2 {
		t.Errorf("kind: %+v", got)
	}
	if got := f["long.txt"]; !got.TooLarge || got.Added != maxLines+1 || len(got.Hunks) != 0 {
		t.Errorf("long.txt: %v %d", got.TooLarge, got.Added)
	}
	if got := f["wide.txt"]; !got.TooLarge || len(got.Hunks) != 0 {
		t.Errorf("wide.txt: %v %d", got.TooLarge, got.Added)
	}
	if got := f["sp \"q\" ü\n.txt"]; got.Status != "added" || got.Hunks[0].Lines[0].Text != "odd" {
		t.Errorf("odd name: %+v", got)
	}
	if got := f["diff.txt"]; got.Added != 3 || len(got.Hunks) != 1 || got.Hunks[0].Lines[2].Text != "@@ -1 +1 @@" {
		t.Errorf("diff.txt: %+v", got)
	}
	if got := f["bad.txt"].Hunks[0].Lines[0].Text; got != "\ufffd" {
		t.Errorf("bad.txt: %q", got)
	}
	if same, err := s.l.Diff(t.Context(), s.r.Head, s.r.Head); err != nil || len(same.Files) != 0 || same.Files == nil {
		t.Errorf("of a commit and itself: %+v, %v", same, err)
	}
	if _, err := s.l.Diff(t.Context(), "--output=x", s.r.Head); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("of no commit: %v", err)
	}
}

// What is told of random changes makes the new files of the old ones.
func TestDiffMakesTheNewOfTheOld(t *testing.T) {
	s := fixture(t, nil)
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range r.IntN(30) {
			b.WriteString([]string{"a", "b", "-x", "+y", " z", "", "\r", `\ No newline`, "@@ -1 +1 @@", "diff --git a b"}[r.IntN(10)] + "\n")
		}
		if r.IntN(3) == 0 {
			b.WriteString("end")
		}
		return b.String()
	}
	files := func() map[string]string {
		m := map[string]string{}
		for i := range 40 {
			if r.IntN(4) > 0 {
				m[fmt.Sprintf("r/%d.txt", i)] = text()
			}
		}
		return m
	}
	commit := func(m map[string]string) string {
		os.RemoveAll(filepath.Join(s.root, "r"))
		for name, text := range m {
			write(t, filepath.Join(s.root, name), text)
		}
		plain(t, s.root, "add", "-A", "r")
		plain(t, s.root, "commit", "-q", "--allow-empty", "-m", "x")
		return plain(t, s.root, "rev-parse", "HEAD")
	}
	before := files()
	at := commit(before)
	for range 5 {
		after := files()
		now := commit(after)
		d, err := s.l.Diff(context.Background(), at, now)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for name, text := range before {
			got[name] = text
		}
		for _, f := range d.Files { // of a renamed one, too, the old is taken from before
			if f.Status == "deleted" {
				delete(got, f.Path)
			} else if f.Old != "" && byPath(d)[f.Old].Path == "" {
				delete(got, f.Old)
			}
		}
		for _, f := range d.Files {
			from := before[f.Path]
			if f.Old != "" {
				from = before[f.Old]
			}
			if f.Status != "deleted" {
				got[f.Path] = apply(t, from, f)
			}
		}
		for name, text := range after {
			if got[name] != text {
				t.Errorf("%s = %q, want %q", name, got[name], text)
			}
			delete(got, name)
		}
		if len(got) > 0 {
			t.Errorf("too many: %v", got)
		}
		before, at = after, now
	}
}

func apply(t *testing.T, from string, f File) string {
	old := strings.SplitAfter(from, "\n")
	if old[len(old)-1] == "" {
		old = old[:len(old)-1]
	}
	var b strings.Builder
	at := 0
	for _, h := range f.Hunks {
		start := h.OldStart - 1
		if h.OldLines == 0 {
			start = h.OldStart
		}
		for ; at < start; at++ {
			b.WriteString(old[at])
		}
		for _, l := range h.Lines {
			end := "\n"
			if l.NoNewline {
				end = ""
			}
			if l.Old > 0 {
				if at >= len(old) || old[at] != l.Text+end || l.Old != at+1 {
					t.Fatalf("%s: line %d is told as %q", f.Path, l.Old, l.Text)
				}
				at++
			}
			if l.New > 0 {
				b.WriteString(l.Text + end)
			}
		}
	}
	return b.String() + strings.Join(old[at:], "")
}
