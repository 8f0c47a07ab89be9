package chat

import (
	"time"

	"tasks/internal/llm"
)

// What tests look into.
var (
	Visible    = visible
	Prompt     = prompt
	UserText   = userText
	Title      = title
	AnswerMost = answerBytes
)

type Facts = facts

func NewFacts(repo, kind, doc, page, text, why, mode string, dropped int) Facts {
	return facts{repo, kind, doc, page, text, why, mode, dropped, nil}
}

// SetTimes makes the service's times shorter; 0 leaves one as it is.
func (s *Service) SetTimes(coalesce, approvalTTL, stopGrace time.Duration) {
	s.coalesce = orElse(coalesce, s.coalesce)
	s.approvalTTL = orElse(approvalTTL, s.approvalTTL)
	s.stopGrace = orElse(stopGrace, s.stopGrace)
}

// Veil hides secrets in pieces.
func Veil(redact func(string) string, secrets []string, pieces []string) string {
	v := veil{redact: redact, secrets: secrets}
	out := ""
	for _, p := range pieces {
		out += v.write(p)
	}
	return out + v.flush()
}

var (
	Window       = window
	HistoryBytes = historyBytes
)

type Stored = stored

func NewStored(turn string, m llm.Message) Stored { return stored{turn, m} }
