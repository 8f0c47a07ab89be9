package task_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tasks/internal/task"
)

func TestSectionStates(t *testing.T) {
	tests := []struct {
		section, text string
		want          task.SectionState
	}{
		{"Problem", "", task.Empty},
		{"Problem", "<!-- a\n\nb -->\n \n", task.Empty},
		{"Problem", "<!-- a --> <!-- b -->", task.Empty},
		{"Problem", "- \n- [ ]\n* [ ] \n---\n", task.Empty},
		{"Problem", "```\n```", task.Empty},
		{"Problem", "TODO", task.Thin},
		{"Problem", "<!-- a --> It breaks.", task.Thin},
		{"Problem", "`<!--` opens a comment that is never closed in our parser.", task.Filled},
		{"Problem", "Uploads that fail are never tried again, so users lose them.", task.Filled},
		{"Problem", "アップロードが失敗すると再試行されず、利用者はそのデータを失ってしまうため、とても困っているという問題がある。", task.Filled},
		{"Plan", "- [ ] Add a test that shows the fault\n- [ ] Mend the upload queue\n", task.Filled},
		{"QA Exploration", "- [ ] QA done", task.Empty},
		{"QA Exploration", "- [ ] Anything that is not ticked\n<!-- x -->", task.Empty},
		{"QA Exploration", "- [x] QA done", task.Filled},
		{"Review Feedback", "- [X] Review cleared", task.Filled},
		{"Review Feedback", "- [ ] Review cleared\n\nNames are unclear.", task.Thin},
	}
	for _, test := range tests {
		src := fmt.Sprintf("---\nstatus: ready\n---\n\n## %s\n\n%s\n\n## Next\n", test.section, test.text)
		list := task.Sections([]byte(src))
		if len(list) != 2 {
			t.Errorf("%q: %d sections", test.text, len(list))
			continue
		}
		if list[0].State != test.want {
			t.Errorf("%s %q is %s, want %s", test.section, test.text, list[0].State, test.want)
		}
	}
}

