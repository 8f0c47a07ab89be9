package web_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
)

// odd is a repository whose fields hold what an address has to escape.
var odd = map[string]string{
	"tasks/comma.md": "---\ntype: task\ntitle: <script>alert(1)</script>\nstatus: ready\nmilestone: \"a,b\"\nlabels: ['x,y', 'back\\slash']\npriority: élevée\n---\n",
	"tasks/waits.md": "---\ntype: task\ntitle: Waits\nstatus: in_progress\nowner: ana\npriority: p1\ndepends_on: [comma, comma, missing]\n---\n",
	"tasks/done.md":  "---\ntype: task\ntitle: Done\nstatus: completed\n---\n",
}

var (
	noteOf  = regexp.MustCompile(`(?s)<p class="note warn">(.*?)</p>`)
	countOf = regexp.MustCompile(`<span role="status">([^<]*)</span>`)
	tags    = regexp.MustCompile(`<[^>]*>`)
)

// TestListAddresses: what an address asks of the lists is done, or said.
func TestListAddresses(t *testing.T) {
	s := newSite(t, options{files: odd})
	for _, c := range []struct{ path, count, note string }{
		{"/tasks", "3 tasks", ""},
		{"/tasks?status=ready", "1 of 3 tasks", ""},
		{"/tasks?status=ready,completed", "2 of 3 tasks", ""},
		{"/tasks?owner=none", "2 of 3 tasks", ""},
		{"/tasks?owner=ghost", "0 of 3 tasks", ""},
		{"/tasks?q=WAITS", "1 of 3 tasks", ""},
		{"/tasks?milestone=a%5C%2Cb", "1 of 3 tasks", ""},
		{"/tasks?label=x%5C%2Cy", "1 of 3 tasks", ""},
		{"/tasks?label=back%5C%5Cslash", "1 of 3 tasks", ""},
		{"/tasks?label=back%5Cslash", "1 of 3 tasks", ""},
		{"/tasks?status=nonsense", "3 tasks", "“nonsense” is not a status"},
		{"/tasks?priority=p9", "3 tasks", "“p9” is not a priority"},
		{"/tasks?sort=ghost", "3 tasks", "cannot be sorted by “ghost”"},
		{"/tasks?group=ghost", "3 tasks", "cannot be grouped by “ghost”"},
		{"/tasks?page=0", "3 tasks", "no page “0”"},
		{"/tasks?page=7", "3 tasks", "no page 7"},
		{"/tasks?page=99999999999999999999", "3 tasks", "no page"},
		{"/tasks?status=%3Cscript%3E", "3 tasks", "“<script>” is not a status"},
		{"/board", "3 tasks", ""},
		{"/board?group=owner&priority=p1", "1 of 3 tasks", ""},
		{"/board?group=status", "3 tasks", "cannot be grouped by “status”"},
	} {
		got := s.get(t, c.path)
		count := countOf.FindStringSubmatch(got.body)
		if got.StatusCode != 200 || count == nil || count[1] != c.count {
			t.Errorf("%s: %d, counts %q, want %q", c.path, got.StatusCode, count, c.count)
		}
		note := ""
		if m := noteOf.FindStringSubmatch(got.body); m != nil {
			note = html.UnescapeString(tags.ReplaceAllString(m[1], ""))
		}
		if !strings.Contains(note, c.note) || c.note == "" && note != "" {
			t.Errorf("%s says %q, want %q", c.path, note, c.note)
		}
		if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "\ufffd") {
			t.Errorf("%s: markup of a title, or a character cut in two", c.path)
		}
	}
}

// TestListMenus: every choice that a menu offers finds what holds it.
func TestListMenus(t *testing.T) {
	s := newSite(t, options{files: odd})
	menus := regexp.MustCompile(`(?s)<select name="(status|owner|milestone|label)">(.*?)</select>`).FindAllStringSubmatch(s.get(t, "/tasks").body, -1)
	if len(menus) != 4 {
		t.Fatalf("%d menus, want 4", len(menus))
	}
	option := regexp.MustCompile(`<option value="([^"]+)"`)
	for _, m := range menus {
		for _, o := range option.FindAllStringSubmatch(m[2], -1) {
			value := html.UnescapeString(o[1])
			path := "/tasks?" + m[1] + "=" + strings.NewReplacer(`\`, "%5C", ",", "%2C", " ", "%20").Replace(value)
			if body := s.get(t, path).body; strings.Contains(body, "No task fits") {
				t.Errorf("%s is offered and finds nothing", path)
			}
		}
	}
}

// TestBoardOfMany: a board of many tasks stays small, with and without lanes, and a card
// counts what it waits for once.
func TestBoardOfMany(t *testing.T) {
	if body := newSite(t, options{files: odd}).get(t, "/board").body; !strings.Contains(body, `title="Waits for comma, missing"`) {
		t.Error("a card does not tell what it waits for, each once")
	}
	files := map[string]string{}
	for i := range 600 {
		status := []string{"not_started", "ready", "in_progress", "blocked", "completed", "cancelled"}[i%6]
		files[fmt.Sprintf("tasks/task-%03d.md", i)] = fmt.Sprintf("---\ntype: task\ntitle: Task %d that says in a few words what is to be done\nstatus: %s\npriority: p%d\nowner: user%d\nmilestone: m1\n---\n", i, status, i%4, i/6%3)
	}
	s := newSite(t, options{files: files})
	for _, path := range []string{"/board", "/board?group=owner"} {
		body := s.get(t, path).body
		cards := strings.Count(body, "data-card=")
		if cards < 60 || cards > 100 || len(body) > 200_000 {
			t.Errorf("%s: %d cards in %d bytes, want 60 to 100 in 200,000 at most", path, cards, len(body))
		}
		if !strings.Contains(body, "All in the list") {
			t.Errorf("%s does not say where the others are", path)
		}
	}
}
