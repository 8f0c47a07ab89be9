package manager_test

import (
	"strings"
	"testing"

	"tasks/internal/manager"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/trust"
)

// own is a worksheet with a command of its own.
func own(command string) string {
	return strings.Replace(sheet("Own", "not_started", ""), "\npriority:", "\nverify: ["+command+"]\npriority:", 1)
}

func TestOnlyTheUsersHandTrusts(t *testing.T) {
	root := repository(t, map[string]string{"tasks/own.md": own("make"), "tasks/alpha.md": sheet("Alpha", "ready", "")})
	state := t.TempDir()
	book := trust.New(func(string) (string, bool) { return state, true })
	m := open(t, root, manager.Config{Trust: book})
	waitsFor := func(r run.Run, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if r.Reason == nil {
			return string(r.State)
		}
		return string(r.State) + " " + r.Reason.Code
	}

	r, _, err := m.KickoffExact(t.Context(), "own", repo.Hash([]byte(own("make"))), "assistant", "")
	if got := waitsFor(r, err); got != "blocked untrusted" {
		t.Errorf("the assistant's kickoff is %s", got)
	}
	r, _, err = m.Kickoff(t.Context(), "alpha", "cli", "")
	if got := waitsFor(r, err); got != "blocked untrusted" {
		t.Errorf("a script's kickoff is %s", got)
	}
	r, already, trusted, err := m.KickoffByHand(t.Context(), "own", "page", "")
	if got := waitsFor(r, err); got != "queued" || !already || len(trusted) != 1 || trusted[0].Text != "make" {
		t.Errorf("the user's kickoff is %s, already %v, trusted %v", got, already, trusted)
	}
	if err := m.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	on, err := m.Runs.Latest(t.Context(), "alpha")
	if got := waitsFor(*on, err); got != "queued" {
		t.Errorf("what waited for trust is %s", got)
	}

	write(t, root, "tasks/own.md", own("curl example.com"))
	if err := m.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	on, err = m.Runs.Latest(t.Context(), "alpha")
	if got := waitsFor(*on, err); got != "blocked untrusted" {
		t.Errorf("with a changed command what waited is %s", got)
	}
	r, _, trusted, err = m.KickoffByHand(t.Context(), "own", "page", "")
	if got := waitsFor(r, err); trusted != nil || got != "blocked untrusted" && got != "queued" {
		t.Errorf("a changed command was trusted by a kickoff: %s, %v", got, trusted)
	}
}

func TestARecordThatIsNotOursAloneIsNoTrust(t *testing.T) {
	root := repository(t, map[string]string{"tasks/own.md": own("make")})
	m := open(t, root, manager.Config{Trust: trust.New(func(string) (string, bool) { return "/proc", true })})
	r, _, trusted, err := m.KickoffByHand(t.Context(), "own", "page", "")
	if err != nil || trusted != nil || r.State != run.Blocked || r.Reason.Code != run.Untrusted {
		t.Errorf("%+v %v %v", r, trusted, err)
	}
}
