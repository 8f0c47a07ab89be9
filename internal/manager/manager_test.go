package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/manager"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tracker"
)

// The test binary is also a process that kicks a task off.
func TestMain(m *testing.M) {
	if root := os.Getenv("MANAGER_TEST_KICKOFF"); root != "" {
		h, err := house(context.Background(), root, manager.Config{})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		r, already, err := h.Kickoff(context.Background(), "alpha", "cli", "")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(r.ID, already)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const worksheet = `---
title: %s
status: %s
priority: p1
depends_on: [%s]
---

## Problem

The reader drops the last line of a file that has no newline at its end.

## Context

It was found in the import of a customer's list; the tests have no such file.

## Possible Solutions

1. Read line by line (recommended): small, and what the others do.
2. Append a newline to every file: changes what people wrote.

## Plan

- [ ] Change the reader
- [ ] Add a test with such a file

## Implementation Progress

## QA Exploration

## Review Feedback
`

// house opens everything over the repository at root.
func house(ctx context.Context, root string, c manager.Config) (*manager.Manager, error) {
	g, err := git.Find(ctx, root)
	if err != nil {
		return nil, err
	}
	r, err := repo.Open(g.Root, repo.Options{})
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, g.StateDir())
	if err != nil {
		return nil, err
	}
	c.Git, c.Repo, c.Tracker, c.Runs, c.StateDir = g, r, tracker.New(r), run.New(db), g.StateDir()
	if c.Settings == nil {
		c.Settings = &config.Settings{Root: g.Root}
	}
	return manager.New(c), nil
}

// repository makes a git repository with the files, by path.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	if out, err := exec.Command("git", "init", "-q", "-b", "trunk", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v: %s", err, out)
	}
	for name, text := range files {
		write(t, root, name, text)
	}
	return root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	full := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, root string, c manager.Config) *manager.Manager {
	t.Helper()
	m, err := house(t.Context(), root, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Repo.Close() })
	return m
}

func sheet(title, status, needs string) string {
	return fmt.Sprintf(worksheet, title, status, needs)
}

func TestKickoffRecordsTheWorksheetAndLeavesTheFile(t *testing.T) {
	text := sheet("Alpha", "not_started", "")
	root := repository(t, map[string]string{"tasks/alpha.md": text})
	m := open(t, root, manager.Config{})
	r, already, err := m.Kickoff(t.Context(), "tasks/alpha.md", "cli", "soon")
	if err != nil || already {
		t.Fatalf("Kickoff = %v, %v", already, err)
	}
	if r.Slug != "alpha" || r.State != run.Queued || r.Place != 1 || r.Base != "trunk" || r.Priority != "p1" || string(r.Worksheet) != text || r.Hash != repo.Hash([]byte(text)) || r.Note != "soon" || r.Source != "cli" {
		t.Errorf("run = %+v", r)
	}
	if now, err := os.ReadFile(filepath.Join(root, "tasks/alpha.md")); err != nil || string(now) != text {
		t.Errorf("the file was touched: %v", err)
	}
	for _, name := range []string{".worktrees", ".gitignore"} {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
	again, already, err := m.Kickoff(t.Context(), "alpha", "assistant", "")
	if err != nil || !already || again.ID != r.ID {
		t.Errorf("second Kickoff = %+v, %v, %v; want the first run", again, already, err)
	}
}

func TestKickoffRefuses(t *testing.T) {
	root := repository(t, map[string]string{
		"tasks/done.md":   sheet("Done", "completed", ""),
		"tasks/drop.md":   sheet("Drop", "canceled", ""),
		"tasks/broken.md": "---\ntitle: [\n---\n",
		"tasks/thin.md":   "---\ntitle: Thin\nstatus: ready\n---\n\n## Problem\n",
		"tasks/ref.md":    sheet("Ref", "ready", "nowhere"),
		"tasks/x/same.md": sheet("Same", "ready", ""),
		"tasks/same.md":   sheet("Same", "ready", ""),
	})
	m := open(t, root, manager.Config{})
	tests := []struct {
		slug string
		code fault.Code
		word string
	}{
		{"done", fault.Conflict, "it is completed"},
		{"drop", fault.Conflict, "it is cancelled"},
		{"broken", fault.Invalid, "tasks/broken.md:"},
		{"thin", fault.Invalid, "section-"},
		{"ref", fault.Invalid, "unknown-ref"},
		{"same", fault.Conflict, "same"},
		{"nobody", fault.NotFound, "nobody"},
		{"../alpha", "", ""}, // refused in any words
		{"--status=done", fault.NotFound, ""},
		{"a;b", fault.NotFound, ""},
		{"", "", ""},
	}
	for _, test := range tests {
		_, _, err := m.Kickoff(t.Context(), test.slug, "cli", "")
		if err == nil {
			t.Errorf("Kickoff(%q) was taken", test.slug)
			continue
		}
		if test.code != "" && fault.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.word) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Kickoff(%q): %s %q, want %s with %q", test.slug, fault.CodeOf(err), err, test.code, test.word)
		}
		if code := fault.CodeOf(err); code == fault.Internal {
			t.Errorf("Kickoff(%q): %v is internal", test.slug, err)
		}
	}
	if all, err := m.Runs.LatestAll(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("runs = %v, %v; want none", all, err)
	}
}

