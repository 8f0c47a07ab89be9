package task_test

import (
	"reflect"
	"strings"
	"testing"

	"tasks/internal/task"
)

func TestParseReadsAliasesAndForms(t *testing.T) {
	src := "\ufeff" + strings.ReplaceAll(lf("---", "type: task", "title: Żółw: no", "---"), ": no", " no")
	got := task.Parse("tasks/workstreams/sync/tasks/a.md", []byte(src))
	if got.Broken != nil || got.Title != "Żółw no" || got.ID != "a" || got.Workstream != "sync" {
		t.Errorf("got %+v", got)
	}
	got = task.Parse("tasks/a.md", []byte(lf("---", "id: 0012", "status: To Do", "priority: Urgent", "assignee: Anna K.", "blocked_by:", "  - b", "  -", "tags: x",
		"created: 2026-01-02", "updated: 2026-01-02 03:04:05", "completed_by: '@Bo'", "owner2: {a: 1}", "---", "body")))
	if got.ID != "0012" || got.Status != task.NotStarted || got.Priority != "p0" || got.Owner != "anna-k" || got.CompletedBy != "bo" {
		t.Errorf("got %+v", got)
	}
	if !reflect.DeepEqual(got.DependsOn, []string{"b"}) || !reflect.DeepEqual(got.Labels, []string{"x"}) {
		t.Errorf("lists: %q %q", got.DependsOn, got.Labels)
	}
	if got.CreatedAt.Format("2006-01-02") != "2026-01-02" || got.UpdatedAt.Hour() != 3 {
		t.Errorf("times: %v %v", got.CreatedAt, got.UpdatedAt)
	}
	for word, want := range map[string]task.Status{
		"done": task.Completed, "closed": task.Completed, "todo": task.NotStarted, "to do": task.NotStarted, "pending": task.NotStarted,
		"open": task.NotStarted, "backlog": task.NotStarted, "in-progress": task.InProgress, "canceled": task.Cancelled, "Ready": task.Ready,
		"bogus": "bogus",
	} {
		if got, _ := task.ParseStatus(word); got != want {
			t.Errorf("status %q reads %q, want %q", word, got, want)
		}
	}
	for word, want := range map[string]string{"critical": "p0", "urgent": "p0", "high": "p1", "medium": "p2", "normal": "p2", "low": "p3", "P1": "p1", "p9": "p9"} {
		if got, _ := task.ParsePriority(word); got != want {
			t.Errorf("priority %q reads %q, want %q", word, got, want)
		}
	}
}

func TestBrokenTellsLineAndReason(t *testing.T) {
	tests := []struct {
		name, src, reason string
		line              int
	}{
		{"empty", "", "no front matter", 1},
		{"no front matter", "# T\n", "no front matter", 1},
		{"never ends", "---\nstatus: ready\n\n# T\n", "never ends", 1},
		{"mapping in a value", "---\nstatus: ready\ntitle: a: b\nx: 1\n---\n", "mapping values", 3},
		{"open quote", "---\nstatus: ready\ntitle: \"a\nx: 1\n---\n", "", 3},
		{"open list", "---\nstatus: ready\nlabels: [a\nx: 1\n---\n", "", 3},
		{"bad indent", "---\nlabels:\n  - a\n - b\nx: 1\n---\n", "", 4},
		{"tab", "---\nstatus: ready\n\ttitle: a\n---\n", "tab", 3},
		{"tab, CRLF, BOM", "\ufeff---\r\nstatus: ready\r\n\ttitle: a\r\n---\r\n", "tab", 3},
		{"twice", "---\nstatus: ready\ntitle: a\nstatus: done\n---\n", `"status" stands here a second time: the first is in line 2`, 4},
		{"reserved", "---\nstatus: ready\nowner: @anna\n---\n", "", 3},
		{"control", "---\nstatus: ready\ntitle: a\x01\n---\n", "U+0001", 3},
		{"not UTF-8", "---\nstatus: ready\ntitle: \xff\n---\n", "UTF-8", 3},
		{"unknown anchor", "---\nstatus: ready\nx: *y\n---\n", "anchor", 3},
		{"a list", "---\n# c\n- a\n---\n", "not a list of", 3},
		{"conflict marks", "---\nstatus: ready\n<<<<<<< HEAD\ntitle: a\n=======\ntitle: b\n>>>>>>> x\n---\n", "", 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := task.Parse("tasks/a.md", []byte(test.src))
			if got.Broken == nil || got.Slug != "a" {
				t.Fatalf("got %+v, want it broken", got)
			}
			if got.Broken.Line != test.line || !strings.Contains(got.Broken.Reason, test.reason) {
				t.Errorf("got line %d: %s; want line %d: %s", got.Broken.Line, got.Broken.Reason, test.line, test.reason)
			}
		})
	}
}

