package web

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
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
