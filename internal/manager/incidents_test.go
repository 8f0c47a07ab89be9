package manager_test

import (
	"context"
	"errors"
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
	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// What went wrong in an earlier system of this kind; docs/incidents.md names all of it.

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

func TestI01OneOwnerHoweverSpelled(t *testing.T) {
	root := repository(t, map[string]string{
		"tasks/a.md": owned("Ann Lee"), "tasks/b.md": owned("ann-lee"), "tasks/c.md": owned("ANN.lee"), "tasks/d.md": owned("bob"),
	})
	m, began := supervised(t, root, &config.Settings{Owner: "ann  LEE"})
	kickoff(t, m, "a", "b", "c", "d")
	beat(t, m)
	if got := strings.Join(*began, " "); got != "a b c" {
		t.Errorf("began %q, want those of the one owner", got)
	}
	if st := status(t, m); st.Owner == nil || *st.Owner != "ann-lee" || st.At.IsZero() {
		t.Errorf("owner %v at %v", st.Owner, st.At)
	}
}

func TestI02PickupIsByRecordNotByStatus(t *testing.T) {
	m, began := supervised(t, repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")}), nil)
	kickoff(t, m, "a")
	beat(t, m)
	for range 3 { // the root's file still says ready, and nothing of the branch
		beat(t, m)
	}
	if len(*began) != 1 {
		t.Errorf("began %v", *began)
	}
	if got := codes(status(t, m), "a"); strings.Contains(got, "pickup_overdue") || strings.Contains(got, "ready_not_queued") {
		t.Errorf("signals %q", got)
	}
}

func TestI03TheEndOfAnAgentIsNotTheEndOfItsTask(t *testing.T) {
	m, _ := supervised(t, repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")}), nil)
	kickoff(t, m, "a")
	beat(t, m)
	finish(t, m, "a", run.Review, run.Finished)
	st := status(t, m)
	if st.Counts["run_review"] != 1 || st.Counts["active"] != 1 || codes(st, "a") != "review_waiting" {
		t.Errorf("counts %v, signals %q", st.Counts, codes(st, "a"))
	}
}

func TestI04OneGroupForATaskAndItsRetriesAreBounded(t *testing.T) {
	a := aTask("a", task.Ready, func(t *task.Task) { t.Hash = "new" })
	r := aRun("a", run.Retrying, 0)
	r.Attempt, r.RetryAt, r.Reason = 2, noon.Add(time.Minute), &run.Reason{Code: run.Crashed, Text: "its supervisor is gone"}
	st := manager.Project(manager.World{At: noon, Tasks: []*task.Task{a, aTask("b", task.Ready)}, Runs: runs(r)})
	if groups := st.Groups(); len(groups) != 2 || st.Counts["signalled"] != 2 || len(st.Signals) != 3 {
		t.Errorf("%d groups of %d signals, %d counted", len(groups), len(st.Signals), st.Counts["signalled"])
	}
	lost := aRun("a", run.Running, 0)
	lost.PID, lost.Crashes, lost.Lease = 9, 4, "x"
	w := manager.World{At: noon, Tasks: []*task.Task{aTask("a", task.Ready)}, Runs: runs(lost)}
	plan := manager.Plan(w)
	if len(plan) != 1 || plan[0].Verb != manager.Reap {
		t.Errorf("plan %+v", plan)
	}
}

func TestI05TerminalLeavesActiveAtOnce(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", ""), "tasks/b.md": sheet("B", "ready", "")})
	m, _ := supervised(t, root, nil)
	kickoff(t, m, "a")
	beat(t, m)
	finish(t, m, "a", run.Review, run.Finished)
	kickoff(t, m, "b")
	write(t, root, "tasks/a.md", strings.ReplaceAll(sheet("A", "completed", ""), "[ ]", "[x]"))
	write(t, root, "tasks/b.md", sheet("B", "cancelled", ""))
	if st := status(t, m); active(st, "b") { // before any beat
		t.Error("a cancelled task is shown as active")
	}
	beat(t, m)
	st := status(t, m)
	if active(st, "a") || active(st, "b") || st.Counts["active"] != 0 || len(st.Queue()) != 0 {
		t.Errorf("counts %v", st.Counts)
	}
	for _, slug := range []string{"a", "b"} {
		if r, err := m.Runs.Latest(t.Context(), slug); err != nil || r.State != run.Interrupted || r.Reason.Code != run.TaskOver {
			t.Errorf("%s: %+v %v", slug, r, err)
		}
	}
	if again := beat(t, m); len(again.Actions) != 0 {
		t.Errorf("pruning again does %+v", again.Actions)
	}
}

func active(st *manager.Status, slug string) bool {
	for _, row := range st.Queue() {
		if row.Slug == slug {
			return true
		}
	}
	return false
}

func TestI06OwnersAreNeverSilentlyRoutedOrDropped(t *testing.T) {
	root := repository(t, map[string]string{
		"tasks/team/ann.md": "---\ntype: person\nname: Ann\n---\n", "tasks/team/bob.md": "---\ntype: person\nname: Bob\n---\n",
		"tasks/team/qa.md":  "---\ntype: role\nfilled_by: Ann\n---\n",
		"tasks/team/ops.md": "---\ntype: role\nowner: bob\n---\n",
		"tasks/a.md":        owned("ann"), "tasks/b.md": owned("bob"), "tasks/c.md": owned("qa"), "tasks/d.md": owned("ops"),
	})
	m, began := supervised(t, root, &config.Settings{Owner: "ann"})
	kickoff(t, m, "a", "b", "c", "d")
	beat(t, m)
	if got := strings.Join(*began, " "); got != "a c" {
		t.Errorf("began %q, want ann's and the role's that she fills", got)
	}
	st := status(t, m)
	for _, slug := range []string{"b", "d"} {
		if codes(st, slug) != "blocked_owner" {
			t.Errorf("%s has signals %q: what is not taken must be told", slug, codes(st, slug))
		}
	}
	w := manager.World{At: noon, Tasks: []*task.Task{aTask("x", task.Ready, func(t *task.Task) { t.Owner = "zoe" })},
		Runs: runs(aRun("x", run.Queued, 1)), Team: map[string]tracker.Object{"ann": {Name: "ann", Kind: tracker.Person}}}
	if got := codes(manager.Project(w), "x"); !strings.Contains(got, "unknown_owner") {
		t.Errorf("an unknown owner gives %q", got)
	}
}

func TestI07TheBeatWritesNoTaskFile(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", ""), "tasks/b.md": sheet("B", "not_started", "a")})
	before := read(t, root)
	m, _ := supervised(t, root, nil)
	kickoff(t, m, "a", "b")
	beat(t, m)
	finish(t, m, "a", run.Failed, run.AgentFailed)
	beat(t, m)
	if _, err := m.Reconcile(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if after := read(t, root); after != before {
		t.Errorf("the files were\n%s\nand are\n%s", before, after)
	}
}

// read is all task files of a root.
func read(t *testing.T, root string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "tasks", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%s\n", name, data)
	}
	return all.String()
}

func TestI08WritingReadyQueuesNothing(t *testing.T) {
	m, began := supervised(t, repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")}), nil)
	if b := beat(t, m); len(b.Actions) != 0 || len(*began) != 0 {
		t.Errorf("actions %+v, began %v", b.Actions, *began)
	}
	if got := codes(status(t, m), "a"); got != "ready_not_queued" {
		t.Errorf("signals %q", got)
	}
}

func TestI09AnEditOfARunningTaskIsToldWithTheWayOut(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")})
	m, _ := supervised(t, root, nil)
	kickoff(t, m, "a")
	beat(t, m)
	write(t, root, "tasks/a.md", strings.Replace(sheet("A", "ready", ""), "Change the reader", "Throw the reader away", 1))
	st := status(t, m)
	if len(st.Signals) != 1 || st.Signals[0].Code != "root_task_edited" || !strings.Contains(st.Signals[0].Evidence, "Plan") ||
		!strings.Contains(st.Signals[0].Command, "run send a") {
		t.Errorf("signals %+v", st.Signals)
	}
	if b := beat(t, m); len(b.Actions) != 0 {
		t.Errorf("it is not a hard block, and the beat does %+v", b.Actions)
	}
}

func TestI09AnEditOfAQueuedTaskIsNotPassedOver(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", ""), "tasks/b.md": sheet("B", "ready", "")})
	m, began := supervised(t, root, nil)
	kickoff(t, m, "a", "b")
	write(t, root, "tasks/a.md", strings.Replace(sheet("A", "ready", ""), "Change the reader", "Throw the reader away", 1))
	write(t, root, "tasks/b.md", strings.Replace(sheet("B", "ready", ""), "priority: p1", "priority: p0", 1)) // people's own
	beat(t, m)
	if r, err := m.Runs.Latest(t.Context(), "a"); err != nil || r.State != run.Blocked || r.Reason.Code != run.Changed {
		t.Errorf("a is %+v, %v", r, err)
	}
	if got := strings.Join(*began, " "); got != "b" {
		t.Errorf("began %q", got)
	}
}

func TestI10CountsAndListsAreOneGrouping(t *testing.T) {
	var tasks []*task.Task
	var list []*run.Run
	for i, s := range []run.State{run.Queued, run.Blocked, run.Running, run.Review, run.Accepted, run.Failed, run.Retrying} {
		slug := fmt.Sprintf("t%d", i)
		tasks = append(tasks, aTask(slug, task.Ready))
		list = append(list, aRun(slug, s, 0))
	}
	tasks = append(tasks, aTask("over", task.Completed))
	list = append(list, aRun("over", run.Queued, 0))
	st := manager.Project(manager.World{At: noon, Tasks: tasks, Runs: runs(list...)})
	if len(st.Queue()) != st.Counts["active"] || len(st.Ready()) != st.Counts["ready_not_queued"] {
		t.Errorf("%d in the list, %d counted; ready %d, %d counted", len(st.Queue()), st.Counts["active"], len(st.Ready()), st.Counts["ready_not_queued"])
	}
}

func TestI12OneRowForATask(t *testing.T) {
	m, _ := supervised(t, repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")}), nil)
	for range 3 {
		kickoff(t, m, "a")
		beat(t, m)
		finish(t, m, "a", run.Interrupted, run.Stopped)
	}
	if st := status(t, m); len(st.Tasks) != 1 {
		t.Errorf("%d rows for a task with three runs", len(st.Tasks))
	}
}

func TestI13OneBeatAtATimeForARoot(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", ""), "tasks/b.md": sheet("B", "ready", "")})
	on, most := 0, 0
	var mu sync.Mutex
	spawn := func(context.Context, string, string) (int, error) {
		mu.Lock()
		on++
		most = max(most, on)
		mu.Unlock()
		time.Sleep(30 * time.Millisecond) // the other has time to come in between
		mu.Lock()
		on--
		mu.Unlock()
		return 0, errors.New("not in this test")
	}
	worker := program(t)
	first := open(t, root, manager.Config{Spawn: spawn, Settings: &config.Settings{Worker: worker}})
	second := open(t, root, manager.Config{Spawn: spawn, Settings: &config.Settings{Worker: worker}})
	kickoff(t, first, "a", "b")
	var wg sync.WaitGroup
	for _, m := range []*manager.Manager{first, second} {
		wg.Go(func() {
			if _, err := m.Beat(t.Context(), manager.BeatOptions{Dispatch: true}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d beats acted at once", most)
	}
}

func TestI14NoSecondSupervisorForATask(t *testing.T) {
	root := repository(t, map[string]string{"tasks/a.md": sheet("A", "ready", "")})
	m, began := supervised(t, root, nil)
	kickoff(t, m, "a")
	var wg sync.WaitGroup
	for range 4 { // by hand, which asks for no beat
		wg.Go(func() {
			if _, err := m.Dispatch(t.Context(), "a", "cli"); err != nil && fault.CodeOf(err) != fault.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(*began) != 1 {
		t.Errorf("began %v", *began)
	}
}

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
