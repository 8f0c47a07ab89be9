package manager_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// What went wrong in an earlier system of this kind; docs/incidents.md names all of it.

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
			// On a slow machine one gives up waiting for the other, as it should.
			if _, err := m.Beat(t.Context(), manager.BeatOptions{Dispatch: true}); err != nil && fault.CodeOf(err) != fault.Conflict {
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
