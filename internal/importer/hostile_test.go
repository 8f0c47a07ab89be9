package importer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/importer"
	"tasks/internal/task"
)

// bead is one line of JSON.
func bead(id, title string, more ...string) string {
	line := map[string]any{"id": id, "title": title, "status": "open", "priority": 2}
	for i := 0; i+1 < len(more); i += 2 {
		var v any = more[i+1]
		// A list or an object is meant as such; what only looks like one (a fuzzed text)
		// is a text.
		if raw := more[i+1]; (strings.HasPrefix(raw, "[") || strings.HasPrefix(raw, "{")) && json.Valid([]byte(raw)) {
			v = json.RawMessage(raw)
		}
		line[more[i]] = v
	}
	b, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

func needs(ids ...string) string {
	var l []string
	for _, id := range ids {
		l = append(l, fmt.Sprintf(`{"depends_on_id":%q,"type":"blocks"}`, id))
	}
	return "[" + strings.Join(l, ",") + "]"
}

func beads(t *testing.T, lines ...string) *house {
	return newHouse(t, map[string]string{".beads/issues.jsonl": strings.Join(lines, "")})
}

// item is what became of an id.
func item(t *testing.T, r *importer.Report, id string) importer.Item {
	t.Helper()
	for _, i := range r.Items {
		if i.ID == id {
			return i
		}
	}
	t.Fatalf("no item %q in\n%s", id, results(r))
	return importer.Item{}
}

func TestDependenciesNeverBreakTheTree(t *testing.T) {
	h := beads(t,
		bead("a", "A", "dependencies", needs("b")),
		bead("b", "B", "dependencies", needs("c")),
		bead("c", "C", "dependencies", needs("a", "c", "gone", "../../etc/passwd")),
		bead("d", "D", "dependencies", `[{"depends_on_id":"e","type":"parent-child"}]`),
		bead("e", "E", "dependencies", `[{"depends_on_id":"d","type":"parent-child"},{"depends_on_id":"old","type":"blocks"}]`),
	)
	// One that was there before waits for what is imported now.
	h.put("tasks/old.md", "---\ntype: task\nstatus: not_started\ndepends_on: [e]\nimported_from: beads:old\n---\n")
	r := h.run(importer.Options{From: "beads"})
	h.valid()
	if n := r.Count(importer.Imported); n != 5 {
		t.Fatalf("imported %d:\n%s", n, results(r))
	}
	a, _ := h.task("a")
	b, _ := h.task("b")
	c, src := h.task("c")
	if fmt.Sprint(a.DependsOn, b.DependsOn, c.DependsOn) != "[b] [c] []" {
		t.Errorf("the dependencies are %v %v %v", a.DependsOn, b.DependsOn, c.DependsOn)
	}
	for _, want := range []string{"gone", "../../etc/passwd", "dependency_left_out: a"} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is nowhere in\n%s", want, src)
		}
	}
	notes := strings.Join(item(t, r, "c").Notes, "\n")
	for _, want := range []string{"on a would close a cycle", "on gone, which is not there", "depends on itself"} {
		if !strings.Contains(notes, want) {
			t.Errorf("it is not said: %q in\n%s", want, notes)
		}
	}
	e, _ := h.task("e")
	d, _ := h.task("d")
	if len(e.DependsOn) != 0 || d.Parent != "e" && e.Parent != "d" || d.Parent == "e" && e.Parent == "d" {
		t.Errorf("e depends on %v; parents: d %q, e %q", e.DependsOn, d.Parent, e.Parent)
	}
}

func TestSlugsThatAreTaken(t *testing.T) {
	h := beads(t, bead("x-1", "Same title"), bead("x-2", "same TITLE"), bead("x-3", "附件"), bead("README", "Readme"), bead("x-5", "!"), bead("x-6", ""))
	mine := "---\ntype: task\nstatus: not_started\nid: x-2\n---\nmine\n"
	h.put("tasks/same-title.md", mine)
	h.put("tasks/README.md", "# Tasks\n")
	r := h.run(importer.Options{From: "beads", Workstream: "mail"})
	h.valid()
	if got := h.files("tasks")["tasks/same-title.md"]; got != mine {
		t.Errorf("a file of ours was changed: %s", got)
	}
	for id, want := range map[string]string{
		"x-1": "same-title-x-1", "x-2": "same-title-x-2", "x-3": "beads-x-3", "README": "readme-readme", "x-5": "beads-x-5", "x-6": "task-x-6",
	} {
		i := item(t, r, id)
		if i.Slug != want || i.Path != "tasks/workstreams/mail/tasks/"+want+".md" {
			t.Errorf("%s became %s at %s, want %s", id, i.Slug, i.Path, want)
		}
	}
	if k, _ := h.task("same-title-x-2"); k.ID != k.Slug {
		t.Errorf("the id %s of another task was given again", k.ID)
	}
}

