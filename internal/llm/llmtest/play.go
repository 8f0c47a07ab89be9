package llmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// play gives the answer that a step says.
func (s *Server) play(w http.ResponseWriter, hr *http.Request, r *Request, step *Step) {
	p := &player{server: s, w: w, gone: hr.Context().Done(), asked: r, step: step}
	if !p.pause(step.Wait) {
		return
	}
	for k, v := range step.Header {
		w.Header()[k] = v
	}
	switch {
	case step.Body != "" || step.Status >= 300:
		p.plain()
	case !r.Stream:
		p.whole()
	default:
		p.stream()
	}
}

// A player writes one answer.
type player struct {
	server *Server
	w      http.ResponseWriter
	gone   <-chan struct{}
	asked  *Request
	step   *Step
}

// pause waits and tells whether anybody is still there.
func (p *player) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.gone:
	case <-p.server.quit:
	}
	return false
}

// hang waits until the step's channel is closed and tells whether to go on.
func (p *player) hang() bool {
	if p.step.Hang == nil {
		return true
	}
	select {
	case <-p.step.Hang:
		return true
	case <-p.gone:
	case <-p.server.quit:
	}
	return false
}

func (p *player) plain() {
	if p.w.Header().Get("Content-Type") == "" {
		p.w.Header().Set("Content-Type", "application/json")
	}
	p.w.WriteHeader(max(p.step.Status, 200))
	io.WriteString(p.w, p.step.Body)
	p.flush()
	p.end()
}

// end hangs and cuts, where the step says so.
func (p *player) end() bool {
	if !p.hang() {
		return false
	}
	if p.step.Cut {
		panic(http.ErrAbortHandler) // the way to break a connection off in net/http
	}
	return true
}

func (p *player) flush() { http.NewResponseController(p.w).Flush() }

type object = map[string]any

func (p *player) stream() {
	p.w.Header().Set("Content-Type", "text/event-stream")
	p.w.WriteHeader(http.StatusOK)
	if !p.delta(object{"role": "assistant", "content": ""}) {
		return
	}
	for _, part := range pieces(p.step.Reasoning, p.step.Pieces) {
		if !p.delta(object{"reasoning_content": part}) || !p.pause(p.step.Pace) {
			return
		}
	}
	for _, part := range pieces(p.step.Text, p.step.Pieces) {
		if !p.delta(object{"content": part}) || !p.pause(p.step.Pace) {
			return
		}
	}
	if !p.calls() || !p.end() {
		return
	}
	p.chunk(object{"choices": []any{object{"index": 0, "delta": object{}, "finish_reason": p.finish()}}})
	p.chunk(object{"choices": []any{}, "usage": p.usage()})
	io.WriteString(p.w, "data: [DONE]\n\n")
	p.flush()
}

// calls streams the tool calls: all names first, then the arguments by turns, as
// parallel calls come.
func (p *player) calls() bool {
	rest := make([][]string, len(p.step.Calls))
	for i, c := range p.step.Calls {
		rest[i] = pieces(c.Arguments, p.step.Pieces)
		function := object{"name": c.Name, "arguments": ""}
		if !p.call(object{"index": i, "id": c.ID, "type": "function", "function": function}) {
			return false
		}
	}
	for more := true; more; {
		more = false
		for i := range rest {
			if len(rest[i]) == 0 {
				continue
			}
			if !p.call(object{"index": i, "function": object{"arguments": rest[i][0]}}) || !p.pause(p.step.Pace) {
				return false
			}
			rest[i], more = rest[i][1:], true
		}
	}
	return true
}

func (p *player) call(c object) bool { return p.delta(object{"tool_calls": []any{c}}) }

func (p *player) delta(d object) bool {
	return p.chunk(object{"choices": []any{object{"index": 0, "delta": d, "finish_reason": nil}}})
}

// chunk sends one event and tells whether it could be sent.
func (p *player) chunk(c object) bool {
	c["id"], c["object"], c["model"] = "chatcmpl-scripted", "chat.completion.chunk", p.asked.Model
	data, _ := json.Marshal(c)
	_, err := io.WriteString(p.w, "data: "+string(data)+"\n\n")
	p.flush()
	return err == nil
}

// whole answers a request that did not ask for a stream.
func (p *player) whole() {
	if !p.end() {
		return
	}
	message := object{"role": "assistant", "content": p.step.Text}
	if p.step.Reasoning != "" {
		message["reasoning_content"] = p.step.Reasoning
	}
	var calls []any
	for _, c := range p.step.Calls {
		calls = append(calls, object{"id": c.ID, "type": "function", "function": object{"name": c.Name, "arguments": c.Arguments}})
	}
	if calls != nil {
		message["tool_calls"] = calls
	}
	p.w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(p.w).Encode(object{"id": "chatcmpl-scripted", "object": "chat.completion", "model": p.asked.Model,
		"choices": []any{object{"index": 0, "message": message, "finish_reason": p.finish()}}, "usage": p.usage()})
}

func (p *player) finish() string {
	switch {
	case p.step.Finish != "":
		return p.step.Finish
	case len(p.step.Calls) > 0:
		return "tool_calls"
	}
	return "stop"
}

// usage is what the step says, or a guess of four bytes a token.
func (p *player) usage() object {
	in, out := p.step.Input, p.step.Output
	if in == 0 && out == 0 {
		out = len(p.step.Text) + len(p.step.Reasoning)
		for _, c := range p.step.Calls {
			out += len(c.Arguments)
		}
		in, out = len(p.asked.Body)/4, out/4+1
	}
	return object{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}
}

// pieces cuts s into n runes each, or into words where n is 0. Joined they are s.
func pieces(s string, n int) []string {
	var out []string
	for s != "" {
		end := wordEnd(s)
		if n > 0 {
			end = 0
			for range n {
				_, size := utf8.DecodeRuneInString(s[end:])
				end += size
			}
		}
		out = append(out, s[:end])
		s = s[end:]
	}
	return out
}

// wordEnd is where the first word of s ends: before the blank that follows it.
func wordEnd(s string) int {
	rest := strings.TrimLeftFunc(s, unicode.IsSpace)
	lead := len(s) - len(rest)
	if i := strings.IndexFunc(rest, unicode.IsSpace); i >= 0 {
		return lead + i
	}
	return len(s)
}
