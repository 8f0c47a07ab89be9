package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"tasks/internal/fault"
)

// pending is what has to be told.
type pending struct {
	pages  []pageEvent
	status bool
	chats  map[string]chatEvent // by conversation
	owner  map[string]string    // of a conversation
}

// pageEvent, chatEvent and generationEvent are the contract's.
type pageEvent struct {
	Path   string  `json:"path"`
	Change string  `json:"change"`
	Hash   *string `json:"hash"`
}

type chatEvent struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	LastID       int64  `json:"last_id"`
}

type generationEvent struct {
	Generation int64 `json:"generation"`
}

// forAll are the frames for every reader.
func (p *pending) forAll(generation int64) []byte {
	var out []byte
	for _, ev := range p.pages {
		out = append(out, liveFrame("page", ev)...)
	}
	if p.status {
		out = append(out, liveFrame("status", generationEvent{generation})...)
	}
	return out
}

// forOwners are the frames for the pages of one browser.
func (p *pending) forOwners() map[string][]byte {
	out := map[string][]byte{}
	for id, ev := range p.chats {
		out[p.owner[id]] = append(out[p.owner[id]], liveFrame("chat", ev)...)
	}
	return out
}

// liveFrame is a frame without an id: these streams are not replayed.
func liveFrame(event string, data any) []byte {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil // strings and numbers: cannot happen
	}
	b, _ := frame(-1, event, raw)
	return b
}

// events is GET /events: the connection is taken over from the HTTP server, which
// costs a tenth of a handler that waits.
func (s *Server) events(w http.ResponseWriter, r *request) error {
	if s.hub.full() {
		return errFull
	}
	eventHeaders(w.Header())
	w.Header().Set("Connection", "close")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fault.New(fault.Internal, "the connection cannot be taken over: %w", err)
	}
	rd := &reader{owner: r.owner, conn: conn}
	if err := s.hub.add(rd, streamHead(w.Header()), s.Manager.Generation()); err != nil {
		conn.Close()
	}
	return nil
}

// streamHead is the head of the answer and the first comment.
func streamHead(h http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	h.Write(&b) // into memory: cannot fail
	b.WriteString("\r\n")
	b.Write(comment)
	return b.Bytes()
}
