package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/git"
	"tasks/internal/process"
	"tasks/internal/run"
	"tasks/internal/runlog"
	"tasks/internal/store"
	"tasks/internal/trust"
)

// The test binary is the guardian, and a supervisor in a process of its own.
func TestMain(m *testing.M) {
	if process.Guardian() {
		return
	}
	if at := os.Getenv("SUPERVISOR_TEST"); at != "" {
		f := strings.Split(at, "|")
		h, err := openHouse(f[0], f[1])
		if err == nil {
			err = Run(context.Background(), h.config, f[2], f[3])
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const sheet = `---
title: Alpha
status: ready
%s---

## Problem

The reader drops the last line.
`

// house is a repository with a database and an agent.
type house struct {
	t      *testing.T
	root   string
	agent  string
	db     *store.DB
	config Config
}

func openHouse(root, agent string) (*house, error) {
	c, err := git.Find(context.Background(), root)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(context.Background(), c.StateDir())
	if err != nil {
		return nil, err
	}
	env := func(key string) (string, bool) {
		switch key {
		case "XDG_STATE_HOME":
			return root + "-state", true
		case "HOME":
			return root + "-home", true
		case "TASKS_WORKER":
			return agent, true
		case "TASKS_MANAGER_STALL":
			return "2m", true
		}
		return os.LookupEnv(key)
	}
	s, err := config.Load(config.Options{Root: root, Getenv: env})
	if err != nil {
		return nil, err
	}
	s.Manager.RetryDelay, s.Manager.RetryMax = 100*time.Millisecond, 150*time.Millisecond
	return &house{root: root, agent: agent, db: db, config: Config{
		Git: c, StateDir: c.StateDir(), Runs: run.New(db), Settings: s, Trust: trust.New(env), Getenv: env,
	}}, nil
}

// newHouse is a repository whose agent is a script of the lines.
func newHouse(t *testing.T, script string) *house {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	agent := filepath.Join(t.TempDir(), "agent.sh")
	if err := os.WriteFile(agent, []byte("#!/bin/sh\ncat > "+agent+".prompt\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "trunk"}, {"commit", "-q", "--allow-empty", "-m", "first"}} {
		if out, err := exec.Command("git", append([]string{"-C", root, "-c", "user.name=n", "-c", "user.email=e"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	h, err := openHouse(root, agent)
	if err != nil {
		t.Fatal(err)
	}
	h.t = t
	t.Cleanup(func() { h.db.Close() })
	return h
}

// queue puts alpha into the queue; front is more of its front matter.
func (h *house) queue(front string) run.Run {
	h.t.Helper()
	text := fmt.Sprintf(sheet, front)
	r, fresh, err := h.config.Runs.Enqueue(h.t.Context(), run.Run{Slug: "alpha", Path: "tasks/alpha.md", Base: "trunk", Worksheet: []byte(text), Hash: "h", Title: "Alpha"})
	if err != nil || !fresh {
		h.t.Fatalf("%v %v", fresh, err)
	}
	return r
}

// attempt claims the run and does one attempt in this process.
func (h *house) attempt(id string) *run.Run {
	h.t.Helper()
	if err := Run(h.t.Context(), h.config, id, h.claim(id)); err != nil {
		h.t.Fatal(err)
	}
	return h.now(id)
}

func (h *house) claim(id string) string {
	h.t.Helper()
	token, ok, err := h.config.Runs.Claim(h.t.Context(), id, time.Now())
	if err != nil || !ok {
		h.t.Fatalf("no claim: %v %v", ok, err)
	}
	return token
}

func (h *house) now(id string) *run.Run {
	h.t.Helper()
	r, err := h.config.Runs.ByID(context.Background(), id)
	if err != nil || r == nil {
		h.t.Fatalf("%v %v", r, err)
	}
	return r
}

// events are the log of the run, a word each.
func (h *house) events(id string) string {
	var b strings.Builder
	runlog.Read(run.Dir(h.config.StateDir, id), 0, func(e runlog.Event) bool {
		fmt.Fprintf(&b, "%s %s %s %s %.80s\n", e.Type, e.Name, e.Status, e.Title, e.Text)
		return true
	})
	return b.String()
}

func (h *house) file(name string) string {
	data, err := os.ReadFile(filepath.Join(h.root, ".worktrees", "alpha", name))
	if err != nil {
		return ""
	}
	return string(data)
}

func TestToReview(t *testing.T) {
	h := newHouse(t, `echo at work; echo made > made.txt`)
	r := h.queue("")
	got := h.attempt(r.ID)
	if got.State != run.Review || got.Reason == nil || got.Reason.Code != run.Finished || got.EndedAt.IsZero() || got.Attempt != 1 || got.Lease != "" || got.PID != 0 {
		t.Errorf("run %+v reason %+v", got, got.Reason)
	}
	if got.Branch != "task/alpha" || got.Head == "" || got.Begin == "" || got.Head == got.Begin || got.Port == 0 || got.Worker != "agent.sh" {
		t.Errorf("run %+v", got)
	}
	out, err := exec.Command("git", "-C", h.root, "show", "task/alpha:made.txt").Output()
	if err != nil || string(out) != "made\n" {
		t.Errorf("on the branch: %q %v", out, err)
	}
	all, err := h.config.Runs.Attempts(t.Context(), r.ID)
	if err != nil || len(all) != 1 || all[0].Outcome != run.Done || all[0].ExitCode == nil || *all[0].ExitCode != 0 || len(all[0].Commits) != 1 {
		t.Errorf("attempts %+v %v", all, err)
	}
	if _, err := os.Stat(filepath.Join(os.TempDir(), "tasks-run-"+r.ID)); err == nil {
		t.Error("its temporary folder is left")
	}
}

func TestFailuresAreTriedAgainAndEnd(t *testing.T) {
	h := newHouse(t, `echo step >> steps.txt; echo broken >&2; exit 3`)
	r := h.queue("")
	for n := 1; n <= 3; n++ {
		got := h.attempt(r.ID)
		want := run.Retrying
		if n == 3 {
			want = run.Failed
		}
		if got.State != want || got.Reason == nil || got.Reason.Code != run.AgentFailed || !strings.Contains(got.Reason.Text, "broken") || got.Attempt != n {
			t.Fatalf("attempt %d: %s %+v", n, got.State, got.Reason)
		}
		if want == run.Retrying && got.RetryAt.IsZero() || want == run.Failed && got.EndedAt.IsZero() {
			t.Errorf("attempt %d has no time: %+v", n, got)
		}
	}
	if got := h.file("steps.txt"); got != "step\nstep\nstep\n" {
		t.Errorf("the worktree was not taken up again: %q", got)
	}
	data, err := os.ReadFile(h.agent + ".prompt")
	if err != nil || !strings.Contains(string(data), "broken") {
		t.Errorf("the last prompt does not say why the attempt before ended: %v\n%s", err, data)
	}
}

func TestVerifyIsRunFromTheBytesKickedOff(t *testing.T) {
	h := newHouse(t, `if [ -f first ]; then touch good; else touch first; printf -- '---\ntitle: x\nverify: [true]\n---\n' > tasks/alpha.md; fi`)
	front := "verify:\n  - echo looking; test -f good\n"
	r := h.queue(front)
	if err := h.config.Trust.Trust(h.root, []trust.Command{{Kind: trust.Verify, Text: "echo looking; test -f good"}}); err != nil {
		t.Fatal(err)
	}
	got := h.attempt(r.ID)
	if got.State != run.Retrying || got.Reason.Code != run.VerifyFails {
		t.Fatalf("%s %+v\n%s", got.State, got.Reason, h.events(r.ID))
	}
	got = h.attempt(r.ID)
	if got.State != run.Review {
		t.Fatalf("%s %+v\n%s", got.State, got.Reason, h.events(r.ID))
	}
	data, err := os.ReadFile(h.agent + ".prompt")
	if err != nil || !strings.Contains(string(data), "looking") {
		t.Errorf("the agent was not told what verify said: %v\n%s", err, data)
	}
	ev, err := h.config.Runs.EvidenceOf(t.Context(), r.ID)
	if err != nil || len(ev) != 2 || ev[0].OK || !ev[1].OK || ev[1].Commit == "" || !strings.Contains(ev[0].Output, "looking") {
		t.Errorf("evidence %+v %v", ev, err)
	}
}

func TestUntrustedCommandsNeverRun(t *testing.T) {
	h := newHouse(t, `true`)
	r := h.queue("verify: ['touch " + h.root + "/ran']\n")
	got := h.attempt(r.ID)
	if got.State != run.Failed || got.Reason.Code != run.Untrusted {
		t.Errorf("%s %+v", got.State, got.Reason)
	}
	if _, err := os.Stat(filepath.Join(h.root, "ran")); err == nil {
		t.Error("the command ran")
	}
}

// begin starts an attempt in this process and returns when the agent has said "ready".
func (h *house) begin(id string) (ended chan error) {
	h.t.Helper()
	token := h.claim(id)
	ended = make(chan error, 1)
	go func() { ended <- Run(context.Background(), h.config, id, token) }()
	h.said(id, "ready")
	return ended
}

// said waits until the log of the run holds the word.
func (h *house) said(id, word string) {
	h.t.Helper()
	dir := run.Dir(h.config.StateDir, id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	found := false
	err := runlog.Follow(ctx, dir, 0, func(e runlog.Event) bool {
		found = e.Type != runlog.Prompt && strings.Contains(e.Text+e.Output, word)
		return !found
	})
	if err != nil || !found {
		h.t.Fatalf("nothing said %q: %v\n%s", word, err, h.events(id))
	}
}

func (h *house) wake(id string) {
	if err := os.WriteFile(filepath.Join(run.Dir(h.config.StateDir, id), InboxFile), []byte(time.Now().String()), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func TestStop(t *testing.T) {
	h := newHouse(t, `echo half > half.txt; echo ready; setsid tail -f /dev/null & wait`)
	r := h.queue("")
	ended := h.begin(r.ID)
	if ok, err := h.config.Runs.AskStop(t.Context(), r.ID, "enough"); err != nil || !ok {
		t.Fatal(ok, err)
	}
	h.wake(r.ID)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got := h.now(r.ID)
	if got.State != run.Interrupted || got.Reason.Code != run.Stopped || got.Reason.Text != "enough" {
		t.Errorf("%s %+v", got.State, got.Reason)
	}
	if out, err := exec.Command("git", "-C", h.root, "show", "task/alpha:half.txt").Output(); err != nil || string(out) != "half\n" {
		t.Errorf("half the work is not on the branch: %q %v", out, err)
	}
	if left, err := process.Survivors("TASKS_RUN", r.ID); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestAMessageAfterTheStepAndOneThatInterrupts(t *testing.T) {
	h := newHouse(t, `n=$(ls n.* 2>/dev/null | wc -l); touch n.$n; echo ready $n; if [ $n = 1 ]; then tail -f /dev/null; fi; [ $n != 0 ] || read x < $0.fifo`)
	if err := syscall.Mkfifo(h.agent+".fifo", 0o600); err != nil { // which holds the first turn
		t.Fatal(err)
	}
	r := h.queue("")
	token := h.claim(r.ID)
	ended := make(chan error, 1)
	go func() { ended <- Run(context.Background(), h.config, r.ID, token) }()
	h.said(r.ID, "ready 0")
	if _, err := h.config.Runs.Send(t.Context(), run.Message{Run: r.ID, Text: "and mind the tests"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.agent+".fifo", []byte("go on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.said(r.ID, "ready 1")
	if data, err := os.ReadFile(h.agent + ".prompt"); err != nil || !strings.Contains(string(data), "and mind the tests") {
		t.Errorf("the second prompt: %v\n%s", err, data)
	}
	if _, err := h.config.Runs.Send(t.Context(), run.Message{Run: r.ID, Text: "stop that, do this", Now: true}); err != nil {
		t.Fatal(err)
	}
	h.wake(r.ID)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := h.now(r.ID); got.State != run.Review || got.Attempt != 1 {
		t.Errorf("%s, attempt %d: %+v\n%s", got.State, got.Attempt, got.Reason, h.events(r.ID))
	}
	if data, err := os.ReadFile(h.agent + ".prompt"); err != nil || !strings.Contains(string(data), "stop that, do this") {
		t.Errorf("the third prompt: %v\n%s", err, data)
	}
	left, err := h.config.Runs.Messages(t.Context(), r.ID, true)
	if err != nil || len(left) != 0 {
		t.Errorf("not sent: %v %v", left, err)
	}
}

// TestTheAgentEndsWithItsSupervisor: kill -9 leaves nothing at work, and the lock free.
func TestTheAgentEndsWithItsSupervisor(t *testing.T) {
	h := newHouse(t, `echo half > half.txt; echo ready; setsid tail -f /dev/null & tail -f /dev/null`)
	r := h.queue("")
	token := h.claim(r.ID)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SUPERVISOR_TEST="+strings.Join([]string{h.root, h.agent, r.ID, token}, "|"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.said(r.ID, "ready")
	cmd.Process.Kill()
	cmd.Wait()
	lock, err := lockTask(t.Context(), h.config.StateDir, "alpha") // waits for the tree to be down
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
	if left, err := process.Survivors("TASKS_RUN", r.ID); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
	if got := h.now(r.ID); got.State != run.Running || got.Lease != token {
		t.Errorf("%s: what nobody recorded is recorded", got.State)
	}
	// What the reaper does, once the lease has lapsed.
	ok, err := h.config.Runs.Lose(t.Context(), r.ID, token, run.Retrying, run.Reason{Code: run.Crashed, Text: "lost"}, time.Now(), time.Now().Add(run.LeaseTime*2))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := os.WriteFile(h.agent, []byte("#!/bin/sh\ncat half.txt\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := h.attempt(r.ID); got.State != run.Review || got.Attempt != 2 {
		t.Errorf("%s %+v\n%s", got.State, got.Reason, h.events(r.ID))
	}
}

// TestAMessageOutlivesASupervisor: one that the agent has not answered with a word yet is
// told again.
func TestAMessageOutlivesASupervisor(t *testing.T) {
	h := newHouse(t, `echo x > $0.fifo; tail -f /dev/null`)
	if err := syscall.Mkfifo(h.agent+".fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	r := h.queue("")
	if _, err := h.config.Runs.Send(t.Context(), run.Message{Run: r.ID, Text: "mind the tests", Now: true}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SUPERVISOR_TEST="+strings.Join([]string{h.root, h.agent, r.ID, h.claim(r.ID)}, "|"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(h.agent + ".fifo"); err != nil { // the agent is at work
		t.Fatal(err)
	}
	h.wake(r.ID) // which must not interrupt the agent for what it was just told
	cmd.Process.Kill()
	cmd.Wait()
	if data, err := os.ReadFile(h.agent + ".prompt"); err != nil || !strings.Contains(string(data), "mind the tests") {
		t.Errorf("the prompt: %v\n%s", err, data)
	}
	if left, err := h.config.Runs.Messages(t.Context(), r.ID, true); err != nil || len(left) != 1 {
		t.Errorf("%v %v: the message is lost", left, err)
	}
	lock, err := lockTask(t.Context(), h.config.StateDir, "alpha")
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
}

// TestALostLeaseEndsTheAgent: a supervisor that slept writes nothing any more.
func TestALostLeaseEndsTheAgent(t *testing.T) {
	h := newHouse(t, `echo ready; tail -f /dev/null`)
	r := h.queue("")
	ended := h.begin(r.ID)
	token := h.now(r.ID).Lease
	ok, err := h.config.Runs.Lose(t.Context(), r.ID, token, run.Retrying, run.Reason{Code: run.Crashed, Text: "lost"}, time.Now(), time.Now().Add(run.LeaseTime*2))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	h.wake(r.ID)
	if err := <-ended; !errors.Is(err, run.ErrLost) {
		t.Errorf("%v, want the loss", err)
	}
	if got := h.now(r.ID); got.State != run.Retrying || got.Reason.Text != "lost" {
		t.Errorf("%s %+v: the one that lost it wrote", got.State, got.Reason)
	}
	if left, err := process.Survivors("TASKS_RUN", r.ID); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

// TestI14OneAgentForATask: two supervisors of one task, whatever the database says.
func TestI14OneAgentForATask(t *testing.T) {
	h := newHouse(t, `echo ready; tail -f /dev/null`)
	r := h.queue("")
	ended := h.begin(r.ID)
	defer func() {
		h.config.Runs.AskStop(context.Background(), r.ID, "over")
		h.wake(r.ID)
		<-ended
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if f, err := lockTask(ctx, h.config.StateDir, "alpha"); err == nil {
		f.Close()
		t.Error("the task was locked twice")
	}
	if _, ok, err := h.config.Runs.Claim(t.Context(), r.ID, time.Now()); ok || err != nil {
		t.Errorf("claimed twice: %v %v", ok, err)
	}
}
