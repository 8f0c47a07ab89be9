// Package chat is the assistant: conversations, prompt, turn, approvals.
//
// A turn belongs to the server: Start begins it, and it goes on whoever watches.
// Every event is in the journal before anybody sees it, ids growing by one in a
// conversation across restarts. Each tool call gets exactly one result, whatever
// happens; a cut stream is never a finished turn; `done` is the last event of a
// turn, exactly once. Recover closes what a crash left open.
//
// Besides the contract's events there are four more kinds, which a reader may pass
// over: `notice` {"text"} is the program's own word to people (a retry, a limit, an
// empty answer); `progress` {"id","text"} tells how far a running call is;
// `decision` {"id","digest","decision"} is how an approval was answered (allow,
// deny, always, lapsed); and `approval` itself also holds "sentence", "always"
// (whether that answer is offered) and "expires_at". `turn` holds the "selection"
// where there was one. In `block`, end counts the bytes of all content of the turn.
package chat

import (
	"encoding/json"
	"time"

	"tasks/internal/edit"
)

// Event is one frame of a conversation's journal. Data is one line of JSON.
type Event struct {
	ID   int64           `json:"id"`
	Kind string          `json:"event"`
	Data json.RawMessage `json:"data"`
}

// Selection is text that the user marked in the page.
type Selection struct {
	Text      string `json:"text"`
	StartLine int    `json:"start_line,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
}

// Message is what a user sends.
type Message struct {
	Owner        string // the browser: a hash of its cookie
	Text         string
	Doc          string // path of the file behind the page, cleaned; or ""
	Page         string // URL path of the page; used where Doc is ""
	Selection    *Selection
	Conversation string // "": the newest of Doc or Page; "new"; or an id, whose own Doc or Page then counts
	RequestID    string
}

// Ref names a turn.
type Ref struct {
	Conversation string
	Turn         string
	After        int64 // watch from here to see the whole turn
}

// Conversation is one entry of a list; its JSON form is the contract's.
type Conversation struct {
	ID        string    `json:"id"`
	Doc       *string   `json:"doc"`
	Page      *string   `json:"page"`
	Title     string    `json:"title"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Running   bool      `json:"running"`
}

// Turn is one turn of a transcript.
type Turn struct {
	Turn      string    `json:"turn"`
	Message   string    `json:"message"`
	StartedAt time.Time `json:"started_at"`
	Reason    *string   `json:"reason"` // null while it runs
	Events    []Event   `json:"events"`
}

// Transcript is a whole conversation. Beside the contract's keys it tells how its
// edits stand: an undo is no event, because it belongs to no turn.
type Transcript struct {
	Conversation
	Turns  []Turn          `json:"turns"`
	LastID int64           `json:"last_id"`
	Edits  []edit.Standing `json:"edits"`
}

// Approval is the user's answer to an approval event.
type Approval struct {
	Conversation, Call, Digest string
	Decision                   string // allow, deny, always
}
