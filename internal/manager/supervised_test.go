package manager_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/manager"
	"tasks/internal/process"
	"tasks/internal/run"
)

// program is an agent's program that is there.
func program(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "agent")
	if err := os.WriteFile(name, []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// supervised is a manager whose supervisors are this process: each takes its lease at once.
func supervised(t *testing.T, root string, s *config.Settings) (*manager.Manager, *[]string) {
	t.Helper()
	var m *manager.Manager
	began := &[]string{}
	var mu sync.Mutex
	if s == nil {
		s = &config.Settings{}
	}
	if s.Worker == "" {
		s.Worker = program(t)
	}
	s.Root = root
	m = open(t, root, manager.Config{Settings: s, Spawn: func(ctx context.Context, id, token string) (int, error) {
		start, err := process.StartTime(os.Getpid())
		if err != nil {
			return 0, err
		}
		r, err := m.Runs.Take(ctx, id, token, os.Getpid(), start, time.Now())
		if err == nil {
			mu.Lock()
			*began = append(*began, r.Slug)
			mu.Unlock()
		}
		return os.Getpid(), err
	}})
	return m, began
}

func beat(t *testing.T, m *manager.Manager) *manager.Beat {
	t.Helper()
	b, err := m.Beat(t.Context(), manager.BeatOptions{Dispatch: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Failures(); err != nil {
		t.Fatal(err)
	}
	return b
}

func kickoff(t *testing.T, m *manager.Manager, slugs ...string) {
	t.Helper()
	for _, slug := range slugs {
		if _, _, err := m.Kickoff(t.Context(), slug, "cli", ""); err != nil {
			t.Fatal(err)
		}
	}
}

// finish ends the run of a task as its supervisor would.
func finish(t *testing.T, m *manager.Manager, slug string, to run.State, code string) *run.Run {
	t.Helper()
	r, err := m.Runs.Latest(t.Context(), slug)
	if err != nil || r == nil {
		t.Fatal(r, err)
	}
	r.State, r.Reason = to, &run.Reason{Code: code, Text: "as the test says"}
	if to == run.Retrying {
		r.RetryAt = time.Now().Add(time.Hour)
	}
	if err := m.Runs.Finish(t.Context(), r, r.Lease, run.Attempt{N: r.Attempt, Outcome: run.Done, Reason: r.Reason}, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

func codes(st *manager.Status, slug string) string {
	var out []string
	for _, g := range st.Signals {
		if g.Slug == slug {
			out = append(out, g.Code)
		}
	}
	return strings.Join(out, " ")
}

func status(t *testing.T, m *manager.Manager) *manager.Status {
	t.Helper()
	st, err := m.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func owned(owner string) string {
	return strings.Replace(sheet("Owned", "ready", ""), "\npriority:", "\nowner: "+owner+"\npriority:", 1)
}
