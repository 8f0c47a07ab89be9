// Package edit is the checked write for the assistant and the pages: which files
// may be edited, the compare-and-swap on the content's hash, the journal, undo and
// the undo of an undo.
//
// Only .md files under the allowed prefixes may be written, compared by path
// components, and none that steers an agent (CLAUDE.md, AGENTS.md, GEMINI.md, any
// dot folder or dot file, .cursorrules and the like, under any spelling). A link is
// judged by its own name and by the name it leads to.
//
// The intent, with both texts, is in the journal before the file changes; after a
// crash Recover settles each open intent by the file's hash.
package edit

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/store"
)

// maxText is the size of a text that may be written.
const maxText = 2 << 20

// Editor writes files of one checkout. It is safe for concurrent use.
type Editor struct {
	repo     *repo.Repo
	journal  journal
	prefixes []string
}

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
func New(r *repo.Repo, db *store.DB, prefixes []string) *Editor {
	e := &Editor{repo: r, journal: journal{db}}
	for _, p := range prefixes {
		// What Clean refuses can be no folder to write under; "." and "" would be all.
		if p, err := repo.Clean(p); err == nil {
			e.prefixes = append(e.prefixes, p)
		}
	}
	return e
}

// Write makes the change. Conflict where the file is not as wanted; Invalid where
// the text holds NUL, is not UTF-8, is over 2 MB, or is what stands there already.
func (e *Editor) Write(ctx context.Context, c Change) (Record, error) {
	if err := checkText(c.After); err != nil {
		return Record{}, err
	}
	after := c.After
	if after == nil {
		after = []byte{} // an empty file, not none
	}
	return e.apply(ctx, step{conversation: c.Conversation, path: c.Path, source: c.Source, want: c.Want, after: after})
}

// Undo takes an edit of the conversation back: Conflict where the file has changed
// since or the edit is undone already, NotFound for another conversation's edit.
func (e *Editor) Undo(ctx context.Context, conversation, id string) (Record, error) {
	row, err := e.journal.find(ctx, conversation, id)
	if err != nil {
		return Record{}, err
	}
	if row.state == intent {
		if row.state, err = e.settle(ctx, row); err != nil {
			return Record{}, err
		}
	}
	switch {
	case row.state != done:
		return Record{}, fault.New(fault.Conflict, "the edit of %q cannot be undone: it was never made", row.path)
	case row.undoneBy != "":
		return Record{}, fault.New(fault.Conflict, "the edit of %q is undone already", row.path)
	}
	return e.apply(ctx, step{
		conversation: conversation, path: row.path, source: "undo",
		want: row.hashAfter(), after: row.before, undoes: row.id,
	})
}

// Recover settles intents that a crash left open. Called once at start.
func (e *Editor) Recover(ctx context.Context) error {
	rows, err := e.journal.open(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := e.settle(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// step is one change of one file; a nil after removes it.
type step struct {
	conversation, path, source, undoes string
	want                               string
	after                              []byte
}

// apply journals the intent, changes the file and closes the intent.
func (e *Editor) apply(ctx context.Context, s step) (Record, error) {
	real, err := e.allowed(s.path)
	if err != nil {
		return Record{}, err
	}
	before, err := e.current(real, s.want)
	if err != nil {
		return Record{}, err
	}
	if before != nil && s.after != nil && bytes.Equal(before, s.after) {
		return Record{}, fault.New(fault.Invalid, "the edit changes nothing: %q reads so already", real)
	}
	row := row{
		id: strings.ToLower(rand.Text()), conversation: s.conversation, path: real, source: s.source,
		before: before, after: s.after, undoes: s.undoes, state: intent,
	}
	if err := e.journal.begin(ctx, row); err != nil {
		return Record{}, err
	}
	// From here the change is on its way: the end of the caller's context must not
	// leave it half told.
	ctx = context.WithoutCancel(ctx)
	if s.after == nil {
		err = e.repo.Remove(ctx, real, s.want)
	} else {
		_, err = e.repo.Replace(ctx, real, s.after, s.want)
	}
	switch fault.CodeOf(err) {
	case "":
		// Where this fails the file is changed all the same and the intent stands: the
		// next look at it settles it.
		e.journal.finish(ctx, row, done)
		return row.record(), nil
	case fault.Internal:
		e.settle(ctx, row) // a disk that fails may fail before or behind the rename
	default:
		e.journal.finish(ctx, row, failed)
	}
	return Record{}, err
}

// current is the text that the change starts from, nil where there is no file.
func (e *Editor) current(real, want string) ([]byte, error) {
	f, err := e.repo.ReadFile(real, 0)
	switch {
	case fault.CodeOf(err) == fault.NotFound && want == "":
		return nil, nil
	case fault.CodeOf(err) == fault.NotFound:
		return nil, fault.New(fault.Conflict, "%q is gone: it was removed since it was read", real)
	case err != nil:
		return nil, err
	case want == "":
		return nil, fault.New(fault.Conflict, "%q exists already", real).WithHint("read it and edit it, or choose another name")
	case f.Hash != want:
		return nil, fault.New(fault.Conflict, "%q has changed since it was read", real).WithHint("read it again and repeat the change")
	}
	return f.Data, nil
}

// settle closes an open intent by what the file holds now.
func (e *Editor) settle(ctx context.Context, r row) (state, error) {
	now := ""
	f, err := e.repo.ReadFile(r.path, 0)
	if err == nil {
		now = f.Hash
	}
	end := failed
	if (err == nil || fault.CodeOf(err) == fault.NotFound) && now == r.hashAfter() {
		end = done
	}
	return end, e.journal.finish(ctx, r, end)
}

func checkText(text []byte) error {
	switch {
	case len(text) > maxText:
		return fault.New(fault.Invalid, "the text is too long: %d bytes, at most %d", len(text), maxText)
	case bytes.IndexByte(text, 0) >= 0:
		return fault.New(fault.Invalid, "the text holds a NUL byte: that is no markdown")
	case !utf8.Valid(text):
		return fault.New(fault.Invalid, "the text is not UTF-8")
	}
	return nil
}
