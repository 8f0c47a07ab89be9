package web_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plans is a repository with team, milestones and a workstream.
func plans() map[string]string {
	files := map[string]string{
		"tasks/team/ana-ruiz.md":                    "---\ntype: person\nname: Ana Ruiz\n---\n",
		"tasks/team/jon.md":                         "---\ntype: person\nname: Jon\n---\n",
		"tasks/milestones/m1.md":                    "---\ntype: milestone\n---\n",
		"tasks/workstreams/air/tasks/glide.md":      "---\r\ntype: task\r\ntitle: Glide # first\r\nstatus: not_started\r\n---\r\n\r\n## Problem\r\n\r\nIt falls.\r\n",
		"tasks/workstreams/air/tasks/soar.md":       "---\ntype: task\ntitle: Soar\nstatus: blocked\ndepends_on: [glide]\nlabels: [wind]\n---\n",
		"tasks/workstreams/water/README.md":         "# Water\n",
		"tasks/workstreams/water/tasks/dive.md":     "---\ntype: task\ntitle: Dive\nstatus: not_started\n---\n",
		"tasks/workstreams/water/tasks/surface.md":  "---\ntype: task\ntitle: Surface\nstatus: not_started\ndepends_on: [dive]\n---\n",
		"tasks/workstreams/water/tasks/half-way.md": "---\ntype: task\ntitle: [\nstatus: not_started\n---\n",
	}
	for name, text := range sample {
		files[name] = text
	}
	return files
}

func (s *site) file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.root, name))
	must(t, err)
	return string(data)
}

// body is a JSON object of key, value pairs.
func body(t testing.TB, pairs ...any) string {
	t.Helper()
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	data, err := json.Marshal(m)
	must(t, err)
	return string(data)
}

func TestSetFieldChangesThatFieldAlone(t *testing.T) {
	s := newSite(t, options{files: plans()})
	const glide = "tasks/workstreams/air/tasks/glide.md"
	for _, tt := range []struct{ field, value, want string }{
		{"owner", `"Ana Ruiz"`, "owner: ana-ruiz\r\n"},
		{"priority", `"urgent"`, "priority: p0\r\n"},
		{"milestone", `"m1"`, "milestone: m1\r\n"},
		{"title", `"Glide: <b>far</b> ‮x"`, "title: "},
		{"description", `"In one line"`, "description: In one line\r\n"},
		{"labels", `["a","b"]`, "a"},
		{"labels", `"+c d"`, "c d"},
		{"depends_on", `{"add":["dive"],"drop":[]}`, "dive"},
		{"depends_on", `"-dive"`, "depends_on"},
		{"initiative", `"gliders"`, "initiative: gliders\r\n"},
		{"workstream", `"air"`, "workstream: air\r\n"},
		{"status", `"in_progress"`, "status: in_progress\r\n"},
	} {
		got := s.post(t, "/actions/set-field", `{"slug":"glide","field":"`+tt.field+`","value":`+tt.value+`}`)
		if got.StatusCode != 200 || !strings.Contains(got.body, `"task":{`) {
			t.Fatalf("%s %s: %d %s", tt.field, tt.value, got.StatusCode, got.body)
		}
		text := s.file(t, glide)
		if !strings.Contains(text, tt.want) || !strings.Contains(text, "# first\r\n") && tt.field != "title" && !strings.Contains(text, "far") ||
			!strings.HasSuffix(text, "---\r\n\r\n## Problem\r\n\r\nIt falls.\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
			t.Errorf("%s %s left %q", tt.field, tt.value, text)
		}
	}
	for _, field := range []string{"owner", "priority", "labels", "milestone"} {
		got := s.post(t, "/actions/set-field", `{"slug":"glide","field":"`+field+`","value":""}`)
		if got.StatusCode != 200 || strings.Contains(s.file(t, glide), field+": a") {
			t.Errorf("%s was not taken away: %d %s\n%s", field, got.StatusCode, got.body, s.file(t, glide))
		}
	}
}

