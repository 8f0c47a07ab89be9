// Package wire is what the APIs of model servers have in common: an exchange over
// HTTP, and the answer put together from its pieces. A provider says how its API
// words requests and answers, by an API and an Attempt; all else is here.
//
// Before anything was shown a call is tried up to three times within a minute;
// afterwards never. A stream that ends without a reason is never an answer.
//
// Four limits, each with a message of its own: to connect, until the headers, until
// the first token, between two reads. A server's keep-alive comments count for the
// last, not for the third.
//
// The key goes to one place, the host of the base URL: no redirect takes it
// elsewhere, no plain HTTP carries it beyond this machine, and it is taken out of
// everything a server says, in its plain, percent and base64 form.
package wire

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
)

// API is what sets the exchange of one API apart from another's.
type API struct {
	Name     string                          // for people: "Chat Completions"
	Prefix   string                          // of its settings: "OPENAI" for OPENAI_API_KEY
	BaseURL  string                          // where a Config without one points
	BaseHint string                          // what a base URL mostly looks like, for who has mistyped it
	Path     func(base string) string        // the path to ask, from that of the base URL without slashes at its end
	Headers  func(h http.Header, key string) // sets what goes with each request; key may be empty
}

func (a API) setting(name string) string { return a.Prefix + "_" + name }

// Config says which model to call, and how.
type Config struct {
	BaseURL   string // empty is the API's own
	Key       string // secret; may be empty for a loopback BaseURL
	Model     string
	Timeouts  config.Timeouts     // a zero field takes its default
	Redact    func(string) string // applied to what errors say, after our own; may be nil
	UserAgent string

	Now       func() time.Time                                 // nil is time.Now
	Sleep     func(ctx context.Context, d time.Duration) error // nil waits for real
	Transport http.RoundTripper                                // nil is a real one, which minds where it connects to
}

// Client is the exchange with one endpoint. It is safe for concurrent use.
type Client struct {
	api   API
	cfg   Config
	url   string // to ask
	http  *http.Client
	words wording
}

// New checks cfg and makes a Client; it connects to nothing. A missing model or key
// is unavailable, a base URL that cannot be used invalid, one that is not safe to
// send a key to forbidden.
func New(api API, cfg Config) (*Client, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = api.BaseURL
	}
	u, err := api.parseBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Model == "" {
		return nil, fault.New(fault.Unavailable, "no model is configured for %s", u.Host).
			WithHint("set %s to the name of a model that the server has", api.setting("MODEL"))
	}
	if err := api.checkKey(cfg.Key, u); err != nil {
		return nil, err
	}
	defaults(&cfg)
	c := &Client{api: api, cfg: cfg, url: u.String()}
	c.words = wording{api: api, secrets: newSecrets(cfg.Key, cfg.Redact), host: u.Host, model: cfg.Model}
	c.http = api.newHTTPClient(u, cfg)
	return c, nil
}

// Model is the configured name of the model.
func (c *Client) Model() string { return c.cfg.Model }

// Close lets go of idle connections. Calls that run go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (a API) checkKey(key string, u *url.URL) error {
	name := a.setting("API_KEY")
	if key == "" && !isLoopback(u.Hostname()) {
		return fault.New(fault.Unavailable, "no key is configured for %s", u.Host).
			WithHint("put %s=… in .env, or set %s to a server on this machine", name, a.setting("BASE_URL"))
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return fault.New(fault.Invalid, "%s holds a character that no key has: a blank, a line end or a letter beyond ASCII", name).
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
