package web_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tasks/internal/run"
	"tasks/internal/web"
)

// planFiles is a repository with a plan in every state.
func planFiles() map[string]string {
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format("2006-01-02") }
	sheet := func(front string) string { return "---\ntype: task\n" + front + "---\n\n## Problem\n\nText.\n" }
	return map[string]string{
		"README.md":                           "# Plans\n",
		"docs/guide.md":                       "# Guide\n",
		"tasks/workstreams/storage/README.md": "# Storage <b>& more</b>\n\nWhat lies on the disk.\n\n## Aims\n\nFew.\n\n## Ends\n\nNone.\n",
		"tasks/workstreams/storage/initiatives/calm.md": "---\ntitle: Calm disk\nowner: ana\n---\n\n# Calm disk\n\nQuiet.\n",
		"tasks/workstreams/storage/tasks/one.md":        sheet("title: One\nstatus: completed\nmilestone: late\ninitiative: calm\nowner: ana\ncreated_at: 2026-01-01\ncompleted_at: 2026-02-01\n"),
		"tasks/workstreams/storage/tasks/two.md":        sheet("title: Two\nstatus: in_progress\nmilestone: late\nowner: ana\ncreated_at: 2026-01-10\n"),
		"tasks/workstreams/storage/tasks/three.md":      sheet("title: Three\nstatus: blocked\nmilestone: soon\ndepends_on: [two]\ninitiative: loose\n"),
		"tasks/workstreams/bare/tasks/four.md":          sheet("title: Four\nstatus: ready\nmilestone: nofile\nowner: role-one\n"),
		"tasks/workstreams/gone/tasks/five.md":          sheet("title: Five\nstatus: cancelled\n"),
		"tasks/workstreams/empty/README.md":             "# Empty\n",
		"tasks/loose.md":                                sheet("title: Loose\nstatus: completed\n"),
		"tasks/broken.md":                               "---\ntype: task\ntitle: [\n---\n",
		"tasks/milestones/late.md":                      "---\ntype: milestone\ntitle: Late one\ndue: " + day(-10) + "\n---\n\n# Late one\n\nThe story.\n",
		"tasks/milestones/soon.md":                      "---\ntype: milestone\ndue: " + day(1) + "\n---\n",
		"tasks/milestones/odd.md":                       "---\ndue: when it is done\n---\n",
		"tasks/team/ana.md":                             "---\ntype: person\nname: Ana\n---\n",
		"tasks/team/role-one.md":                        "---\ntype: role\nname: On call\nfilled_by: ana\n---\n",
	}
}

// shown is the words of a page's main part.
func shown(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	body, _, _ = strings.Cut(body, "</main>")
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " "))), " ")
}

// What a page of the plan leaves out is behind a link to exactly that, and the list
// there has as many.
func TestPlanLinksNarrow(t *testing.T) {
	const many = 53 // a page of the plan lists 50 of a status
	files := planFiles()
	for i := range many {
		files[fmt.Sprintf("tasks/workstreams/storage/tasks/many-%d.md", i)] = fmt.Sprintf("---\ntype: task\ntitle: Many %d\nstatus: not_started\nowner: ana\nmilestone: soon\ninitiative: calm\n---\n", i)
	}
	files["tasks/workstreams/bare/tasks/same.md"] = "---\ntype: task\nstatus: not_started\ninitiative: calm\n---\n"
	s := newSite(t, options{files: files})
	for _, c := range []struct {
		page, link string
		n          int
	}{
		{"/workstreams", "/tasks?workstream=none", 2},
		{"/milestones", "/tasks?milestone=none", 4},
		{"/team", "/tasks?owner=none", 5},
		{"/workstreams/storage", "/tasks?status=not_started&workstream=storage", many},
		{"/milestones/soon", "/tasks?milestone=soon&status=not_started", many},
		{"/team/ana", "/tasks?owner=ana&status=not_started", many},
		{"/initiatives/storage/calm", "/tasks?initiative=calm&status=not_started&workstream=storage", many},
	} {
		got := s.get(t, c.page)
		if !strings.Contains(got.body, `href="`+html.EscapeString(c.link)+`"`) {
			t.Errorf("%s has no link to %s", c.page, c.link)
		}
		if strings.Contains(shown(got.body), "All tasks") {
			t.Errorf("%s leads to all tasks", c.page)
		}
		if text := shown(s.get(t, c.link).body); !strings.Contains(text, fmt.Sprintf("%d of ", c.n)) {
			t.Errorf("%s does not say %d: %.300s", c.link, c.n, text)
		}
	}
}

