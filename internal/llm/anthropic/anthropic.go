// Package anthropic speaks the Messages API, streamed, with tools.
//
// It takes servers as they are, as llm/openai does: what a piece means must be
// certain, and a stream that ends without a reason is an error. What a server refuses
// (a bound on the answer that is too high, thinking of another model, a stream) is
// changed, once, and remembered for as long as the Client lives. Prompt caching and
// thinking are not asked for.
//
// What a model thinks is shown as it comes. Together with a tool call it also goes
// back, block by block and to this API only, as the server wrote and signed it.
// Limits, retries and where the key goes are llm/wire's.
package anthropic

import (
	"context"
	"net/http"
	"strings"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// DefaultBaseURL is where a Config without one points.
const DefaultBaseURL = "https://api.anthropic.com/v1"

// version is the form of requests and answers that this package knows.
const version = "2023-06-01"

var api = wire.API{
	Name: "Messages API", Prefix: "ANTHROPIC", BaseURL: DefaultBaseURL, BaseHint: "is the address without the /v1/messages",
	Path: func(base string) string {
		return strings.TrimSuffix(strings.TrimSuffix(base, "/messages"), "/v1") + "/v1/messages"
	},
	Headers: func(h http.Header, key string) {
		h.Set("Anthropic-Version", version)
		if key != "" {
			h.Set("X-Api-Key", key)
		}
	},
}

// Config says which model to call, and how. Its BaseURL may stand with the /v1, as
// other settings have it, or without, as other programs of this API do.
type Config = wire.Config

// Client is a llm.Service. What it has learned of its server lives as long as it does.
type Client struct {
	*wire.Client
	learned wire.Learned[quirks]
}

var _ llm.Service = (*Client)(nil)

// New checks cfg and makes a Client, as wire.New does.
func New(cfg Config) (*Client, error) {
	c, err := wire.New(api, cfg)
	if err != nil {
		return nil, err
	}
	return &Client{Client: c}, nil
}

// Stream asks the model. See llm.Service.
func (c *Client) Stream(ctx context.Context, req *llm.Request, on func(llm.Event)) (*llm.Response, error) {
	return c.Client.Stream(ctx, req, on, func(a *wire.Answer) wire.Attempt {
		return &attempt{Answer: a, client: c, quirks: c.learned.Get()}
	})
}

// attempt is one try, for a server with these quirks.
type attempt struct {
	*wire.Answer
	client *Client
	quirks quirks

	tokens  tokens
	reason  string // for the end, as the server wrote it
	thought thoughts
}

// Body is the request as this server takes it.
func (a *attempt) Body() ([]byte, error) {
	return encode(a.client.Model(), a.Request, a.quirks)
}

// Learn looks for a part of the request that the server refused.
func (a *attempt) Learn(f *wire.Failure) string {
	next, what := a.quirks.adapt(f, a.Request)
	if what != "" {
		a.client.learned.Set(next)
	}
	return what
}
