package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"tasks/internal/event"
	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/task"
)

// turn is one user message and all that answers it, run by one goroutine.
type turn struct {
	s      *Service
	id     string
	conv   conversation
	model  llm.Service
	log    *slog.Logger
	topic  *event.Topic[Event] // its events, live
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  chan struct{}
	clock  *clock

	answer  *answer
	session *session

	// The loop's own: no other goroutine touches these while the turn runs.
	history []stored
	dropped int   // turns before those of history
	seq     int64 // number of the last message
	ids     map[string]bool
	spent   spent
	granted map[string]bool
	usage   *usageData

	mu     sync.Mutex // held while events are numbered, journaled and given out
	head   int64
	over   bool  // done is written: nothing more may be
	failed error // the journal failed: nothing more can be

	waiting  sync.Mutex
	question *question // the approval that waits, or nil
}

// ending is how a turn ends.
type ending struct {
	reason string
	notice string // the program's word on it, or ""
	err    error  // what went wrong, where the reason is error
}

func newTurn(s *Service, c conversation, model llm.Service, history []stored, seq int64) *turn {
	t := &turn{s: s, id: newID("t"), conv: c, model: model, topic: newTopic(c.last), ended: make(chan struct{}),
		history: history, seq: seq, ids: map[string]bool{}, head: c.last}
	t.log = s.cfg.Log.With("conversation", c.id, "turn", t.id)
	t.ctx, t.cancel = context.WithCancelCause(s.ctx)
	t.answer = newAnswer(t)
	t.session = &session{t: t, doc: c.doc, shown: map[string]string{}}
	for _, m := range history {
		for _, call := range m.Calls {
			t.ids[call.ID] = true
		}
	}
	return t
}

// opening is the turn's first event, which Start journals with the turn itself.
func (t *turn) opening(m Message) (Event, error) {
	d := turnData{Turn: t.id, Conversation: t.conv.id, Model: t.model.Model(), Message: m.Text, Selection: m.Selection}
	if m.RequestID != "" {
		d.RequestID = &m.RequestID
	}
	data, err := encode(d, t.s.cfg.Redact)
	return Event{ID: t.head + 1, Kind: kindTurn, Data: data}, err
}

// began takes over what Start has journaled.
func (t *turn) began(first Event, ask llm.Message) {
	t.head = first.ID
	t.seq++
	t.history = append(t.history, stored{t.id, ask})
	t.topic.Publish(first)
	t.changed(first.ID)
}

func (t *turn) changed(last int64) {
	t.s.cfg.Changed(t.conv.owner, t.conv.id, t.id, last)
}

// run is the turn's goroutine.
func (t *turn) run() {
	defer t.s.leave(t)
	t.clock = startClock(t.s.cfg.Limits.Turn, func() { t.cancel(errTime) })
	defer t.clock.stop()
	end := t.guarded()
	t.cancel(nil)
	if err := t.finish(end); err != nil {
		// Recover closes the turn when the journal can be written again.
		t.log.Error("cannot journal the end of a turn", "err", err)
	}
}

// guarded is the loop, in which a panic of ours ends this turn only.
func (t *turn) guarded() (end ending) {
	defer func() {
		if p := recover(); p != nil {
			t.log.Error("panic in a turn", "panic", p, "stack", string(debug.Stack()))
			end = ending{reason: reasonError, err: fmt.Errorf("panic: %v", p)}
		}
	}()
	var err error
	if t.granted, err = t.s.journal.grants(t.conv.id); err != nil {
		return ending{reason: reasonError, err: err}
	}
	return t.loop()
}

// loop asks the model and runs its calls until it has answered.
func (t *turn) loop() ending {
	for range t.s.cfg.Limits.ModelCalls {
		answer, err := t.ask()
		if err != nil || t.ctx.Err() != nil {
			return t.cut(err)
		}
		switch {
		case answer.Finish == llm.Length:
			return ending{reason: reasonLength}
		case answer.Finish == llm.Filtered:
			return ending{reason: reasonFiltered}
		case len(answer.Message.Calls) == 0 && answer.Message.Text == "":
			return ending{reason: reasonStop, notice: "The model ended its answer without a word."}
		case len(answer.Message.Calls) == 0:
			return ending{reason: reasonStop}
		}
		if end := t.runCalls(answer.Message.Calls); end != nil {
			return *end
		}
	}
	return ending{reason: reasonLimit, notice: fmt.Sprintf(
		"The turn was ended after %d calls of the model, its limit. What was done so far stays.", t.s.cfg.Limits.ModelCalls)}
}

// cut says how the turn ends where its context ended or, with err, the model failed.
func (t *turn) cut(err error) ending {
	switch cause := context.Cause(t.ctx); {
	case errors.Is(cause, errStopped):
		return ending{reason: reasonCancelled}
	case errors.Is(cause, errClosing):
		return ending{reason: reasonCancelled, notice: "The program was ended during this turn."}
	case errors.Is(cause, errTime):
		return ending{reason: reasonLimit, notice: fmt.Sprintf(
			"The turn was ended after %s, its limit. What was done so far stays.", t.s.cfg.Limits.Turn)}
	case errors.Is(cause, errTooLong):
		return ending{reason: reasonLimit, notice: fmt.Sprintf("The answer was cut off at %d MB.", answerBytes>>20)}
	case cause != nil:
		return ending{reason: reasonError, err: cause}
	}
	return ending{reason: reasonError, err: err}
}