func TestSectionsAreHeadingsAReaderSees(t *testing.T) {
	src := strings.ReplaceAll(lf("---", "status: ready", "note: |", "  ## no", "---", "## problem ##", "```", "## no", "~~~", "```", "<!--", "## no", "-->", "    ## no",
		"~~~md", "```", "## no", "~~~~", "### no", "##no", "  ## Two words  ", "text", "# Part", "text of the part", "## Last"), "\n", "\r\n")
	var got []string
	for _, s := range task.Sections([]byte(src)) {
		got = append(got, fmt.Sprintf("%d %s", s.Line, s.Name))
	}
	want := []string{"6 Problem", "21 Two words", "25 Last"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if text := task.Sections([]byte(src))[1].Text; text != "text" {
		t.Errorf("the section's text is %q", text)
	}
	missing := task.Worksheet([]byte("## Plan\n"))
	if len(missing) != 7 || missing[0].Name != "Plan" || missing[1].Line != 0 {
		t.Errorf("worksheet: %+v", missing)
	}
}

// whole is a worksheet that passes every rule, with sections replaced by name.
func whole(status string, replace map[string]string) string {
	texts := map[string]string{
		"Possible Solutions": "- A: do it (Recommended)\n- B: leave it", "Plan": "- [x] do it\n- [x] test it",
		"QA Exploration": "- [x] QA done", "Review Feedback": "- [x] Review cleared",
	}
	b := "---\ntype: task\ntitle: A\nstatus: " + status + "\n---\n"
	for _, name := range task.SectionNames {
		text, is := replace[name]
		if !is {
			text = texts[name]
		}
		if text == "" {
			text = "Something is written here."
		}
		if text != "-" {
			b += "\n## " + name + "\n\n" + text + "\n"
		}
	}
	return b
}

func TestStrictRules(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string // line code
	}{
		{"whole", whole("completed", nil), nil},
		{"open plan before the end", whole("ready", map[string]string{"Plan": "- [ ] do it", "QA Exploration": "- [ ] QA done", "Review Feedback": "- [ ] Review cleared"}), nil},
		{"open plan", whole("completed", map[string]string{"Plan": "- [x] a\n  - [ ] b\n```\n- [ ] c\n```"}), []string{"23 plan-open"}},
		{"QA open", whole("done", map[string]string{"QA Exploration": "- [ ] QA done"}), []string{"31 qa-open"}},
		{"QA N/A", whole("completed", map[string]string{"QA Exploration": "N/A"}), []string{"29 qa-open"}},
		{"QA N/A ticked without a reason", whole("completed", map[string]string{"QA Exploration": "- [x] N/A"}), []string{"31 qa-open"}},
		{"QA N/A with a reason", whole("completed", map[string]string{"QA Exploration": "- [x] N/A — only a comment changed"}), nil},
		{"QA N/A as text", whole("completed", map[string]string{"QA Exploration": "N/A: only a comment changed"}), nil},
		{"review open", whole("completed", map[string]string{"Review Feedback": "- [ ] Review cleared"}), []string{"35 review-open"}},
		{"review without a box", whole("completed", map[string]string{"Review Feedback": "Fine by me."}), []string{"33 review-open"}},
		{"missing", whole("ready", map[string]string{"Context": "-"}), []string{"11 section-missing"}},
		{"last missing", whole("ready", map[string]string{"Review Feedback": "-"}), []string{"31 section-missing"}},
		{"empty", whole("ready", map[string]string{"Problem": "<!-- x -->"}), []string{"7 section-empty"}},
		{"no choice", whole("ready", map[string]string{"Possible Solutions": "- A (not recommended)\n- B <!-- Recommended -->"}), []string{"15 no-choice"}},
		{"chosen", whole("ready", map[string]string{"Possible Solutions": "- A, chosen because it is small"}), nil},
		{"broken", "---\nstatus: ready\ntitle: a: b\n---\n", []string{"3 yaml"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, f := range task.Check(task.Parse("tasks/a.md", []byte(test.src)), []byte(test.src), true) {
				got = append(got, fmt.Sprintf("%d %s", f.Line, f.Code))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q\n%s", got, test.want, test.src)
			}
		})
	}
	order := "---\nstatus: ready\n---\n## Context\nx\n## Problem\nx\n## Problem\nx\n"
	var codes []string
	for _, f := range task.Check(task.Parse("tasks/a.md", []byte(order)), []byte(order), true) {
		codes = append(codes, fmt.Sprintf("%d %s", f.Line, f.Code))
	}
	if !slices.Contains(codes, "4 section-order") || !slices.Contains(codes, "8 section-order") {
		t.Errorf("got %q", codes)
	}
}

func TestFormRules(t *testing.T) {
	src := lf("---", "status: bogus", "priority: p9", "owner: a", "assignee: b", "Depends-On: [c]", "depends_on: {x: 1}", "created_at: soon", "pr_url: javascript:x", "title: [a]", "---")
	var got []string
	for _, f := range task.Check(task.Parse("tasks/Bad Name.md", []byte(src)), []byte(src), false) {
		got = append(got, fmt.Sprintf("%d %s", f.Line, f.Code))
		if f.Level != "L1" {
			t.Errorf("%v is %s", f, f.Level)
		}
	}
	want := []string{"1 value", "2 value", "3 value", "5 key", "6 key", "7 value", "8 value", "9 value", "10 value"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCycles(t *testing.T) {
	make := func(slug string, on ...string) *task.Task { return &task.Task{Slug: slug, DependsOn: on} }
	g := task.NewGraph([]*task.Task{make("a", "b"), make("b", "c", "nowhere"), make("c", "a"), make("d", "d"), make("e", "a", "f"), make("f")})
	got := fmt.Sprint(g.Cycles())
	if got != "[[a b c a] [d d]]" {
		t.Errorf("cycles %s", got)
	}
	if way := g.Path("e", "c"); !slices.Equal(way, []string{"e", "a", "b", "c"}) {
		t.Errorf("path %q", way)
	}
	if way := g.Path("f", "a"); way != nil {
		t.Errorf("path %q where there is none", way)
	}
	if got := g.Dependents("a"); !slices.Equal(got, []string{"c", "e"}) {
		t.Errorf("dependents %q", got)
	}
}
