package forge

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
)

// fake puts a gh into the world that answers by the first words of its arguments, and
// keeps what it was asked.
func (w *world) fake(answers map[string]string) {
	w.t.Helper()
	script := "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '" + w.dir + "/asked'\npwd >> '" + w.dir + "/where'\ncase \"$1 $2\" in\n"
	for call, answer := range answers {
		name := filepath.Join(w.dir, strings.ReplaceAll(call, " ", "-"))
		if err := os.WriteFile(name, []byte(answer), 0o644); err != nil {
			w.t.Fatal(err)
		}
		script += fmt.Sprintf("'%s') [ %q = 'pr create' ] && cat > '%s/body'; . '%s';;\n", call, call, w.dir, name)
	}
	script += "*) echo \"no answer to $*\" >&2; exit 9;;\nesac\n"
	if err := os.WriteFile(filepath.Join(w.bin, "gh"), []byte(script), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) asked(words ...string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "asked"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, word := range words {
		if !strings.Contains(string(data), word) {
			w.t.Errorf("gh was not asked %q, but\n%s", word, data)
		}
	}
}

const ready = `echo "gh version 2.40.1 (2026-01-01)"`

func (w *world) probe() Probed {
	w.t.Helper()
	w.git("-C", w.root, "remote", "set-url", "origin", "git@example.org:ann/thing.git")
	p, err := w.f.Probe(w.t.Context(), w.remote())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestWithoutAForge(t *testing.T) {
	w := newWorld(t)
	w.env["PATH"] = filepath.Dir(mustLook(t, "git")) // whatever else is there
	p, err := w.f.Probe(t.Context(), w.remote())
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "there is no forge") || fault.HintOf(err) == "" {
		t.Errorf("%+v, %v", p, err)
	}
	w.git("-C", w.root, "remote", "set-url", "origin", "git@example.org:ann/thing.git")
	w.env["PATH"] = w.bin
	if p, err := w.f.Probe(t.Context(), w.remote()); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "not installed") {
		t.Errorf("%+v, %v", p, err)
	}
	w.fake(map[string]string{"--version ": ready, "auth status": "exit 1"})
	w.env["PATH"] = w.bin + ":" + os.Getenv("PATH")
	if p, err := w.f.Probe(t.Context(), w.remote()); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "not logged in to example.org") {
		t.Errorf("%+v, %v", p, err)
	}
}

func mustLook(t *testing.T, name string) string {
	t.Helper()
	at, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed")
	}
	return at
}

// A gh that lies in the repository is not ours to run.
func TestNoGhOfTheRepository(t *testing.T) {
	w := newWorld(t)
	w.git("-C", w.root, "remote", "set-url", "origin", "git@example.org:ann/thing.git")
	w.bin = filepath.Join(w.root, "node_modules", ".bin")
	if err := os.MkdirAll(w.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	w.fake(map[string]string{"--version ": ready, "auth status": "exit 0"})
	w.env["PATH"] = w.bin + ":node_modules/.bin"
	if p, err := w.f.Probe(t.Context(), w.remote()); err == nil {
		t.Errorf("%+v", p)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "asked")); err == nil {
		t.Error("it was run")
	}
}

const open = `{"number":7,"url":"https://example.org/ann/thing/pull/7","state":"OPEN","headRefOid":"HEAD","headRefName":"task/a","baseRefName":"main","mergeable":"MERGEABLE","mergeCommit":null,
 "statusCheckRollup":[{"__typename":"CheckRun","name":"build","status":"COMPLETED","conclusion":"SUCCESS"},{"__typename":"StatusContext","context":"lint","state":"SUCCESS"}]}`

func TestPullRequestIsMadeOnceAndFound(t *testing.T) {
	w := newWorld(t)
	w.fake(map[string]string{
		"--version ": ready, "auth status": "exit 0",
		"pr list":   `if [ -e '` + w.dir + `/made' ]; then echo '[` + open + `]'; else echo '[]'; fi`,
		"pr create": `touch '` + w.dir + `/made'; echo https://example.org/ann/thing/pull/7`,
	})
	p := w.probe()
	if p.Version != "2.40.1" {
		t.Errorf("%+v", p)
	}
	want := Want{Branch: "task/a", Base: "main", Title: "Add\n a login", Body: "what it does\n--title evil\n"}
	pull, made, err := w.f.Create(t.Context(), p, want)
	if err != nil || !made || pull.Number != 7 || pull.Checks != Passing || pull.State != "open" || pull.Conflicts || !pull.Known {
		t.Fatalf("%+v, %v, %v", pull, made, err)
	}
	w.asked("--repo example.org/ann/thing --head task/a --base main --title Add a login --body-file -")
	if body, err := os.ReadFile(filepath.Join(w.dir, "body")); err != nil || string(body) != want.Body {
		t.Errorf("%q, %v", body, err)
	}
	if pull, made, err = w.f.Create(t.Context(), p, want); err != nil || made || pull.Number != 7 {
		t.Errorf("again: %+v, %v, %v", pull, made, err)
	}
	where, err := os.ReadFile(filepath.Join(w.dir, "where"))
	if err != nil || strings.Contains(string(where), w.root) {
		t.Errorf("gh ran in %s, %v", where, err)
	}
}

