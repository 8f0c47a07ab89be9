package chat

import (
	"bytes"
	"encoding/json"
	"errors"

	"tasks/internal/edit"
	"tasks/internal/fault"
)

// The kinds of events.
const (
	kindTurn       = "turn"
	kindContent    = "content"
	kindBlock      = "block"
	kindReasoning  = "reasoning"
	kindToolCall   = "tool_call"
	kindApproval   = "approval"
	kindDecision   = "decision"
	kindProgress   = "progress"
	kindToolResult = "tool_result"
	kindNotice     = "notice"
	kindUsage      = "usage"
	kindError      = "error"
	kindDone       = "done"
)

// The reasons of done.
const (
	reasonStop      = "stop"
	reasonLength    = "length"
	reasonLimit     = "limit"
	reasonCancelled = "cancelled"
	reasonError     = "error"
	reasonFiltered  = "filtered"
)

// The data of the events, in the contract's words.
type (
	turnData struct {
		Turn         string     `json:"turn"`
		Conversation string     `json:"conversation"`
		Model        string     `json:"model"`
		Message      string     `json:"message"`
		RequestID    *string    `json:"request_id"`
		Selection    *Selection `json:"selection,omitempty"`
	}
	textData struct {
		Text string `json:"text"`
	}
	blockData struct {
		Index int    `json:"index"`
		End   int    `json:"end"`
		HTML  string `json:"html"`
	}
	callData struct {
		ID        string          `json:"id"`
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	approvalData struct {
		callData
		Diff      string `json:"diff,omitempty"`
		Digest    string `json:"digest"`
		Sentence  string `json:"sentence"`
		Always    bool   `json:"always"`
		ExpiresAt string `json:"expires_at"`
	}
	decisionData struct {
		ID       string `json:"id"`
		Digest   string `json:"digest"`
		Decision string `json:"decision"`
	}
	progressData struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	}
	resultData struct {
		ID        string       `json:"id"`
		Name      string       `json:"name"`
		Status    string       `json:"status"`
		Summary   string       `json:"summary"`
		Content   string       `json:"content"`
		Truncated bool         `json:"truncated"`
		Edit      *edit.Record `json:"edit,omitempty"`
	}
	usageData struct {
		InputTokens  int      `json:"input_tokens"`
		OutputTokens int      `json:"output_tokens"`
		CostUSD      *float64 `json:"cost_usd,omitempty"`
	}
	errorData struct {
		Code    fault.Code `json:"code"`
		Message string     `json:"message"`
		Hint    string     `json:"hint,omitempty"`
	}
	doneData struct {
		Turn   string `json:"turn"`
		Reason string `json:"reason"`
	}
)

// frame is an event that has no number yet.
type frame struct {
	kind string
	data any
}

// faultData is what a person is told of err: the words of a fault.Error, and of any
// other error only that it is ours.
func faultData(err error) errorData {
	code := fault.CodeOf(err)
	if code == fault.Internal {
		return errorData{Code: code, Message: "something went wrong inside the program; its log says more"}
	}
	return errorData{Code: code, Message: err.Error(), Hint: fault.HintOf(err)}
}

// encode writes v as one line of JSON and hides the secrets in it.
func encode(v any, redact func(string) string) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // a secret with < or & must be found as it is
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	hidden := json.RawMessage(redact(string(line)))
	if !json.Valid(hidden) {
		return nil, errors.New("an event is not JSON any more with its secrets hidden")
	}
	return hidden, nil
}
