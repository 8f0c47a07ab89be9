package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
)

var (
	kindOf = regexp.MustCompile(`<body[^>]* data-page-kind="([^"]*)"`)
	relOf  = regexp.MustCompile(`<body[^>]* data-doc-rel="([^"]*)"`)
)

// TestPages: each address, its kind, the file behind it, a word that it shows.
func TestPages(t *testing.T) {
	s := newSite(t, options{})
	for _, c := range []struct {
		path, kind, rel, text string
		want                  int
	}{
		{"/", "home", "", "Sample", 200},
		{"/browse/", "folder", "", "README.md", 200},
		{"/browse", "folder", "", "README.md", 200},
		{"/browse/docs", "folder", "", "guide.md", 200},
		{"/browse/docs/", "folder", "", "guide.md", 200},
		{"/browse/docs/guide.md", "doc", "docs/guide.md", "heron", 200},
		{"/browse/docs/a%20b.md", "doc", "docs/a b.md", "blank", 200},
		{"/browse/src/main.go", "doc", "src/main.go", "package", 200},
		{"/browse/evil.html", "doc", "evil.html", "alert", 200},
		{"/browse/tasks/fly.md", "task", "tasks/fly.md", "Fly south", 200},
		{"/tasks", "tasks", "", "Fly south", 200},
		{"/tasks/fly", "task", "tasks/fly.md", "Winter", 200},
		{"/tasks/broken", "task", "tasks/broken.md", "does not parse", 200},
		{"/board", "board", "", "Fly south", 200},
		{"/status", "status", "", "Queue", 200},
		{"/activity", "activity", "", "Activity", 200},
		{"/runs/fly", "run", "", "No run yet", 200},
		{"/search", "search", "", "Search", 200},
		{"/search?q=heron", "search", "", "waits", 200},
		{"/search?q=(&regex=1", "search", "", "(", 200},

		{"/nowhere", "error", "", "404", 404},
		{"/browse/docs/guid.md", "error", "", "guide.md", 404},
		{"/browse/docs/guide.md/", "error", "", "404", 404},
		{"/browse/docs/guide.md/more", "error", "", "404", 404},
		{"/tasks/fli", "error", "", "fly", 404},
		{"/tasks/fly/", "error", "", "404", 404},
		{"/tasks/fly/more", "error", "", "404", 404},
		{"/status/", "error", "", "404", 404},
		{"/runs/nowhere", "error", "", "404", 404},
		{"/runs/", "error", "", "404", 404},
		{"/search?q=" + strings.Repeat("x", 2000), "error", "", "400", 400},
	} {
		got := s.get(t, c.path)
		if got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d\n%s", head(c.path), got.StatusCode, c.want, head(got.body))
			continue
		}
		if kind := group(kindOf, got.body); kind != c.kind {
			t.Errorf("%s: kind %q, want %q", head(c.path), kind, c.kind)
		}
		if rel := html.UnescapeString(group(relOf, got.body)); rel != c.rel {
			t.Errorf("%s: doc-rel %q, want %q", head(c.path), rel, c.rel)
		}
		if !strings.Contains(got.body, c.text) {
			t.Errorf("%s does not show %q", head(c.path), c.text)
		}
		for _, part := range []string{"<main", "data-chat-toggle", "data-chat-drawer", "/tasks-assets/tasks_chat.js"} {
			if !strings.Contains(got.body, part) {
				t.Errorf("%s has no %s", head(c.path), part)
			}
		}
		if strings.Contains(got.body, "sk-canary") {
			t.Errorf("%s holds the key", head(c.path))
		}
	}
}

func TestOpenInEditor(t *testing.T) {
	s := newSite(t, options{env: map[string]string{"VISUAL": "cursor -w"}})
	cursor := &config.Settings{Editor: "cursor://file{path}:{line}"}
	for path, name := range map[string]string{"/browse/docs/a%20b.md": "docs/a b.md", "/tasks/fly": "tasks/fly.md", "/tasks/broken": "tasks/broken.md"} {
		want := `href="` + cursor.EditorURL(filepath.Join(s.root, name), 1) + `"`
		if got := s.get(t, path); got.StatusCode != 200 || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d, without %s", path, got.StatusCode, want)
		}
	}
	if got := newSite(t, options{}).get(t, "/browse/docs/guide.md"); got.StatusCode != 200 || strings.Contains(got.body, "Open in editor") {
		t.Errorf("%d, or a link though no editor is known", got.StatusCode)
	}
}

