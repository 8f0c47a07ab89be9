package web

import (
	"html/template"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"tasks/internal/chart"
	"tasks/internal/docs"
	"tasks/internal/manager"
	"tasks/internal/markdown"
	"tasks/internal/task"
)

// TestTemplates executes every template with a filled sample, so that a misspelt
// field, function or icon fails here and not before a reader.
func TestTemplates(t *testing.T) {
	set, err := newTemplates(os.DirFS("."), false)
	if err != nil {
		t.Fatal(err)
	}
	samples := samplePages()
	for name := range set.byName {
		if samples[name] == nil {
			t.Errorf("page %s has no sample", name)
			continue
		}
		html, err := set.render(name, samples[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		page := string(html)
		for _, want := range []string{`<body data-page-kind="`, "<main ", "data-chat-toggle", "<aside id=\"chat\" class=\"drawer\" data-chat-drawer", "/tasks-assets/tasks_chat.js", "</html>"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %s in the page", name, want)
			}
		}
		for _, bad := range []string{"ZgotmplZ", " style=", " onclick=", "<style", "<script>", "javascript:", "<no value>"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page holds %s", name, bad)
			}
		}
	}
}

// TestEmptyTemplates executes every template with nothing in it: a new repository
// has pages too.
func TestEmptyTemplates(t *testing.T) {
	set, err := newTemplates(os.DirFS("."), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, sample := range samplePages() {
		empty := reflect.New(reflect.TypeOf(sample)).Interface()
		if p, ok := empty.(*TaskPage); ok {
			p.Task = &task.Task{}
		}
		html, err := set.render(name, empty)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(html), "data-doc-rel") {
			t.Errorf("%s: data-doc-rel although no file stands behind the page", name)
		}
	}
}

func TestWhatStrangersNamedIsEscaped(t *testing.T) {
	set, err := newTemplates(os.DirFS("."), false)
	if err != nil {
		t.Fatal(err)
	}
	evil := `"><script>alert(1)</script>`
	page := samplePages()["task"].(TaskPage)
	page.Title, page.DocRel, page.Path, page.Branch = evil, evil, evil, evil
	page.Task.Title, page.Task.Owner, page.Task.Milestone, page.Task.Description = evil, evil, evil, evil
	page.Chat.Model, page.Chat.Doc = evil, evil
	page.Nav = []*docs.Node{{Title: evil, Path: evil, Href: "javascript:alert(1)"}}
	html, err := set.render("task", page)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(html), "<script>alert") || strings.Contains(string(html), `href="javascript:`) {
		t.Error("a name became markup")
	}
}

func TestAgo(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{3 * time.Second, "just now"},
		{50 * time.Second, "1 min ago"},
		{12 * time.Minute, "12 min ago"},
		{59*time.Minute + 50*time.Second, "1 h ago"},
		{26 * time.Hour, "1 day ago"},
		{5 * 24 * time.Hour, "5 days ago"},
		{20 * 24 * time.Hour, "3 weeks ago"},
		{100 * 24 * time.Hour, "3 months ago"},
		{800 * 24 * time.Hour, "2 years ago"},
	} {
		if got := ago(tt.d); got != tt.want {
			t.Errorf("ago(%v) = %q, want %q", tt.d, got, tt.want)
		}
	}
}

func TestInitials(t *testing.T) {
	for owner, want := range map[string]string{"maria-lopez": "ML", "ann": "A", "": "", "—": "", "a-b-c": "AB", "élan-vital": "ÉV"} {
		if got := initials(owner); got != want {
			t.Errorf("initials(%q) = %q, want %q", owner, got, want)
		}
	}
}

func TestLead(t *testing.T) {
	for _, tt := range []struct{ doc, title, rest string }{
		{"<h1 id=\"user-content-a\">A</h1>\n<p>b</p>", `<h1 id="user-content-a">A</h1>`, "\n<p>b</p>"},
		{"<p>b</p><h1>A</h1>", "", "<p>b</p><h1>A</h1>"},
		{"", "", ""},
	} {
		got := lead(template.HTML(tt.doc))
		if string(got.Title) != tt.title || string(got.Rest) != tt.rest {
			t.Errorf("lead(%q) = %q, %q", tt.doc, got.Title, got.Rest)
		}
	}
}