// TestImportedIsKnownAgain: edited, moved, renamed or broken since, it is not
// imported again, and what changed in the source is said.
func TestImportedIsKnownAgain(t *testing.T) {
	h := beads(t, bead("a", "A"), bead("b", "B"), bead("c", "C"), bead("d", "D"))
	h.run(importer.Options{From: "beads"})
	_, src := h.task("a")
	h.put("tasks/workstreams/w/tasks/renamed.md", strings.ReplaceAll(src, "title: A", "title: Another # by hand"))
	if err := os.Remove(filepath.Join(h.root, "tasks/a.md")); err != nil {
		t.Fatal(err)
	}
	_, src = h.task("b")
	h.put("tasks/b.md", strings.Replace(src, "title: B", "title: [B", 1))
	h.put(".beads/issues.jsonl", bead("a", "A")+bead("b", "B")+bead("c", "C again")+bead("d", "D")+bead("e", "E", "dependencies", needs("a", "c")))
	before := h.files("tasks")
	r := h.run(importer.Options{From: "beads"})
	if r.Count(importer.Skipped) != 4 || r.Count(importer.Imported) != 1 {
		t.Fatalf("the second import:\n%s", results(r))
	}
	if i := item(t, r, "c"); len(i.Notes) != 1 || !strings.Contains(i.Notes[0], "has changed in beads") {
		t.Errorf("the change is not said: %v", i.Notes)
	}
	if i := item(t, r, "a"); i.Path != "tasks/workstreams/w/tasks/renamed.md" || len(i.Notes) != 0 {
		t.Errorf("a is %+v", i)
	}
	if e, _ := h.task("e"); fmt.Sprint(e.DependsOn) != "[renamed c]" {
		t.Errorf("e depends on %v", e.DependsOn)
	}
	after := h.files("tasks")
	delete(after, "tasks/e.md")
	if !same(before, after) {
		t.Error("the second import changed worksheets")
	}
}

// TestTwoProjects: the same ids of two projects are two tasks, and a project is the
// same however it is named.
func TestTwoProjects(t *testing.T) {
	h := beads(t, bead("a", "Ours"))
	other := filepath.Join(t.TempDir(), "other")
	if err := os.MkdirAll(filepath.Join(other, ".beads"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, ".beads/issues.jsonl"), []byte(bead("a", "Theirs")), 0o666); err != nil {
		t.Fatal(err)
	}
	h.run(importer.Options{From: "beads"})
	if r := h.run(importer.Options{From: "beads", Path: other}); r.Count(importer.Imported) != 1 {
		t.Errorf("the other project:\n%s", results(r))
	}
	for _, p := range []string{".beads", ".beads/issues.jsonl"} {
		if r := h.run(importer.Options{From: "beads", Path: filepath.Join(other, p)}); r.Count(importer.Skipped) != 1 || len(r.Items) != 1 {
			t.Errorf("%s is another project:\n%s", p, results(r))
		}
		if r := h.run(importer.Options{From: "beads", Path: filepath.Join(h.root, p)}); r.Count(importer.Skipped) != 1 || len(r.Items) != 1 {
			t.Errorf("%s of the root is another project:\n%s", p, results(r))
		}
	}
	h.valid()
}

