package tool_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tasks/internal/edit"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tool"
	"tasks/internal/tracker"
)

const key = "sk-test-0123456789abcdef"

// house is a checkout with its tools.
type house struct {
	t       *testing.T
	root    string
	repo    *repo.Repo
	runs    *run.Store
	editor  *edit.Editor
	manager *queue
	set     *tool.Set
	session *session
}

// queue is the manager as far as the tools see it, over the real records.
type queue struct {
	runs *run.Store
	hash string // asked for last
	sent []string
}

// Send remembers what a run was sent.
func (q *queue) Send(ctx context.Context, slug, text string, now bool, kind, source string) (run.Run, error) {
	q.sent = append(q.sent, fmt.Sprintf("%s %q %v %s %s", slug, text, now, kind, source))
	r, err := q.runs.Latest(ctx, slug)
	if err != nil || r == nil {
		return run.Run{}, err
	}
	return *r, nil
}

func (q *queue) KickoffExact(ctx context.Context, slug, hash, source, note string) (run.Run, bool, error) {
	q.hash = hash
	r, fresh, err := q.runs.Enqueue(ctx, run.Run{Slug: slug, Path: "tasks/" + slug + ".md", Hash: hash, Source: source, Note: note})
	return r, !fresh, err
}

func (q *queue) TaskStatus(ctx context.Context, slug string) (json.RawMessage, error) {
	return json.RawMessage(`{"asked":"` + slug + `"}`), nil
}

// session is a conversation about one page.
type session struct {
	doc   string
	mu    sync.Mutex
	shown map[string]string
}

func (s *session) ID() string  { return "conversation-1" }
func (s *session) Doc() string { return s.doc }
func (s *session) Shown(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown[path]
}
func (s *session) SetShown(path, hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown[path] = hash
}

func newHouse(t *testing.T, files map[string]string) *house {
	t.Helper()
	h := &house{t: t, root: t.TempDir(), session: &session{doc: "docs/open.md", shown: map[string]string{}}}
	for name, text := range files {
		h.write(name, text)
	}
	var err error
	if h.repo, err = repo.Open(h.root, repo.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.repo.Close() })
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h.runs = run.New(db)
	h.editor = edit.New(h.repo, db, []string{"tasks", "docs", "ai_notes"})
	h.manager = &queue{runs: h.runs}
	h.set = tool.New(tool.Deps{
		Repo: h.repo, Tracker: tracker.New(h.repo), Editor: h.editor, Manager: h.manager, Runs: h.runs, Secrets: []string{key},
	})
	return h
}

func (h *house) write(name, text string) {
	h.t.Helper()
	full := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) text(name string) string {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join(h.root, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(data)
}

// prepare makes a call ready; args are pairs of key and value.
func (h *house) prepare(name string, args ...any) (*tool.Plan, error) {
	h.t.Helper()
	m := map[string]any{}
	for i := 0; i < len(args); i += 2 {
		m[args[i].(string)] = args[i+1]
	}
	data, err := json.Marshal(m)
	if err != nil {
		h.t.Fatal(err)
	}
	one := h.set.Find(name)
	if one == nil {
		h.t.Fatalf("there is no tool %s", name)
	}
	return one.Prepare(h.t.Context(), h.session, string(data))
}

// call prepares and runs; an error of Prepare is a result, as for the model.
func (h *house) call(name string, args ...any) tool.Result {
	h.t.Helper()
	p, err := h.prepare(name, args...)
	if err != nil {
		return tool.Failed(err)
	}
	return p.Run(h.t.Context(), nil)
}

// wantError checks that a call failed with the words.
func (h *house) wantError(r tool.Result, words ...string) {
	h.t.Helper()
	if r.Status != tool.Error {
		h.t.Errorf("status %s, want error; content %q", r.Status, r.Content)
	}
	for _, w := range words {
		if !strings.Contains(r.Content, w) {
			h.t.Errorf("content %q, want %q in it", r.Content, w)
		}
	}
}
