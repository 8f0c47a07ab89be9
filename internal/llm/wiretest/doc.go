// Package wiretest is what the tests of model APIs share: a server that answers byte
// for byte what a fixture holds, faults included, and what plays the fixtures of a
// folder against a client and writes down all that comes out.
//
// A fixture is a txtar file. Its sections: "reply", one for each request (see Reply);
// "limits", such as "idle=50ms"; "again", how often the first question is asked once
// more; and "want", the transcript.
package wiretest

import (
	"encoding/json"

	"tasks/internal/llm"
	"tasks/internal/llm/wire"
)

// T is what is needed of *testing.T.
type T interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Tests is what is needed of *testing.T to run tests below it; S is *testing.T. The
// package itself is not used here: nothing of the product may be made to link it.
type Tests[S any] interface {
	T
	Run(name string, f func(S)) bool
	Parallel()
}

// Canary is the key of all tests: no byte that comes out may hold it.
const Canary = "sk-canary/7+Zq_0123456789-abcdef"

// An API is a client under test and how its requests look.
type API struct {
	New    func(wire.Config) (llm.Service, error)
	Base   string   // the path of its base URL
	Params []string // of a request, that a transcript shows
	Known  []string // messages of each request, that a transcript leaves out
}

var tools = []llm.Tool{{Name: "read_file", Description: "reads", Schema: json.RawMessage(`{"type":"object"}`)}, {Name: "search_files"}, {Name: "list"}}

// Question is what fixtures ask: "Hello?", with the tools read_file, search_files
// and list.
func Question() *llm.Request {
	return &llm.Request{System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "Hello?"}}, Tools: tools, MaxTokens: 500}
}

// Ignore takes events and does nothing.
func Ignore(llm.Event) {}