func TestStateOfAPullRequest(t *testing.T) {
	for name, c := range map[string]struct {
		change [2]string
		code   string
		checks Checks
	}{
		"fine":         {[2]string{"", ""}, "", Passing},
		"failing":      {[2]string{`"conclusion":"SUCCESS"`, `"conclusion":"FAILURE"`}, "pr_ci_failed", Failing},
		"cancelled":    {[2]string{`"conclusion":"SUCCESS"`, `"conclusion":"CANCELLED"`}, "pr_ci_failed", Failing},
		"status error": {[2]string{`"state":"SUCCESS"`, `"state":"ERROR"`}, "pr_ci_failed", Failing},
		"running":      {[2]string{`"status":"COMPLETED","conclusion":"SUCCESS"`, `"status":"IN_PROGRESS","conclusion":""`}, "", Pending},
		"awaited":      {[2]string{`"state":"SUCCESS"`, `"state":"PENDING"`}, "", Pending},
		"conflict":     {[2]string{`"MERGEABLE"`, `"CONFLICTING"`}, "pr_conflict", Passing},
		"merged":       {[2]string{`"OPEN"`, `"MERGED"`}, "pr_merged", Passing},
		"closed":       {[2]string{`"OPEN"`, `"CLOSED"`}, "pr_closed", Passing},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fake(map[string]string{"--version ": ready, "auth status": "exit 0", "pr view": "cat <<'E'\n" + strings.Replace(open, c.change[0], c.change[1], 1) + "\nE\n"})
			pull, err := w.f.State(t.Context(), w.probe(), 7)
			if err != nil {
				t.Fatal(err)
			}
			if code, evidence := pull.Signal(); code != c.code || (code != "") != strings.Contains(evidence, pull.URL) || pull.Checks != c.checks {
				t.Errorf("%q, %q, %+v", code, evidence, pull)
			}
		})
	}
}

func TestMergeOnlyOfWhatWasReviewed(t *testing.T) {
	head := strings.Repeat("a", 40)
	at := strings.Replace(open, "HEAD", head, 1)
	w := newWorld(t)
	w.fake(map[string]string{
		"--version ": ready, "auth status": "exit 0",
		"pr view":  `if [ -e '` + w.dir + `/merged' ]; then cat <<'E'` + "\n" + strings.Replace(at, `"OPEN"`, `"MERGED"`, 1) + "\nE\nelse cat <<'E'\n" + at + "\nE\nfi",
		"pr merge": `touch '` + w.dir + `/merged'`,
	})
	p := w.probe()
	if _, err := w.f.Merge(t.Context(), p, 7, strings.Repeat("b", 40), true); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("another commit: %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "merged")); err == nil {
		t.Fatal("it was merged")
	}
	pull, err := w.f.Merge(t.Context(), p, 7, head, true)
	if err != nil || pull.State != "merged" {
		t.Errorf("%+v, %v", pull, err)
	}
	w.asked("pr merge 7 --repo example.org/ann/thing --squash --match-head-commit " + head)
}

// What gh answers is text of strangers, and gh may fail in any way.
func TestGhThatFails(t *testing.T) {
	for name, answer := range map[string]string{
		"words": "echo 'not json'", "status": "printf 'bad\\033[2J\\nHTTP 502\\n' >&2; exit 1", "nothing": "true", "too much": "head -c 5000000 /dev/zero",
	} {
		w := newWorld(t)
		w.fake(map[string]string{"--version ": ready, "auth status": "exit 0", "pr view": answer})
		pull, err := w.f.State(t.Context(), w.probe(), 7)
		if fault.CodeOf(err) != fault.Unavailable || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%s: %+v, %v", name, pull, err)
		}
	}
	w := newWorld(t)
	w.fake(map[string]string{"--version ": ready, "auth status": "exit 0", "pr view": "sleep 30"})
	p := w.probe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.f.State(ctx, p, 7); !fault.Canceled(err) {
		t.Errorf("%v", err)
	}
}