func group(re *regexp.Regexp, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// TestPathTricks: nothing outside the policy is served, however it is spelt.
func TestPathTricks(t *testing.T) {
	s := newSite(t, options{})
	must(t, os.WriteFile(filepath.Join(filepath.Dir(s.root), "outside.md"), []byte("# Outside\n"), 0o644))
	must(t, os.Symlink(filepath.Join(filepath.Dir(s.root), "outside.md"), filepath.Join(s.root, "docs", "out.md")))
	for _, path := range []string{
		"/browse/.env", "/browse/.ENV", "/browse/%2eenv", "/browse/.env.", "/browse/.env%20", "/browse/.env::$DATA", "/browse/.env?raw", "/browse/.env?raw??", "/browse/.env?import&raw??",
		"/browse/.git/config", "/browse/.GIT/config", "/browse/.git", "/browse/.git/", "/browse/.g%E2%80%8Cit/config", "/browse/GIT~1/config",
		"/browse/build/out.md", "/browse/docs/out.md", "/browse/docs/out.md?raw",
		"/browse/../outside.md", "/browse/..%2foutside.md", "/browse/%2e%2e/outside.md", "/browse/%2e%2e%2foutside.md", "/browse/..%252foutside.md",
		"/browse/docs/..%5c..%5coutside.md", "/browse/docs%2fguide.md", "/browse/docs%5cguide.md", "/browse//docs/guide.md", "/browse/docs//guide.md", "/browse/./docs/guide.md",
		"/browse/docs/guide.md%00", "/browse/docs/guide.md%00.png", "/browse/docs/guide.md.", "/browse/docs/guide.md;x", "/browse/C:/x", "/browse/docs/%ff.md",
		"/browse//etc/passwd", "/browse/%2fetc/passwd", "//browse/docs/guide.md", "/browse/docs/guide.md%0d%0aX:%20y",
		"/docs/../.env", "/docs/%2e%2e%2f.env", "/docs/.env", "/tasks/..%2f.env", "/tasks-assets/../.env", "/tasks-assets/h-x/..%2f..%2fweb.go", "/%62rowse/docs/guide.md",
	} {
		got := s.get(t, path)
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got.StatusCode)
		}
		if strings.Contains(got.body, "sk-canary") || strings.Contains(got.body, "# Outside") || strings.Contains(got.body, "[core]") {
			t.Errorf("%s gives it away", path)
		}
	}
}

// TestLongAddress: what is not there is told at once, however many parts its name has,
// with the pages near the part of it that is there.
func TestLongAddress(t *testing.T) {
	s := newSite(t, options{})
	for _, prefix := range []string{"/browse/docs/", "/docs/", "/runs/", "/team/"} {
		start := time.Now()
		if got := s.get(t, prefix+strings.Repeat("a/", 30000)+"b"); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", prefix, got.StatusCode)
		}
		if took := time.Since(start); took > 20*time.Second { // it was a minute where each part was looked at anew
			t.Errorf("%s: an address of many parts took %v", prefix, took)
		}
	}
	for path, want := range map[string]string{"/browse/docs/guid.md": "/browse/docs/guide.md", "/browse/docs/none/guid.md": "/browse/docs/guide.md"} {
		_, offered, _ := strings.Cut(s.get(t, path).body, "Pages with a similar name")
		if !strings.Contains(offered, `href="`+want+`"`) {
			t.Errorf("%s does not offer %s", path, want)
		}
	}
}