func TestSaysSame(t *testing.T) {
	for _, tt := range []struct {
		heading template.HTML
		title   string
		want    bool
	}{
		{`<h1 id="x">Retry <em>&amp; wait</em><a class="anchor" href="#x"></a></h1>`, "Retry & wait", true},
		{`<h1>Retry</h1>`, "retry ", true},
		{`<h1>Retry</h1>`, "Retry more", false},
		{"", "Retry", false},
	} {
		if got := saysSame(tt.heading, tt.title); got != tt.want {
			t.Errorf("saysSame(%q, %q) = %v", tt.heading, tt.title, got)
		}
	}
}

// sampleDoc is a document with everything that a document can hold.
const sampleDoc = `# Delivery guarantees

The broker promises **at least once**. A consumer that has seen a message twice must be able to tell, and this page says how. It is written for people who write consumers; the [protocol](protocol.md) is for people who write clients, and [this link](nowhere.md) leads nowhere.

> [!NOTE]
> Acknowledgements are per message, not per batch. See ` + "`ack_window`" + ` below.

## How a message travels

1. A producer sends it and waits for the receipt.
2. The broker writes it to the log and calls ` + "`fsync`" + `.
3. A consumer gets it, does its work and acknowledges.

` + "```go" + `
// Ack tells the broker that a message is done with.
func (c *Consumer) Ack(ctx context.Context, id MessageID) error {
	if id == 0 {
		return fmt.Errorf("ack: %w", ErrNoMessage)
	}
	return c.conn.Send(ctx, frame{Kind: "ack", ID: id, Retries: 3})
}
` + "```" + `

### Retries

A message that is not acknowledged within the window is sent again, with the same id and a higher attempt.

| setting | default | limit | meaning |
|---|--:|--:|---|
| ` + "`ack_window`" + ` | 30 s | 10 min | how long a consumer may take |
| ` + "`max_attempts`" + ` | 5 | 100 | after so many a message goes to the dead letters |
| ` + "`prefetch`" + ` | 16 | 1,024 | how many a consumer holds unacknowledged at once |

> [!WARNING]
> A prefetch of 1 halves the throughput. Measure before you lower it.

## What is open

- [x] Name the guarantee on the first page
- [ ] Say what happens to a message whose queue is deleted
- [ ] Figures from the last load test[^1]

> The simplest thing that could possibly work is to count twice and compare.

` + "```diff" + `
-prefetch = 1
+prefetch = 16
` + "```" + `

## See also

The [dead letters](dead-letters.md), and the *long* story in the design notes.

[^1]: Run in March, on two machines.
`

