// Package tool is the allow-listed tools of the assistant, one file each with its
// description (.md) beside it, used by chat and MCP alike.
//
// Arguments are decoded strictly: a JSON object, no unknown, doubled or differently
// cased key, no trailing text, values of the right type. Output is capped, and
// redacted of every secret value in plain, percent-encoded and base64 form.
package tool

import (
	"context"
	"encoding/json"

	"tasks/internal/edit"
	"tasks/internal/run"
)

// Class says what a tool does to the world; approval depends on it.
type Class string

// The classes.
const (
	Read     Class = "read"     // reads; siblings may run side by side
	Edit     Class = "edit"     // a journaled edit
	Agent    Class = "agent"    // spends on another program
	Register Class = "register" // hands work to the manager: always asked, never "always"
)

// Status is how a call went.
type Status string

// The statuses of the contract.
const (
	OK        Status = "ok"
	Error     Status = "error"
	Denied    Status = "denied"
	Cancelled Status = "cancelled"
	Timeout   Status = "timeout"
)

// Result is the one answer to a call. Content goes to the model, Summary to people.
type Result struct {
	Status    Status
	Summary   string // one line: "Read docs/guide.md 1-80"
	Content   string
	Truncated bool
	Edit      *edit.Record
	Taints    bool // Content holds text other than the user's and the open page
}

// Session is what the tools know of the conversation they work for.
type Session interface {
	ID() string
	// Doc is the open page's file, or "".
	Doc() string
	// Shown is the hash of the file as it was last shown in this conversation
	// (page, read_file, or an edit of its own), "" where it never was.
	Shown(path string) string
	// SetShown remembers it.
	SetShown(path, hash string)
}

// Plan is a call made ready: decoded, checked, with all that an approval shows.
type Plan struct {
	Arguments json.RawMessage // canonical: keys sorted, defaults left out
	Sentence  string          // what will happen, for the approval card
	Diff      string          // what will be written, or the whole worksheet; may be empty
	Digest    string          // over name, arguments and the bytes of the files it rests on
	Sensitive bool            // asks even where its class does not (an edit of front matter)
	// Run does it. progress, which may be called from any goroutine until Run
	// returns, tells people how far it is.
	Run func(ctx context.Context, progress func(string)) Result
	// Again makes the call ready anew once a person has looked at this plan: where
	// the files are others by now, it is another plan, to be shown again. nil: as
	// Prepare does.
	Again func(ctx context.Context) (*Plan, error)
}

// Tool is one tool.
type Tool interface {
	Name() string
	Description() string
	Schema() json.RawMessage
	Class() Class
	// Prepare makes a call ready without doing anything. A *fault.Error is told to
	// the model as the call's error result.
	Prepare(ctx context.Context, s Session, arguments string) (*Plan, error)
}

// Manager is what the tools need of the manager.
type Manager interface {
	// KickoffExact is kickoff of the worksheet whose bytes have the hash: Conflict
	// where the file is another by now.
	KickoffExact(ctx context.Context, slug, hash, source, note string) (r run.Run, already bool, err error)
	TaskStatus(ctx context.Context, slug string) (json.RawMessage, error) // slug "": all
	// Send gives the run of the task a message; kind is "message".
	Send(ctx context.Context, slug, text string, now bool, kind, source string) (run.Run, error)
}