// On a task's page the navigation tells that one is among the tasks.
func TestNavMarksTasks(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	for path, want := range map[string]string{"/tasks": "page", "/tasks/two": "true", "/board": ""} {
		mark := regexp.MustCompile(`<a href="/tasks"(?: aria-current="(\w+)")?>`).FindStringSubmatch(s.get(t, path).body)
		if mark == nil || mark[1] != want {
			t.Errorf("%s: %q, want %q", path, mark, want)
		}
	}
}

func TestPlanPages(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	for _, c := range []struct {
		path, kind, rel string
		words           []string
		want            int
	}{
		{"/workstreams", "tasks", "", []string{"Storage", "bare no README", "1 of 3", "1 in progress, 1 blocked", "all cancelled", "2 tasks belong to no workstream"}, 200},
		{"/workstreams/storage", "doc", "tasks/workstreams/storage/README.md", []string{"Workstream storage", "33 %", "1 of 3 tasks done", "Scope 3", "1 task without created_at", "By owner", "Calm disk", "loose", "What lies on the disk.", "Two"}, 200},
		{"/workstreams/bare", "tasks", "", []string{"The folder has no README.", "tasks/workstreams/bare/README.md", "0 of 1 task done"}, 200},
		{"/workstreams/gone", "tasks", "", []string{"All of its 1 task is cancelled", "Cancelled 1"}, 200},
		{"/workstreams/empty", "doc", "tasks/workstreams/empty/README.md", []string{"No task belongs to it yet."}, 200},
		{"/milestones", "tasks", "", []string{"Late one", "10 days overdue", "due tomorrow", "Does not parse", "nofile", "no due date"}, 200},
		{"/milestones/late", "doc", "tasks/milestones/late.md", []string{"10 days overdue", "50 %", "The story.", "By workstream"}, 200},
		{"/milestones/odd", "doc", "tasks/milestones/odd.md", []string{"The front matter does not parse", "not a date"}, 200},
		{"/milestones/nofile", "tasks", "", []string{"No file stands behind this name"}, 200},
		{"/initiatives/storage/calm", "doc", "tasks/workstreams/storage/initiatives/calm.md", []string{"Initiative calm", "in storage", "owner ana", "100 %"}, 200},
		{"/initiatives/storage/loose", "tasks", "", []string{"No file stands behind this name", "tasks/workstreams/storage/initiatives/loose.md"}, 200},
		{"/team", "tasks", "", []string{"Ana", "On call", "1 of 2", "4 tasks belong to nobody"}, 200},
		{"/team/ana", "doc", "tasks/team/ana.md", []string{"Person ana", "50 %", "By milestone"}, 200},
		{"/team/role-one", "doc", "tasks/team/role-one.md", []string{"Role", "filled by ana"}, 200},

		{"/workstreams/storag", "error", "", []string{"Did you mean storage?"}, 404},
		{"/workstreams/README.md", "error", "", []string{"404"}, 404},
		{"/milestones/nowhere-at-all", "error", "", []string{"neither a file nor a task"}, 404},
		{"/initiatives/storage", "error", "", []string{"404"}, 404},
		{"/initiatives/bare/calm", "error", "", []string{"404"}, 404},
		{"/initiatives/-/calm", "error", "", []string{"404"}, 404},
		{"/team/nobody", "error", "", []string{"404"}, 404},
		{"/team/ana/more", "error", "", []string{"404"}, 404},
		{"/milestones/late/", "error", "", []string{"404"}, 404},
		{"/milestones/..%2fteam", "error", "", []string{"404"}, 404},
		{"/milestones/%3Cscript%3E", "error", "", []string{"404"}, 404},
	} {
		got := s.get(t, c.path)
		if got.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d", c.path, got.StatusCode, c.want)
			continue
		}
		kind, rel := kindOf.FindStringSubmatch(got.body), relOf.FindStringSubmatch(got.body)
		if kind == nil || kind[1] != c.kind {
			t.Errorf("%s: kind %v, want %s", c.path, kind, c.kind)
		}
		if r := ""; rel != nil {
			if r = html.UnescapeString(rel[1]); r != c.rel {
				t.Errorf("%s: data-doc-rel %q, want %q", c.path, r, c.rel)
			}
		} else if c.rel != "" {
			t.Errorf("%s: no data-doc-rel", c.path)
		}
		text := shown(got.body)
		for _, w := range c.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q:\n%.1500s", c.path, w, text)
			}
		}
		for _, bad := range []string{"<script>", "NaN", "ZgotmplZ", " style="} {
			if strings.Contains(got.body, bad) {
				t.Errorf("%s holds %s", c.path, bad)
			}
		}
	}
	for path, to := range map[string]string{"/workstreams/": "/workstreams", "/team/": "/team", "/initiatives": "/workstreams", "/team/Ana": "/team/ana", "/team/%3Cscript%3E": "/team/script"} {
		if got := s.get(t, path); got.StatusCode != 302 || got.Header.Get("Location") != to {
			t.Errorf("%s: %d to %q, want %s", path, got.StatusCode, got.Header.Get("Location"), to)
		}
	}
	if got := s.ask(t, "POST", "/milestones", "{}"); got.StatusCode != 405 {
		t.Errorf("POST /milestones: %d", got.StatusCode)
	}
}

