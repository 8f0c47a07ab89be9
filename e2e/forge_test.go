package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPullRequestWithTheRealGh: the real git pushes to a forge over HTTPS, the real gh makes a
// pull request of it, its checks are seen, it is merged, and the run is accepted.
func TestPullRequestWithTheRealGh(t *testing.T) {
	need(t, "gh")
	h := startHub(t)
	s := newShop(t, append(h.env, "TASKS_WORKER="+agentProgram(t, "printf 'made\\n' > made.txt"))...)
	git(t, s.root, "push", "-q", h.bare, "main")
	git(t, s.root, "remote", "add", "origin", "https://"+forgeHost+"/ann/thing.git")
	s.want(0, "alpha is review", "dispatch", "alpha", "--wait")
	s.want(6, "the remote is not confirmed yet: origin is https://forge.example/ann/thing.git", "run", "pr", "alpha")
	if out, _ := exec.Command("git", "-C", h.bare, "for-each-ref", "refs/heads/task").Output(); len(out) > 0 || h.pull != nil {
		t.Errorf("something left before it was confirmed: %s, %v", out, h.pull)
	}
	serving := start(t, s.env, "-C", s.root, "serve", "--addr", "127.0.0.1:0")
	h.set("checks", []any{map[string]any{"__typename": "CheckRun", "name": "build", "status": "COMPLETED", "conclusion": "FAILURE"}})
	s.want(0, "made https://forge.example/ann/thing/pull/7", "run", "pr", "alpha", "--confirm")
	s.want(0, "it has https://forge.example/ann/thing/pull/7", "run", "pr", "alpha")
	if h.pull["title"] != "Alpha" || h.pull["baseRefName"] != "main" || !strings.Contains(fmt.Sprint(h.pull["body"]), "tasks/alpha.md") {
		t.Errorf("the pull request is %v", h.pull)
	}
	serving.says(t, "pr_ci_failed")
	serving.stop(t) // from here on a command alone sees it
	h.set("mergeable", "CONFLICTING")
	s.want(0, "pr_ci_failed", "status") // as it was said last
	s.want(0, "nothing is to be done", "heartbeat")
	s.want(0, "pr_conflict", "status")
	h.set("mergeable", "MERGEABLE")

	// What was pushed by somebody else meanwhile is not merged unseen.
	mine := h.ref("refs/heads/task/alpha")
	git(t, h.bare, "update-ref", "refs/heads/task/alpha", "refs/heads/main")
	s.want(5, "it stands at another commit than the work that was reviewed", "run", "pr", "alpha", "--squash")
	git(t, h.bare, "update-ref", "refs/heads/task/alpha", mine)
	s.want(0, "merged https://forge.example/ann/thing/pull/7", "run", "pr", "alpha", "--squash")
	if out, err := exec.Command("git", "-C", h.bare, "show", "main:made.txt").Output(); err != nil || string(out) != "made\n" {
		t.Errorf("on the forge's main: %q, %v", out, err)
	}
	s.want(0, `"state":"accepted"`, "run", "show", "alpha", "--json")
}

// TestPullRequestFromThePage: the same by clicks.
func TestPullRequestFromThePage(t *testing.T) {
	need(t, "gh")
	h := startHub(t)
	s := newShop(t, append(h.env, "TASKS_WORKER="+agentProgram(t, "printf 'made\n' > made.txt"))...)
	git(t, s.root, "push", "-q", h.bare, "main")
	s.want(0, "alpha is review", "dispatch", "alpha", "--wait")
	serving := start(t, s.env, "-C", s.root, "serve", "--addr", "127.0.0.1:0")
	p := open(t, serving, 1440, 900)
	if p.goTo(serving, "runs/alpha"); js[bool](p, `document.querySelector('[data-open="push"]') !== null`) {
		t.Error("without a remote there is a button to push")
	}
	git(t, s.root, "remote", "add", "origin", "https://"+forgeHost+"/ann/thing.git")
	git(t, s.root, "remote", "add", "backup", filepath.Join(filepath.Dir(h.bare), "backup.git"))
	git(t, s.root, "init", "-q", "--bare", filepath.Join(filepath.Dir(h.bare), "backup.git"))
	p.goTo(serving, "runs/alpha")
	p.click(`[data-open="push"]`)
	p.until(`document.querySelector("#do-push [data-address]")?.textContent === "https://forge.example/ann/thing.git"`)
	p.axe("the form to push")
	p.shot("run-push")
	for _, width := range []int64{1440, 390} {
		other := open(t, serving, width, 900)
		other.theme("dark")
		other.goTo(serving, "runs/alpha")
		other.click(`[data-open="push"]`)
		other.until(`document.querySelector("#do-push [data-address]")?.textContent === "https://forge.example/ann/thing.git"`)
		other.axe(fmt.Sprintf("the form to push, dark, %d wide", width))
		other.equal(`String(document.documentElement.scrollWidth <= innerWidth)`, "true")
		other.shot(fmt.Sprintf("run-push-%d-dark", width))
	}
	p.click("#do-push [type=submit]") // the browser asks for the box first
	if h.pull != nil {
		t.Error("a pull request was made before the address was confirmed")
	}
	choose := func(name string) {
		js[bool](p, `((s) => { s.value = "`+name+`"; return s.dispatchEvent(new Event("change", { bubbles: true })); })(document.querySelector("#do-push select"))`)
	}
	choose("backup")
	p.until(`document.querySelector("#do-push [value=push]").checked && document.querySelector("#do-push [value=pr]").disabled`)
	choose("origin")
	p.click("#do-push [value=pr]", "#do-push [name=consent]", "#do-push [type=submit]")
	p.until(`document.querySelector("[data-live=run-facts]").textContent.includes("forge.example/ann/thing/pull/7")`)
	p.until(`document.getElementById("do-push").hidden`)

	p.click(`[data-open="push"]`)
	p.until(`document.querySelector("#do-push [value=squash]") !== null && document.querySelector("#do-push [value=push]") === null && document.querySelector("#do-push [data-consent]").hidden`)
	p.shot("run-pull")
	p.click("#do-push [value=squash]", "#do-push [type=submit]")
	p.until(`document.querySelector("[data-run-state]").dataset.runState === "accepted"`)
	if out, err := exec.Command("git", "-C", h.bare, "show", "main:made.txt").Output(); err != nil || string(out) != "made\n" {
		t.Errorf("on the forge's main: %q, %v", out, err)
	}
	p.quiet()
}

// says waits for a word in the server's status.
func (s *server) says(t *testing.T, word string) {
	t.Helper()
	var last string
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(s.url + "status.json")
		ok(t, err)
		data, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		ok(t, err)
		if last = string(data); strings.Contains(last, word) {
			return
		}
	}
	t.Fatalf("the status never said %s: %s", word, last)
}

// agentProgram is a program that does the work of a task.
func agentProgram(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(write(t, nil), "worker")
	ok(t, os.WriteFile(path, []byte("#!/bin/sh\ncat > /dev/null\n"+script+"\n"), 0o755))
	return path
}