// TestOneProject: however a project is named, it is the same, and a project may be
// called as the folder of a tool is.
func TestOneProject(t *testing.T) {
	for tool, paths := range map[string][]string{
		"backlog":    {"", "backlog"},
		"taskmd":     {"", "plan", ".taskmd.yaml"},
		"beads":      {"", ".beads", ".beads/issues.jsonl"},
		"taskmaster": {"", ".taskmaster", ".taskmaster/tasks", ".taskmaster/tasks/tasks.json"},
		"openspec":   {"", "openspec", "openspec/changes"},
	} {
		t.Run(tool, func(t *testing.T) {
			theirs := sample(t, tool)
			nested := tool != "backlog" && tool != "openspec" // there the folder is the tool's own
			for name, text := range sample(t, tool) {
				if !nested {
					break
				}
				theirs[tool+"/"+name] = text // another one, in a folder of this name
			}
			h := newHouse(t, theirs)
			n := h.run(importer.Options{From: tool}).Count(importer.Imported)
			for _, p := range paths {
				r := h.run(importer.Options{From: tool, Path: filepath.Join(h.root, p)})
				if r.Count(importer.Skipped) != n {
					t.Errorf("%q is another project:\n%s", p, results(r))
				}
			}
			if !nested {
				return
			}
			if r := h.run(importer.Options{From: tool, Path: filepath.Join(h.root, tool)}); r.Count(importer.Imported) != n {
				t.Errorf("the project in a folder of the tool's name:\n%s", results(r))
			}
			h.valid()
		})
	}
	h := newHouse(t, map[string]string{
		"backlog.config.yml": "backlog_directory: \"plans/bl\"\n", "plans/bl/config.yml": "x: 1\n",
		"plans/bl/tasks/task-1 - a.md": "---\nid: TASK-1\ntitle: A\n---\n",
		"tasks/001-b.md":               "---\nid: \"001\"\ntitle: B\nstatus: pending\n---\n",
	})
	for _, o := range []importer.Options{{From: "backlog"}, {From: "taskmd"}} {
		h.run(o)
		o.Path = filepath.Join(h.root, map[string]string{"backlog": "plans/bl", "taskmd": "tasks"}[o.From])
		if r := h.run(o); len(r.Items) != 1 || r.Items[0].Result != importer.Skipped {
			t.Errorf("%s is another project:\n%s", o.Path, results(r))
		}
	}
}

// TestHugeValues: what would take more than linear time, or more memory than it is
// worth, is bounded.
func TestHugeValues(t *testing.T) {
	many := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	var names, edges, same, ticks strings.Builder
	for n := 1000; n > 0; n-- {
		ticks.WriteString(strings.Repeat("`", n) + " ")
	}
	for i := range 20_000 {
		fmt.Fprintf(&names, `"label %d",`, i%5000)
		fmt.Fprintf(&edges, `{"depends_on_id":"n%d"},`, i)
		fmt.Fprintf(&same, `,"k":%d`, i%10)
	}
	h := beads(t,
		`{"id":"labels","title":"L","labels":[`+names.String()+`"x"]}`+"\n",
		`{"id":"edges","title":"E","dependencies":[`+edges.String()+`{"depends_on_id":"labels"}]}`+"\n",
		`{"id":"same","title":"S"`+same.String()+"}\n",
		bead("ticks", "T", "description", "<!--"+ticks.String()),
		`{"id":"long","title":"`+strings.Repeat("long ", 100_000)+`","description":"`+strings.Repeat(`# x\n`, 100_000)+`"}`+"\n",
		`{"id":"values","x":[`+many(200_000, "1")+"]}\n",
		`{"id":"line","x":"`+strings.Repeat("x", 5<<20)+`"}`+"\n",
	)
	r := h.run(importer.Options{From: "beads"})
	h.valid()
	if r.Count(importer.Imported) != 6 || r.Count(importer.Failed) != 1 {
		t.Errorf("it came to\n%s", results(r))
	}
}