// finish writes the end of the turn: usage, what there is to say, done.
func (t *turn) finish(end ending) error {
	var frames []frame
	if end.notice != "" {
		frames = append(frames, frame{kindNotice, textData{end.notice}})
	}
	if t.usage != nil {
		frames = append(frames, frame{kindUsage, *t.usage})
	}
	if end.reason == reasonError {
		if fault.CodeOf(end.err) == fault.Internal {
			t.log.Error("turn failed", "err", t.s.cfg.Redact(fmt.Sprint(end.err)))
		}
		frames = append(frames, frame{kindError, faultData(end.err)})
	}
	frames = append(frames, frame{kindDone, doneData{t.id, end.reason}})
	return t.commit(entry{frames: frames, last: true, also: func(tx *transaction) error {
		return endTurn(tx, t.conv.id, t.id, end.reason, time.Now())
	}})
}

// entry is what goes into the journal at once.
type entry struct {
	frames   []frame
	messages []llm.Message
	also     func(*transaction) error
	last     bool // ends the turn
}

// record journals events and gives them out.
func (t *turn) record(frames ...frame) error { return t.commit(entry{frames: frames}) }

// commit journals e and then gives its events out. Where the journal cannot be
// written the turn is cancelled: what is not journaled is not done.
func (t *turn) commit(e entry) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || t.failed != nil && !e.last {
		return errors.Join(errors.New("the turn has ended"), t.failed)
	}
	events := make([]Event, len(e.frames))
	for i, f := range e.frames {
		data, err := encode(f.data, t.s.cfg.Redact)
		if err != nil {
			return t.fail(err)
		}
		events[i] = Event{ID: t.head + 1 + int64(i), Kind: f.kind, Data: data}
	}
	shown := t.session.unsaved()
	err := t.s.journal.write(func(tx *transaction) error {
		if err := insertEvents(tx, t.conv.id, t.id, events); err != nil {
			return err
		}
		if err := insertMessages(tx, t.conv.id, t.id, t.seq+1, e.messages); err != nil {
			return err
		}
		if err := insertShown(tx, t.conv.id, shown); err != nil {
			return err
		}
		if e.also != nil {
			return e.also(tx)
		}
		return nil
	})
	if err != nil {
		return t.fail(err)
	}
	t.seq += int64(len(e.messages))
	for _, m := range e.messages {
		t.history = append(t.history, stored{t.id, m})
	}
	t.give(events, e.last)
	return nil
}

func (t *turn) fail(err error) error {
	t.failed = err
	t.log.Error("cannot write the journal", "err", err)
	t.cancel(fault.New(fault.Unavailable, "the conversation cannot be written down: %w", err).
		WithHint("see whether the disk is full"))
	return err
}

// give shows journaled events to those who watch.
func (t *turn) give(events []Event, last bool) {
	if last {
		t.over = true
		// Who sees done may begin the next turn at once.
		t.s.forget(t)
	}
	for _, e := range events {
		t.head = t.topic.Publish(e)
		if e.Kind == kindApproval || e.Kind == kindDone {
			t.changed(e.ID)
		}
	}
}

// request is the next call of the model.
func (t *turn) request() *llm.Request {
	history, dropped := window(t.history)
	return &llm.Request{System: t.s.cfg.Redact(t.prompt(t.dropped + dropped)), Messages: history, Tools: t.offered()}
}

// undone names the edits of this conversation that the person has taken back.
func (t *turn) undone() []string {
	edits, err := t.s.edits(t.ctx, t.conv.id)
	if err != nil {
		t.log.Error("cannot read how the edits stand", "err", err)
		return nil
	}
	var names []string
	of := map[string]int{}
	for _, e := range edits {
		of[e.Path]++
		if e.Undone {
			names = append(names, fmt.Sprintf("%s (your edit %d of it)", quote(e.Path), of[e.Path]))
		}
	}
	return names[max(0, len(names)-20):]
}

// prompt is the system prompt of the next request, with the page as it is now.
func (t *turn) prompt(dropped int) string {
	f := facts{repo: t.s.repoName(), kind: "page", doc: t.conv.doc, page: t.conv.page, mode: t.s.cfg.Approve, dropped: dropped, undone: t.undone()}
	if f.doc == "" {
		if t.s.cfg.PageKind != nil {
			f.kind = orElse(t.s.cfg.PageKind(f.page), f.kind)
		}
		return prompt(f, randomWord)
	}
	f.kind = "doc"
	file, err := t.s.cfg.Repo.ReadFile(f.doc, 8<<20)
	switch {
	case err != nil && fault.CodeOf(err) != fault.Internal:
		f.why = visible(err.Error())
	case err != nil:
		t.log.Error("cannot read the open page", "path", f.doc, "err", err)
		f.why = "it cannot be read"
	case file.Cut:
		f.why = "it is too large; read_file reads it by lines"
	case !isText(file.Data):
		f.why = "it is not text"
	default:
		f.text = string(file.Data)
		t.session.open(file.Path, file.Hash)
		if task.IsTask(f.doc, file.Data) {
			f.kind = "task"
		}
	}
	return prompt(f, randomWord)
}
