package manager_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/manager"
	"tasks/internal/process"
	"tasks/internal/run"
)

// crowd is a root with 500 tasks of which 200 are in the queue, and room for 20.
func crowd(b *testing.B) *manager.Manager {
	b.Helper()
	root := b.TempDir()
	if out, err := exec.Command("git", "init", "-q", "-b", "trunk", root).CombinedOutput(); err != nil {
		b.Skipf("git: %v: %s", err, out)
	}
	for i := range 500 {
		dir := filepath.Join(root, "tasks/workstreams", fmt.Sprintf("w%d", i%10), "tasks")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		needs := ""
		if i >= 200 && i%3 == 0 {
			needs = fmt.Sprintf("t%03d", i-200)
		}
		text := strings.Replace(sheet(fmt.Sprintf("Task %d", i), "ready", needs), "priority: p1", fmt.Sprintf("priority: p%d", i%4), 1)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("t%03d.md", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	worker := filepath.Join(b.TempDir(), "agent")
	if err := os.WriteFile(worker, []byte("#!/bin/sh\n"), 0o755); err != nil {
		b.Fatal(err)
	}
	start, err := process.StartTime(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	var m *manager.Manager
	m, err = house(b.Context(), root, manager.Config{
		Settings: &config.Settings{Root: root, Worker: worker, Manager: config.Manager{Runs: 20, Beat: 30 * time.Second}},
		Spawn: func(ctx context.Context, id, token string) (int, error) { // a supervisor that holds its lease at once
			_, err := m.Runs.Take(ctx, id, token, os.Getpid(), start, time.Now())
			return os.Getpid(), err
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Repo.Close() })
	if _, err := m.Status(b.Context()); err != nil { // a server has read the tasks
		b.Fatal(err)
	}
	return m
}

func queue(b *testing.B, m *manager.Manager) {
	for i := range 200 {
		slug := fmt.Sprintf("t%03d", i)
		t, err := m.Tracker.Find(b.Context(), slug)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := m.Runs.Enqueue(b.Context(), run.Run{Slug: slug, Path: t.Path, Hash: t.Hash, Base: "trunk", Priority: t.Priority, Worksheet: make([]byte, 3000)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBeat is a beat over 500 tasks: the first, which starts 20 runs and holds 180,
// and one after which nothing has changed.
func BenchmarkBeat(b *testing.B) {
	m := crowd(b)
	b.Run("starts-20-holds-180", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			for i := range 200 { // what the round before has left
				r, err := m.Runs.Latest(b.Context(), fmt.Sprintf("t%03d", i))
				if err != nil {
					b.Fatal(err)
				}
				if r != nil && r.State.Leased() {
					r.State, r.Reason = run.Interrupted, &run.Reason{Code: run.Stopped, Text: "again"}
					if err := m.Runs.Finish(b.Context(), r, r.Lease, run.Attempt{N: r.Attempt, Reason: r.Reason}, time.Now()); err != nil {
						b.Fatal(err)
					}
				} else if r != nil && r.State.Waiting() {
					if _, err := m.Runs.Unqueue(b.Context(), r.Slug); err != nil {
						b.Fatal(err)
					}
				}
			}
			queue(b, m)
			b.StartTimer()
			beat, err := m.Beat(b.Context(), manager.BeatOptions{Dispatch: true})
			if err != nil || len(beat.Actions) != 200 {
				b.Fatal(err, len(beat.Actions))
			}
		}
	})
	b.Run("nothing-new", func(b *testing.B) {
		for b.Loop() {
			hold(b, m)
			if beat, err := m.Beat(b.Context(), manager.BeatOptions{Dispatch: true}); err != nil || len(beat.Actions) != 0 {
				b.Fatal(err, len(beat.Actions), beat.Actions)
			}
		}
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		b.ReportMetric(float64(s.HeapAlloc)/1e6, "MB-heap")
	})
}

// hold renews the leases of what is on, as supervisors do.
func hold(b *testing.B, m *manager.Manager) {
	b.StopTimer()
	defer b.StartTimer()
	all, err := m.Runs.All(b.Context(), true, 1000)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range all {
		if r.State.Leased() {
			if _, err := m.Runs.Renew(b.Context(), r.ID, r.Lease, time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkStatus is the projection of the same world, as a page or command gets it.
func BenchmarkStatus(b *testing.B) {
	m := crowd(b)
	queue(b, m)
	if _, err := m.Beat(b.Context(), manager.BeatOptions{Dispatch: true}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := m.Status(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
