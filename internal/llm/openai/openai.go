// Package openai speaks Chat Completions, streamed, with tools, over net/http.
//
// It takes servers as they are. Odd streams are read if what they mean is certain,
// and are an error if it is not: a stream that ends without a reason is never an
// answer. A parameter that the server refuses is left out or renamed, once, and
// that is remembered for as long as the Client lives. Before anything was shown a
// call is tried up to three times within a minute; afterwards never.
//
// Four limits, each with a message of its own: to connect, until the headers, until
// the first token, between two reads. A server's keep-alive comments count for the
// last, not for the third.
//
// The key goes to one place, the host of the base URL: no redirect takes it
// elsewhere, no plain HTTP carries it beyond this machine, and it is taken out of
// everything a server says, in its plain, percent and base64 form. parallel_tool_calls
// and temperature are never sent, so nobody can refuse them.
package openai

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/llm"
)

// DefaultBaseURL is where a Config without one points.
const DefaultBaseURL = "https://api.openai.com/v1"

// Config says which model to call, and how.
type Config struct {
	BaseURL   string // with the /v1; empty is DefaultBaseURL
	Key       string // secret; may be empty for a loopback BaseURL
	Model     string
	Timeouts  config.Timeouts     // a zero field takes its default
	Redact    func(string) string // applied to what errors say, after our own; may be nil
	UserAgent string

	Now   func() time.Time                                 // nil is time.Now
	Sleep func(ctx context.Context, d time.Duration) error // nil waits for real
}

// Client is a llm.Service. What it has learned of its server lives as long as it does.
type Client struct {
	cfg     Config
	url     string // of the completions
	host    string // for people
	http    *http.Client
	secrets secrets

	mu    sync.Mutex
	learn quirks
}

var _ llm.Service = (*Client)(nil)

// New checks cfg and makes a Client; it connects to nothing. A missing model or key
// is unavailable, a base URL that cannot be used invalid, one that is not safe to
// send a key to forbidden.
func New(cfg Config) (*Client, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	u, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Model == "" {
		return nil, fault.New(fault.Unavailable, "no model is configured for %s", u.Host).
			WithHint("set OPENAI_MODEL to the name of a model that the server has")
	}
	if err := checkKey(cfg.Key, u); err != nil {
		return nil, err
	}
	defaults(&cfg)
	c := &Client{cfg: cfg, url: u.String(), host: u.Host, secrets: newSecrets(cfg.Key, cfg.Redact)}
	c.http = newHTTPClient(u, cfg.Timeouts)
	return c, nil
}

// Model is the configured name of the model.
func (c *Client) Model() string { return c.cfg.Model }

// Close lets go of idle connections. Calls that run go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func checkKey(key string, u *url.URL) error {
	if key == "" && !isLoopback(u.Hostname()) {
		return fault.New(fault.Unavailable, "no key is configured for %s", u.Host).
			WithHint("put OPENAI_API_KEY=… in .env, or set OPENAI_BASE_URL to a server on this machine")
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return fault.New(fault.Invalid, "OPENAI_API_KEY holds a character that no key has: a blank, a line end or a letter beyond ASCII").
				WithHint("copy the key again, without quotes or blanks around it")
		}
	}
	return nil
}

func defaults(cfg *Config) {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&cfg.Timeouts.Connect, 10*time.Second)
	set(&cfg.Timeouts.Headers, 60*time.Second)
	set(&cfg.Timeouts.FirstToken, 120*time.Second)
	set(&cfg.Timeouts.Idle, 60*time.Second)
	if cfg.UserAgent == "" {
		cfg.UserAgent = "tasks"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// short cuts s to n runes, with a mark where something is missing.
func short(s string, n int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimSpace(string(r[:n])) + "…"
}