// TestSource: the markdown itself, for programs.
func TestSource(t *testing.T) {
	s := newSite(t, options{})
	for _, c := range []struct {
		path, accept, kind, body string
	}{
		{"/browse/docs/guide.md?raw", "", "text/markdown; charset=utf-8", sample["docs/guide.md"]},
		{"/browse/docs/guide.md", "text/markdown", "text/markdown; charset=utf-8", sample["docs/guide.md"]},
		{"/browse/docs/guide.md", "text/markdown, text/html;q=0.5, */*;q=0.1", "text/markdown; charset=utf-8", sample["docs/guide.md"]},
		{"/tasks/fly", "text/markdown", "text/markdown; charset=utf-8", sample["tasks/fly.md"]},
		{"/tasks/fly?raw", "", "text/markdown; charset=utf-8", sample["tasks/fly.md"]},
		{"/browse/src/main.go?raw", "", "text/plain; charset=utf-8", sample["src/main.go"]},
		{"/browse/evil.html?raw", "", "text/plain; charset=utf-8", sample["evil.html"]},
		{"/browse/data.bin", "", "application/octet-stream", sample["data.bin"]},
		{"/browse/docs/dot.png", "", "image/png", sample["docs/dot.png"]},
	} {
		got := s.get(t, c.path, "Accept", c.accept)
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != c.kind || got.body != c.body {
			t.Errorf("%s as %q: %d %s %q", c.path, c.accept, got.StatusCode, got.Header.Get("Content-Type"), head(got.body))
		}
	}
	for _, accept := range []string{"text/html", "*/*", "text/html, text/markdown;q=0.5", "text/markdown;q=0", "text/x-markdown"} {
		got := s.get(t, "/browse/docs/guide.md", "Accept", accept)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			t.Errorf("Accept %s: %s, want the page", accept, got.Header.Get("Content-Type"))
		}
	}
	if got := s.get(t, "/browse/data.bin"); !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a binary file is not for saving: %q", got.Header.Get("Content-Disposition"))
	}
}

// TestAlias: /docs/ leads to the same place below /browse/.
func TestAlias(t *testing.T) {
	s := newSite(t, options{})
	for path, want := range map[string]string{
		"/docs/guide.md":     "/browse/docs/guide.md",
		"/docs/guide.md?raw": "/browse/docs/guide.md?raw",
		"/docs/README.md":    "/browse/README.md",
		"/docs/src/main.go":  "/browse/src/main.go",
		"/docs/a%20b.md":     "/browse/docs/a%20b.md",
	} {
		got := s.get(t, path)
		if got.StatusCode != 302 || got.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", path, got.StatusCode, got.Header.Get("Location"), want)
		}
	}
	for _, path := range []string{"/docs", "/docs/"} {
		got := s.get(t, path)
		if got.StatusCode != 302 || strings.TrimSuffix(got.Header.Get("Location"), "/") != "/browse/docs" {
			t.Errorf("%s: %d to %q", path, got.StatusCode, got.Header.Get("Location"))
		}
	}
	if got := s.get(t, "/docs/nowhere.md"); got.StatusCode != 404 {
		t.Errorf("/docs/nowhere.md: %d", got.StatusCode)
	}
}

// TestFreshness: a page is never older than the request, watcher or not.
func TestFreshness(t *testing.T) {
	s := newSite(t, options{})
	name := filepath.Join(s.root, "docs", "guide.md")
	for _, word := range []string{"plover", "godwit", "curlew"} {
		must(t, os.WriteFile(name, []byte("# Guide\n\nThe "+word+" waits.\n"), 0o644))
		if got := s.get(t, "/browse/docs/guide.md"); !strings.Contains(got.body, word) {
			t.Errorf("the page after saving %q does not show it", word)
		}
		if got := s.get(t, "/browse/docs/guide.md?raw"); !strings.Contains(got.body, word) {
			t.Errorf("the source after saving %q does not show it", word)
		}
	}
	must(t, os.Remove(name))
	if got := s.get(t, "/browse/docs/guide.md"); got.StatusCode != 404 {
		t.Errorf("after removing it: %d", got.StatusCode)
	}
}

