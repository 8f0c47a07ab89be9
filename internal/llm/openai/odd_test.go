package openai_test

import (
	"flag"
	"testing"

	"tasks/internal/llm"
	"tasks/internal/llm/openai"
	"tasks/internal/llm/wiretest"
)

var update = flag.Bool("update", false, "rewrite the want section of testdata")

var api = wiretest.API{
	New:    func(cfg openai.Config) (llm.Service, error) { return openai.New(cfg) },
	Base:   "/v1",
	Params: []string{"stream", "stream_options", "max_tokens", "max_completion_tokens"},
	Known:  []string{`{"role":"system","content":"Be brief."}`, `{"role":"user","content":"Hello?"}`},
}

func TestOddStreams(t *testing.T) { wiretest.OddStreams(t, api, *update) }

func TestOddStreamsSplitInTwo(t *testing.T) { wiretest.OddStreamsInTwoPackets(t, api) }

func TestEverySplitPoint(t *testing.T) { wiretest.EverySplitPoint(t, api) }

func FuzzAnswer(f *testing.F) {
	for _, body := range wiretest.Bodies(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { wiretest.CheckAnswer(t, api, body) })
}
