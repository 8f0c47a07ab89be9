// Package trust keeps what the user lets a root run: the commands that a repository
// brings itself. They were written by whoever wrote the repository, so none of them
// runs before the user has said so.
//
// What is trusted is kept in the user's own state folder ($XDG_STATE_HOME/tasks), out
// of every repository's reach, by the path of the root and the hash of each command. A
// command that is new or changed is not trusted; one that is gone changes nothing.
// The folder is refused where others could have a hand in it.
package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// Kind says where a command comes from.
type Kind string

// The kinds.
const (
	Verify Kind = "verify" // of a task: run in the worktree before the work may land
	Prompt Kind = "prompt" // of the root's WORKFLOW.md: the template of what agents are told
	// The hooks of the root's WORKFLOW.md are of a kind each: after_create, before_run,
	// after_run and before_remove.
)

// Command is something that a root can have run.
type Command struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`
	Path string `json:"path"` // the first file that holds it
}

// Commands are those of the tasks, each once, sorted by text. Tasks that are over
// count as well: they can be opened again. own are those that are no task's, such as the
// hooks of the root: they come first, as they are.
func Commands(tasks []*task.Task, own ...Command) []Command {
	var all []Command
	seen := map[string]bool{}
	for _, t := range tasks {
		for _, v := range t.Verify {
			if strings.TrimSpace(v) != "" && !seen[v] {
				seen[v] = true
				all = append(all, Command{Verify, v, t.Path})
			}
		}
	}
	slices.SortFunc(all, func(a, b Command) int { return strings.Compare(a.Text, b.Text) })
	return append(slices.Clone(own), all...)
}

func (c Command) hash() string {
	sum := sha256.Sum256([]byte(string(c.Kind) + "\x00" + c.Text))
	return hex.EncodeToString(sum[:])
}

// Standing is how a root stands with its user.
type Standing string

// The standings. All but NotNeeded and Trusted keep the commands from running.
const (
	NotNeeded Standing = "not_needed" // it brings no commands
	Trusted   Standing = "trusted"
	Unasked   Standing = "unasked" // the user was never asked
	Changed   Standing = "changed" // it was trusted, and has other commands by now
	Revoked   Standing = "revoked" // the user took it back
)

// May tells whether commands may run.
func (s Standing) May() bool { return s == NotNeeded || s == Trusted }

// Book is the user's record. A nil Book trusts nothing and keeps nothing.
type Book struct{ dir string }

// New is the book of the user whose environment this is; nothing is read or made.
func New(getenv func(string) (string, bool)) *Book { return &Book{folder(getenv)} }

// record is what is kept of one root.
type record struct {
	Version  int       `json:"schemaVersion"`
	Root     string    `json:"root"`
	At       time.Time `json:"at"`
	Revoked  bool      `json:"revoked"`
	Commands []string  `json:"commands"` // hashes
}

// Look tells how a root with these commands stands. Forbidden where the record is not
// the user's alone, Invalid where it cannot be understood; the standing then is
// Unasked, and must not be answered with trust.
func (b *Book) Look(root string, commands []Command) (Standing, error) {
	if len(commands) == 0 {
		return NotNeeded, nil
	}
	r, err := b.read(root)
	switch {
	case err != nil, r == nil:
		return Unasked, err
	case r.Revoked:
		return Revoked, nil
	}
	have := make(map[string]bool, len(r.Commands))
	for _, h := range r.Commands {
		have[h] = true
	}
	for _, c := range commands {
		if !have[c.hash()] {
			return Changed, nil
		}
	}
	return Trusted, nil
}

// Trust lets the root run exactly these commands from now on.
func (b *Book) Trust(root string, commands []Command) error {
	r := record{Root: root, Commands: []string{}}
	for _, c := range commands {
		r.Commands = append(r.Commands, c.hash())
	}
	return b.write(r)
}

// Revoke takes the trust back, and keeps a kickoff from giving it again unasked. It
// tells whether there was any.
func (b *Book) Revoke(root string) (bool, error) {
	r, err := b.read(root)
	if fault.CodeOf(err) == fault.Forbidden {
		return false, err
	}
	// A record that cannot be understood is replaced by one that can.
	return r != nil && !r.Revoked, b.write(record{Root: root, Revoked: true, Commands: []string{}})
}
