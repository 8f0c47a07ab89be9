package web_test

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTaskPageInvitesAndOffers(t *testing.T) {
	s := newSite(t, options{files: plans()})
	page := s.get(t, "/tasks/soar").body
	for _, want := range []string{
		`data-editable`, `data-pick="owner"`, `data-drop="glide" data-field="depends_on"`, `data-drop="wind" data-field="labels"`,
		`data-edit-section="Problem"`, "Not in this worksheet yet", `href="#missing-possible-solutions"`, `id="missing-possible-solutions"`, "Next: Problem", `href="/tasks/glide" data-node="glide"`, `data-file-hash="tasks/workstreams/air/tasks/soar.md"`,
		`rel="prev" href="/tasks/glide"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "style=") {
		t.Error("a style attribute, which the policy refuses")
	}
	if page := s.get(t, "/tasks/half-way").body; strings.Contains(page, "data-edit-section") || strings.Contains(page, "data-pick=") || !strings.Contains(page, "does not parse") {
		t.Error("a broken task offers changes")
	}
	if page := s.get(t, "/browse/docs/guide.md").body; !strings.Contains(page, `data-file-hash="docs/guide.md"`) {
		t.Error("a document's boxes cannot be ticked")
	}
	if page := s.get(t, "/browse/README.md").body; strings.Contains(page, "data-file-hash") {
		t.Error("a document outside of the folders for edits offers changes")
	}
}

func TestSectionsOfOddFiles(t *testing.T) {
	files := plans()
	files["tasks/odd.md"] = "---\r\ntype: task\r\ntitle: \"<b>x</b>\"\r\nstatus: ready\r\n---\r\n\r\n## <i>Own</i> & \"more\"\r\n\r\ntext\r\n\r\n## Plan\r\n\r\n<!-- later -->\r\n\r\n## Plan\r\n\r\n> ## quoted\r\n\r\n```\r\n## code\r\n```\r\n"
	s := newSite(t, options{files: files})
	page := s.get(t, "/tasks/odd").body
	if n := strings.Count(page, `class="section-bar"`); n != 3 {
		t.Errorf("%d bars for three sections", n)
	}
	if !strings.Contains(page, `data-edit-section="Plan" data-line="11"`) || !strings.Contains(page, `data-edit-section="Plan" data-line="15"`) {
		t.Error("two sections of one name are not told apart")
	}
	if !strings.Contains(page, `data-edit-section="&lt;i&gt;Own&lt;/i&gt; &amp; &#34;more&#34;"`) {
		t.Error("a section's name is not escaped as it should be")
	}
	got := s.get(t, "/section.json?slug=odd&section="+strings.NewReplacer(" ", "%20", "&", "%26", `"`, "%22", "<", "%3C", ">", "%3E").Replace(`<i>Own</i> & "more"`))
	if got.StatusCode != 200 || !strings.Contains(got.body, `"text":"text"`) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if got := s.get(t, "/section.json?slug=odd&section=Plan"); got.StatusCode != 409 {
		t.Errorf("two of one name: %d %s", got.StatusCode, got.body)
	}
	if got := s.get(t, "/section.json?slug=odd&section=Plan&line=11"); got.StatusCode != 200 || !strings.Contains(got.body, "later") {
		t.Errorf("by its line: %d %s", got.StatusCode, got.body)
	}
}

func TestFieldsOffersWhatFits(t *testing.T) {
	s := newSite(t, options{files: plans()})
	type choice struct{ Value, Label, Status string }
	ask := func(query string) (values []string, free bool) {
		t.Helper()
		var out struct {
			Options []choice
			Free    bool
		}
		got := s.get(t, "/fields.json?"+query)
		must(t, json.Unmarshal([]byte(got.body), &out))
		if got.StatusCode != 200 {
			t.Fatalf("%s: %d %s", query, got.StatusCode, got.body)
		}
		for _, o := range out.Options {
			values = append(values, o.Value)
		}
		return values, out.Free
	}
	for query, want := range map[string]string{
		"slug=dive&field=owner":            "[ana-ruiz jon] false",
		"slug=dive&field=owner&q=RUIZ":     "[ana-ruiz] false",
		"slug=dive&field=milestone":        "[m1] false",
		"slug=dive&field=priority&q=crit":  "[p0] false",
		"slug=dive&field=status&q=not":     "[not_started] false",
		"slug=dive&field=labels":           "[wind] true",
		"slug=soar&field=labels":           "[] true",
		"slug=dive&field=depends_on":       "[fly glide pack soar] false", // neither itself, nor what waits for it, nor broken ones
		"slug=soar&field=depends_on":       "[dive fly pack surface] false",
		"slug=dive&field=depends_on&q=ide": "[glide] false",
	} {
		values, free := ask(query)
		if got := fmt.Sprint(values, " ", free); strings.ReplaceAll(got, "  ", " ") != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for query, status := range map[string]int{"slug=dive&field=verify": 400, "slug=nowhere&field=owner": 404, "field=owner": 400} {
		if got := s.get(t, "/fields.json?"+query); got.StatusCode != status {
			t.Errorf("%s: %d", query, got.StatusCode)
		}
	}
}

func TestHistoryOfAFile(t *testing.T) {
	s := newSite(t, options{files: plans()})
	if got := s.get(t, "/history.json?path="+glide); got.StatusCode != 200 || !strings.Contains(got.body, `"subject":"sample"`) || !strings.Contains(got.body, `"who":"Ada"`) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	for path, status := range map[string]int{"": 400, "nowhere.md": 404, ".env": 404, "../x": 404, ".git/config": 404, "--all": 404} {
		if got := s.get(t, "/history.json?path="+path); got.StatusCode != status {
			t.Errorf("%q: %d %s", path, got.StatusCode, got.body)
		}
	}
}

func TestGraphPage(t *testing.T) {
	files := plans()
	files["tasks/hen.md"] = "---\ntype: task\ntitle: Hen\nstatus: ready\ndepends_on: [egg]\n---\n"
	files["tasks/egg.md"] = "---\ntype: task\ntitle: \"Egg <script>\"\nstatus: ready\ndepends_on: [hen, nest]\n---\n"
	files["tasks/old.md"] = "---\ntype: task\ntitle: Old\nstatus: done\ndepends_on: [pack]\n---\n"
	s := newSite(t, options{files: files})
	page := s.get(t, "/graph").body
	for _, want := range []string{
		`data-page-kind="tasks"`, "1 cycle: these tasks wait for each other", `data-node="nest"`, "1 name in depends_on", `data-node="dive"`, "Egg &lt;script&gt;", "As a list",
		`<a href="/graph" aria-current="page">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, `data-node="old"`) {
		t.Error("a completed task is drawn unasked")
	}
	for query, holds := range map[string][2]string{
		"?status=all": {"old", ""}, "?workstream=water": {"dive", "glide"}, "?workstream=air&status=blocked": {"", "dive"}, "?status=%22%3E%3Cscript%3E": {"", "dive"},
	} {
		page := s.get(t, "/graph"+query).body
		if holds[0] != "" && !strings.Contains(page, `data-node="`+holds[0]+`"`) {
			t.Errorf("%s lacks %s", query, holds[0])
		}
		if holds[1] != "" && strings.Contains(page, `data-node="`+holds[1]+`"`) {
			t.Errorf("%s shows %s", query, holds[1])
		}
		if strings.Contains(page, "<script>") && strings.Contains(html.UnescapeString(query), "script") {
			t.Errorf("%s: markup from the address", query)
		}
	}
	if got := s.get(t, "/graph/x"); got.StatusCode != 404 {
		t.Errorf("/graph/x: %d", got.StatusCode)
	}
}

func TestEmptyGraph(t *testing.T) {
	s := newSite(t, options{files: map[string]string{"README.md": "# x\n"}})
	if page := s.get(t, "/graph"); page.StatusCode != 200 || !strings.Contains(page.body, "No tasks to show") {
		t.Errorf("%d", page.StatusCode)
	}
}

func TestAHugeGraphIsLimitedWithAWord(t *testing.T) {
	s := newSite(t, options{files: plans()})
	dir := filepath.Join(s.root, "tasks/workstreams/many/tasks")
	must(t, os.MkdirAll(dir, 0o755))
	for i := range 3000 {
		text := fmt.Sprintf("---\ntype: task\ntitle: Task %d\nstatus: ready\ndepends_on: [t%d]\n---\n", i, max(i-1-i%7, 0))
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("t%d.md", i)), []byte(text), 0o644))
	}
	began := time.Now()
	page := s.get(t, "/graph")
	if took := time.Since(began); took > time.Minute || len(page.body) > 3<<20 {
		t.Errorf("took %v, %d bytes", took, len(page.body))
	}
	for _, want := range []string{"more tasks are not drawn", "The first 300 are listed"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if page := s.get(t, "/tasks/t1500"); page.StatusCode != 200 {
		t.Errorf("%d", page.StatusCode)
	}
}
