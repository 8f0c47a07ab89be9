package demo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// The sample must be a repository that the product itself finds in order, or the
// demo's own hand-over would be refused.
func TestTheSampleIsInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lantern")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "-C", dir, "status", "--porcelain").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the sample is not committed whole: %s %v", out, err)
	}
	r, err := repo.Open(dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found, err := tracker.New(r).Validate(t.Context(), nil, false)
	if err != nil || len(found) > 0 {
		t.Errorf("findings %+v, %v", found, err)
	}
	strict, err := tracker.New(r).Validate(t.Context(), []string{"spread-retries-with-jitter"}, true)
	if err != nil || len(strict) > 0 {
		t.Errorf("strict findings %+v, %v", strict, err)
	}
	strict, err = tracker.New(r).Validate(t.Context(), nil, true)
	if err != nil || len(strict) > 0 {
		t.Errorf("strict findings %+v, %v", strict, err)
	}
}

// A demo of next year must not show a milestone that is a year late, and its history
// must tell how a task came to be done.
func TestTheSampleIsOfToday(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)
	if err := Write(t.Context(), dir, now); err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) string {
		out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	const name = "tasks/workstreams/storage/tasks/checksum-scan.md"
	versions := strings.Fields(git("log", "--format=%H", "--", name))
	if len(versions) != 2 {
		t.Fatalf("%d versions of %s, not two", len(versions), name)
	}
	for i, want := range []task.Status{task.Completed, task.NotStarted} {
		got := task.Parse(name, []byte(git("show", versions[i]+":"+name)))
		if got.Broken != nil || got.Status != want {
			t.Errorf("version %d: %s %v, not %s", i, got.Status, got.Broken, want)
		}
		if days := now.Sub(got.CreatedAt).Hours() / 24; days < 47 || days > 49 {
			t.Errorf("created %.0f days before now", days)
		}
	}
	var last time.Time
	for _, line := range strings.Fields(git("log", "--reverse", "--format=%cI")) {
		at, err := time.Parse(time.RFC3339, line)
		if err != nil || at.Before(last) || at.After(now) {
			t.Errorf("a commit at %s after one at %s: %v", line, last, err)
		}
		last = at
	}
}