// TestConditional: ETags are of the content, compressed or not.
func TestConditional(t *testing.T) {
	s := newSite(t, options{})
	s.settle(t)
	for _, path := range []string{"/browse/docs/guide.md", "/tasks.json", "/browse/docs/dot.png", "/tasks-assets/tasks_chat.js", "/browse/docs/guide.md?raw"} {
		plain := s.get(t, path)
		tag := plain.Header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", path)
			continue
		}
		for header, want := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, `"other"`: 200, "": 200} {
			if got := s.get(t, path, "If-None-Match", header); got.StatusCode != want {
				t.Errorf("%s with If-None-Match %s: %d, want %d", path, header, got.StatusCode, want)
			}
		}
		if got := s.ask(t, "HEAD", path, ""); got.StatusCode != 200 || got.body != "" || got.Header.Get("ETag") != tag {
			t.Errorf("HEAD %s: %d %q", path, got.StatusCode, got.Header.Get("ETag"))
		}
	}
	got := s.get(t, "/browse/docs/guide.md", "Accept-Encoding", "gzip")
	if got.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(got.Header.Get("Vary"), "Accept") {
		t.Errorf("a page for a browser is not compressed: %v", got.Header)
	}
	if again := s.get(t, "/browse/docs/guide.md", "Accept-Encoding", "gzip", "If-None-Match", got.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("compressed, with its ETag: %d", again.StatusCode)
	}
	if got := s.get(t, "/browse/docs/guide.md", "Accept-Encoding", "gzip;q=0"); got.Header.Get("Content-Encoding") != "" {
		t.Error("compressed for one who refuses it")
	}
}

// settle waits until the frame of pages holds what is read beside them.
func (s *site) settle(t testing.TB) {
	t.Helper()
	tag, same := "", 0
	for deadline := time.Now().Add(30 * time.Second); same < 10; time.Sleep(5 * time.Millisecond) {
		got := s.get(t, "/browse/docs/guide.md")
		whole := strings.Contains(got.body, ` open">`) && strings.Contains(got.body, "<span>Changed ")
		if now := got.Header.Get("ETag"); now == tag && whole {
			same++
		} else {
			tag, same = now, 0
		}
		if time.Now().After(deadline) {
			t.Fatal("pages never tell the counts and who changed them")
		}
	}
}

// TestTasksAsDataAreNarrowedLikeThePage: the same address, the same tasks.
func TestTasksAsDataAreNarrowedLikeThePage(t *testing.T) {
	s := newSite(t, options{files: plans()})
	for _, tt := range []struct {
		query, want string
		total       int
	}{
		{"workstream=air&sort=title", "glide soar", 2},
		{"workstream=air&sort=-title", "soar glide", 2},
		{"workstream=air&status=blocked", "soar", 1},
		{"q=surf", "surface", 1},
		{"label=wind,rain", "soar", 1},
		{"workstream=water&sort=slug&limit=1", "dive", 3},
		{"owner=nobody-here", "", 0},
	} {
		var got struct {
			Total int
			Tasks []struct{ Slug string }
		}
		s.twin(t, "/tasks.json?"+tt.query, &got)
		var slugs []string
		for _, task := range got.Tasks {
			slugs = append(slugs, task.Slug)
		}
		if strings.Join(slugs, " ") != tt.want || got.Total != tt.total || got.Tasks == nil {
			t.Errorf("%s: %v of %d, want %s of %d", tt.query, slugs, got.Total, tt.want, tt.total)
		}
	}
	for _, query := range []string{"status=finished", "priority=p9", "sort=size", "limit=0", "limit=many"} {
		if got := s.get(t, "/tasks.json?"+query); got.StatusCode != 400 || !strings.Contains(got.body, `"code":"usage"`) {
			t.Errorf("%s: %d %s", query, got.StatusCode, got.body)
		}
	}
}

