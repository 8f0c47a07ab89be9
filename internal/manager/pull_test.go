package manager

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/forge"
	"tasks/internal/git"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/store"
	"tasks/internal/tracker"
)

// What the forge says about a run's pull request becomes a signal, and a merge its end;
// it is asked by the loop only, and an answer that is not new wakes nobody.
func TestPullRequestsAreSignals(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, bin, answer := filepath.Join(dir, "root"), filepath.Join(dir, "bin"), filepath.Join(dir, "answer")
	for _, d := range []string{filepath.Join(root, "tasks"), bin} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	head := strings.Repeat("a", 40)
	says := func(change ...string) {
		t.Helper()
		write(answer, strings.NewReplacer(change...).Replace(`{"number":7,"url":"https://forge.example/ann/thing/pull/7","state":"OPEN","headRefOid":"`+head+`","baseRefName":"main","mergeable":"MERGEABLE","statusCheckRollup":[{"name":"build","status":"COMPLETED","conclusion":"SUCCESS"}]}`))
	}
	write(filepath.Join(bin, "gh"), "#!/bin/sh\ncase \"$1 $2\" in\n'--version ') echo gh version 2.40.1;;\n'auth status') ;;\n'pr view') cat '"+answer+"';;\n*) exit 9;;\nesac\n")
	write(filepath.Join(root, "tasks", "alpha.md"), "---\ntype: task\ntitle: Alpha\nstatus: not_started\n---\n")
	if out, err := exec.Command("git", "init", "-q", "-b", "main", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, err := git.Find(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	files, err := repo.Open(root, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	db, err := store.Open(t.Context(), c.StateDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	env := map[string]string{"PATH": bin + ":" + os.Getenv("PATH"), "HOME": dir, "XDG_STATE_HOME": filepath.Join(dir, "state")}
	m := New(Config{
		Git: c, Repo: files, Tracker: tracker.New(files), Runs: run.New(db), Settings: &config.Settings{Root: root}, StateDir: c.StateDir(),
		Forge: &forge.Forge{Git: c, StateDir: filepath.Join(dir, "state"), Getenv: func(k string) (string, bool) { v, ok := env[k]; return v, ok }},
	})
	r, _, err := m.Runs.Enqueue(t.Context(), run.Run{Slug: "alpha", Path: "tasks/alpha.md", Base: "main", Hash: "h"})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := m.Runs.Claim(t.Context(), r.ID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	on, err := m.Runs.Take(t.Context(), r.ID, token, 1, "x", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	on.Branch, on.Head, on.Begin, on.State = "task/alpha", head, strings.Repeat("b", 40), run.Review
	if err := m.Runs.Finish(t.Context(), on, token, run.Attempt{N: 1, Outcome: run.Done}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.MergePull(t.Context(), "alpha", true); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("without a pull request: %v", err)
	}
	if err := m.Runs.SetPR(t.Context(), r.ID, "https://forge.example/ann/thing/pull/7"); err != nil {
		t.Fatal(err)
	}
	look := func() (codes string) {
		t.Helper()
		st, err := m.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range st.Signals {
			if strings.HasPrefix(g.Code, "pr_") {
				codes += g.Code + " "
			}
		}
		return codes
	}
	woken := func() bool {
		select {
		case <-m.wake:
			return true
		default:
			return false
		}
	}
	look()
	woken()
	for _, step := range []struct {
		change []string
		want   string
		wakes  bool
	}{
		{nil, "", true}, {nil, "", false},
		{[]string{"SUCCESS", "FAILURE"}, "pr_ci_failed ", true},
		{[]string{"MERGEABLE", "CONFLICTING"}, "pr_conflict ", true},
	} {
		says(step.change...)
		m.askPulls(t.Context())
		if got := woken(); got != step.wakes {
			t.Errorf("%v woke the loop: %v", step.change, got)
		}
		if got := look(); got != step.want {
			t.Errorf("%v: %q, want %q", step.change, got, step.want)
		}
	}
	write(answer, "HTTP 502") // an answer that is none leaves what is known
	m.askPulls(t.Context())
	if got := look(); got != "pr_conflict " {
		t.Errorf("after a bad answer: %q", got)
	}
	says("OPEN", "MERGED")
	m.askPulls(t.Context())
	w, err := m.see(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if plan := Plan(w); len(plan) == 0 || plan[0].Verb != Close || !strings.Contains(plan[0].Reason, "pull request was merged") {
		t.Errorf("a merged one: %+v", plan)
	}
}