func TestHome(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	if first := shown(s.get(t, "/").body); !strings.Contains(first, "Git is being asked what changed.") {
		t.Errorf("the first page waits for git: %.900s", first)
	}
	s.get(t, "/activity") // waits for git
	text := shown(s.get(t, "/").body)
	for _, w := range []string{
		"Needs you", "Does not parse 2", "tasks/milestones/odd.md", "Overdue 1", "Late one 10 days overdue, 1 of 2 tasks open", "Blocked 1", "Three waits for Two (in progress)",
		"Ready, not queued 1", "Take next", "Four", "In progress 1", "Where the work stands", "All tasks 2 of 6", "Lately changed", "Ada", "Plans",
	} {
		if !strings.Contains(text, w) {
			t.Errorf("home does not say %q:\n%.3000s", w, text)
		}
	}

	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"no tasks":      {map[string]string{"README.md": "# Here\n"}, []string{"No tasks yet", "tasks init", "Here"}},
		"nothing":       {map[string]string{"main.c": "int x;\n"}, []string{"No tasks yet", "A README.md is a good first page"}},
		"nothing to do": {map[string]string{"tasks/a.md": "---\ntype: task\ntitle: A\nstatus: completed\n---\n"}, []string{"Nothing needs you.", "Every task is completed or cancelled.", "1 of 1"}},
		"only tasks":    {map[string]string{"tasks/a.md": "---\ntype: task\ntitle: A\nstatus: not_started\n---\n"}, []string{"Nothing needs you.", "Take next A", "Not started, it waits for nothing."}},
	} {
		s := newSite(t, options{files: c.files})
		s.get(t, "/activity")
		text := shown(s.get(t, "/").body)
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: home does not say %q:\n%.1500s", name, w, text)
			}
		}
	}
}

func TestEmptyPlan(t *testing.T) {
	s := newSite(t, options{files: map[string]string{"README.md": "# Here\n"}})
	for path, want := range map[string]string{"/workstreams": "No workstream yet", "/milestones": "No milestone yet", "/team": "Nobody yet", "/activity": "Today"} {
		if text := shown(s.get(t, path).body); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q: %.600s", path, want, text)
		}
	}
}

// A page of the plan follows the files: what is changed is seen by the next request.
func TestPlanFollowsItsFiles(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	if text := shown(s.get(t, "/milestones/late").body); !strings.Contains(text, "1 of 2 tasks done") {
		t.Fatal(text)
	}
	name := filepath.Join(s.root, "tasks/workstreams/storage/tasks/two.md")
	data, err := os.ReadFile(name)
	must(t, err)
	must(t, os.WriteFile(name, []byte(strings.Replace(string(data), "in_progress", "completed", 1)), 0o644))
	if text := shown(s.get(t, "/milestones/late").body); !strings.Contains(text, "2 of 2 tasks done") || strings.Contains(text, "overdue") {
		t.Errorf("after the change: %.600s", text)
	}
}

// Ten thousand tasks make pages of bounded size.
func TestHugePlan(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: ten thousand files")
	}
	files := map[string]string{}
	for i := range 10_000 {
		files[fmt.Sprintf("tasks/workstreams/w%d/tasks/t%d.md", i%40, i)] = fmt.Sprintf("---\ntype: task\ntitle: Number %d\nstatus: %s\nmilestone: m\nowner: o%d\ncreated_at: 2026-01-%02d\n---\n", i, []string{"ready", "completed", "blocked"}[i%3], i%100, 1+i%28)
	}
	for i := range 900 { // more milestones than anybody plans
		files[fmt.Sprintf("tasks/milestones/m%03d.md", i)] = fmt.Sprintf("---\ntitle: M %d\ndue: 2026-%02d-01\n---\n", i, 1+i%12)
	}
	s := newSite(t, options{files: files})
	for _, path := range []string{"/", "/workstreams", "/milestones", "/milestones/m", "/team", "/activity"} {
		s.get(t, path)
		began := time.Now()
		got := s.get(t, path)
		t.Logf("%s: %d KB in %v", path, len(got.body)>>10, time.Since(began))
		if got.StatusCode != 200 || len(got.body) > 600<<10 {
			t.Errorf("%s: status %d, %d KB", path, got.StatusCode, len(got.body)>>10)
		}
	}
	if text := shown(s.get(t, "/milestones").body); !strings.Contains(text, "The 300 with the most open work, of 901.") {
		t.Errorf("what is left out of the list is not said: %.600s", text)
	}
	if text := shown(s.get(t, "/milestones/m").body); !strings.Contains(text, "The first 50 of 3") || !strings.Contains(text, "88 more") {
		t.Errorf("what is left out is not said: %.900s", text)
	}
}

