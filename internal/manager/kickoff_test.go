package manager_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/repo"
	"tasks/internal/run"
)

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