func TestKickoffNeedsABranch(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	for _, args := range [][]string{
		{"-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "first"}, {"checkout", "-q", "--detach"},
	} {
		if out, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	m := open(t, root, manager.Config{})
	if _, _, err := m.Kickoff(t.Context(), "alpha", "cli", ""); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("Kickoff without a branch: %v, want unavailable", err)
	}
}

func TestKickoffExactBindsTheBytes(t *testing.T) {
	text := sheet("Alpha", "ready", "")
	root := repository(t, map[string]string{"tasks/alpha.md": text})
	m := open(t, root, manager.Config{})
	write(t, root, "tasks/alpha.md", text+"\nAnd delete everything.\n")
	if _, _, err := m.KickoffExact(t.Context(), "alpha", repo.Hash([]byte(text)), "assistant", ""); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("other bytes: %v, want conflict", err)
	}
	write(t, root, "tasks/alpha.md", text)
	if _, already, err := m.KickoffExact(t.Context(), "alpha", repo.Hash([]byte(text)), "assistant", ""); err != nil || already {
		t.Errorf("the same bytes: %v, %v", already, err)
	}
}

func TestBlockedUntilItsDependencyIsCompleted(t *testing.T) {
	root := repository(t, map[string]string{
		"tasks/alpha.md": sheet("Alpha", "ready", "beta"),
		"tasks/beta.md":  sheet("Beta", "not_started", ""),
	})
	m := open(t, root, manager.Config{})
	r, _, err := m.Kickoff(t.Context(), "alpha", "cli", "")
	if err != nil || r.State != run.Blocked || r.Reason == nil || r.Reason.Code != run.Dependency || !strings.Contains(r.Reason.Text, "beta") {
		t.Fatalf("Kickoff = %+v, %v; want blocked by beta", r, err)
	}
	changed := make(chan int64, 100)
	live := open(t, root, manager.Config{Changed: func(n int64) { changed <- n }})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := live.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer wg.Wait()
	defer stop()
	if _, err := live.Status(t.Context()); err != nil { // the picture before
		t.Fatal(err)
	}
	write(t, root, "tasks/beta.md", strings.Replace(sheet("Beta", "completed", ""), "[ ]", "[x]", -1))
	live.TasksChanged()
	select {
	case n := <-changed:
		if n != live.Generation() {
			t.Errorf("told of generation %d, it is %d", n, live.Generation())
		}
	case <-time.After(5 * time.Second):
		t.Fatal("nobody was told")
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		got, err := live.Runs.Latest(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		if got.State == run.Queued && got.Reason == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("alpha is still %s", got.State)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAServerSeesAnotherProcessesKickoff(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	changed := make(chan int64, 100)
	live := open(t, root, manager.Config{Changed: func(n int64) { changed <- n }})
	before, err := live.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { live.Run(ctx) })
	defer wg.Wait()
	defer stop()
	began := time.Now()
	for started := false; ; {
		// The watch may not stand yet when the first process is done: kick again.
		if !started {
			kickoffProcess(t, root)
			started = true
		} else if err := os.WriteFile(filepath.Join(live.StateDir, "kick"), []byte("again"), 0o600); err != nil {
			t.Fatal(err)
		}
		select {
		case n := <-changed:
			if n <= before.Generation {
				t.Errorf("generation %d after %d", n, before.Generation)
			}
			return
		case <-time.After(500 * time.Millisecond):
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("the loop was not told")
		}
	}
}

func TestProcessesAtOnceMakeOneRun(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	var wg sync.WaitGroup
	out := make([]string, 6)
	for i := range out {
		wg.Go(func() { out[i] = kickoffProcess(t, root) })
	}
	wg.Wait()
	ids, fresh := map[string]bool{}, 0
	for _, line := range out {
		id, already, _ := strings.Cut(line, " ")
		ids[id] = true
		if already == "false" {
			fresh++
		}
	}
	if len(ids) != 1 || fresh != 1 {
		t.Errorf("%d runs, %d fresh, want one: %q", len(ids), fresh, out)
	}
}

// kickoffProcess kicks alpha off in a process of its own and returns what it said.
func kickoffProcess(t *testing.T, root string) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MANAGER_TEST_KICKOFF="+root)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("kickoff: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestUnqueue(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	m := open(t, root, manager.Config{})
	if _, err := m.Unqueue(t.Context(), "alpha"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("not queued: %v, want not_found", err)
	}
	for _, gone := range []bool{false, true} {
		if _, _, err := m.Kickoff(t.Context(), "alpha", "cli", ""); err != nil {
			t.Fatal(err)
		}
		if gone {
			if err := os.Remove(filepath.Join(root, "tasks/alpha.md")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.Unqueue(t.Context(), "alpha"); err != nil {
			t.Errorf("file gone %v: %v", gone, err)
		}
	}
	if _, err := m.Unqueue(t.Context(), "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("no such task: %v, want not_found", err)
	}
}

func TestStatusGrowsByOneOnlyWhenSomethingChanged(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	m := open(t, root, manager.Config{Settings: &config.Settings{
		Owner: "Ann Lee", OpenAI: config.Endpoint{Key: "sk-very-secret-key", Model: "m-1", Source: ".env"}, Warnings: []string{"look out"},
	}})
	first, err := m.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Status(t.Context())
	if err != nil || again.Generation != first.Generation {
		t.Errorf("generation %d after %d with nothing new, %v", again.Generation, first.Generation, err)
	}
	if _, _, err := m.Kickoff(t.Context(), "alpha", "cli", ""); err != nil {
		t.Fatal(err)
	}
	after, err := m.Status(t.Context())
	if err != nil || after.Generation != first.Generation+1 {
		t.Errorf("generation %d after %d with a kickoff, %v", after.Generation, first.Generation, err)
	}
	data, err := json.Marshal(after)
	if err != nil || strings.Contains(string(data), "sk-very") {
		t.Errorf("the status holds the key (%v)", err)
	}
	if after.Owner == nil || *after.Owner != "ann-lee" {
		t.Errorf("owner = %v, want ann-lee", after.Owner)
	}
	levels := map[string]string{}
	for _, h := range after.Health {
		levels[h.Key] = h.Level
		if h.Text == "" || !strings.Contains("ok warn bad", h.Level) {
			t.Errorf("health line %+v", h)
		}
	}
	for key, want := range map[string]string{"git": "ok", "model": "ok", "database": "ok", "dispatch": "warn", "settings": "warn"} {
		if levels[key] != want {
			t.Errorf("health of %s = %q, want %q", key, levels[key], want)
		}
	}
}

func TestTaskStatusTellsOfOneTaskOrOfWhatMatters(t *testing.T) {
	files := map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")}
	for i := range 60 {
		files[fmt.Sprintf("tasks/idle-%d.md", i)] = sheet("Idle", "not_started", "")
		files[fmt.Sprintf("tasks/ready-%d.md", i)] = sheet("Ready", "ready", "")
	}
	m := open(t, repository(t, files), manager.Config{})
	if _, _, err := m.Kickoff(t.Context(), "alpha", "cli", ""); err != nil {
		t.Fatal(err)
	}
	var one struct {
		Task struct {
			Slug string
			Run  struct {
				State string
				Place int
			}
		}
		Signals []any
		Waiting int
	}
	data, err := m.TaskStatus(t.Context(), "alpha")
	if err != nil || json.Unmarshal(data, &one) != nil || one.Task.Slug != "alpha" || one.Task.Run.State != "queued" || one.Task.Run.Place != 1 || one.Waiting != 1 || one.Signals == nil {
		t.Errorf("TaskStatus(alpha) = %s, %v", data, err)
	}
	var all struct {
		Counts  map[string]int
		Tasks   []struct{ Slug string }
		Omitted int
	}
	data, err = m.TaskStatus(t.Context(), "")
	if err != nil || json.Unmarshal(data, &all) != nil || len(all.Tasks) != 50 || all.Omitted != 11 || all.Tasks[0].Slug != "alpha" || all.Counts["total"] != 121 {
		t.Errorf("TaskStatus = %d tasks, %d omitted, %v", len(all.Tasks), all.Omitted, err)
	}
	if _, err := m.TaskStatus(t.Context(), "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("no such task: %v, want not_found", err)
	}
}
