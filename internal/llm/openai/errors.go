package openai

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tasks/internal/fault"
)

// A failure is an error with what a retry needs to know of it.
type failure struct {
	err    error  // for people, without secrets
	status int    // as HTTP; 0 where there is none
	said   string // all that the server said; not for people
	brief  string // what happened, for the words of a retry
	retry  bool   // may be tried again if nothing was shown
	header http.Header
}

func fail(err error) *failure { return &failure{err: err} }

// problem is an error as a server words it.
type problem struct {
	message string
	code    string // its code, type or status, in lower case
	status  int
	failed  bool // the model wrote a call that the server could not read
}

// errorInStream is the failure that an error object within an answer stands for.
func errorInStream(s secrets, data []byte) *failure {
	p := parseProblem(data)
	if p.status == 0 {
		p.status = statusOf(p.code)
	}
	return newFailure(s, "", "", p, string(data), nil)
}

// newFailure words a failure. host and model are empty where the answer had begun.
func newFailure(s secrets, host, model string, p problem, said string, header http.Header) *failure {
	f := &failure{status: p.status, said: said, header: header}
	detail := s.words(p.message)
	server := "the model server"
	if host != "" {
		server += " at " + host
	}
	what, hint := "", ""
	switch {
	case p.failed:
		what, hint = "the model wrote a tool call that its server could not read", "ask again, or choose a model that is better with tools"
	case has(p.code, "insufficient_quota", "billing") || p.status == http.StatusPaymentRequired:
		what, hint = "no credit is left at "+server, "add credit there, or use another key or model"
	case has(p.code, "context_length", "context_window") || p.status == http.StatusRequestEntityTooLarge || tooLong.MatchString(p.message):
		what, hint = "the conversation is too long for this model", "begin a new conversation, or open a shorter document"
	case p.status == http.StatusUnauthorized || badKey.MatchString(p.message):
		what, hint = server+" does not accept the key", "check OPENAI_API_KEY, and that OPENAI_BASE_URL is the server it is for"
	case p.status == http.StatusForbidden:
		what, hint = server+" does not allow this", "the key may lack the right to this model, or the server may not serve your region"
	case p.status == http.StatusNotFound && has(strings.ToLower(p.message+p.code), "model"):
		what, hint = server+" has no model "+strconv.Quote(short(model, 80)), "set OPENAI_MODEL to one that it has"
	case p.status == http.StatusNotFound || p.status == http.StatusMethodNotAllowed:
		what, hint = server+" has no Chat Completions at this address", "OPENAI_BASE_URL mostly ends in /v1"
	case p.status == http.StatusTooManyRequests:
		what, hint, f.retry = server+" asks us to slow down", "wait a little and try again", true
	case p.status == http.StatusServiceUnavailable || p.status == 529 || has(p.code, "overloaded"):
		what, hint, f.retry = server+" is overloaded", "try again in a while", true
	case p.status >= 500:
		what, hint, f.retry = server+" failed", "try again; if it stays, look at the server's own messages", true
	case p.status == http.StatusRequestTimeout || p.status == http.StatusConflict:
		what, hint, f.retry = server+" was not ready", "try again", true
	case p.status != 0:
		what, hint = server+" refused the request", "this model or server may not take what the assistant sends"
	default:
		what, hint = server+" broke the answer off with an error", "try again"
	}
	if p.status != 0 {
		what += " (" + strconv.Itoa(p.status) + ")"
	}
	if p.failed { // what the model wrote is neither run nor matched against
		f.said, f.header = failedCall, nil
	}
	f.brief = what
	if detail != "" {
		what += ": " + detail
	}
	f.err = fault.New(fault.Unavailable, "%s", what).WithHint("%s", hint)
	return f
}

var badKey = regexp.MustCompile(`(?i)\b(api.?key\b.{0,20}\b(not valid|invalid|incorrect|expired)|(invalid|incorrect) api.?key)`)

var tooLong = regexp.MustCompile(`(?i)(maximum context length|context (length|window|size).{0,40}exceed|exceed.{0,40}context|prompt is too long)`)

// statusOf is the status that an error without one most likely has.
func statusOf(code string) int {
	switch {
	case has(code, "insufficient_quota", "rate_limit", "too_many"):
		return http.StatusTooManyRequests
	case has(code, "overloaded", "unavailable"):
		return http.StatusServiceUnavailable
	case has(code, "server_error", "internal", "api_error"):
		return http.StatusInternalServerError
	case has(code, "api_key", "authentication"):
		return http.StatusUnauthorized
	}
	return 0
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
		p.failed = p.failed || has(p.code, "tool_use_failed") || v["failed_generation"] != nil
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

var (
	invisible = regexp.MustCompile(`(?is)<(script|style|svg|head\b)[^>]*>.*?</(script|style|svg|head)\s*>|<!--.*?-->`)
	tag       = regexp.MustCompile(`(?s)<[!/?a-zA-Z][^>]*>?`)
	title     = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
)

// unmarkup leaves the words of a text that may be a page.
func unmarkup(s string) string {
	lead := ""
	if m := title.FindStringSubmatch(s); m != nil {
		lead = m[1] + " "
	}
	s = lead + invisible.ReplaceAllString(s, " ")
	s = html.UnescapeString(tag.ReplaceAllString(s, " "))
	return strings.TrimSpace(tag.ReplaceAllString(s, " "))
}

// oneLine makes one line of s and drops what cannot be seen.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// human is a duration as people say it.
func human(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d <= 90*time.Second:
		return strconv.Itoa(int(d.Round(time.Second)/time.Second)) + " s"
	case d <= 90*time.Minute:
		return strconv.Itoa(int(d.Round(time.Minute)/time.Minute)) + " min"
	}
	return strconv.Itoa(int(d.Round(time.Hour)/time.Hour)) + " h"
}
