package manager

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/workflow"
)

// flowOf is the workflow of a root whose file has this front matter.
func flowOf(t *testing.T, front string) *workflow.Workflow {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, workflow.File), []byte("---\n"+front+"\n---\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := workflow.Load(root, "")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// told are the plan's actions, a line each.
func told(w World) string {
	var b strings.Builder
	for _, a := range Plan(w) {
		b.WriteString(strings.TrimSpace(a.Verb+" "+a.Slug) + ": " + a.Reason + "\n")
	}
	return b.String()
}

// flowWorld is a world of tasks, each as "slug status labels", with a run of the state.
func flowWorld(flow *workflow.Workflow, state run.State, tasks ...string) World {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w := World{At: now, Branch: "main", Flow: flow, Starts: true, Runs: map[string]*run.Run{}, Lives: map[string]Life{}}
	for i, text := range tasks {
		f := strings.Fields(text)
		tk := &task.Task{Slug: f[0], ID: f[0], Path: "tasks/" + f[0] + ".md", Status: task.Status(f[1]), Labels: f[2:], Hash: "h"}
		r := &run.Run{ID: "r-" + f[0], Slug: f[0], Path: tk.Path, Base: "main", State: state, Hash: "h", QueuedAt: now.Add(time.Duration(i) * time.Second)}
		if state.Leased() {
			r.Attempt, r.PID, r.LeaseUntil = 1, 1, now.Add(time.Minute)
			w.Lives[r.ID] = Life{Alive: true}
		}
		w.Tasks, w.Runs[tk.Slug] = append(w.Tasks, tk), r
	}
	return w
}

func TestRequiredLabelsKeepATaskFromBeginning(t *testing.T) {
	flow := flowOf(t, "tracker: {required_labels: [ ' Backend ' ]}")
	got := told(flowWorld(flow, run.Queued, "a not_started backend", "b not_started web", "c ready x BACKEND"))
	want := "dispatch a: it is next, and a slot is free\n" +
		"hold b: it is not this manager's: it lacks the label \"backend\", which is asked for by WORKFLOW.md\n" +
		"dispatch c: it is next, and a slot is free\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := told(flowWorld(flowOf(t, "tracker: {required_labels: ['']}"), run.Queued, "a not_started b")); strings.Contains(got, "dispatch") {
		t.Errorf("a blank label is one that no task has:\n%s", got)
	}
}

func TestActiveStatesKeepATaskFromBeginningAndStopItsRun(t *testing.T) {
	flow := flowOf(t, "tracker: {active_states: [Todo, In Progress], terminal_states: [Blocked]}")
	got := told(flowWorld(flow, run.Queued, "a not_started", "b ready", "c in_progress"))
	if strings.Count(got, "dispatch ") != 2 || !strings.Contains(got, "hold b: it is not this manager's: its status ready") {
		t.Errorf("queued:\n%s", got)
	}
	w := flowWorld(flow, run.Running, "a in_progress", "b ready", "c blocked", "d completed")
	got = told(w)
	for _, want := range []string{"stop b: its status ready is none that is worked on by WORKFLOW.md\n", "stop c: its task is blocked, which is over by WORKFLOW.md\n", "stop d: its task is completed\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "stop a") || strings.Contains(got, "clean") {
		t.Errorf("running:\n%s", got)
	}
	// Stopped, the worktree of the one that is over goes, the other one's stays.
	for slug, r := range w.Runs {
		r.State, r.Worktree, r.Lease, r.PID = run.Interrupted, "/w/"+slug, "", 0
	}
	got = told(w)
	if strings.Contains(got, "clean b") || !strings.Contains(got, "clean c") || !strings.Contains(got, "clean d") {
		t.Errorf("stopped:\n%s", got)
	}
}

func TestLimitsByState(t *testing.T) {
	flow := flowOf(t, "agent: {max_concurrent_agents_by_state: {'In Progress': 1}}")
	got := told(flowWorld(flow, run.Queued, "a in_progress", "b in_progress", "c ready", "d ready"))
	if strings.Count(got, "dispatch ") != 3 || !strings.Contains(got, "hold b: as many runs of tasks that are in_progress are on as may be (1)\n") {
		t.Errorf("got\n%s", got)
	}
}

// A retry that finds no slot waits on, and says so.
func TestARetryWithoutASlotSaysSo(t *testing.T) {
	w := flowWorld(nil, run.Running, "a in_progress")
	more := flowWorld(nil, run.Retrying, "b in_progress")
	w.Tasks, w.Limits.Runs = append(w.Tasks, more.Tasks...), 1
	b := more.Runs["b"]
	b.Attempt, b.RetryAt, b.Reason = 2, w.At.Add(-time.Second), &run.Reason{Code: run.AgentFailed, Text: "it broke"}
	w.Runs["b"] = b
	if got := told(w); got != "hold b: as many runs are on as may be (1)\n" {
		t.Errorf("got\n%s", got)
	}
	b.Reason = &run.Reason{Code: run.Limit, Text: "as many runs are on as may be (1)"}
	if got := told(w); got != "" {
		t.Errorf("again:\n%s", got)
	}
	b.RetryAt = w.At.Add(time.Hour)
	w.Limits.Runs = 2
	if got := told(w); got != "" {
		t.Errorf("before it is due:\n%s", got)
	}
}

// What cannot be read keeps new runs from beginning, and is said; what is on goes on with
// the last good one, and a file that is mended counts at once.
func TestAWorkflowThatCannotBeReadHoldsNewRuns(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, workflow.File)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := New(Config{Workflow: workflow.NewHolder(root, ""), Settings: &config.Settings{Manager: config.Manager{Runs: 4, Beat: 30 * time.Second}}})
	levels := func() (out string) {
		for _, h := range m.flowHealth() {
			out += h.Level + " "
		}
		return out
	}
	if got := levels(); got != "" || m.limits().Runs != 4 {
		t.Errorf("without a file: %q, %+v", got, m.limits())
	}
	write("---\nagent: {max_concurrent_agents: 2}\npolling: {interval_ms: 5000}\nhooks: {before_run: make}\n---\n")
	if l := m.limits(); l.Runs != 2 || m.every() != 5*time.Second || levels() != "" {
		t.Errorf("%+v, %s, %q", l, m.every(), levels())
	}
	write("---\nagent: {max_concurrent_agents: 9}\nworkspace: {root: /elsewhere}\n---\n")
	if l := m.limits(); l.Runs != 4 || levels() != "warn warn " {
		t.Errorf("%+v, %q", l, levels())
	}
	write("---\nagent: {max_concurrent_agents: 3}\nhooks: {before_run: make}\n---\n")
	if l := m.limits(); l.Runs != 3 {
		t.Errorf("%+v", l)
	}
	write("---\n- broken\n---\n")
	if l, c := m.limits(), m.commands(nil); l.Runs != 3 || levels() != "bad " || len(c) != 1 || c[0].Text != "make" {
		t.Errorf("%+v, %q, %+v", l, levels(), c)
	}
	if text := m.flowHealth()[0].Text; !strings.Contains(text, "workflow_front_matter_not_a_map") || !strings.HasPrefix(text, "no run can begin: ") {
		t.Errorf("%q", text)
	}
}
