package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/chat"
	"tasks/internal/config"
	"tasks/internal/docs"
	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/llm"
	"tasks/internal/manager"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tool"
	"tasks/internal/tracker"
	"tasks/internal/trust"
	"tasks/internal/web"
)

// site is a running server over a real repository.
type site struct {
	*web.Server
	root, host, url string
	client          *http.Client
	cookie          string // of the browser, sent with every request where set
}

// options of a site.
type options struct {
	files map[string]string
	token string
	model llm.Service // nil: none is configured
	login string
	env   map[string]string
}

// sample is a small repository with every kind of page.
var sample = map[string]string{
	"README.md":        "# Sample\n\nStart with [the guide](docs/guide.md).\n",
	"docs/guide.md":    "# Guide\n\nThe heron waits.\n\n## Steps\n\nSee [nothing](nowhere.md).\n",
	"docs/a b.md":      "# Spaces\n\nA name with a blank.\n",
	"docs/drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><script>alert(1)</script></svg>` + "\n",
	"docs/dot.png":     "\x89PNG\r\n\x1a\n and no more",
	"src/main.go":      "package main\n\nfunc main() {}\n",
	"evil.html":        "<script>alert(1)</script>\n",
	"data.bin":         "a\x00b",
	".env":             "OPENAI_API_KEY=sk-canary\n",
	".gitignore":       ".env\nbuild/\n",
	"build/out.md":     "# Ignored\n",
	"tasks/fly.md":     "---\ntype: task\ntitle: Fly south\nstatus: not_started\npriority: p1\ndepends_on: [pack]\n---\n\n## Problem\n\nWinter comes.\n",
	"tasks/pack.md":    "---\ntype: task\ntitle: Pack\nstatus: ready\n---\n\n## Problem\n\nNothing is packed.\n",
	"tasks/broken.md":  "---\ntype: task\ntitle: [\nstatus: ready\n---\n\nText.\n",
}

// newSite starts a server for the test, with a watch on nothing.
func newSite(t testing.TB, o options) *site {
	t.Helper()
	if o.files == nil {
		o.files = sample
	}
	root := newRepo(t, o.files)
	ctx := context.Background()
	checkout, err := git.Find(ctx, root)
	must(t, err)
	files, err := repo.Open(root, repo.Options{TrackedIgnored: checkout.TrackedIgnored, InfoExclude: checkout.InfoExclude()})
	must(t, err)
	db, err := store.Open(ctx, checkout.StateDir())
	must(t, err)
	settings, err := config.Load(config.Options{Root: root, Getenv: func(key string) (string, bool) { v, ok := o.env[key]; return v, ok }})
	must(t, err)
	settings.Token = o.token
	track, runs := tracker.New(files), run.New(db)
	editor := edit.New(files, db, settings.Edit)
	var s *site
	state := t.TempDir()
	m := manager.New(manager.Config{
		Git: checkout, Repo: files, Tracker: track, Runs: runs, Settings: settings, Trust: trust.New(func(string) (string, bool) { return state, true }), StateDir: db.Dir, Log: testLog(t),
		Changed: func(generation int64) { s.StatusChanged(generation) },
	})
	assistant := chat.New(chat.Config{
		DB: db, Repo: files, Editor: editor,
		Tools: tool.New(tool.Deps{Repo: files, Tracker: track, Editor: editor, Manager: m, Runs: runs}),
		Model: func() (llm.Service, error) {
			if o.model == nil {
				return nil, fault.New(fault.Unavailable, "no model is configured")
			}
			return o.model, nil
		},
		PageKind: web.PageKind(files),
		Changed:  func(owner, conversation, turn string, last int64) { s.ChatChanged(owner, conversation, turn, last) },
	})
	s = &site{root: root}
	s.Server, err = web.New(web.Config{
		Settings: settings, Git: checkout, Repo: files, Tracker: track, Docs: docs.New(files), Editor: editor,
		Runs: runs, Manager: m, Chat: assistant, Log: testLog(t), Version: "test", LoginKey: o.login,
	})
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.host = ln.Addr().String()
	s.url = "http://" + s.host
	server := web.HTTPServer(s.Handler(s.host), testLog(t))
	served := make(chan struct{})
	go func() { server.Serve(web.Listener(ln)); close(served) }()
	s.client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		assistant.Close()
		if err := s.Close(ctx); err != nil {
			t.Errorf("the server did not close: %v", err)
		}
		server.Close()
		<-served
		db.Close()
		files.Close()
	})
	return s
}

// newRepo makes a git repository with the files in its first commit.
func newRepo(t testing.TB, files map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, []byte(text), 0o644))
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "sample"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return root
}

// testLog writes to the test's log what is worth a look.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(logWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

type logWriter struct{ t testing.TB }

func (w logWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

// ask sends a request with headers in pairs. "Host" sets the Host; a header given
// twice is sent twice.
func (s *site) ask(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	resp := s.open(t, method, path, body, headers...)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	return reply{resp, string(data)}
}

// open is ask without reading the body.
func (s *site) open(t testing.TB, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, s.url+path, r)
	must(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	if s.cookie != "" {
		req.Header.Add("Cookie", s.cookie)
	}
	resp, err := s.client.Do(req)
	must(t, err)
	return resp
}

func (s *site) get(t testing.TB, path string, headers ...string) reply {
	t.Helper()
	return s.ask(t, "GET", path, "", headers...)
}

// post sends JSON as one of our own pages would.
func (s *site) post(t testing.TB, path, body string) reply {
	t.Helper()
	return s.ask(t, "POST", path, body, s.own()...)
}

// own are the headers of a request from one of our pages.
func (s *site) own() []string {
	return []string{"Origin", s.url, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"}
}

// TestTheFirstPageSaysTheBranch: nobody waits for the counts of all tasks, and the branch
// needs no waiting.
func TestTheFirstPageSaysTheBranch(t *testing.T) {
	s := newSite(t, options{})
	if page := s.get(t, "/"); !strings.Contains(page.body, `<span class="vh">branch </span>main</span>`) {
		t.Error("the first page has no branch")
	}
}