func TestActivity(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	if got := s.post(t, "/actions/kickoff", `{"slug":"four"}`); got.StatusCode == 200 {
		t.Log("four was queued although its worksheet is thin")
	}
	for _, c := range []struct {
		path  string
		want  int
		words []string
	}{
		{"/activity", 200, []string{"The last 7 days", "as of just now", "Today", "sample", "Ada", "Waiting for merge 0", "Recently finished", "Nothing is older"}},
		{"/activity?kind=doc", 200, []string{"sample"}},
		{"/activity?kind=run", 200, []string{"Nothing of that kind here", "Show everything"}},
		{"/activity?who=ada", 200, []string{"sample"}},
		{"/activity?who=ADA%20", 200, []string{"sample"}},
		{"/activity?who=%3Cb%3Enobody", 200, []string{"Nothing of that kind here"}},
		{"/activity?until=2001-01-01T00:00:00Z", 200, []string{"Nothing happened then", "The last 7 days"}},
		{"/activity?kind=odd", 400, []string{"is no kind of activity", "task, doc, run, code"}},
		{"/activity?until=yesterday", 400, []string{"is not a time"}},
		{"/activity?until=0000-01-01T00:00:00Z", 400, []string{"is not a time"}},
		{"/activity?skip=3", 400, []string{"not a number of commits"}},
		{"/activity?until=2026-01-01T00:00:00Z&skip=-1", 400, []string{"not a number of commits"}},
		{"/activity/more", 404, []string{"404"}},
	} {
		got := s.get(t, c.path)
		text := shown(got.body)
		if got.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d", c.path, got.StatusCode, c.want)
		}
		for _, w := range c.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q:\n%.1200s", c.path, w, text)
			}
		}
	}
}

// BenchmarkHome10000 is the home page over ten thousand tasks.
func BenchmarkHome10000(b *testing.B) {
	files := map[string]string{}
	for i := range 10_000 {
		files[fmt.Sprintf("tasks/workstreams/w%d/tasks/t%d.md", i%40, i)] = fmt.Sprintf("---\ntype: task\ntitle: Number %d\nstatus: %s\nmilestone: m\nowner: o%d\ncreated_at: 2026-01-%02d\n---\n", i, []string{"ready", "completed", "blocked"}[i%3], i%100, 1+i%28)
	}
	s := newSite(b, options{files: files})
	s.get(b, "/")
	for b.Loop() {
		if got := s.get(b, "/"); got.StatusCode != 200 {
			b.Fatal(got.StatusCode)
		}
	}
}

// The first byte of activity, once git was asked: no process of git is started.
func BenchmarkActivity(b *testing.B) {
	s := newSite(b, options{files: planFiles()})
	s.get(b, "/activity")
	for b.Loop() {
		if got := s.get(b, "/activity"); got.StatusCode != 200 {
			b.Fatal(got.StatusCode)
		}
	}
}

// The assistant is told of a page of the plan as of its file, where one is behind it.
func TestPlanPagesAreKnownByKind(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	kind := web.PageKind(s.Repo)
	for page, want := range map[string]string{"/milestones": "tasks", "/team/ana": "tasks", "/initiatives/storage/calm?x=1": "tasks", "/activity?kind=doc": "activity", "/teams": "error"} {
		if got := kind(page); got != want {
			t.Errorf("PageKind(%s) = %s, want %s", page, got, want)
		}
	}
}

// What the queue did stands beside the commits, and what waits for a merge above them.
func TestActivityTellsOfRuns(t *testing.T) {
	s := newSite(t, options{files: planFiles()})
	for _, slug := range []string{"four", "three", "not-there-any-more"} {
		if _, _, err := s.Runs.Enqueue(t.Context(), run.Run{Slug: slug, Path: "tasks/" + slug + ".md"}); err != nil {
			t.Fatal(err)
		}
	}
	text := shown(s.get(t, "/activity?kind=run").body)
	for _, w := range []string{"Four was handed over", "Three was handed over", "not-there-any-more was handed over", "Runs 3"} {
		if !strings.Contains(text, w) {
			t.Errorf("activity does not say %q:\n%.1500s", w, text)
		}
	}
	if strings.Contains(text, "sample") {
		t.Errorf("a commit among the runs: %.900s", text)
	}
}
