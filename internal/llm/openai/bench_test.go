package openai

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/internal/llm"
	"tasks/internal/llm/wiretest"
)

const benchChunk = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n"

// BenchmarkChunk is what one chunk costs from bytes to event: reading, decoding,
// cleaning, telling.
func BenchmarkChunk(b *testing.B) {
	const count = 1000
	stream := []byte(strings.Repeat(benchChunk, count) + `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n")
	c, err := New(Config{BaseURL: "http://127.0.0.1:1/v1", Key: "sk-0123456789abcdef0123456789abcdef", Model: "m",
		Transport: &wiretest.Canned{Body: stream, Cut: len(stream)}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		events := 0
		if _, err := c.Stream(b.Context(), &llm.Request{}, func(llm.Event) { events++ }); err != nil || events != count {
			b.Fatal(err, events)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/chunk")
}

// BenchmarkFirstToken is the time from asking to the first token, with a document
// of 20 KB in the prompt: asked directly, through a bare reverse proxy, and by
// Stream. The floor is the same run's "direct".
func BenchmarkFirstToken(b *testing.B) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w).Flush
		for range 10 {
			io.WriteString(w, benchChunk)
			flush()
		}
		io.WriteString(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	}))
	defer upstream.Close()
	target, _ := url.Parse(upstream.URL)
	reverse := httputil.NewSingleHostReverseProxy(target)
	reverse.FlushInterval = -1
	proxy := httptest.NewServer(reverse)
	defer proxy.Close()

	req := &llm.Request{System: "You help.\n" + strings.Repeat("A line of the document, as long as lines are.\n", 450),
		Messages: []llm.Message{{Role: llm.User, Text: "What is this about?"}}}
	body, err := encode("m", req, quirks{})
	if err != nil {
		b.Fatal(err)
	}
	plain := func(base string) func(b *testing.B) time.Duration {
		return func(b *testing.B) time.Duration {
			start := time.Now()
			resp, err := http.Post(base+"/v1/chat/completions", "application/json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			defer resp.Body.Close()
			var first [1]byte
			if _, err := resp.Body.Read(first[:]); err != nil {
				b.Fatal(err)
			}
			d := time.Since(start)
			io.Copy(io.Discard, resp.Body)
			return d
		}
	}
	c, err := New(Config{BaseURL: upstream.URL + "/v1", Key: "sk-0123456789abcdef0123456789abcdef", Model: "m"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	stream := func(b *testing.B) time.Duration {
		start := time.Now()
		var d time.Duration
		_, err := c.Stream(b.Context(), req, func(llm.Event) {
			if d == 0 {
				d = time.Since(start)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	for _, way := range []struct {
		name string
		ask  func(b *testing.B) time.Duration
	}{{"direct", plain(upstream.URL)}, {"proxy", plain(proxy.URL)}, {"stream", stream}} {
		b.Run(way.name, func(b *testing.B) {
			var all []time.Duration
			for b.Loop() {
				all = append(all, way.ask(b))
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "µs-p50")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "µs-p99")
		})
	}
}
