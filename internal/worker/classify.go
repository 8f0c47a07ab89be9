package worker

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// classify judges a failure of an agent with a protocol by the HTTP status of its model
// (0 for none), by the kind it gives itself, and by its words.
func classify(r *Result, status int, kind, why string) {
	low := strings.ToLower(kind + " " + why)
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(low, p) {
				return true
			}
		}
		return false
	}
	r.Outcome = Failed
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden,
		has("not logged in", "please run /login", "invalid api key", "authentication_failed", "authentication_error", "oauth token", "incorrect api key", "unauthorized"):
		r.Code, r.Retry, r.Text = "login", false, "the agent is not logged in to its model, or its key is wrong"
	case status == http.StatusPaymentRequired, has("billing_error", "credit balance", "insufficient_quota", "exceeded your current quota", "quota exceeded"):
		r.Code, r.Retry, r.Text = "model", false, "the account of the agent's model has no credit"
	case status == http.StatusTooManyRequests, has("rate_limit", "rate limit", "usage limit", "hit your limit"):
		r.Code, r.Retry, r.After, r.Text = "model", true, time.Minute, "the model's limit of requests is reached"
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status >= 500,
		has("overloaded", "high demand", "server_error", "unable to connect", "connection error", "connection refused", "econnrefused", "econnreset", "enotfound", "fetch failed",
			"stream disconnected", "error sending request", "socket", "timed out", "failed to parse json", "cannot connect"):
		r.Code, r.Retry, r.Text = "model", true, "the agent's model could not be reached or gave no whole answer"
	case status >= 400, has("model_not_found", "invalid_request", "prompt is too long", "issue with the selected model"):
		r.Code, r.Retry, r.Text = "model", false, "the agent's model refused the request"
	default:
		r.Code, r.Retry, r.Text = "agent", true, "the agent ended with an error"
	}
	if status > 0 {
		r.Text += fmt.Sprintf(" (HTTP status %d)", status)
	}
	r.Text = joined(": ", r.Text, why)
}

// joined is the parts that say anything, with sep between.
func joined(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}