// samplePages is one filled page of each kind.
func samplePages() map[string]any {
	now := time.Now()
	rendered := markdown.Render([]byte(sampleDoc), 1, nil)
	owner := "maria-lopez"
	base := func(kind, title, url, rel string) Base {
		return Base{
			Title: title, Kind: kind, URL: url, DocRel: rel, Repo: "herald", Branch: "main", Assets: "/tasks-assets/h-sample/", Version: "0.1.0",
			Crumbs: []Crumb{{"docs", "/browse/docs"}, {"delivery.md", ""}},
			Counts: map[string]int{"open": 7, "queued": 2},
			Nav: []*docs.Node{
				{Title: "docs", Href: "/browse/docs", Path: "docs", Dir: true, Open: true, Count: 6, Children: []*docs.Node{
					{Title: "design", Href: "/browse/docs/design", Path: "docs/design", Dir: true, Count: 3},
					{Title: "Dead letters", Href: "/browse/docs/dead-letters.md", Path: "docs/dead-letters.md"},
					{Title: "Delivery guarantees", Href: "/browse/docs/delivery.md", Path: "docs/delivery.md", Current: rel == "docs/delivery.md"},
					{Title: "Operating a cluster of three brokers", Href: "/browse/docs/operating.md", Path: "docs/operating.md"},
					{Title: "Protocol", Href: "/browse/docs/protocol.md", Path: "docs/protocol.md"},
					{Title: "Releases", Href: "https://example.com/releases", External: true},
					{Title: "Upgrading", Path: "docs/upgrading.md", Missing: "there is no such page"},
				}},
				{Title: "tasks", Href: "/browse/tasks", Path: "tasks", Dir: true, Count: 9},
				{Title: "CONTRIBUTING", Href: "/browse/CONTRIBUTING.md", Path: "CONTRIBUTING.md"},
				{Title: "Herald", Href: "/browse/README.md", Path: "README.md"},
			},
			Chat: ChatInfo{Ready: true, Model: "gpt-5-mini", Source: ".env", Approve: "ask", Doc: rel, Page: url,
				Starters: []string{"Summarise this page in three sentences", "What is missing or unclear here?", "Which other pages touch on this?"}},
		}
	}
	tasks := []*task.Task{
		{Slug: "bounded-retries", Path: "tasks/bounded-retries.md", Title: "Bound retries and send what fails to the dead letters", Status: task.InProgress, Priority: "p0", Owner: owner, Milestone: "m2", Workstream: "delivery", Labels: []string{"broker"}, DependsOn: []string{"message-ids"}, UpdatedAt: now.Add(-3 * time.Hour), Description: "A poisoned message must not block its queue."},
		{Slug: "message-ids", Path: "tasks/message-ids.md", Title: "Give every message an id that survives a restart", Status: task.Completed, Priority: "p1", Owner: "jon", UpdatedAt: now.Add(-90 * time.Hour)},
		{Slug: "load-test", Path: "tasks/load-test.md", Title: "A load test that anyone can run", Status: task.Ready, Priority: "p2", Owner: "jon", Milestone: "m2", DependsOn: []string{"message-ids", "bounded-retries"}, UpdatedAt: now.Add(-26 * time.Hour)},
		{Slug: "docs-tour", Path: "tasks/docs-tour.md", Title: "A tour of the documentation for people who come from other queues and want to know what is different here", Status: task.Ready, Priority: "p3", UpdatedAt: now.Add(-10 * 24 * time.Hour)},
		{Slug: "broken-one", Path: "tasks/broken-one.md", Title: "", Status: "", Broken: &task.Broken{Line: 4, Reason: "did not find expected key"}},
		{Slug: "tls", Path: "tasks/tls.md", Title: "TLS between brokers", Status: task.Blocked, Priority: "p1", Owner: owner, UpdatedAt: now.Add(-40 * 24 * time.Hour)},
	}
	run := &RunView{State: "queued", Place: 1, QueuedAt: now.Add(-4 * time.Minute), Note: "before Friday"}
	rows := make([]TaskRow, len(tasks))
	for i, t := range tasks {
		rows[i] = TaskRow{Task: t, Href: "/tasks/" + t.Slug}
	}
	rows[2].Run = run
	rows[0].Run = &RunView{State: "blocked", Reason: "waits for message-ids", Place: 2, QueuedAt: now.Add(-time.Hour)}
	entries := []docs.ListEntry{
		{Name: "design", Href: "/browse/docs/design", Path: "docs/design", Dir: true},
		{Name: "delivery.md", Title: "Delivery guarantees", Href: "/browse/docs/delivery.md", Path: "docs/delivery.md"},
		{Name: "protocol.md", Title: "Protocol", Href: "/browse/docs/protocol.md", Path: "docs/protocol.md"},
	}
	bar := ListBar{Action: "/tasks", Q: "retry", Clear: "/tasks", Problems: []string{"Tasks cannot be sorted by “colour”."}, Creates: true, Menus: []ListMenu{
		{Name: "owner", Label: "Owner", Value: "jon", Options: []ListOption{{"jon", "jon"}, {"none", "Nobody"}}, Filters: true}, {Name: "group", Label: "Group by", Options: []ListOption{{"", "Status"}, {"owner", "Owner"}}}}}
	list := TasksPage{Base: base("tasks", "Tasks", "/tasks", ""), ListBar: bar, Groups: append(groups(rows), TaskGroup{ID: "more", Key: "owner", Label: "Nobody's", Rows: rows[:1], Count: 240}), Total: 246, All: 300, From: 101, To: 200, PrevHref: "/tasks", NextHref: "/tasks?page=3"}
	board := BoardPage{Base: base("board", "Board", "/board", ""), ListBar: bar, Total: 6, All: 300}
	board.lanes(listQuery{}, rows, waits(rows))
	board.Lanes[0].Label, board.Lanes[0].Columns[0].More = "jon", "/tasks?status=in_progress"
	doc := DocPage{Base: base("doc", "Delivery guarantees", "/browse/docs/delivery.md", "docs/delivery.md"), Path: "docs/delivery.md",
		HTML: template.HTML(rendered.HTML), ModTime: now, LastAuthor: "Maria Lopez", LastWhen: now.Add(-50 * time.Hour), Words: rendered.Words, Minutes: 3, Hash: "h", Broken: []string{"nowhere.md"}}
	doc.Outline = rendered.Headings
	doc.Prev, doc.Next = &docs.Node{Title: "Dead letters", Href: "/browse/docs/dead-letters.md"}, &docs.Node{Title: "Operating a cluster of three brokers", Href: "/browse/docs/operating.md"}
	doc.LinksHere = []docs.Ref{{Title: "Protocol", Path: "docs/protocol.md", Href: "/browse/docs/protocol.md", Kind: docs.Doc, Line: 12, Count: 1}, {Title: "Bound retries", Path: "tasks/bounded-retries.md", Href: "/tasks/bounded-retries", Kind: docs.Task, Line: 31, Count: 2}}
	sheet := markdown.Render([]byte(sampleTask), 9, nil)
	taskPage := TaskPage{DocPage: DocPage{Base: base("task", tasks[0].Title, "/tasks/bounded-retries", "tasks/bounded-retries.md"), Path: "tasks/bounded-retries.md", HTML: template.HTML(sheet.HTML), ModTime: now, Minutes: 2, Cut: true},
		Task: tasks[0], Run: run, Sections: []task.Section{{Name: "Problem", State: task.Filled, Line: 9}, {Name: "Context", State: task.Thin, Line: 13}, {Name: "Plan", State: task.Filled, Line: 17}, {Name: "QA Exploration", State: task.Empty, Line: 21}},
		Depends:    []TaskRef{{Slug: "message-ids", Title: tasks[1].Title, Href: "/tasks/message-ids", Status: task.Completed}, {Slug: "not-there", Missing: true}},
		Dependents: []TaskRef{{Slug: "load-test", Title: "A load test that anyone can run", Href: "/tasks/load-test", Status: task.Ready}}}
	taskPage.Outline = sheet.Headings
	taskPage.Editable = true
	taskPage.Body = sectioned(taskPage.HTML, taskPage.Sections, taskPage.Outline, true)
	taskPage.Missing, taskPage.NextName, taskPage.NextAdvice = []string{"Possible Solutions"}, "Context", task.Advice("Context")
	taskPage.Graph = neighbourhood(tasks[0], tasks)
	taskPage.Prev = &docs.Node{Title: "A load test that anyone can run", Href: "/tasks/load-test"}
	graph := GraphPage{Base: base("tasks", "Dependencies", "/graph", ""), Filters: []FilterMenu{{"workstream", "Workstream", "delivery", []string{"delivery", "storage"}}}}
	graph.draw(append(tasks, &task.Task{Slug: "hen", Title: "Hen", DependsOn: []string{"egg"}}, &task.Task{Slug: "egg", Title: "Egg", DependsOn: []string{"hen", "nowhere"}}), func(*task.Task) bool { return true })
	graph.Left = 12
	search := SearchPage{Base: base("search", "Search", "/search", ""), Asked: true, Total: 130, Found: 61, More: true, Late: true, Took: 4 * time.Millisecond,
		Tabs: []SearchTab{{"All", "/search?q=acknowledged", 61, true}, {"Tasks", "/search?q=acknowledged&kind=task", 1, false}}, Problems: []string{"No task has owner:bo. There is bob."}, Hints: searchHints,
		Files: []SearchFile{
			{Path: "tasks/bounded-retries.md", Title: "Bound retries", Href: "/tasks/bounded-retries", Kind: "task", Status: task.Ready, Lines: []SearchLine{{9, "/tasks/bounded-retries#user-content-plan", []SearchPart{{"Messages that are never ", false}, {"acknowledged", true}, {" come back for ever.", false}}}}},
			{Path: "docs/delivery.md", Title: "Delivery guarantees", Href: "/browse/docs/delivery.md", Kind: "doc", Left: 3, Lines: []SearchLine{{12, "/browse/docs/delivery.md", []SearchPart{{"not ", false}, {"acknowledged", true}}}}},
			{Path: "src/ack.go", Title: "src/ack.go", Href: "/browse/src/ack.go", Kind: "code"}}}
	search.Query = "acknowledged"
	parts := []chart.Part{{Class: "completed", Label: "Completed", N: 3}, {Class: "in-progress", Label: "In progress", N: 2}, {Class: "not-started", Label: "Not started", N: 4}}
	planRow := PlanRow{Title: "Delivery", Name: "delivery", Href: "/workstreams/delivery", Description: "Everything between accepted and acknowledged.", Kind: "workstream", Path: "tasks/workstreams/delivery/README.md",
		Bar: template.HTML(chart.Stack("Delivery by state", parts)), Legend: template.HTML(chart.Legend(parts)), Done: 3, Counted: 9, Percent: 33, Open: 6, Words: "2 in progress, 4 not started"}
	late := planRow
	late.Title, late.Name, late.Href, late.Kind, late.Path, late.Due, late.DueWords, late.Overdue = "Public beta", "beta", "/milestones/beta", "milestone", "", now.AddDate(0, 0, -3), "3 days overdue", true
	late.Broken = &task.Broken{Line: 3, Reason: "due is not a date"}
	return map[string]any{
		"doc": doc, "task": taskPage,
		"tasks":  list,
		"board":  board,
		"folder": FolderPage{Base: base("folder", "docs", "/browse/docs", ""), Path: "docs", Entries: entries, Total: 3, PrevHref: "/a", NextHref: "/b", Found: 3, Pages: []PageLink{{"First", "/a", true}, {"Last", "/b", false}}, Readme: template.HTML("<h1>Docs</h1><p>All of it.</p>")},
		"home": HomePage{Base: base("home", "herald", "/", ""), Readme: template.HTML(rendered.HTML), Queued: HomeGroup{rows[2:3], 1}, Active: HomeGroup{rows[:1], 7}, Next: &rows[3], NextWhy: "ready, it waits for nothing",
			Overall: planRow, Standing: []PlanRow{planRow, late}, StandHref: "/milestones", Recent: []ActivityItem{{When: now.Add(-time.Hour), Icon: "file-text", Text: "docs/delivery.md", Href: "/browse/docs/delivery.md", Who: "Maria Lopez"}},
			Needs: []HomeNeed{{Label: "Does not parse", Icon: "triangle-alert", Class: "blocked", All: 9, MoreHref: "/tasks", Lines: []NeedLine{{Title: "broken-one", Href: "/tasks/broken-one", Words: "line 4: did not find expected key", Slug: "broken-one"}}},
				{Label: "Ready, not queued", Icon: "circle", Class: "ready", All: 1, Rows: rows[3:4]}}},
		"planlist": PlanListPage{Base: base("tasks", "Milestones", "/milestones", ""), What: "milestone", Rows: []PlanRow{planRow, late}, All: 400, Loose: 2, LooseIs: "no milestone", Total: 9, Folder: "tasks/milestones/", Example: "---",
			Timeline: template.HTML(chart.Timeline("Milestones", []chart.Span{{Label: "Beta", Start: now.AddDate(0, -2, 0), Due: now.AddDate(0, 1, 0), Words: "due in 4 weeks", Done: 3, All: 9}}, now))},
		"plan": PlanPage{Base: base("doc", "Public beta", "/milestones/beta", "tasks/milestones/beta.md"), Row: late, What: "Milestone", NoFile: "tasks/milestones/beta.md", FileHref: "/browse/tasks/milestones/beta.md", FilledBy: PlanRef{"jon", "/team/jon"}, Owner: PlanRef{"maria-lopez", "/team/maria-lopez"}, Parent: PlanRef{"storage", "/workstreams/storage"},
			Burn: template.HTML(chart.BurnUp([]chart.Point{{Day: now.AddDate(0, -1, 0), Scope: 4}, {Day: now, Scope: 6, Done: 3}}, chart.BurnOpts{Today: now, Due: now.AddDate(0, 0, -3)})), Bars: []PlanBars{{"By owner", template.HTML(chart.Bars("By owner", "Owner", []chart.Bar{{Label: "jon", Parts: parts}}, "completed"))}},
			Below: []PlanRow{planRow}, Groups: []PlanGroup{{groups(rows)[0], 1, false}, {groups(rows)[4], 400, true}}, HTML: template.HTML(rendered.HTML), Total: 9},
		"search": search,
		"links": LinksPage{Base: base("folder", "Broken links", "/links", ""), Total: 3, Listed: 2, Documents: 41, Links: 213, Files: []BrokenFile{{Path: "docs/delivery.md", Href: "/browse/docs/delivery.md", Source: "/browse/docs/delivery.md?source", Links: []docs.BrokenLink{
			{Path: "docs/delivery.md", Line: 3, Target: "nowhere.md", Reason: "there is no docs/nowhere.md"}, {Path: "docs/delivery.md", Line: 40, Target: "protocol.md#frmaes", Reason: "no section of docs/protocol.md has this name", Near: "protocol.md#frames"}}}}},
		"graph": graph,
		"status": StatusPage{Base: base("status", "Status", "/status", ""), More: 3, Active: []ActiveRow{{TaskRow: rows[2]}, {TaskRow: rows[0], Done: 2, Boxes: 5, Until: now.Add(time.Minute), Signals: []manager.Signal{{Slug: "bounded-retries", Code: "retrying", Tier: 1, Evidence: "attempt 1 ended", Cause: "the model could not be reached", Command: "tasks run logs bounded-retries"}}}}, Ready: rows[3:4],
			Others: []SignalGroup{{Slug: "tls", Href: "/tasks/tls", Signals: []manager.Signal{{Slug: "tls", Code: "stale", Tier: 2, Evidence: "has been blocked for 40 days", Cause: "nothing says what it waits for", Command: "tasks check tls"}}}}, Status: &manager.Status{Root: "/home/maria/herald", Owner: &owner, At: now, Generation: 7,
				Health:  []manager.Health{{Key: "git", Level: "ok", Text: "2.47, clean work tree"}, {Key: "model", Level: "warn", Text: "gpt-5-mini, key from .env"}, {Key: "claude", Level: "bad", Text: "not on the path; the assistant works without it"}},
				Counts:  map[string]int{"total": 9, "completed": 2, "run_queued": 1, "run_blocked": 1, "ready_not_queued": 1, "broken": 1},
				Signals: []manager.Signal{{Slug: "tls", Code: "stale", Tier: 2, Evidence: "has been blocked for 40 days", Cause: "Nothing says what it waits for.", Command: "tasks check tls"}}}},
		"error": ErrorPage{Base: base("error", "There is nothing here", "/browse/docs/delivry.md", ""), Code: 404, Heading: "There is nothing here", Message: "docs/delivry.md is not in this repository.", Hint: "Was it moved? Search for its title.", Near: entries[1:2]},
		"run":   sampleRun(base("run", tasks[0].Title, "/runs/bounded-retries", "")),
		"activity": ActivityPage{Base: base("activity", "Activity", "/activity", ""), All: 3, Shown: 3, From: now.Add(-7 * 24 * time.Hour), To: now, Read: now, Latest: true, Cut: true, Limit: 200, Shallow: true, Problem: "git log did not end in time",
			OlderHref: "/activity?until=2026-01-01T00:00:00Z", ClearHref: "/activity", LatestHref: "/activity", Spark: template.HTML(chart.Spark("Changes a day", []int{1, 2, 0, 4})),
			Runs: []RunTime{{Title: "Bound retries", Href: "/runs/bounded-retries?run=x", Run: run, When: now, Waited: "2 min 3 s", Worked: "14 min 0 s", Attempts: 2, Cost: "$0.42"}, {Title: "Waits", Href: "/runs/waits", Run: run}}, RunTimes: RunTimes{All: 40, Waited: "2 min 0 s", Worked: "14 min 0 s", Cost: "$4.20"},
			Review: rows[:1], Finished: []Finished{{When: now, Icon: "circle-check", Word: "was completed", Title: "Give every message an id", Href: "/tasks/message-ids", Who: "jon"}, {When: now, Icon: "circle-x", Word: "failed", Title: "gone"}},
			Kinds: []Choice{{Label: "Everything", Href: "/activity", N: 3, On: true}, {Label: "Tasks", Href: "/activity?kind=task", N: 1}}, People: []Choice{{Label: "Maria Lopez", Href: "/activity?who=maria-lopez", N: 2}, {Label: "Jon", Href: "/activity?who=jon", N: 1, On: true}},
			Days: []ActivityDay{{Label: "Today, Monday 1 January", Date: "2026-01-01", Items: []ActivityItem{
				{When: now.Add(-time.Minute), Kind: "run", Icon: "hourglass", Text: "Bound retries was handed over", Who: "maria", Href: "/tasks/bounded-retries", Reason: "before Friday"},
				{When: now.Add(-time.Hour), Kind: "task", Icon: "list-checks", Text: "Bound retries at the broker", Who: "Maria Lopez", WhoHref: "/team/maria-lopez", Hash: "12345678", More: 3, Files: []ActivityFile{
					{Name: "Bound retries", Path: "tasks/bounded-retries.md", Href: "/tasks/bounded-retries", Op: "changed", Task: true}, {Name: "docs/new.md", Path: "docs/new.md", Href: "/browse/docs/new.md", Op: "added"}, {Name: "docs/old.md", Path: "docs/old.md", Op: "removed"}, {Name: "docs/moved.md", Path: "docs/moved.md", Op: "renamed"}}},
			}}}},
	}
}

const sampleTask = `## Problem

Messages that are never acknowledged come back for ever. One poisoned message keeps a consumer busy and its queue blocked.

## Context

The window is in ` + "`broker/ack.go`" + `.

## Plan

- [x] Count attempts in the log
- [ ] Move a message to the dead letters after ` + "`max_attempts`" + `
- [ ] Show the count in ` + "`herald inspect`" + `

## QA Exploration

- [ ] A consumer that always fails
`

// Another first letter would make a path another file's.
func TestSentence(t *testing.T) {
	for from, want := range map[string]string{
		"":                               "",
		"the task has no plan":           "The task has no plan",
		"done: it is kept":               "Done: it is kept",
		"tasks/list.md:2: not a mapping": "tasks/list.md:2: not a mapping",
		"status:nope: no such status":    "status:nope: no such status",
		"pr_url is no address":           "pr_url is no address",
		"éclair":                         "Éclair",
	} {
		if got := sentence(from); got != want {
			t.Errorf("sentence(%q) = %q, want %q", from, got, want)
		}
	}
}
