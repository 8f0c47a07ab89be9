package wire_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tasks/internal/llm"
	"tasks/internal/llm/anthropic"
	"tasks/internal/llm/openai"
	"tasks/internal/llm/wire"
	"tasks/internal/llm/wiretest"
)

// What this package promises is tested through both of the APIs that are built on it:
// it must hold for each.

// said is an answer, for a provider to word. What it holds goes in as it is.
type said struct{ model, text, name, argument, finish string }

type provider struct {
	name, prefix string
	path         string // of requests
	header       string // that carries the key
	stop         string // the reason of a common end
	begin        string // a stream that says "So far"
	answer       func(said) string
	api          wiretest.API
}

func (p provider) fine() string { return p.answer(said{text: "Fine.", finish: p.stop}) }

var providers = []provider{
	{
		name: "openai", prefix: "OPENAI", path: "/v1/chat/completions", header: "Authorization", stop: "stop",
		api:   wiretest.API{Base: "/v1", New: func(cfg wire.Config) (llm.Service, error) { return openai.New(cfg) }},
		begin: `data: {"choices":[{"delta":{"content":"So far"}}]}` + "\n\n",
		answer: func(s said) string {
			call := ""
			if s.name != "" {
				call = fmt.Sprintf(`,"tool_calls":[{"index":0,"id":"a","function":{"name":"%s","arguments":"{\"x\":\"%s\"}"}}]`, s.name, s.argument)
			}
			return fmt.Sprintf("data: {\"model\":\"%s\",\"choices\":[{\"delta\":{\"content\":\"%s\"%s},\"finish_reason\":\"%s\"}]}\n\ndata: [DONE]\n\n", s.model, s.text, call, s.finish)
		},
	},
	{
		name: "anthropic", prefix: "ANTHROPIC", path: "/v1/messages", header: "X-Api-Key", stop: "end_turn",
		api:   wiretest.API{New: func(cfg wire.Config) (llm.Service, error) { return anthropic.New(cfg) }},
		begin: `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"So far"}}` + "\n\n",
		answer: func(s said) string {
			out := fmt.Sprintf("data: {\"type\":\"message_start\",\"message\":{\"model\":\"%s\"}}\n\n", s.model)
			if s.text != "" {
				out += fmt.Sprintf("data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}\n\n", s.text)
			}
			if s.name != "" {
				out += fmt.Sprintf("data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"%s\",\"input\":{\"x\":\"%s\"}}}\n\n", s.name, s.argument)
			}
			return out + fmt.Sprintf("data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n", s.finish)
		},
	},
}

func each(t *testing.T, test func(*testing.T, provider)) {
	t.Helper()
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// client makes a client for base that does not wait between tries.
func (p provider) client(t *testing.T, base string, change ...func(*wire.Config)) llm.Service {
	t.Helper()
	cfg := wire.Config{BaseURL: base, Key: wiretest.Canary, Model: "test-model",
		Sleep: func(context.Context, time.Duration) error { return nil }}
	for _, f := range change {
		f(&cfg)
	}
	c, err := p.api.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.(interface{ Close() }).Close)
	return c
}

// TestBothTellTheSame: what a user sees does not depend on the API.
func TestBothTellTheSame(t *testing.T) {
	replies := map[string]func(p provider) []string{
		"an answer": func(p provider) []string { return []string{p.fine()} },
		"a call and a result": func(p provider) []string {
			return []string{p.answer(said{text: "I look.", name: "list", argument: "y", finish: p.stop}), p.fine()}
		},
		"cut":               func(p provider) []string { return []string{p.begin} },
		"429 then fine":     func(p provider) []string { return []string{"%status 429\n%header Retry-After: 2\n{}", p.fine()} },
		"500 three times":   func(p provider) []string { return []string{"%status 500\nno", "%status 500\nno", "%status 500\nno"} },
		"403":               func(p provider) []string { return []string{"%status 403\n{\"error\":{\"message\":\"no\"}}"} },
		"an unknown reason": func(p provider) []string { return []string{p.answer(said{text: "x", finish: "tired"})} },
		"length in a call": func(p provider) []string {
			return []string{p.answer(said{text: "x", name: "list", finish: "max_tokens"})}
		},
		"refused":             func(p provider) []string { return []string{p.answer(said{text: "x", finish: "refusal"})} },
		"tools refused":       func(p provider) []string { return []string{"%status 400\n{\"error\":\"tools are not supported\"}"} },
		"unasked compression": func(p provider) []string { return []string{"%gzip\n" + p.fine()} },
		"unknown compression": func(p provider) []string { return []string{"%header Content-Encoding: zip\n" + p.fine()} },
	}
	for name, of := range replies {
		t.Run(name, func(t *testing.T) {
			told := map[string]string{}
			for _, p := range providers {
				told[p.name] = wiretest.Play(t, p.api, p.prefix, of(p)...)
			}
			if told["openai"] != told["anthropic"] {
				t.Errorf("openai:\n%s\nanthropic:\n%s", told["openai"], told["anthropic"])
			}
		})
	}
}
