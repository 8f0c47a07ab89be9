package anthropic_test

import (
	"flag"
	"testing"

	"tasks/internal/llm"
	"tasks/internal/llm/anthropic"
	"tasks/internal/llm/wiretest"
)

var update = flag.Bool("update", false, "rewrite the want section of testdata")

var api = wiretest.API{
	New:    func(cfg anthropic.Config) (llm.Service, error) { return anthropic.New(cfg) },
	Params: []string{"stream", "max_tokens"},
	Known:  []string{`{"role":"user","content":[{"type":"text","text":"Hello?"}]}`},
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
