// Package chat is the assistant: conversations, prompt, turn, approvals.
//
// A turn belongs to the server: Start begins it, and it goes on whoever watches.
// Every event is in the journal before anybody sees it, ids growing by one in a
// conversation across restarts. Each tool call gets exactly one result, whatever
// happens; a cut stream is never a finished turn; `done` is the last event of a
// turn, exactly once. Recover closes what a crash left open.
package chat

import (
	"context"
	"encoding/json"
	"time"

	"tasks/internal/edit"
	"tasks/internal/tool"
)

// Event is one frame of a conversation's journal.
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
	Conversation string // "", "new", or an id
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

// Transcript is a whole conversation.
type Transcript struct {
	Conversation
	Turns  []Turn `json:"turns"`
	LastID int64  `json:"last_id"`
}

// Approval is the user's answer to an approval event.
type Approval struct {
	Conversation, Call, Digest string
	Decision                   string // allow, deny, always
}

// Service runs the turns of one server.
type Service struct{}

// Start begins a turn. Unavailable where no model is configured, Conflict while a
// turn of the conversation runs, NotFound for another browser's conversation. The
// same RequestID again is the same turn.
func (s *Service) Start(ctx context.Context, m Message) (Ref, error) { panic("skeleton") }

// Watch calls fn with the events after `after`, in order, without a gap, and
// returns when the running turn has ended and all was given, or with fn's error, or
// ctx's. idle tells that nothing was there to give and nothing runs. after beyond
// the head gives reset true once, before all events from 1.
func (s *Service) Watch(ctx context.Context, owner, conversation string, after int64, fn func(reset bool, events []Event) error) (idle bool, err error) {
	panic("skeleton")
}

// Stop ends the running turn and every process of it within 2 s; nothing to do is
// not an error.
func (s *Service) Stop(ctx context.Context, owner, conversation string) error { panic("skeleton") }

// Approve answers an approval. Conflict where the digest is not the one shown, or
// it is answered or lapsed.
func (s *Service) Approve(ctx context.Context, owner string, a Approval) error { panic("skeleton") }

// Undo takes an edit back.
func (s *Service) Undo(ctx context.Context, owner, conversation, editID string) (edit.Record, error) {
	panic("skeleton")
}

// Conversations lists those of a browser for a doc or page (both "": all), newest first.
func (s *Service) Conversations(ctx context.Context, owner, doc, page string) ([]Conversation, error) {
	panic("skeleton")
}

// Transcript is one conversation whole; NotFound for another browser's.
func (s *Service) Transcript(ctx context.Context, owner, id string) (Transcript, error) {
	panic("skeleton")
}

// Close ends all turns and waits for them.
func (s *Service) Close() {}

var _ tool.Session
