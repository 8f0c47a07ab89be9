// Package edit is the checked write for the assistant and the pages: which files
// may be edited, the compare-and-swap on the content's hash, the journal, undo and
// the undo of an undo.
//
// Only .md files under the allowed prefixes may be written, compared by path
// components, and none that steers an agent (CLAUDE.md, AGENTS.md, GEMINI.md, any
// dot folder or dot file, .cursorrules and the like, under any spelling). The
// intent, with both texts, is in the journal before the file changes; after a
// crash Recover settles each open intent by the file's hash.
package edit

import (
	"context"

	"tasks/internal/repo"
	"tasks/internal/store"
)

// Editor writes files of one checkout.
type Editor struct{}

// Record is one edit as journaled. Its JSON form is the contract's.
type Record struct {
	ID           string `json:"id"`
	Conversation string `json:"-"`
	Path         string `json:"path"`
	Before       string `json:"before"` // hash; "" where the file was new
	After        string `json:"after"`  // hash; "" where the file was removed
	Diff         string `json:"diff"`   // unified, with --- and +++ lines
	Undoes       string `json:"undoes,omitempty"`
}

// Change is a wish to write.
type Change struct {
	Conversation string
	Path         string
	Want         string // hash the file must have; "" means it must not exist
	After        []byte
	Source       string // assistant, page, undo
}

// New makes an editor. prefixes are the folders that may be written under.
func New(r *repo.Repo, db *store.DB, prefixes []string) *Editor { panic("skeleton") }

// Allowed tells whether name may be edited: Forbidden with the reason if not.
func (e *Editor) Allowed(name string) error { panic("skeleton") }

// Diff is the unified diff between two texts of name; "" where they are equal.
func Diff(name string, before, after []byte) string { panic("skeleton") }

// Write makes the change. Conflict where the file is not as wanted; Invalid where
// the text holds NUL, is not UTF-8, or is over 2 MB.
func (e *Editor) Write(ctx context.Context, c Change) (Record, error) { panic("skeleton") }

// Undo takes an edit of the conversation back: Conflict where the file has changed
// since or the edit is undone already, NotFound for another conversation's edit.
func (e *Editor) Undo(ctx context.Context, conversation, id string) (Record, error) {
	panic("skeleton")
}

// Recover settles intents that a crash left open. Called once at start.
func (e *Editor) Recover(ctx context.Context) error { panic("skeleton") }
