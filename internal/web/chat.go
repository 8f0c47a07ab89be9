package web

import (
	"encoding/json"
	"net/http"
	"strconv"

	"tasks/internal/chat"
	"tasks/internal/fault"
)

// chatStart is POST /actions/chat: it begins a turn and follows it to its end.
func (s *Server) chatStart(w http.ResponseWriter, r *request) error {
	var in struct {
		Message      string          `json:"message"`
		Doc          string          `json:"doc"`
		Page         string          `json:"page"`
		Selection    *chat.Selection `json:"selection"`
		Conversation string          `json:"conversation"`
		RequestID    string          `json:"request_id"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("message", in.Message); err != nil {
		return err
	}
	doc, page, err := s.place(r.Context(), in.Doc, in.Page, in.Conversation)
	if err != nil {
		return err
	}
	leave, err := s.streams.enter(r.owner)
	if err != nil {
		return err
	}
	defer leave()
	ref, err := s.Chat.Start(r.Context(), chat.Message{
		Owner: r.owner, Text: in.Message, Doc: doc, Page: page, Selection: in.Selection,
		Conversation: in.Conversation, RequestID: in.RequestID,
	})
	if err != nil {
		return err
	}
	es := newEventStream(w, r)
	defer es.close()
	es.start()
	return s.follow(r, es, ref)
}

// errEnough ends a watch when the turn that was asked for is over.
var errEnough = fault.New(fault.Internal, "the turn is over")

// follow sends the events of one turn, up to its done.
func (s *Server) follow(r *request, es *eventStream, ref chat.Ref) error {
	_, err := s.Chat.Watch(r.Context(), r.owner, ref.Conversation, ref.After, func(_ bool, events []chat.Event) error {
		for _, ev := range events {
			if err := es.send(ev.ID, ev.Kind, ev.Data); err != nil {
				return err
			}
			if ev.Kind == "done" && turnOf(ev.Data) == ref.Turn {
				return errEnough
			}
		}
		return nil
	})
	s.watchEnded(r, err)
	return nil // the headers are out: there is nothing more to say here
}

func turnOf(data json.RawMessage) string {
	var d struct {
		Turn string `json:"turn"`
	}
	json.Unmarshal(data, &d) // our own journal
	return d.Turn
}

// watchEnded logs the end of a watch that nobody can be told of any more. That
// the reader left is its own affair; the turn goes on.
func (s *Server) watchEnded(r *request, err error) {
	if err != nil && err != errEnough && r.Context().Err() == nil {
		s.Log.Debug("an event stream ended", "path", r.URL.Path, "err", err)
	}
}

// chatEvents is GET /actions/chat/events: what came after N, live to the end of a
// running turn.
func (s *Server) chatEvents(w http.ResponseWriter, r *request) error {
	id := r.URL.Query().Get("conversation")
	if err := required("conversation", id); err != nil {
		return err
	}
	leave, err := s.streams.enter(r.owner)
	if err != nil {
		return err
	}
	defer leave()
	es := newEventStream(w, r)
	defer es.close()
	idle, err := s.Chat.Watch(r.Context(), r.owner, id, after(r), func(reset bool, events []chat.Event) error {
		es.start() // a call without events says that a turn runs
		if reset {
			if err := es.send(0, "reset", json.RawMessage("{}")); err != nil {
				return err
			}
		}
		for _, ev := range events {
			if err := es.send(ev.ID, ev.Kind, ev.Data); err != nil {
				return err
			}
		}
		return nil
	})
	if es.started() {
		s.watchEnded(r, err)
		return nil
	}
	if err != nil {
		return err
	}
	if !idle { // a turn ran and ended without an event for us
		es.start()
		return nil
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// after is the event from which a reader goes on. A browser that reconnects says
// it in Last-Event-ID, with the address it first asked; so that counts more. What
// cannot be read is none.
func after(r *request) int64 {
	for _, text := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			return n
		}
	}
	return 0
}

// chatStop is POST /actions/chat/stop.
func (s *Server) chatStop(w http.ResponseWriter, r *request) error {
	var in struct {
		Conversation string `json:"conversation"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("conversation", in.Conversation); err != nil {
		return err
	}
	if err := s.Chat.Stop(r.Context(), r.owner, in.Conversation); err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{})
}

// chatApprove is POST /actions/chat/approve.
func (s *Server) chatApprove(w http.ResponseWriter, r *request) error {
	var in struct {
		Conversation string `json:"conversation"`
		Call         string `json:"call"`
		Digest       string `json:"digest"`
		Decision     string `json:"decision"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("conversation", in.Conversation, "call", in.Call, "digest", in.Digest, "decision", in.Decision); err != nil {
		return err
	}
	switch in.Decision {
	case "allow", "deny", "always":
	default:
		return fault.New(fault.Usage, "the decision must be allow, deny or always")
	}
	err := s.Chat.Approve(r.Context(), r.owner, chat.Approval{
		Conversation: in.Conversation, Call: in.Call, Digest: in.Digest, Decision: in.Decision,
	})
	if err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{})
}

// chatUndo is POST /actions/chat/undo.
func (s *Server) chatUndo(w http.ResponseWriter, r *request) error {
	var in struct {
		Conversation string `json:"conversation"`
		Edit         string `json:"edit"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("conversation", in.Conversation, "edit", in.Edit); err != nil {
		return err
	}
	edit, err := s.Chat.Undo(r.Context(), r.owner, in.Conversation, in.Edit)
	if err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, map[string]any{"edit": edit})
}

// chatList is GET /actions/chat/conversations?doc=PATH (or page=).
func (s *Server) chatList(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	list, err := s.Chat.Conversations(r.Context(), r.owner, q.Get("doc"), q.Get("page"))
	if err != nil {
		return err
	}
	if list == nil {
		list = []chat.Conversation{}
	}
	w.Header().Set("Cache-Control", "no-store")
	return sendJSON(w, r, http.StatusOK, map[string]any{"conversations": list})
}

// chatShow is GET /actions/chat/conversations/ID.
func (s *Server) chatShow(w http.ResponseWriter, r *request) error {
	if len(r.rest) != 1 || r.slash {
		return fault.New(fault.NotFound, "there is no such conversation")
	}
	t, err := s.Chat.Transcript(r.Context(), r.owner, r.rest[0])
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return sendJSON(w, r, http.StatusOK, t)
}
