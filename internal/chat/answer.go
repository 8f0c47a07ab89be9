package chat

import (
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"tasks/internal/llm"
	"tasks/internal/markdown"
)

const (
	// pieceBytes is how much text waits for the clock at most.
	pieceBytes = 32 << 10
	// answerBytes bounds all text of a turn, so that no model server can fill our
	// memory and disk.
	answerBytes = 4 << 20
)

// answer is what the model says in a turn, on its way into the journal: the first
// piece at once, what follows joined on a clock, so that neither journal nor page
// feels how finely the model cuts. Blocks of markdown follow the content that
// finishes them.
type answer struct {
	t *turn

	mu       sync.Mutex
	call     int    // number of the model call that may speak; late words of another are dropped
	kind     string // of what is pending
	pending  strings.Builder
	last     time.Time // when something was journaled
	timer    *time.Timer
	text     veil
	thought  veil
	said     strings.Builder // this call's text, as shown
	thoughts strings.Builder
	blocks   *markdown.Stream
	index    int // blocks so far
	base     int // bytes of content before this call
	size     int // bytes of content and reasoning so far
	end      int // bytes of content so far
}

func newAnswer(t *turn) *answer {
	c := t.s.cfg
	return &answer{t: t, text: veil{redact: c.Redact, secrets: c.Secrets}, thought: veil{redact: c.Redact, secrets: c.Secrets}}
}

// begin opens the answer to one model call and returns the ear for its pieces.
func (a *answer) begin() func(llm.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.call++
	a.base = a.end
	a.said.Reset()
	a.thoughts.Reset()
	var links markdown.Links
	if a.t.s.cfg.Links != nil {
		links = a.t.s.cfg.Links(a.t.conv.doc)
	}
	a.blocks = markdown.NewStream(links)
	call := a.call
	return func(e llm.Event) { a.hear(call, e) }
}

func (a *answer) hear(call int, e llm.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if call != a.call {
		return
	}
	switch e.Kind {
	case llm.Text:
		a.add(kindContent, e.Text)
	case llm.Reasoning:
		a.add(kindReasoning, e.Text)
	case llm.CallBegin:
		a.flush()
	case llm.Retry, llm.Warning:
		a.flush()
		a.t.record(frame{kindNotice, textData{clip(e.Text, 2<<10)}})
	}
}

// add takes a piece and journals it now or on the clock.
func (a *answer) add(kind, piece string) {
	if piece == "" {
		return
	}
	if kind != a.kind {
		a.flush()
		a.kind = kind
	}
	a.pending.WriteString(piece)
	wait := a.t.s.coalesce - time.Since(a.last)
	if wait <= 0 || a.pending.Len() >= pieceBytes {
		a.flush()
		return
	}
	if a.timer == nil {
		a.timer = time.AfterFunc(wait, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.timer = nil
			a.flush()
		})
	}
}

// flush journals what is pending.
func (a *answer) flush() {
	piece := a.pending.String()
	if piece == "" {
		return
	}
	a.pending.Reset()
	a.last = time.Now()
	if a.kind == kindReasoning {
		a.think(a.thought.write(piece))
	} else {
		a.say(a.text.write(piece))
	}
}

func (a *answer) think(text string) {
	if text == "" {
		return
	}
	a.thoughts.WriteString(text)
	a.t.record(frame{kindReasoning, textData{text}})
	a.grow(len(text))
}

// say journals content and the blocks it finishes, at once.
func (a *answer) say(text string) {
	if text == "" {
		return
	}
	a.said.WriteString(text)
	a.end += len(text)
	a.t.record(append([]frame{{kindContent, textData{text}}}, a.frames(a.render(func(m *markdown.Stream) []markdown.Block { return m.Write(text) }))...)...)
	a.grow(len(text))
}

func (a *answer) grow(n int) {
	if a.size += n; a.size > answerBytes {
		a.t.cancel(errTooLong)
	}
}

// frames numbers the blocks of this call within the turn.
func (a *answer) frames(blocks []markdown.Block) []frame {
	var out []frame
	for _, b := range blocks {
		out = append(out, frame{kindBlock, blockData{Index: a.index, End: a.base + b.End, HTML: b.HTML}})
		a.index++
	}
	return out
}

// render runs the renderer. Where that panics, the rest of this call has no blocks:
// its text is there all the same.
func (a *answer) render(do func(*markdown.Stream) []markdown.Block) (blocks []markdown.Block) {
	if a.blocks == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			a.t.log.Error("panic in the renderer", "panic", p, "stack", string(debug.Stack()))
			a.blocks, blocks = nil, nil
		}
	}()
	return do(a.blocks)
}

// finish closes the answer to a model call: everything is journaled, open blocks
// included. It returns the text and the reasoning as they were shown.
func (a *answer) finish() (text, reasoning string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flush()
	a.think(a.thought.flush())
	a.say(a.text.flush())
	if rest := a.frames(a.render((*markdown.Stream).Close)); len(rest) > 0 {
		a.t.record(rest...)
	}
	a.call++ // whoever still speaks is not heard
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	a.last = time.Time{} // the next call's first piece goes at once
	return a.said.String(), a.thoughts.String()
}
