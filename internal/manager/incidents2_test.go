package manager_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/git"
	"tasks/internal/manager"
	"tasks/internal/run"
)

func TestI15ReconcileTwiceIsOnce(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", ""), "tasks/b.md": sheet("B", "ready", "a")})
	m, began := supervised(t, root, nil)
	kickoff(t, m, "a", "b")
	write(t, root, "tasks/a.md", strings.ReplaceAll(sheet("A", "completed", ""), "[ ]", "[x]"))
	dry, err := m.Reconcile(t.Context(), true)
	if err != nil || len(dry.Actions) == 0 || !dry.DryRun || dry.Actions[0].Result != manager.Planned {
		t.Fatalf("%+v %v", dry, err)
	}
	first, err := m.Reconcile(t.Context(), false)
	if err != nil || len(first.Actions) != 2 {
		t.Fatalf("%+v %v", first, err)
	}
	for _, d := range first.Actions {
		if d.Reason == "" || d.Result != manager.Done {
			t.Errorf("%+v", d)
		}
	}
	second, err := m.Reconcile(t.Context(), false)
	if err != nil || len(second.Actions) != 0 || len(*began) != 0 {
		t.Errorf("again: %+v %v, began %v", second, err, *began)
	}
}

// shell runs lines in a folder.
func shell(t *testing.T, dir string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		cmd := exec.Command("sh", "-ec", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=n", "GIT_AUTHOR_EMAIL=e@x", "GIT_COMMITTER_NAME=n", "GIT_COMMITTER_EMAIL=e@x", "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
}

// reviewed is a repository whose tasks have work in review on their branches.
func reviewed(t *testing.T, slugs ...string) (*manager.Manager, string) {
	t.Helper()
	files := map[string]string{".gitignore": ".worktrees/\n"}
	for _, slug := range slugs {
		files["tasks/"+slug+".md"] = sheet(slug, "ready", "")
	}
	root := repository(t, files)
	shell(t, root, "git add -A", "git commit -qm first")
	m, _ := supervised(t, root, &config.Settings{Manager: config.Manager{Runs: 9}})
	g, err := git.Find(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	kickoff(t, m, slugs...)
	beat(t, m)
	for _, slug := range slugs {
		r, err := m.Runs.Latest(t.Context(), slug)
		if err != nil {
			t.Fatal(err)
		}
		tree := ensure(t, g, m.StateDir, r)
		shell(t, tree.Dir, "echo work > "+slug+".txt", "sed -i 's/^status: ready/status: in_progress/' tasks/"+slug+".md", "git add -A", "git commit -qm work")
		r.Branch, r.Worktree, r.Begin = tree.Branch, tree.Dir, tree.Begin
		r.State, r.Reason = run.Review, &run.Reason{Code: run.Finished, Text: "finished"}
		if err := m.Runs.Finish(t.Context(), r, r.Lease, run.Attempt{N: 1, Outcome: run.Done, Reason: r.Reason}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return m, root
}

func TestI17WorkThatWasMergedByHandIsClosed(t *testing.T) {
	m, root := reviewed(t, "a", "b", "c", "d")
	shell(t, root, "git merge -q --no-edit task/a", "git merge -q --squash task/b", "git commit -qm b",
		// as a landing does that is cut off before it is written down
		"git merge -q --squash task/d", "sed -i 's/^status:.*/status: completed/; s/\\[ \\]/[x]/' tasks/d.md", "git add -A", "git commit -qm d")
	beat(t, m)
	for slug, want := range map[string]run.State{"a": run.Accepted, "b": run.Accepted, "c": run.Review, "d": run.Accepted} {
		r, err := m.Runs.Latest(t.Context(), slug)
		if err != nil || r.State != want || r.Reason == nil || want == run.Accepted && r.Reason.Code != run.Landed {
			t.Errorf("%s is %s for %v, want %s (%v)", slug, r.State, r.Reason, want, err)
		}
	}
	if got := codes(status(t, m), "a"); got != "dispatch_completed_unreconciled" {
		t.Errorf("signals %q", got)
	}
}

func TestI18ALostSupervisorLeavesAReason(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")})
	clock := time.Now()
	var m *manager.Manager
	m = open(t, root, manager.Config{
		Settings: &config.Settings{Worker: program(t)}, Now: func() time.Time { return clock },
		Spawn: func(ctx context.Context, id, token string) (int, error) {
			_, err := m.Runs.Take(ctx, id, token, 1<<30, "never", clock)
			return os.Getpid(), err
		},
	})
	kickoff(t, m, "a")
	beat(t, m)
	clock = clock.Add(run.LeaseTime + time.Second)
	beat(t, m)
	r, err := m.Runs.Latest(t.Context(), "a")
	if err != nil || r.State != run.Retrying || r.Reason == nil || r.Reason.Code != run.Crashed {
		t.Fatalf("%+v %v", r, err)
	}
	attempts, err := m.Runs.Attempts(t.Context(), r.ID)
	if err != nil || len(attempts) != 1 || attempts[0].Outcome != run.Lost || attempts[0].Reason == nil || attempts[0].EndedAt.IsZero() {
		t.Errorf("attempts %+v %v", attempts, err)
	}
	if got := codes(status(t, m), "a"); got != "worker_gone" {
		t.Errorf("signals %q", got)
	}
}

func TestI19ASupervisorThatDoesNotComeUpSaysWhy(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")})
	var m *manager.Manager
	m = open(t, root, manager.Config{Settings: &config.Settings{Worker: program(t)}, Spawn: func(_ context.Context, id, _ string) (int, error) {
		dir := run.Dir(m.StateDir, id)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return 0, err
		}
		return 1 << 30, os.WriteFile(filepath.Join(dir, manager.SupervisorLog), []byte("starting\nthe disk is full\n"), 0o600)
	}})
	kickoff(t, m, "a")
	b, err := m.Beat(t.Context(), manager.BeatOptions{Dispatch: true})
	if err != nil || len(b.Actions) != 1 || b.Actions[0].Result != manager.Failed || !strings.Contains(*b.Actions[0].Error, "the disk is full") {
		t.Fatalf("%+v %v", b, err)
	}
	if r, err := m.Runs.Latest(t.Context(), "a"); err != nil || r.State != run.Queued || r.RetryAt.IsZero() || r.Reason == nil {
		t.Errorf("%+v %v", r, err)
	}
}

func TestI21NothingBeginsWithoutTheAgentsProgram(t *testing.T) {
	m, began := supervised(t, repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")}),
		&config.Settings{Worker: "/nowhere/agent"})
	kickoff(t, m, "a")
	b := beat(t, m)
	if len(*began) != 0 || len(b.Actions) != 1 || b.Actions[0].Result != manager.Held || b.Actions[0].Error == nil {
		t.Errorf("%+v, began %v", b.Actions, *began)
	}
	for _, h := range status(t, m).Health {
		if h.Key == "agent" && (h.Level != "bad" || !strings.Contains(h.Text, "/nowhere/agent")) {
			t.Errorf("%+v", h)
		}
	}
}

func TestI22GCKnowsSquashesAndKeepsWhatIsNowhereElse(t *testing.T) {
	m, root := reviewed(t, "a", "b", "c")
	shell(t, root, "git merge -q --squash task/a", "git commit -qm a")
	write(t, root, "tasks/b.md", sheet("b", "cancelled", ""))
	write(t, root, ".worktrees/b/new.txt", "nobody has committed this\n")
	dry, err := m.GC(t.Context(), true)
	if err != nil || !dry.DryRun {
		t.Fatal(dry, err)
	}
	if _, err := os.Lstat(filepath.Join(root, ".worktrees/b")); err != nil {
		t.Fatal("a dry run removed a worktree")
	}
	beat(t, m)
	if _, err := m.GC(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for slug, there := range map[string]bool{"a": false, "b": false, "c": true} {
		_, err := os.Lstat(filepath.Join(root, ".worktrees", slug))
		if (err == nil) != there {
			t.Errorf("the worktree of %s: %v, want there %v", slug, err, there)
		}
		branch := exec.Command("git", "-C", root, "rev-parse", "--verify", "--quiet", "refs/heads/task/"+slug).Run()
		if (branch == nil) != there {
			t.Errorf("the branch of %s: %v, want there %v", slug, branch, there)
		}
	}
	out, err := exec.Command("git", "-C", root, "for-each-ref", "--format=%(refname)", "refs/tasks/kept/b").Output()
	if err != nil || len(strings.Fields(string(out))) == 0 {
		t.Fatalf("nothing of b is kept: %s %v", out, err)
	}
	if text, err := exec.Command("git", "-C", root, "show", strings.Fields(string(out))[0]+":new.txt").Output(); err != nil || string(text) != "nobody has committed this\n" {
		t.Errorf("what was uncommitted is %q, %v", text, err)
	}
	again, err := m.GC(t.Context(), false)
	if err != nil || len(again.Actions) != 0 {
		t.Errorf("again: %+v %v", again, err)
	}
}

func TestI25NoStormOfAgents(t *testing.T) {
	files := map[string]string{}
	var slugs []string
	for i := range 12 {
		slug := fmt.Sprintf("t%02d", i)
		files["tasks/"+slug+".md"] = sheet(slug, "ready", "")
		slugs = append(slugs, slug)
	}
	m, began := supervised(t, repository(t, files), &config.Settings{Manager: config.Manager{Runs: 3}})
	kickoff(t, m, slugs...)
	if b, err := m.Beat(t.Context(), manager.BeatOptions{}); err != nil || len(*began) != 0 {
		t.Errorf("without being asked to the beat started %v (%+v, %v)", *began, b, err)
	}
	if b, err := m.Beat(t.Context(), manager.BeatOptions{Dispatch: true, DryRun: true}); err != nil || len(*began) != 0 || b.Actions[0].Result != manager.Planned {
		t.Errorf("a dry run started %v (%v)", *began, err)
	}
	for range 3 {
		beat(t, m)
	}
	if len(*began) != 3 {
		t.Errorf("began %v", *began)
	}
	if r, err := m.Runs.Latest(t.Context(), "t05"); err != nil || r.State != run.Blocked || r.Reason.Code != run.Limit {
		t.Errorf("%+v %v", r, err)
	}
}
