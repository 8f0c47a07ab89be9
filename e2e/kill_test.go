package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tasks/internal/process"
)

var (
	kills    = flag.Int("kills", 0, "how many processes TestKillAnything kills; 0 for a few")
	killSeed = flag.Uint64("killseed", 0, "the seed of TestKillAnything; 0 picks one")
)

// killAgent works in steps that are to be seen from outside: each line of steps.txt is
// written to the story only after it stands in the worktree. A second agent at work on
// the same task finds its lock taken and says so.
const killAgent = `#!/bin/sh
cat > /dev/null
story=$(dirname "$0")/story.$TASKS_SLUG
exec 9>>"$story.lock"
flock -n 9 || { echo TWICE >> "$story"; exit 9; }
n=$(cat steps.txt 2>/dev/null | wc -l)
while [ $n -lt 24 ]; do
  n=$((n+1))
  echo "step $n" >> steps.txt
  echo "step $n" >> "$story"
  echo "at step $n"
  if [ $((n % 3)) = 0 ]; then git add -A && git -c user.name=a -c user.email=a@localhost commit -qm "step $n" || true; fi
  setsid sleep 0.2 & wait
done
`

// sheetOf is a worksheet that passes the strict check.
func sheetOf(title string) string {
	return "---\ntitle: " + title + `
status: not_started
---

## Problem

The reader drops the last line of a file that has no newline at its end.

## Context

It was found in the import of a customer's list; the tests have no such file.

## Possible Solutions

1. Read line by line (recommended): small, and what the others do.
2. Append a newline to every file: changes what people wrote.

## Plan

- [ ] Change the reader
- [ ] Add a test with such a file

## Implementation Progress

## QA Exploration

## Review Feedback
`
}

// TestKillAnything kills the server, supervisors and agents with -9 at points all through
// a few runs. Each time the work is on again within 30 s, or done; no task ever has two
// agents, nothing is left over, and no line that an agent wrote is lost.
func TestKillAnything(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are found through /proc")
	}
	rounds := *kills
	if rounds == 0 {
		rounds = 3
		if os.Getenv("TASKS_E2E") != "" {
			rounds = 6
		}
	}
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test ./e2e -run KillAnything -killseed %d -kills %d", seed, seed, rounds)
	k := newKilling(t, rand.New(rand.NewPCG(seed, 1)))
	for n := range rounds {
		// A run may lose five supervisors in a row; and where all is done there is nothing to kill.
		if n > 0 && (n%4 == 0 || k.done()) {
			k.finish()
			k.begin()
		}
		time.Sleep(time.Duration(k.rnd.IntN(1500)) * time.Millisecond) // a point that nobody chose
		k.kill()
		k.recovered()
	}
	k.finish()
}

// killing is a repository with a server and tasks at work.
type killing struct {
	t      *testing.T
	rnd    *rand.Rand
	root   string
	home   string // of agent and stories
	env    []string
	server *server
	slugs  []string
	made   int
}

func newKilling(t *testing.T, rnd *rand.Rand) *killing {
	k := &killing{t: t, rnd: rnd, home: write(t, map[string]string{"agent": killAgent})}
	if err := os.Chmod(filepath.Join(k.home, "agent"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.root = write(t, map[string]string{"README.md": "# A\n"})
	git(t, k.root, "init", "-q", "-b", "main")
	git(t, k.root, "add", "-A")
	git(t, k.root, "commit", "-qm", "first")
	k.env = []string{"TASKS_WORKER=" + filepath.Join(k.home, "agent"), "XDG_STATE_HOME=" + filepath.Join(k.home, "state"),
		// An agent that is killed has failed, and the same one may be hit again and again.
		"TASKS_MANAGER_ATTEMPTS=9", "TASKS_MANAGER_RETRY_MAX=15s"}
	k.serve()
	k.begin()
	t.Cleanup(k.sweep)
	return k
}

func (k *killing) serve() {
	k.server = start(k.t, k.env, "-C", k.root, "serve", "--addr", "127.0.0.1:0")
}

// begin kicks three new tasks off.
func (k *killing) begin() {
	k.slugs = nil
	for range 3 {
		k.made++
		slug := fmt.Sprintf("task-%d", k.made)
		if err := os.MkdirAll(filepath.Join(k.root, "tasks"), 0o755); err != nil {
			k.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(k.root, "tasks", slug+".md"), []byte(sheetOf(slug)), 0o644); err != nil {
			k.t.Fatal(err)
		}
		k.slugs = append(k.slugs, slug)
		k.tasks("kickoff", slug)
	}
}

// tasks runs the program and returns what it printed.
func (k *killing) tasks(args ...string) []byte {
	k.t.Helper()
	path, err := binary()
	if err != nil {
		k.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"-C", k.root}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + k.home}, k.env...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("tasks %v: %v: %s%s", args, err, out, said.String())
	}
	return out
}

// runState is what the contract says of a run.
type runState struct {
	ID, Slug, State string
	Attempt         int
	Reason          *struct{ Code, Text string }
}

func (k *killing) runs() map[string]runState {
	var list struct{ Runs []runState }
	if err := json.Unmarshal(k.tasks("runs", "--json"), &list); err != nil {
		k.t.Fatal(err)
	}
	out := map[string]runState{}
	for _, r := range list.Runs {
		if _, newer := out[r.Slug]; !newer {
			out[r.Slug] = r
		}
	}
	return out
}

