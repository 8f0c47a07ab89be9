package task_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tasks/internal/task"
)

// TestJudge holds what is said of whole worksheets against testdata/judge/*.want.
func TestJudge(t *testing.T) {
	files, err := filepath.Glob("testdata/judge/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no worksheets: %v", err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, j := range task.Judge(task.Parse("tasks/a.md", src), src) {
			fmt.Fprintf(&b, "%s (%s, line %d)\n", j.Name, j.State, j.Line)
			for _, f := range j.Found {
				fmt.Fprintf(&b, "  saw: %s\n", f)
			}
			if j.Advice != "" {
				fmt.Fprintf(&b, "  do:  %s\n", j.Advice)
			}
		}
		wantFile := strings.TrimSuffix(name, ".md") + ".want"
		want, err := os.ReadFile(wantFile)
		if err != nil {
			t.Errorf("%v\ngot:\n%s", err, b.String())
			continue
		}
		if got := b.String(); got != string(want) {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// TestJudgeAnything: advice is given of any bytes, and never of a heading that
// is not the worksheet's.
func TestJudgeAnything(t *testing.T) {
	for _, src := range []string{"", "---", "\xff\x00", "## Plan\n- [ ]", "---\nstatus: [\n---\n## Problem\n", "## Possible Solutions\n" + strings.Repeat("- x\n", 10000)} {
		got := task.Judge(task.Parse("tasks/a.md", []byte(src)), []byte(src))
		if len(got) != len(task.SectionNames) {
			t.Errorf("%.20q: %d sections, want %d", src, len(got), len(task.SectionNames))
		}
	}
}

// FuzzWhole: of any text that can be made whole, every line is still there, the
// sections stand as the rules want them, and advice can be given of it.
func FuzzWhole(f *testing.F) {
	for _, s := range []string{"", "free words", "## Plan\r\n\r\n- [ ] a\r\n", "## review feedback\n## Problem\n", "```\nopen", "<!-- open", "---\nx: 1\n---\n# T\n## Context ##\n", "a\n## ", "Plan\n----\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := task.Whole(src)
		task.Judge(task.Parse("tasks/a.md", src), src)
		if err != nil {
			return
		}
		have := task.Sections(out)
		for _, name := range task.SectionNames {
			if !slices.ContainsFunc(have, func(s task.Section) bool { return s.Name == name }) {
				t.Fatalf("%q has no %s", out, name)
			}
		}
		rest := string(out)
		for line := range strings.Lines(string(src)) {
			_, after, there := strings.Cut(rest, strings.TrimRight(line, "\r\n"))
			if !there {
				t.Fatalf("%q lost the line %q of %q", out, line, src)
			}
			rest = after
		}
		for _, j := range task.Judge(task.Parse("tasks/a.md", out), out) {
			if j.Line == 0 {
				t.Fatalf("%s is missing to Judge in %q", j.Name, out)
			}
		}
	})
}
