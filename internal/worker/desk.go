package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"tasks/internal/fault"
)

const (
	// deskSocket is the socket within the desk's folder.
	deskSocket = "ask"
	// maxQuestion bounds one question, in bytes; of a longer input a person is shown the beginning.
	maxQuestion = 256 << 10
	// maxOpen is how many questions may be open at once; more are answered with no.
	maxOpen = 16
)

// desk is where the questions of one turn come in: a socket in a folder that only this
// user can enter. Whatever runs beside the agent can ask as well; it cannot answer.
type desk struct {
	dir    string
	ln     net.Listener
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// slip is a question and its answer on the way between bridge and desk, one line each.
type slip struct {
	Tool  string          `json:"tool,omitempty"`
	Input json.RawMessage `json:"input,omitempty"`
	Allow bool            `json:"allow,omitempty"`
	Why   string          `json:"why,omitempty"`
}

// openDesk makes the desk in a new folder of tmp, until ctx ends or it is closed.
func openDesk(ctx context.Context, tmp string, ask asker) (*desk, error) {
	dir, err := deskFolder(tmp)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no folder for the agent's questions: %w", err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, deskSocket))
	if err != nil {
		os.RemoveAll(dir)
		return nil, fault.New(fault.Unavailable, "there is no socket for the agent's questions: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &desk{dir: dir, ln: ln, cancel: cancel}
	d.wg.Go(func() { d.serve(ctx, ask) })
	return d, nil
}

// deskFolder makes a folder of our own in tmp, or where the path of a socket fits: a
// hundred bytes are all that a system takes.
func deskFolder(tmp string) (string, error) {
	if tmp == "" || len(tmp) > 70 {
		tmp = os.TempDir()
	}
	if len(tmp) > 70 {
		tmp = "/tmp"
	}
	return os.MkdirTemp(tmp, "ask-")
}

func (d *desk) close() {
	d.cancel()
	d.ln.Close()
	d.wg.Wait()
	os.RemoveAll(d.dir)
}

func (d *desk) serve(ctx context.Context, ask asker) {
	open := make(chan struct{}, maxOpen)
	for {
		conn, err := d.ln.Accept()
		if err != nil {
			return // closed
		}
		select {
		case open <- struct{}{}:
			d.wg.Go(func() {
				defer func() { <-open }()
				answerOne(ctx, conn, ask)
			})
		default:
			reply(conn, Decision{Why: "too many questions are open"})
			conn.Close()
		}
	}
}

// answerOne takes one question from conn. Who hangs up no longer wants to know.
func answerOne(ctx context.Context, conn net.Conn, ask asker) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r := bufio.NewReader(io.LimitReader(conn, maxQuestion+4096))
	line, err := r.ReadBytes('\n')
	var q slip
	if err != nil || json.Unmarshal(line, &q) != nil || q.Tool == "" {
		reply(conn, Decision{Why: "the question cannot be understood"})
		return
	}
	asking, hungUp := context.WithCancel(ctx)
	defer hungUp()
	go func() { // ends with conn
		r.ReadByte()
		hungUp()
	}()
	d := ask(asking, Question{Tool: oneLine(q.Tool, 100), Title: titleOf(q.Tool, q.Input, ""), Input: q.Input})
	if ctx.Err() != nil {
		d = Decision{Why: "the turn is over"} // a yes that comes too late is none
	}
	reply(conn, d)
}

func reply(w io.Writer, d Decision) {
	json.NewEncoder(w).Encode(slip{Allow: d.Allow, Why: d.Why})
}
