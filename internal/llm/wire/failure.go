package wire

import (
	"net/http"
	"strconv"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/lazy"
)

// A Failure is an error with what a retry, or a lesson, needs to know of it.
type Failure struct {
	Status int    // as HTTP; 0 where there is none
	Said   string // all that the server said; not for people

	err    error  // for people, without secrets
	brief  string // what happened, for the words of a retry
	retry  bool   // may be tried again if nothing was shown
	header http.Header
}

// Refuses tells whether the server says that a part of the request is wrong: it may
// take another.
func (f *Failure) Refuses() bool {
	return f.Status == http.StatusBadRequest || f.Status == http.StatusUnprocessableEntity
}

func fail(err error) *Failure { return &Failure{err: err} }

// wording is what the words about an endpoint need to know of it.
type wording struct {
	api     API
	secrets secrets
	host    string // for people; empty where an answer has begun
	model   string
}

// plain makes one short line without secrets of what a server said.
func (w wording) plain(text string) string { return w.secrets.words(text) }

// within is the wording for what happens within an answer: everybody knows by then
// who answers.
func (w wording) within() wording {
	w.host, w.model = "", ""
	return w
}

// inStream is the failure that an error object within an answer stands for.
func (w wording) inStream(data []byte) *Failure {
	p := parseProblem(data)
	if p.status == 0 && !p.failed {
		p.status = statusOf(p.code)
	}
	return w.within().failure(p, string(data), nil)
}

// failure words a problem.
func (w wording) failure(p problem, said string, header http.Header) *Failure {
	f := &Failure{Status: p.status, Said: said, header: header}
	var what, hint string
	what, hint, f.retry = w.explain(p)
	if p.status != 0 {
		what += " (" + strconv.Itoa(p.status) + ")"
	}
	if p.failed { // what the model wrote is neither run nor matched against
		f.Said, f.header = failedCall, nil
	}
	f.brief = what
	if detail := w.plain(p.message); detail != "" {
		what += ": " + detail
	}
	f.err = fault.New(fault.Unavailable, "%s", what).WithHint("%s", hint)
	return f
}

// explain says what a problem is, what to do about it, and whether trying again may
// help. The more certain a sign is, the earlier it stands.
func (w wording) explain(p problem) (what, hint string, retry bool) {
	server, name := "the model server", w.api.setting
	if w.host != "" {
		server += " at " + w.host
	}
	switch {
	case p.failed:
		return "the model wrote a tool call that its server could not read", "ask again, or choose a model that is better with tools", false
	case Mentions(p.code, "insufficient_quota", "billing") || p.status == http.StatusPaymentRequired || noCredit().MatchString(p.message):
		return "no credit is left at " + server, "add credit there, or use another key or model", false
	case Mentions(p.code, "context_length", "context_window") || p.status == http.StatusRequestEntityTooLarge || tooLong().MatchString(p.message):
		return "the conversation is too long for this model", "begin a new conversation, or open a shorter document", false
	case p.status == http.StatusUnauthorized || badKey().MatchString(p.message):
		return server + " does not accept the key", "check " + name("API_KEY") + ", and that " + name("BASE_URL") + " is the server it is for", false
	case p.status == http.StatusForbidden:
		return server + " does not allow this", "the key may lack the right to this model, or the server may not serve your region", false
	case p.status == http.StatusNotFound && Mentions(strings.ToLower(p.message+p.code), "model"):
		return server + " has no model " + strconv.Quote(short(w.model, 80)), "set " + name("MODEL") + " to one that it has", false
	case p.status == http.StatusNotFound || p.status == http.StatusMethodNotAllowed:
		return server + " has no " + w.api.Name + " at this address", name("BASE_URL") + " " + w.api.BaseHint, false
	case p.status == http.StatusTooManyRequests:
		return server + " asks us to slow down", "wait a little and try again", true
	case p.status == http.StatusServiceUnavailable || p.status == 529 || Mentions(p.code, "overloaded"):
		return server + " is overloaded", "try again in a while", true
	case p.status >= 500:
		return server + " failed", "try again; if it stays, look at the server's own messages", true
	case p.status == http.StatusRequestTimeout || p.status == http.StatusConflict:
		return server + " was not ready", "try again", true
	case p.status != 0:
		return server + " refused the request", "this model or server may not take what the assistant sends", false
	}
	return server + " broke the answer off with an error", "try again", false
}

var noCredit = lazy.Regexp(`(?i)credit balance is too low`)

var badKey = lazy.Regexp(`(?i)\b(api.?key\b.{0,20}\b(not valid|invalid|incorrect|expired)|(invalid|incorrect) api.?key)`)

var tooLong = lazy.Regexp(`(?i)(maximum context length|context (length|window|size).{0,40}exceed|exceed.{0,40}context|prompt is too long)`)

// statusOf is the status that an error without one most likely has.
func statusOf(code string) int {
	switch {
	case Mentions(code, "insufficient_quota", "rate_limit", "too_many"):
		return http.StatusTooManyRequests
	case Mentions(code, "overloaded", "unavailable"):
		return http.StatusServiceUnavailable
	case Mentions(code, "timeout"):
		return http.StatusGatewayTimeout
	case Mentions(code, "server_error", "internal", "api_error"):
		return http.StatusInternalServerError
	case Mentions(code, "api_key", "authentication"):
		return http.StatusUnauthorized
	case Mentions(code, "invalid_request"):
		return http.StatusBadRequest
	}
	return 0
}

// Refuses tells whether a server's words, in lower case, say that something is not
// taken.
func Refuses(said string) bool {
	return Mentions(said, "not support", "unsupported", "n't support", "not allowed", "not permitted", "not one of", "unknown", "unrecognized",
		"invalid", "not enabled", "not available", "support tool use", "must be")
}

// RefusesStream tells whether a server's words, in lower case, say that an answer
// comes whole or not at all.
func RefusesStream(said string) bool {
	said = strings.ReplaceAll(said, `\`, "") // of quotes within JSON
	return Mentions(said, "'stream'", `"stream"`, "`stream`", "streaming") && Refuses(said)
}

// toolsRefused is the failure of a model that has no tools, or nil.
func (c *Client) toolsRefused(f *Failure) error {
	said := strings.ToLower(f.Said)
	no := Mentions(said, "tool-call-parser", "enable-auto-tool-choice") ||
		Mentions(said, "tool", "function call") && !Mentions(said, "tool_call_id", "role 'tool'") &&
			Mentions(said, "not support", "unsupported", "n't support", "not enabled", "not available", "support tool use")
	if !no || f.Status < 400 || f.Status >= 500 {
		return nil
	}
	return fault.New(fault.Unavailable, "the model %q at %s does not do tools: %s", short(c.cfg.Model, 80), c.words.host, c.words.plain(parseProblem([]byte(f.Said)).message)).
		WithHint("set %s to a model that can call tools, or switch tool calls on in its server", c.api.setting("MODEL"))
}
