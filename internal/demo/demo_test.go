package demo

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tasks/internal/repo"
	"tasks/internal/tracker"
)

// The sample must be a repository that the product itself finds in order, or the
// demo's own hand-over would be refused.
func TestTheSampleIsInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lantern")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), dir); err != nil {
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
}
