package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"tasks/internal/fault"
)

// answer is the bytes of an answer, made once and sent as often as asked for.
type answer struct {
	kind  string // content type
	plain []byte
	etag  string // without quotes
	// policy is the Content-Security-Policy of a frame; "" everywhere else.
	policy string

	squeeze sync.Once
	zipped  []byte // nil where it would not help
}

func newAnswer(kind string, data []byte) *answer {
	sum := sha256.Sum256(data)
	return &answer{kind: kind, plain: data, etag: base64.RawURLEncoding.EncodeToString(sum[:12])}
}

// gzip is the answer compressed, nil where that is not worth it.
func (a *answer) gzip() []byte {
	a.squeeze.Do(func() {
		if len(a.plain) < 1400 || !compressible(a.kind) { // less than one packet
			return
		}
		var buf bytes.Buffer
		z, _ := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
		z.Write(a.plain)
		z.Close()
		if buf.Len() < len(a.plain) {
			a.zipped = buf.Bytes()
		}
	})
	return a.zipped
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/json") || strings.HasPrefix(kind, "image/svg")
}

// send writes the answer, or 304 where the client has it.
func (a *answer) send(w http.ResponseWriter, r *request, status int) error {
	h := w.Header()
	body, tag := a.plain, a.etag
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if z := a.gzip(); z != nil {
			body, tag = z, a.etag+"-gz"
			h.Set("Content-Encoding", "gzip")
		}
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache") // always asked for again, answered by 304
	}
	if status == http.StatusOK {
		h.Set("ETag", `"`+tag+`"`)
		if matches(r.Header.Get("If-None-Match"), a.etag) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body) // an error is the client's leaving
	}
	return nil
}

// send answers with bytes that are not kept.
func send(w http.ResponseWriter, r *request, status int, kind string, data []byte) error {
	return newAnswer(kind, r.door.s.masked(data)).send(w, r, status)
}

// sendJSON answers with v.
func sendJSON(w http.ResponseWriter, r *request, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Cache-Control", "no-store")
	}
	return send(w, r, status, "application/json", append(data, '\n'))
}

// matches tells whether an If-None-Match value names the entity, compressed or not.
func matches(header, etag string) bool {
	for _, tag := range strings.Split(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || strings.TrimSuffix(strings.Trim(tag, `"`), "-gz") == etag {
			return true
		}
	}
	return false
}

// acceptsGzip reads an Accept-Encoding value.
func acceptsGzip(header string) bool {
	return quality(header, "gzip") > 0
}

// quality is the q of one name in an Accept header; -1 where it is not named.
func quality(header, name string) float64 {
	for _, part := range strings.Split(header, ",") {
		value, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(value), name) {
			continue
		}
		q := 1.0
		for _, p := range strings.Split(params, ";") {
			if text, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				var err error
				if q, err = strconv.ParseFloat(text, 64); err != nil {
					q = 0
				}
			}
		}
		return q
	}
	return -1
}

// fail turns an error into the answer of its route: a page for readers, JSON for
// programs.
func (s *Server) fail(w http.ResponseWriter, r *request, rt *route, err error) {
	if r.Context().Err() != nil && fault.Canceled(err) {
		return // nobody waits for an answer
	}
	status := fault.CodeOf(err).HTTPStatus()
	var ref *refusal
	if errors.As(err, &ref) {
		status = ref.status
	}
	message, hint := err.Error(), fault.HintOf(err)
	if fault.CodeOf(err) == fault.Internal {
		s.Log.Error("a request failed", "path", r.URL.Path, "err", err)
		var f *fault.Error
		if !errors.As(err, &f) { // its text was not made for people
			message = "something went wrong on our side; the server's log says what"
		}
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Encoding", "Content-Disposition"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if rt == nil || rt.class == page {
		s.errorPage(w, r, status, message, hint)
		return
	}
	if rt.class == asset {
		send(w, r, status, "text/plain; charset=utf-8", []byte(message+"\n"))
		return
	}
	sendJSON(w, r, status, map[string]any{"error": map[string]any{
		"code": fault.CodeOf(err), "message": message, "hint": orNull(hint),
	}})
}

// orNull is s, or nil where it is empty: an absent scalar is null in JSON.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