func TestSetFieldRefusesAndWritesNothing(t *testing.T) {
	s := newSite(t, options{files: plans()})
	hash := strings.Repeat("0", 64)
	for name, tt := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"unknown owner":     {`{"slug":"dive","field":"owner","value":"nobody"}`, 422, "ana-ruiz, jon"},
		"unknown milestone": {`{"slug":"dive","field":"milestone","value":"m9"}`, 422, "m1"},
		"unknown priority":  {`{"slug":"dive","field":"priority","value":"p7"}`, 422, "p0, p1, p2, p3"},
		"unknown status":    {`{"slug":"dive","field":"status","value":"sleeping"}`, 422, "not_started"},
		"unknown task dep":  {`{"slug":"dive","field":"depends_on","value":"+nowhere"}`, 422, "nowhere"},
		"cycle":             {`{"slug":"dive","field":"depends_on","value":"+surface"}`, 422, "cycle"},
		"itself":            {`{"slug":"dive","field":"depends_on","value":"+dive"}`, 422, "cycle"},
		"not there":         {`{"slug":"dive","field":"depends_on","value":"-glide"}`, 404, "does not hold"},
		"other workstream":  {`{"slug":"dive","field":"workstream","value":"air"}`, 422, "move the file"},
		"unknown field":     {`{"slug":"dive","field":"verify","value":"rm"}`, 400, "depends_on"},
		"no value":          {`{"slug":"dive","field":"title"}`, 400, "value"},
		"null":              {`{"slug":"dive","field":"title","value":null}`, 400, "value"},
		"no slug":           {`{"field":"title","value":"x"}`, 400, "slug"},
		"number":            {`{"slug":"dive","field":"title","value":7}`, 400, "string"},
		"list for one":      {`{"slug":"dive","field":"owner","value":["a"]}`, 400, "string"},
		"odd object":        {`{"slug":"dive","field":"labels","value":{"plus":["a"]}}`, 400, "add"},
		"empty object":      {`{"slug":"dive","field":"labels","value":{}}`, 400, "add"},
		"empty item":        {`{"slug":"dive","field":"labels","value":"+"}`, 422, "empty"},
		"bare word":         {`{"slug":"dive","field":"labels","value":"wind"}`, 400, "neither"},
		"line break":        {`{"slug":"dive","field":"title","value":"a\nb"}`, 422, "line break"},
		"empty status":      {`{"slug":"dive","field":"status","value":""}`, 400, "value"},
		"not ready":         {`{"slug":"dive","field":"status","value":"ready"}`, 422, "Problem"},
		"no such task":      {`{"slug":"nowhere","field":"title","value":"x"}`, 404, "nowhere"},
		"broken file":       {`{"slug":"half-way","field":"title","value":"x"}`, 422, "broken"},
		"other by now":      {`{"slug":"dive","field":"title","value":"x","hash":"` + hash + `"}`, 409, "changed"},
		"status, other":     {`{"slug":"dive","field":"status","value":"blocked","hash":"` + hash + `"}`, 409, "changed"},
		"doubled key":       {`{"slug":"dive","slug":"glide","field":"title","value":"x"}`, 400, "twice"},
		"not JSON":          {`{"slug":`, 400, "JSON"},
	} {
		before := s.file(t, "tasks/workstreams/water/tasks/dive.md")
		got := s.post(t, "/actions/set-field", tt.body)
		if got.StatusCode != tt.status || !strings.Contains(got.body, tt.says) {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
		if s.file(t, "tasks/workstreams/water/tasks/dive.md") != before {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestSetFieldWithTheHashLastSeen(t *testing.T) {
	s := newSite(t, options{files: plans()})
	var seen struct{ Task struct{ Hash string } }
	got := s.post(t, "/actions/set-field", `{"slug":"dive","field":"title","value":"Dive deep"}`)
	must(t, json.Unmarshal([]byte(got.body), &seen))
	got = s.post(t, "/actions/set-field", body(t, "slug", "dive", "field", "priority", "value", "p1", "hash", seen.Task.Hash))
	if got.StatusCode != 200 {
		t.Fatalf("with the right hash: %d %s", got.StatusCode, got.body)
	}
	got = s.post(t, "/actions/set-field", body(t, "slug", "dive", "field", "priority", "value", "p2", "hash", seen.Task.Hash))
	if got.StatusCode != http.StatusConflict || !strings.Contains(got.body, `"code":"conflict"`) {
		t.Errorf("with an old hash: %d %s", got.StatusCode, got.body)
	}
}

func TestEditingActionsStandBehindTheGuard(t *testing.T) {
	s := newSite(t, options{files: plans()})
	for _, path := range []string{"/actions/set-field", "/actions/set-section", "/actions/set-box", "/actions/undo", "/actions/preview"} {
		for _, headers := range [][]string{
			{"Content-Type", "application/json"},
			{"Origin", "http://evil.example", "Content-Type", "application/json"},
			{"Origin", s.url, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json"},
		} {
			if got := s.ask(t, "POST", path, `{}`, headers...); got.StatusCode != 403 {
				t.Errorf("%s with %v: %d", path, headers, got.StatusCode)
			}
		}
		if got := s.ask(t, "POST", path, `{}`, "Origin", s.url, "Content-Type", "text/plain"); got.StatusCode != 415 {
			t.Errorf("%s as text: %d", path, got.StatusCode)
		}
		if got := s.ask(t, "GET", path, ``, s.own()...); got.StatusCode != 405 {
			t.Errorf("GET %s: %d", path, got.StatusCode)
		}
	}
}
