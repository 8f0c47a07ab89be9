package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
)

const (
	// heartbeat is how often a silent stream says that it lives.
	heartbeat = 15 * time.Second
	// frameTime is how long a reader may take for one frame.
	frameTime = 10 * time.Second
)

// comment is the frame that readers pass over.
var comment = []byte(":\n\n")

// frame is the bytes of one event: id (left out where negative), event, one line
// of data. An event name that could make a second line is refused, whoever made it.
func frame(id int64, event string, data json.RawMessage) ([]byte, error) {
	if event == "" || strings.ContainsAny(event, "\r\n\x00") {
		return nil, fault.New(fault.Internal, "an event with the name %q cannot be sent", event)
	}
	var buf bytes.Buffer
	if id >= 0 {
		buf.WriteString("id: ")
		buf.WriteString(strconv.FormatInt(id, 10))
		buf.WriteByte('\n')
	}
	buf.WriteString("event: ")
	buf.WriteString(event)
	buf.WriteString("\ndata: ")
	if err := json.Compact(&buf, data); err != nil {
		return nil, fault.New(fault.Internal, "the data of an event %q is not JSON: %w", event, err)
	}
	buf.WriteString("\n\n")
	return buf.Bytes(), nil
}

// eventHeaders are those of every event stream.
func eventHeaders(h http.Header) {
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
}

// eventStream writes one conversation's events to one reader. It is safe for two
// goroutines: the one with the events and the heartbeat.
type eventStream struct {
	r    *request
	w    http.ResponseWriter
	ctl  *http.ResponseController
	mu   sync.Mutex
	open bool
	err  error
	stop chan struct{}
	done chan struct{}
}

func newEventStream(w http.ResponseWriter, r *request) *eventStream {
	return &eventStream{r: r, w: w, ctl: http.NewResponseController(w), stop: make(chan struct{}), done: make(chan struct{})}
}

// start sends the headers and the first comment at once, and begins the heartbeat.
// More than once is once.
func (e *eventStream) start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open {
		return
	}
	e.open, e.r.streaming = true, true
	eventHeaders(e.w.Header())
	e.ctl.SetReadDeadline(time.Time{}) // the body is read; a stream may last
	e.w.WriteHeader(http.StatusOK)
	e.put(comment)
	go e.beat()
}

func (e *eventStream) beat() {
	defer close(e.done)
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-tick.C:
			e.mu.Lock()
			e.put(comment)
			e.mu.Unlock()
		}
	}
}

// put writes and flushes; the first error stays.
func (e *eventStream) put(b []byte) {
	if e.err != nil {
		return
	}
	e.ctl.SetWriteDeadline(time.Now().Add(frameTime))
	if _, e.err = e.w.Write(b); e.err == nil {
		e.err = e.ctl.Flush()
	}
}

// send sends one event, starting the stream where that has not happened.
func (e *eventStream) send(id int64, event string, data json.RawMessage) error {
	b, err := frame(id, event, data)
	if err != nil {
		return err
	}
	e.start()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put(b)
	return e.err
}

// started tells whether the headers are out.
func (e *eventStream) started() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open
}

// close ends the heartbeat. Called once, by the handler.
func (e *eventStream) close() {
	close(e.stop)
	if e.started() {
		<-e.done
		e.ctl.SetWriteDeadline(time.Now().Add(frameTime)) // for the end of the body
	}
}