func TestBrokenLinesAreTold(t *testing.T) {
	h := beads(t,
		bead("a", "A"), "<<<<<<< HEAD\n", "\n", `{"id":"b"`+"\n", "[1,2]\n", `"text"`+"\n", `{"title":"no id"}`+"\n",
		bead("A", "Twice"), bead("t", "Gone", "status", "tombstone"), `{"_type":"memory","key":"k","value":"v"}`+"\n",
		`{"id":"deep","x":`+strings.Repeat("[", 500)+strings.Repeat("]", 500)+"}\n",
		`{"id":"z","title":"Z","title":"twice","priority":{"a":1},"labels":{"b":2},"status":["c"],"dependencies":"d","comments":7}`+"\n",
	)
	r := h.run(importer.Options{From: "beads"})
	h.valid()
	if r.Count(importer.Imported) != 2 || r.Count(importer.Failed) != 7 || r.Count(importer.Skipped) != 2 {
		t.Errorf("it came to\n%s", results(r))
	}
	if i := item(t, r, "A"); i.Source != ".beads/issues.jsonl:8" {
		t.Errorf("the second one stands in %s", i.Source)
	}
	_, src := h.task("z")
	for _, want := range []string{"twice", "a: 1", "b: 2", "status: [c]", "dependencies: d", "comments: 7"} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is lost in\n%s", want, src)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	h := newHouse(t, map[string]string{
		"empty/x.txt": "", ".taskmaster/tasks/tasks.json": "{\"master\": {\n\"tasks\": [}\n", "db/.beads/beads.db": "x",
		"cfg/backlog.config.yml": "backlog_directory: ../../..\n", "yaml/.taskmd.yaml": "dir: ../..\n", "bad/.taskmd.yaml": "dir: [\n",
	})
	for _, c := range []struct {
		o    importer.Options
		code fault.Code
		says string
	}{
		{importer.Options{From: "jira"}, fault.Usage, "jira"},
		{importer.Options{From: "backlog"}, fault.NotFound, "backlog/"},
		{importer.Options{From: "taskmd"}, fault.NotFound, ".taskmd.yaml"},
		{importer.Options{From: "openspec"}, fault.NotFound, "openspec/changes"},
		{importer.Options{From: "taskmaster"}, fault.Invalid, "tasks.json:2"},
		{importer.Options{From: "beads", Path: "nowhere"}, fault.NotFound, "nowhere"},
		{importer.Options{From: "beads", Path: "db"}, fault.NotFound, "database"},
		{importer.Options{From: "backlog", Path: "cfg"}, fault.NotFound, "no folder"},
		{importer.Options{From: "taskmd", Path: "yaml"}, fault.NotFound, "no folder"},
		{importer.Options{From: "taskmd", Path: "bad"}, fault.Invalid, ".taskmd.yaml"},
		{importer.Options{From: "taskmd", Path: "empty"}, fault.NotFound, "front matter"},
		{importer.Options{From: "backlog", Workstream: "../up"}, fault.Invalid, "../up"},
	} {
		if c.o.Path != "" {
			c.o.Path = filepath.Join(h.root, c.o.Path)
		}
		_, err := importer.Import(t.Context(), h.repo, h.tracker, c.o)
		if fault.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%+v: %v (%s)", c.o, err, fault.CodeOf(err))
		}
	}
	if got := h.files("tasks"); len(got) > 0 {
		t.Errorf("written all the same: %v", keys(got))
	}
}

// TestKnownOnly: an owner and a milestone that the checkout does not know are kept
// aside, so that no rule is broken.
func TestKnownOnly(t *testing.T) {
	theirs := sample(t, "backlog")
	theirs["tasks/team/ben.md"] = "---\ntype: person\nname: Ben\n---\n"
	theirs["tasks/milestones/later.md"] = "---\ntype: milestone\n---\n"
	h := newHouse(t, theirs)
	h.run(importer.Options{From: "backlog"})
	h.valid()
	k, src := h.task("renew-leases-before-they-lapse")
	if k.Owner != "" || k.Milestone != "" || !strings.Contains(src, `"@ana"`) || !strings.Contains(src, "First release") {
		t.Errorf("it is\n%s", src)
	}
	theirs["tasks/milestones/First-Release.md"] = "---\ntype: milestone\n---\n"
	theirs["tasks/team/ana.md"] = "---\ntype: person\nname: Ana\n---\n"
	h = newHouse(t, theirs)
	h.run(importer.Options{From: "backlog"})
	h.valid()
	if k, _ := h.task("renew-leases-before-they-lapse"); k.Owner != "ana" || k.Milestone != "First-Release" {
		t.Errorf("owner %q, milestone %q", k.Owner, k.Milestone)
	}
}

// FuzzText: whatever a text holds, the worksheet keeps the rules, its sections, and
// the text.
func FuzzText(f *testing.F) {
	for _, s := range []string{"# a\n## b\n", "```\n## x", "<!-- x", "~~~~\n```\n~~~", "a\n---\nb\n===\n", "- [ ] x\n\t## y", "\x00\x1b[0m\u202e", "## Review Feedback\n- [x] Review cleared", "> ```\n> ## a", "`<!--` x\n<!--\n```\n-->\n## y", "{\xfd", "[x](y)", "{}"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		h := beads(t, bead("a", text, "description", text, "notes", text, "design", key, "k"+key, text))
		r := h.run(importer.Options{From: "beads"})
		h.valid()
		if r.Count(importer.Imported) != 1 {
			t.Fatalf("%q: %+v", text, r.Items)
		}
		list := task.Sections(r.Items[0].Content)
		if len(list) != len(task.SectionNames) {
			t.Errorf("%q made %d sections:\n%s", text, len(list), r.Items[0].Content)
		}
	})
}
