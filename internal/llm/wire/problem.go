package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A problem is an error as a server words it.
type problem struct {
	message string
	code    string // its code, type or status, in lower case
	status  int
	failed  bool // the model wrote a call that the server could not read
}

// parseProblem finds out what a server means to say, in any of the forms they use:
// {"error":{"message",…}}, {"error":"…"}, {"message":…}, {"detail":…}, lists of
// these, one within the other, plain text, or a page of HTML.
func parseProblem(body []byte) problem {
	text := strings.TrimSpace(string(body))
	var v any
	if json.Unmarshal(body, &v) != nil {
		return problem{message: unmarkup(text)}
	}
	var p problem
	p.read(v, 0)
	if p.message == "" {
		p.message = text
	}
	p.message = unmarkup(p.message)
	return p
}

// read takes in one level of an error object; what is nearer to the top wins.
func (p *problem) read(v any, depth int) {
	if depth > 6 {
		return
	}
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "{") && depth < 6 { // an error quoted within another
			var inner any
			if json.Unmarshal([]byte(v), &inner) == nil {
				p.read(inner, depth+1)
				return
			}
		}
		if p.message == "" {
			p.message = v
		}
	case []any:
		for _, e := range v[:min(len(v), 8)] {
			p.read(e, depth+1)
		}
	case map[string]any:
		for _, k := range []string{"code", "status", "type"} {
			switch c := v[k].(type) {
			case string:
				p.code += " " + strings.ToLower(c)
				if n, err := strconv.Atoi(c); err == nil {
					p.setStatus(float64(n))
				}
			case float64:
				p.setStatus(c)
			}
		}
		if f, ok := v["status_code"].(float64); ok {
			p.setStatus(f)
		}
		p.failed = p.failed || Mentions(p.code, "tool_use_failed") || v["failed_generation"] != nil
		for _, k := range []string{"error", "errors", "message", "msg", "detail", "choices", "error_message", "reason"} {
			if v[k] != nil && v[k] != false {
				p.read(v[k], depth+1)
			}
		}
		p.param(v)
		if meta, ok := v["metadata"].(map[string]any); ok { // a broker: what the provider said
			if raw, ok := meta["raw"].(string); ok && raw != "" {
				p.message = strings.TrimSpace(p.message + ": " + raw)
			}
		}
	}
}

// param adds where in the request the trouble is, if the message does not say so.
func (p *problem) param(v map[string]any) {
	switch loc := v["loc"].(type) {
	case []any:
		var names []string
		for _, l := range loc {
			if s, ok := l.(string); ok {
				names = append(names, s)
			}
		}
		if len(names) > 0 {
			p.message += " (" + strings.Join(names, ".") + ")"
		}
	}
	if s, ok := v["param"].(string); ok && s != "" && !strings.Contains(p.message, s) {
		p.message += " (" + s + ")"
	}
}

func (p *problem) setStatus(f float64) {
	if p.status == 0 && f >= 400 && f < 600 {
		p.status = int(f)
	}
}
