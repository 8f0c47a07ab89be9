package web

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"tasks/internal/fault"
)

// hub tells open pages what changed. A stream is a connection taken over from the
// HTTP server and nothing else: no goroutine, no buffer. One goroutine writes to
// all of them, each event encoded once. Whoever publishes leaves what is new in
// pending and never waits; what is published twice before it is written is sent
// once, as it stands then. A reader that does not take its bytes within a moment
// is let go; it comes back and starts afresh with hello.
type hub struct {
	limits hubLimits

	mu         sync.Mutex
	readers    map[*reader]struct{}
	owners     map[string][]*reader // oldest first
	pending    pending
	generation int64
	closed     bool

	wake chan struct{} // something is pending; one is enough
}

// hubLimits bound the open streams. One more of a browser ends its oldest, because
// a tab that was left may stand open until the next heartbeat.
type hubLimits struct{ perOwner, inAll int }

// reader is one open page.
type reader struct {
	owner string
	conn  net.Conn
}

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

// slowReader is how long one write may take. What a reader has not taken yet
// stands in the kernel's buffer, so that only one that takes nothing gets here.
const slowReader = 50 * time.Millisecond

func newHub(l hubLimits) *hub {
	return &hub{limits: l, readers: map[*reader]struct{}{}, owners: map[string][]*reader{}, wake: make(chan struct{}, 1)}
}

// page, status and chat leave word of a change.
func (h *hub) page(ev pageEvent) {
	h.publish(func(p *pending) {
		if n := len(p.pages); n > 0 && p.pages[n-1].Path == ev.Path && p.pages[n-1].Change == ev.Change {
			p.pages[n-1] = ev
			return
		}
		p.pages = append(p.pages, ev)
	})
}

func (h *hub) status(generation int64) {
	h.publish(func(p *pending) {
		p.status = true
		h.generation = max(h.generation, generation)
	})
}

func (h *hub) chat(owner string, ev chatEvent) {
	h.publish(func(p *pending) {
		if p.chats == nil {
			p.chats, p.owner = map[string]chatEvent{}, map[string]string{}
		}
		p.chats[ev.Conversation], p.owner[ev.Conversation] = ev, owner
	})
}

func (h *hub) publish(add func(*pending)) {
	h.mu.Lock()
	if !h.closed {
		add(&h.pending)
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run writes to the readers until the hub is closed.
func (h *hub) run() {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		var beat []byte
		select {
		case <-h.wake:
		case <-tick.C:
			beat = comment
		}
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			return
		}
		news := h.pending
		h.pending = pending{}
		all := make([]*reader, 0, len(h.readers))
		for r := range h.readers {
			all = append(all, r)
		}
		generation := h.generation
		h.mu.Unlock()
		h.write(all, slices.Concat(beat, news.forAll(generation)), news.forOwners())
	}
}

// write writes to the readers what is for everybody and what is for each.
func (h *hub) write(readers []*reader, all []byte, own map[string][]byte) {
	for _, r := range readers {
		mine := own[r.owner]
		if len(all)+len(mine) == 0 {
			continue
		}
		news := all
		if len(mine) > 0 {
			news = slices.Concat(all, mine)
		}
		r.conn.SetWriteDeadline(time.Now().Add(slowReader))
		if _, err := r.conn.Write(news); err != nil {
			h.drop(r)
		}
	}
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

// add takes a reader in, whose hello is the first thing it gets.
func (h *hub) add(r *reader, head []byte, generation int64) error {
	h.mu.Lock()
	if h.closed || len(h.readers) >= h.limits.inAll {
		h.mu.Unlock()
		return errFull
	}
	var oldest *reader
	if mine := h.owners[r.owner]; len(mine) >= h.limits.perOwner {
		oldest = mine[0]
	}
	// hello stands in the kernel's buffer, which is empty, before anything else
	// can be written: the hub's own writes begin when the reader is in the map.
	hello := append(head, liveFrame("hello", generationEvent{max(generation, h.generation)})...)
	r.conn.SetWriteDeadline(time.Now().Add(slowReader))
	_, err := r.conn.Write(hello)
	if err == nil {
		h.readers[r] = struct{}{}
		h.owners[r.owner] = append(h.owners[r.owner], r)
	}
	h.mu.Unlock()
	if oldest != nil {
		h.drop(oldest)
	}
	return err
}

var errFull = refuse(http.StatusServiceUnavailable, "too many event streams are open").withHint("close some tabs")

// drop lets a reader go.
func (h *hub) drop(r *reader) {
	r.conn.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, r)
	left := h.owners[r.owner][:0]
	for _, other := range h.owners[r.owner] {
		if other != r {
			left = append(left, other)
		}
	}
	if h.owners[r.owner] = left; len(left) == 0 {
		delete(h.owners, r.owner)
	}
}

// close ends all streams and the hub's goroutine.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	readers := h.readers
	h.readers, h.owners = map[*reader]struct{}{}, map[string][]*reader{}
	h.mu.Unlock()
	for r := range readers {
		r.conn.Close()
	}
	h.publish(func(*pending) {})
}

// full tells whether there is no place, while an answer can still say so.
func (h *hub) full() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed || len(h.readers) >= h.limits.inAll
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
