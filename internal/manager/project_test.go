package manager_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/internal/manager"
	"tasks/internal/run"
	"tasks/internal/task"
)

var noon = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

func aTask(slug string, status task.Status, change ...func(*task.Task)) *task.Task {
	t := &task.Task{Slug: slug, ID: slug, Path: "tasks/" + slug + ".md", Title: strings.ToUpper(slug), Status: status, Hash: "hash-" + slug}
	for _, c := range change {
		c(t)
	}
	return t
}

func needs(slugs ...string) func(*task.Task) { return func(t *task.Task) { t.DependsOn = slugs } }

func aRun(slug string, state run.State, place int) *run.Run {
	return &run.Run{ID: "run-" + slug, Slug: slug, Path: "tasks/" + slug + ".md", State: state, Place: place, Hash: "hash-" + slug, QueuedAt: noon}
}

func runs(list ...*run.Run) map[string]*run.Run {
	m := map[string]*run.Run{}
	for _, r := range list {
		m[r.Slug] = r
	}
	return m
}

// words is a signal in one line, for tables.
func words(s manager.Signal) string { return fmt.Sprintf("%s %s: %s", s.Code, s.Slug, s.Command) }

func TestProject(t *testing.T) {
	tests := []struct {
		name    string
		world   manager.World
		rows    string   // slug:run state, in order
		signals []string // code slug: command
		counts  map[string]int
	}{
		{
			name:   "nothing",
			counts: map[string]int{"total": 0, "ready": 0, "run_queued": 0},
		},
		{
			name: "ready is not queued until it is kicked off",
			world: manager.World{Tasks: []*task.Task{
				aTask("a", task.Ready), aTask("b", task.Ready), aTask("c", task.NotStarted),
			}, Runs: runs(aRun("b", run.Queued, 1))},
			rows:    "b:queued a c",
			signals: []string{"ready_not_queued a: tasks kickoff a"},
			counts:  map[string]int{"ready": 2, "ready_not_queued": 1, "run_queued": 1, "total": 3},
		},
		{
			name: "a run that has ended does not hold its task",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.Ready)},
				Runs: runs(aRun("a", run.Failed, 0))},
			rows:    "a:failed",
			signals: []string{"dispatch_failed a: tasks run logs a"},
			counts:  map[string]int{"ready_not_queued": 1, "run_failed": 1, "active": 0, "attention": 1},
		},
		{
			name: "a branch switched under a run is told from what else was wrong with its place",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.NotStarted), aTask("b", task.NotStarted)},
				Runs: runs(misplaced("a"), misplaced("b")), Trees: map[string]manager.Tree{"/w/a": {Branch: "other"}, "/w/b": {Branch: "task/b"}}},
			rows:    "a:failed/workspace(its place) b:failed/workspace(its place)",
			signals: []string{"branch_switched a: tasks run show a", "dispatch_failed b: tasks run retry b"},
		},
		{
			name: "broken files stay visible",
			world: manager.World{Tasks: []*task.Task{
				aTask("a b", "", func(t *task.Task) { t.Broken = &task.Broken{Line: 3, Reason: "bad"} }),
			}},
			rows:    "a b",
			signals: []string{"broken_file a b: tasks validate 'a b'"},
			counts:  map[string]int{"broken": 1, "not_started": 0, "total": 1},
		},
		{
			name: "what depends on open work waits, whatever the row says",
			world: manager.World{Tasks: []*task.Task{
				aTask("a", task.NotStarted, needs("b", "c")), aTask("b", task.Completed), aTask("c", task.Cancelled),
			}, Runs: runs(aRun("a", run.Queued, 1))},
			rows:    "a:blocked/dependency(depends on c (cancelled)) b c",
			signals: []string{"blocked_dependency a: tasks show c"},
			counts:  map[string]int{"run_blocked": 1, "run_queued": 0},
		},
		{
			name: "and is let go when that is completed",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.NotStarted, needs("b")), aTask("b", task.Completed)},
				Runs: runs(func() *run.Run {
					r := aRun("a", run.Blocked, 1)
					r.Reason = &run.Reason{Code: run.Dependency, Text: "old"}
					return r
				}())},
			rows:   "a:queued b",
			counts: map[string]int{"run_blocked": 0, "run_queued": 1},
		},
		{
			name: "a reason of another kind stands",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.NotStarted)},
				Runs: runs(func() *run.Run {
					r := aRun("a", run.Blocked, 1)
					r.Reason = &run.Reason{Code: run.Limit, Text: "two are on"}
					return r
				}())},
			rows: "a:blocked/limit(two are on)",
		},
		{
			name: "what is not trusted waits for that before all else",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.NotStarted, needs("b")), aTask("b", task.NotStarted)},
				Runs: runs(aRun("a", run.Queued, 1)), Untrusted: &run.Reason{Code: run.Untrusted, Text: "not trusted"}},
			rows:    "a:blocked/untrusted(not trusted) b",
			signals: []string{"blocked_untrusted a: tasks trust"},
		},
		{
			name: "and is let go when it is trusted",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.NotStarted)},
				Runs: runs(func() *run.Run {
					r := aRun("a", run.Blocked, 1)
					r.Reason = &run.Reason{Code: run.Untrusted, Text: "not trusted"}
					return r
				}())},
			rows: "a:queued",
		},
		{
			name: "another owner's tasks wait",
			world: manager.World{Owner: "ann", Tasks: []*task.Task{
				aTask("a", task.NotStarted, func(t *task.Task) { t.Owner = "bob" }),
				aTask("b", task.NotStarted, func(t *task.Task) { t.Owner = "ann" }), aTask("c", task.NotStarted),
			}, Runs: runs(aRun("a", run.Queued, 1), aRun("b", run.Queued, 2), aRun("c", run.Queued, 3))},
			rows:    "a:blocked/owner(it is bob's, this manager takes ann's) b:queued c:blocked/owner(it is nobody's, this manager takes ann's)",
			signals: []string{"blocked_owner a: tasks show a", "blocked_owner c: tasks show c"},
		},
		{
			name: "an edit after kickoff is told, with the way out",
			world: manager.World{Tasks: []*task.Task{
				aTask("a", task.NotStarted, func(t *task.Task) { t.Hash = "new" }),
				aTask("b", task.NotStarted, func(t *task.Task) { t.Hash = "new" }),
				aTask("c", task.NotStarted, func(t *task.Task) { t.Hash = "new" }),
			}, Runs: runs(aRun("a", run.Queued, 1), aRun("b", run.Running, 0), aRun("c", run.Accepted, 0))},
			rows:    "b:running a:queued c:accepted",
			signals: []string{"dispatch_completed_unreconciled c: tasks update c --status completed", "root_task_edited a: tasks unqueue a && tasks kickoff a", "root_task_edited b: tasks run send b MESSAGE"},
		},
		{
			name: "done by other means",
			world: manager.World{Tasks: []*task.Task{aTask("a", task.Completed)},
				Runs: runs(aRun("a", run.Queued, 1))},
			rows:   "a:interrupted/task_over(its task is completed)",
			counts: map[string]int{"run_queued": 0, "run_interrupted": 1},
		},
		{
			name:    "the file is gone",
			world:   manager.World{Runs: runs(aRun("a", run.Queued, 1), aRun("b", run.Accepted, 0))},
			signals: []string{"run_without_task a: tasks unqueue a"},
			counts:  map[string]int{"run_queued": 1, "total": 0},
		},
		{
			name: "another branch is checked out: its files say nothing of the runs",
			world: manager.World{Branch: "other", Tasks: []*task.Task{aTask("b", task.NotStarted, func(t *task.Task) { t.Hash = "new" })},
				Runs: runs(of("main", aRun("a", run.Review, 0)), of("main", aRun("b", run.Running, 0)), of("other", aRun("c", run.Review, 0)))},
			rows:    "b:running",
			signals: []string{"run_without_task a: git switch main", "run_without_task c: tasks run stop c"},
		},
		{
			name: "two files of one slug: the run belongs to the one that was kicked off",
			world: manager.World{Tasks: []*task.Task{
				aTask("a", task.NotStarted), aTask("a", task.NotStarted, func(t *task.Task) { t.Path = "tasks/x/a.md" }),
			}, Runs: runs(aRun("a", run.Queued, 1))},
			rows:    "a:queued a",
			signals: []string{"duplicate_slug a: tasks validate"},
		},
		{
			name: "the order: at work, the queue by place, then status, priority, slug",
			world: manager.World{Tasks: []*task.Task{
				aTask("done", task.Completed), aTask("drop", task.Cancelled), aTask("later", task.NotStarted),
				aTask("sooner", task.NotStarted, func(t *task.Task) { t.Priority = "p1" }), aTask("stuck", task.Blocked),
				aTask("doing", task.InProgress), aTask("second", task.NotStarted), aTask("first", task.NotStarted), aTask("work", task.NotStarted),
			}, Runs: runs(aRun("work", run.Running, 0), aRun("first", run.Queued, 1), aRun("second", run.Queued, 2))},
			rows: "work:running first:queued second:queued doing stuck sooner later done drop",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.world.At = noon
			st := manager.Project(test.world)
			var got []string
			for _, row := range st.Tasks {
				s := row.Slug
				if r, ok := row.Run.(*run.JSON); ok {
					s += ":" + string(r.State)
					if r.Reason != nil {
						s += "/" + r.Reason.Code + "(" + r.Reason.Text + ")"
					}
				}
				got = append(got, s)
			}
			if g := strings.Join(got, " "); g != test.rows {
				t.Errorf("rows\ngot  %s\nwant %s", g, test.rows)
			}
			var signals []string
			for _, s := range st.Signals {
				signals = append(signals, words(s))
				if s.Evidence == "" || s.Cause == "" || s.Tier < 1 || s.Tier > 2 {
					t.Errorf("a signal without evidence, cause or tier: %+v", s)
				}
			}
			slices.Sort(signals)
			if !slices.Equal(signals, test.signals) {
				t.Errorf("signals\ngot  %q\nwant %q", signals, test.signals)
			}
			for key, want := range test.counts {
				if n, ok := st.Counts[key]; !ok && want == 0 && key != "total" {
					t.Errorf("count %s is not there, want 0", key)
				} else if n != want {
					t.Errorf("count %s = %d, want %d", key, n, want)
				}
			}
			if again := manager.Project(test.world); fmt.Sprint(again.Counts, len(again.Tasks)) != fmt.Sprint(st.Counts, len(st.Tasks)) {
				t.Error("the same world gives another status")
			}
		})
	}
}

