// Package openai speaks Chat Completions, streamed, with tools.
//
// It takes servers as they are. Odd streams are read if what they mean is certain,
// and are an error if it is not. A parameter that the server refuses is left out or
// renamed, once, and that is remembered for as long as the Client lives.
// parallel_tool_calls and temperature are never sent, so nobody can refuse them.
// Limits, retries and where the key goes are llm/wire's.
package openai

import (
	"context"
	"net/http"
	"strings"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// DefaultBaseURL is where a Config without one points.
const DefaultBaseURL = "https://api.openai.com/v1"

var api = wire.API{
	Name: "Chat Completions", Prefix: "OPENAI", BaseURL: DefaultBaseURL, BaseHint: "mostly ends in /v1",
	Path: func(base string) string {
		return strings.TrimSuffix(base, "/chat/completions") + "/chat/completions"
	},
	Headers: func(h http.Header, key string) {
		if key != "" {
			h.Set("Authorization", "Bearer "+key)
		}
	},
}

// Config says which model to call, and how. Its BaseURL is the one with the /v1.
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
}

// Body is the request as this server takes it.
func (a *attempt) Body() ([]byte, error) {
	return encode(a.client.Model(), a.Request, a.quirks)
}

// Learn looks for a parameter that the server refused.
func (a *attempt) Learn(f *wire.Failure) string {
	next, what := a.quirks.adapt(f, a.Request)
	if what != "" {
		a.client.learned.Set(next)
	}
	return what
}
