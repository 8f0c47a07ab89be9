package tool

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"path"
	"strings"

	"tasks/internal/edit"
	"tasks/internal/fault"
	"tasks/internal/repo"
)

//go:embed edit_file.md
var editFileText string

// maxEditable bounds the files that are edited; the journal keeps both texts.
const maxEditable = 2 << 20

func editFile(d Deps) *form {
	return &form{
		name: "edit_file", class: Edit, description: editFileText,
		params: []param{
			{name: "path", kind: text, required: true, max: 4096, note: "Path of the .md file, relative to the root of the repository, under tasks/, docs/ or ai_notes/."},
			{name: "old_string", kind: text, required: true, max: maxEditable, note: "The text to replace, exactly as it stands in the file; it must occur exactly once. Empty with create."},
			{name: "new_string", kind: text, required: true, max: maxEditable, note: "The text that takes its place; the whole text with create."},
			{name: "create", kind: boolean, note: "Make a new file; old_string must be empty."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			name, err := repo.Clean(a.text("path"))
			if err != nil {
				return nil, err
			}
			a["path"] = name
			if err := d.Editor.Allowed(name); err != nil {
				return nil, err
			}
			if a.boolean("create") {
				return createFile(d, s, name, a.text("old_string"), a.text("new_string"))
			}
			return replaceText(ctx, d, s, name, a.text("old_string"), a.text("new_string"), false)
		},
	}
}

// createFile prepares a new file.
func createFile(d Deps, s Session, name, old, text string) (*draft, error) {
	if old != "" {
		return nil, invalid("old_string must be empty with create")
	}
	switch _, err := d.Repo.Stat(name); fault.CodeOf(err) {
	case "":
		return nil, fault.New(fault.Conflict, "%s exists already", name).WithHint("read it and replace a part of it, or choose another path")
	case fault.NotFound:
	default:
		return nil, err
	}
	after := []byte(text)
	return &draft{
		sentence:  fmt.Sprintf("Create %s, %s", name, plural(lines(after), "line")),
		diff:      edit.Diff(name, nil, after),
		rests:     []string{""},
		sensitive: len(frontMatter(after)) > 0,
		run: func(ctx context.Context) (Result, error) {
			return write(ctx, d, s, edit.Change{Path: name, After: after}, "Created "+name)
		},
	}, nil
}

// replaceText prepares the replacement of the one occurrence of old. It is Conflict
// where the file is another than this conversation has seen, but not with asked: then
// a person looks at the very change before it is made. A file that was never shown may
// be edited by one who quotes it rightly, and tells nothing of itself to one who does
// not: an error that quoted it would bring a stranger's text into the turn unread.
func replaceText(ctx context.Context, d Deps, s Session, name, old, text string, asked bool) (*draft, error) {
	if old == "" {
		return nil, invalid("old_string is empty").WithHint("give the text to replace, or create: true for a new file")
	}
	if old == text {
		return nil, invalid("old_string and new_string are the same: nothing would change")
	}
	f, err := d.Repo.ReadFile(name, maxEditable)
	if err != nil {
		return nil, err
	}
	if f.Cut {
		return nil, fault.New(fault.Invalid, "%s is too large to be edited: over %d MB", name, maxEditable>>20)
	}
	// The policy holds for the file that is really written, behind links as well.
	if err := d.Editor.Allowed(f.Path); err != nil {
		return nil, err
	}
	unseen := s.Shown(f.Path) == ""
	stale := fresh(s, f)
	if stale != nil && !unseen && !asked {
		return nil, stale
	}
	at, err := locate(name, f.Data, old, text)
	if err != nil && stale != nil {
		return nil, stale
	}
	if err != nil {
		return nil, err
	}
	after := bytes.Join([][]byte{f.Data[:at], []byte(text), f.Data[at+len(old):]}, nil)
	where := lines(f.Data[:at+1])
	dr := &draft{
		sentence:  fmt.Sprintf("Edit %s at line %d", f.Path, where),
		diff:      edit.Diff(f.Path, f.Data, after),
		rests:     []string{f.Hash},
		sensitive: !bytes.Equal(frontMatter(f.Data), frontMatter(after)),
	}
	if dr.sensitive {
		dr.sentence += ", changing its front matter"
	}
	note, err := workedOn(ctx, d, f.Path)
	if err != nil {
		return nil, err
	}
	if note != "" {
		dr.sensitive = true
		dr.sentence += "; " + note
	}
	dr.run = func(ctx context.Context) (Result, error) {
		done := fmt.Sprintf("Edited %s at line %d", f.Path, where)
		if note != "" {
			done += "; " + note
		}
		c := edit.Change{Path: f.Path, Want: f.Hash, After: after}
		if stale != nil && !unseen {
			return writeUnseen(ctx, d, s, c, done)
		}
		return write(ctx, d, s, c, done)
	}
	dr.again = func(ctx context.Context) (*draft, error) {
		return replaceText(ctx, d, s, name, old, text, true)
	}
	return dr, nil
}

// fresh refuses an edit of a text that this conversation has not seen as it is.
func fresh(s Session, f repo.File) error {
	switch s.Shown(f.Path) {
	case f.Hash:
		return nil
	case "":
		return fault.New(fault.Conflict, "%s was not read in this conversation yet", f.Path).
			WithHint("read it with read_file, then edit it")
	}
	return fault.New(fault.Conflict, "%s has changed since it was last shown in this conversation", f.Path).
		WithHint("read it again with read_file, then edit what is there now")
}

// write makes the change through the journal and remembers what the file is now.
func write(ctx context.Context, d Deps, s Session, c edit.Change, done string) (Result, error) {
	r, err := writeUnseen(ctx, d, s, c, done)
	if err == nil {
		s.SetShown(r.Edit.Path, r.Edit.After)
		r.Content = done + "."
	}
	return r, err
}

// writeUnseen is write to a file whose other parts have changed since the
// conversation saw them: before the next edit it has to be read.
func writeUnseen(ctx context.Context, d Deps, s Session, c edit.Change, done string) (Result, error) {
	c.Conversation, c.Source = s.ID(), "assistant"
	record, err := d.Editor.Write(ctx, c)
	if err != nil {
		if fault.CodeOf(err) == fault.Conflict && fault.HintOf(err) == "" {
			return Result{}, fault.New(fault.Conflict, "%w", err).WithHint("read %s again with read_file, then edit what is there now", c.Path)
		}
		return Result{}, err
	}
	content := done + ". Somebody else has changed other parts of the file meanwhile: read it again before you edit it again."
	return Result{Status: OK, Summary: done, Content: content, Edit: &record}, nil
}

// workedOn says so where the file is the worksheet of a task that a run holds:
// the run goes on with the worksheet as it was kicked off.
func workedOn(ctx context.Context, d Deps, name string) (string, error) {
	if d.Runs == nil {
		return "", nil
	}
	slug := strings.TrimSuffix(path.Base(name), ".md")
	r, err := d.Runs.Latest(ctx, slug)
	switch {
	case err != nil:
		return "", err
	case r == nil || r.Path != name || !r.State.Active():
		return "", nil
	case r.State.Waiting():
		return fmt.Sprintf("the task %s waits in the queue with the worksheet as it was kicked off: unqueue it and kick it off again for this to count", slug), nil
	}
	return fmt.Sprintf("the run of %s is %s and works on the worksheet as it was kicked off: send it there with message_run, or write a follow-up task with create_task", slug, r.State), nil
}