// supervisors are the processes that hold the runs of this repository.
func (k *killing) supervisors() []int {
	var pids []int
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		data, err := os.ReadFile(name)
		args := strings.Split(string(data), "\x00")
		if err != nil || len(args) < 5 || args[3] != "supervise" || args[2] != k.root {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// agents are the processes of the runs that are on.
func (k *killing) agents() []int {
	var pids []int
	for _, r := range k.runs() {
		found, err := process.Survivors("TASKS_RUN", r.ID)
		if err != nil {
			k.t.Fatal(err)
		}
		pids = append(pids, found...)
	}
	return pids
}

// done tells whether all runs are ready for review.
func (k *killing) done() bool {
	for _, r := range k.runs() {
		if r.State != "review" {
			return false
		}
	}
	return true
}

// kill ends one process the hard way: the server, which is started again as a user
// would, a supervisor, a process of an agent, or all of a kind at once.
func (k *killing) kill() {
	switch what := k.rnd.IntN(5); what {
	case 0:
		k.server.cmd.Process.Kill()
		k.server.cmd.Wait()
		k.t.Log("killed the server")
		k.serve()
	case 1, 2:
		pids := k.supervisors()
		if what == 1 && len(pids) > 0 {
			i := k.rnd.IntN(len(pids))
			pids = pids[i : i+1]
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		k.t.Logf("killed %d supervisors", len(pids))
	case 3:
		if pids := k.agents(); len(pids) > 0 {
			syscall.Kill(pids[k.rnd.IntN(len(pids))], syscall.SIGKILL)
		}
		k.t.Log("killed a process of an agent")
	case 4:
		k.server.cmd.Process.Kill()
		k.server.cmd.Wait()
		for _, pid := range k.supervisors() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		k.t.Log("killed the server and all supervisors")
		k.serve()
	}
}

// recovered waits until each run is on with an agent, or at its end, for at most 30 s: that
// is 300 looks, so that a machine which is too busy to look gets longer.
func (k *killing) recovered() {
	k.t.Helper()
	began := time.Now()
	for looks := 0; ; looks++ {
		waits := ""
		for slug, r := range k.runs() {
			alive, err := process.Survivors("TASKS_RUN", r.ID)
			if err != nil {
				k.t.Fatal(err)
			}
			held := len(k.supervisors()) > 0
			switch {
			case r.State == "review":
			case r.State == "running" && len(alive) > 0 && held:
			case r.State == "verifying" && held:
			case r.State == "failed" || r.State == "interrupted":
				k.t.Fatalf("%s is %s: %+v", slug, r.State, r.Reason)
			default:
				waits += fmt.Sprintf(" %s is %s, %d processes;", slug, r.State, len(alive))
			}
		}
		if waits == "" {
			k.t.Logf("on again after %s", time.Since(began).Round(100*time.Millisecond))
			return
		}
		if looks > 300 {
			k.t.Fatalf("not recovered after %s:%s\n%s", time.Since(began), waits, k.tasks("status"))
		}
		time.Sleep(100 * time.Millisecond) // processes tell nobody
	}
}

// finish waits for all to be ready for review, and looks whether anything was lost or
// left over.
func (k *killing) finish() {
	k.t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for open := true; open; time.Sleep(100 * time.Millisecond) {
		open = false
		for slug, r := range k.runs() {
			switch r.State {
			case "review":
			case "failed", "interrupted":
				k.t.Fatalf("%s is %s: %+v\n%s", slug, r.State, r.Reason, k.tasks("run", "logs", slug))
			default:
				open = true
			}
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("not at review in time\n%s", k.tasks("status"))
		}
	}
	if left := k.agents(); len(left) > 0 {
		k.t.Errorf("left over: %v", left)
	}
	// One that has recorded the end is on its way out.
	left := k.supervisors()
	for looks := 0; len(left) > 0 && looks < 300; looks++ {
		time.Sleep(100 * time.Millisecond) // processes tell nobody
		left = k.supervisors()
	}
	if len(left) > 0 {
		k.t.Errorf("supervisors left over: %v", left)
	}
	for _, slug := range k.slugs {
		story, err := os.ReadFile(filepath.Join(k.home, "story."+slug))
		if err != nil {
			k.t.Fatal(err)
		}
		if strings.Contains(string(story), "TWICE") {
			k.t.Errorf("%s had two agents at once:\n%s", slug, story)
		}
		got, err := exec.Command("git", "-C", k.root, "show", "task/"+slug+":steps.txt").Output()
		if err != nil {
			k.t.Fatalf("%s: %v", slug, err)
		}
		have := strings.Split(string(got), "\n")
		for _, line := range strings.Split(strings.TrimSpace(string(story)), "\n") {
			if !contains(have, line) {
				k.t.Errorf("%s: %q was written and is not on the branch:\n%s", slug, line, got)
			}
		}
	}
	if out := k.tasks("heartbeat", "--dry-run"); !strings.Contains(string(out), "nothing is to be done") {
		k.t.Errorf("a beat after all of it would do: %s", out)
	}
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// sweep leaves nothing behind, also where the test has failed.
func (k *killing) sweep() {
	k.server.stop(k.t)
	for _, pid := range append(k.supervisors(), k.agents()...) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