func TestStatusJSONIsTheContracts(t *testing.T) {
	data, err := json.Marshal(manager.Project(manager.World{Root: "/r", At: noon}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"root": `"/r"`, "owner": "null", "at": `"2026-05-06T12:00:00Z"`, "health": "[]", "tasks": "[]", "signals": "[]", "generation": "0"} {
		if string(got[key]) != want {
			t.Errorf("%s = %s, want %s", key, got[key], want)
		}
	}
}

func TestQueueAndReadyAreTheOneGrouping(t *testing.T) {
	st := manager.Project(manager.World{At: noon, Tasks: []*task.Task{
		aTask("a", task.Ready), aTask("b", task.Ready), aTask("c", task.NotStarted), aTask("d", task.Ready),
	}, Runs: runs(aRun("b", run.Queued, 2), aRun("c", run.Queued, 1), aRun("d", run.Rejected, 0))})
	var queue, ready string
	for _, r := range st.Queue() {
		queue += r.Slug
	}
	for _, r := range st.Ready() {
		ready += r.Slug
	}
	if queue != "cb" || ready != "ad" || st.Counts["ready_not_queued"] != len(st.Ready()) {
		t.Errorf("queue %q, ready %q, count %d", queue, ready, st.Counts["ready_not_queued"])
	}
}

// misplaced is a run that failed for its worktree or branch.
func misplaced(slug string) *run.Run {
	r := aRun(slug, run.Failed, 0)
	r.Worktree, r.Branch = "/w/"+slug, "task/"+slug
	r.Reason = &run.Reason{Code: run.Workspace, Text: "its place"}
	return r
}

// of is the run with a base.
func of(base string, r *run.Run) *run.Run {
	r.Base = base
	return r
}
