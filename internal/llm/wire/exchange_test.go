package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
	"tasks/internal/llm/wiretest"
)

// TestCancelClosesTheRequest: the server sees the end at once, in every phase.
func TestCancelClosesTheRequest(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		for _, phase := range []string{"before the headers", "before the first token", "in the middle", "while waiting to try again"} {
			t.Run(phase, func(t *testing.T) {
				reached, gone := make(chan struct{}), make(chan struct{})
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					switch phase {
					case "before the first token":
						w.WriteHeader(200)
					case "in the middle":
						io.WriteString(w, p.begin)
					case "while waiting to try again":
						w.WriteHeader(503)
						close(gone)
						return
					}
					if phase != "before the headers" {
						http.NewResponseController(w).Flush()
					}
					close(reached)
					<-r.Context().Done()
					close(gone)
				}))
				defer srv.Close()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				shown := make(chan struct{})
				c := p.client(t, srv.URL+p.api.Base, func(cfg *wire.Config) { cfg.Sleep = nil })
				go func() {
					switch phase {
					case "in the middle", "while waiting to try again":
						<-shown
					default:
						<-reached
					}
					cancel()
				}()
				resp, err := c.Stream(ctx, wiretest.Question(), func(llm.Event) { close(shown) })
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
				if phase == "in the middle" && (resp == nil || resp.Message.Text != "So far" || resp.Message.Calls != nil) {
					t.Errorf("partial: %+v", resp)
				}
				select {
				case <-gone:
				case <-time.After(30 * time.Second):
					t.Error("the server still holds the request")
				}
			})
		}
	})
}

func TestDeadlineOfTheCallerIsNoFault(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		srv := wiretest.Serve(t, wiretest.ParseReply(t, "%hang\n"))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := p.client(t, srv.URL+p.api.Base).Stream(ctx, wiretest.Question(), wiretest.Ignore); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestTheConnectionIsUsedAgain lets a few be lost: on a busy machine the end of a
// body may come later than we wait for it.
func TestTheConnectionIsUsedAgain(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		const n = 10
		srv := wiretest.Serve(t, slices.Repeat([]wiretest.Reply{wiretest.ParseReply(t, p.fine())}, n)...)
		c := p.client(t, srv.URL+p.api.Base)
		connections := map[string]bool{}
		for i := range n {
			if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil {
				t.Fatal(err)
			}
			connections[srv.Asked[i].RemoteAddr] = true
		}
		if len(connections) > n/2 {
			t.Errorf("%d connections for %d calls", len(connections), n)
		}
	})
}