// TestTwins: the pages as data.
func TestTwins(t *testing.T) {
	s := newSite(t, options{})
	var tasks struct {
		SchemaVersion int
		Kind          string
		Total         int
		Tasks         []struct {
			Slug   string
			Status *string
			Broken *struct{ Line int }
			Run    *struct{}
		}
	}
	s.twin(t, "/tasks.json", &tasks)
	if tasks.SchemaVersion != 1 || tasks.Kind != "task-list" || tasks.Total != 3 || len(tasks.Tasks) != 3 {
		t.Errorf("tasks.json: %+v", tasks)
	}
	broken := 0
	for _, task := range tasks.Tasks {
		if task.Broken != nil {
			broken++
		}
	}
	if broken != 1 {
		t.Errorf("%d broken tasks, want 1", broken)
	}
	var search struct {
		SchemaVersion int
		Kind          string
		Truncated     bool
		Hits          []struct {
			Path, Text, Kind string
			Line             int
		}
	}
	s.twin(t, "/search.json?q=heron", &search)
	if search.Kind != "search" || len(search.Hits) != 1 || search.Hits[0].Path != "docs/guide.md" || search.Hits[0].Line != 3 || search.Hits[0].Kind != "doc" {
		t.Errorf("search.json: %+v", search)
	}
	s.twin(t, "/search.json?q=sk-canary", &search)
	if len(search.Hits) != 0 {
		t.Errorf("the search finds the key: %+v", search.Hits)
	}
	var status struct {
		SchemaVersion int
		Kind, Root    string
		Generation    int64
		Counts        map[string]int
		Tasks         []json.RawMessage
		Signals       []json.RawMessage
		Health        []struct{ Key, Level, Text string }
	}
	s.twin(t, "/status.json", &status)
	if status.SchemaVersion != 1 || status.Kind != "status" || status.Root == "" || status.Generation == 0 || status.Signals == nil || len(status.Health) == 0 {
		t.Errorf("status.json: %+v", status)
	}
	got := s.get(t, "/search.json?q=(&regex=1")
	if got.StatusCode != 422 || !strings.Contains(got.body, `"code":"invalid"`) {
		t.Errorf("a bad expression: %d %s", got.StatusCode, got.body)
	}
}

func (s *site) twin(t *testing.T, path string, v any) {
	t.Helper()
	got := s.get(t, path)
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d %s", path, got.StatusCode, got.Header.Get("Content-Type"))
	}
	must(t, json.Unmarshal([]byte(got.body), v))
}

// TestAssets: everything a page names is there, for good, and typed.
func TestAssets(t *testing.T) {
	s := newSite(t, options{})
	body := s.get(t, "/browse/docs/guide.md").body
	named := regexp.MustCompile(`(?:src|href)="(/tasks-assets/[^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(named) < 3 {
		t.Fatalf("the page names %d assets", len(named))
	}
	for _, m := range named {
		got := s.get(t, m[1])
		if got.StatusCode != 200 || got.body == "" {
			t.Errorf("%s: %d", m[1], got.StatusCode)
		}
		cache := got.Header.Get("Cache-Control")
		if m[1] != "/tasks-assets/tasks_chat.js" && cache != "public, max-age=31536000, immutable" {
			t.Errorf("%s is kept as %q", m[1], cache)
		}
		kind := got.Header.Get("Content-Type")
		switch filepath.Ext(m[1]) {
		case ".js":
			if kind != "text/javascript; charset=utf-8" {
				t.Errorf("%s is %s", m[1], kind)
			}
		case ".css":
			if kind != "text/css; charset=utf-8" {
				t.Errorf("%s is %s", m[1], kind)
			}
			if !strings.HasPrefix(got.body, "/* Tokens") || !strings.Contains(got.body, "@layer print {") {
				t.Errorf("%s does not hold all sheets, the tokens first: %.60s", m[1], got.body)
			}
		}
		if got.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", m[1])
		}
	}
	stub := s.get(t, "/tasks-assets/tasks_chat.js")
	target := group(regexp.MustCompile(`"(/tasks-assets/h-[0-9a-f]+/[^"]+)"`), stub.body)
	if got := s.get(t, target); target == "" || got.StatusCode != 200 {
		t.Errorf("the script's own address leads to %q", target)
	}
}
