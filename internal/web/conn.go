package web

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
)

// Listener is ln, whose connections give the answers that net/http makes by itself
// (a request that it cannot read, which never comes through the door) the headers of
// every other answer. It goes with HTTPServer.
func Listener(ln net.Listener) net.Listener { return listener{ln} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return &conn{TCPConn: tcp}, nil
	}
	return c, err
}

// conn is a connection that knows whose answer is written to it.
type conn struct {
	*net.TCPConn             // as it is, because net/http asks for more than a net.Conn
	ours         atomic.Bool // a request came through to our handler: its answer has its headers
}

// alwaysLines is always as it stands in an answer.
var alwaysLines = func() []byte {
	var b bytes.Buffer
	always.Write(&b) // into memory: cannot fail
	return b.Bytes()
}()

func (c *conn) Write(b []byte) (int, error) {
	if c.ours.Load() || !bytes.HasPrefix(b, []byte("HTTP/1.")) {
		return c.TCPConn.Write(b)
	}
	line, rest, head := bytes.Cut(b, []byte("\r\n"))
	if !head {
		return c.TCPConn.Write(b)
	}
	c.ours.Store(true) // once an answer
	n, err := c.TCPConn.Write(slices.Concat(line, []byte("\r\n"), alwaysLines, rest))
	return min(n, len(b)), err
}

type connKey struct{}

// watchConns has server tell its connections whose answer comes next.
func watchConns(server *http.Server) {
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	server.ConnState = func(c net.Conn, state http.ConnState) {
		// Active: what was read of a request may not be one. Idle: the answer is out,
		// and the next request may have been read along with the one before.
		if c, ok := c.(*conn); ok && (state == http.StateActive || state == http.StateIdle) {
			c.ours.Store(false)
		}
	}
	ours := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*conn); ok {
			c.ours.Store(true)
		}
		ours.ServeHTTP(w, r)
	})
}