func TestIsTask(t *testing.T) {
	const inStream = "tasks/workstreams/w/tasks/a.md"
	tests := []struct {
		path, src string
		want      bool
	}{
		{"tasks/a.md", "---\ntype: task\n---\n", true},
		{"tasks/any/where/a.md", "---\nstatus: ready\n---\n", true},
		{"tasks/a.md", "---\nstatus: ready\ntype:\n---\n", true},
		{"tasks/a.md", "---\nstatus: ready\ntype: ''\n---\n", true},
		{"tasks/milestones/a.md", "---\ntype: milestone\nstatus: ready\n---\n", false},
		{"tasks/a.md", "---\ntitle: x\n---\n", false},
		{"tasks/a.md", "# x\n", false},
		{"tasks/README.md", "", false},
		{"docs/a.md", "---\ntype: task\n---\n", false},
		{"tasks/a.txt", "---\ntype: task\n---\n", false},
		{"tasks/a.md", "---\ntype: task\ntitle: a: b\n---\n", true},
		{"tasks/a.md", "---\ntitle: a: b\n---\n", true},
		{"tasks/deep/a.md", "---\ntype:\nstatus: ready\ntitle: a: b\n---\n", true},
		{"tasks/a.md", "---\ntype: [\n---\n", true},
		{"tasks/team/a.md", "---\nname: a: b\n---\n", false},
		{"tasks/team/a.md", "---\ntype: person\nstatus: a: b\n---\n", false},
		{"tasks/team/a.md", "---\nstatus: ready\nx: a: b\n---\n", true},
		{"tasks/a.md", "---\nstatus: ready\n\n# never ends\n", true},
		{inStream, "", true},
		{inStream, "---\ntype: note\n---\n", false},
		{"tasks/workstreams/w/README.md", "# W\n", false},
	}
	for _, test := range tests {
		if got := task.IsTask(test.path, []byte(test.src)); got != test.want {
			t.Errorf("IsTask(%s, %q) = %v", test.path, test.src, got)
		}
	}
}

func TestSlugify(t *testing.T) {
	for title, want := range map[string]string{
		"Fix the Thing!":            "fix-the-thing",
		"  Żółw & Straße — œuvre ":  "zolw-strasse-oeuvre",
		"Don’t stop, can't stop":    "dont-stop-cant-stop",
		"日本語":                       "",
		"../../etc/passwd":          "etc-passwd",
		"a\x00b":                    "a-b",
		strings.Repeat("word ", 30): "word-word-word-word-word-word-word-word-word-word-word-word",
		strings.Repeat("x", 100):    strings.Repeat("x", 60),
	} {
		got := task.Slugify(title)
		if got != want {
			t.Errorf("Slugify(%q) = %q, want %q", title, got, want)
		}
		if got != "" && (!task.ValidSlug(got) || len(got) > 60) {
			t.Errorf("Slugify(%q) = %q is no slug", title, got)
		}
	}
	for _, bad := range []string{"", "-a", "A", "a_b", "a/b", "a.md", "ż", strings.Repeat("a", 129)} {
		if task.ValidSlug(bad) {
			t.Errorf("%q passes as a slug", bad)
		}
	}
	for name, want := range map[string]string{"Anna K.": "anna-k", "anna_k": "anna-k", " @ANNA--k ": "anna-k", "Łukasz": "łukasz", "a/../b": "a-b", "": ""} {
		if got := task.Owner(name); got != want {
			t.Errorf("Owner(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestRenderPassesItsOwnRules(t *testing.T) {
	src, err := task.Draft{Title: `A "title": with # all`, Description: "over\ntwo lines", Owner: "Anna K", DependsOn: []string{"a", "010"}, Priority: "high"}.Render()
	if err != nil {
		t.Fatal(err)
	}
	k := task.Parse("tasks/x.md", src)
	if k.Broken != nil || k.Title != `A "title": with # all` || k.Description != "over\ntwo lines" || k.Owner != "anna-k" || k.Priority != "p1" || !reflect.DeepEqual(k.DependsOn, []string{"a", "010"}) {
		t.Fatalf("got %+v from\n%s", k, src)
	}
	if found := task.Check(k, src, false); len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
	var names []string
	for _, s := range task.Sections(src) {
		names = append(names, s.Name)
		if s.State != task.Empty {
			t.Errorf("a new %s is %s", s.Name, s.State)
		}
	}
	if !reflect.DeepEqual(names, task.SectionNames) {
		t.Errorf("sections %q", names)
	}
	for name, d := range map[string]task.Draft{
		"unknown section": {Title: "a", Sections: map[string]string{"Nope": "x"}},
		"second heading":  {Title: "a", Sections: map[string]string{"Plan": "x\n## Problem\n"}},
		"open fence":      {Title: "a", Sections: map[string]string{"Plan": "```\nx"}},
		"open comment":    {Title: "a", Sections: map[string]string{"Plan": "<!-- x"}},
		"line break":      {Title: "a\nstatus: ready"},
		"priority":        {Title: "a", Priority: "p7"},
	} {
		if _, err := d.Render(); err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
}
