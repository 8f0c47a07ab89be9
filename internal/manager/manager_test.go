package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/manager"
	"tasks/internal/process"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tracker"
)

// The test binary is also a process that kicks a task off.
func TestMain(m *testing.M) {
	if process.Guardian() { // a test that runs a program would run itself without end
		return
	}
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
