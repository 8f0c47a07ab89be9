package tool

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"tasks/internal/fault"
)

// form is a tool of this package: its face, and the function that makes a call
// ready of arguments that are of the right form.
type form struct {
	name        string
	class       Class
	description string
	params      []param
	prepare     func(ctx context.Context, s Session, a arguments) (*draft, error)
	redact      func(string) string
}

// draft is what a tool knows of a call; form makes the Plan of it.
type draft struct {
	sentence  string
	diff      string
	rests     []string // hashes of the files the call rests on, in a fixed order
	sensitive bool
	// run does it. Of the Result beside an error only Taints counts: the words of
	// the error may quote a file.
	run   func(ctx context.Context) (Result, error)
	again func(ctx context.Context) (*draft, error) // for Plan.Again; may be nil
}

func (f *form) Name() string        { return f.name }
func (f *form) Description() string { return strings.TrimSpace(f.description) }
func (f *form) Class() Class        { return f.class }

// Schema is the JSON Schema of the parameters, keys in the order of the table.
func (f *form) Schema() json.RawMessage {
	var props, required []string
	for _, p := range f.params {
		props = append(props, quote(p.name)+":"+p.schema())
		if p.required {
			required = append(required, quote(p.name))
		}
	}
	return json.RawMessage(`{"type":"object","properties":{` + strings.Join(props, ",") +
		`},"required":[` + strings.Join(required, ",") + `],"additionalProperties":false}`)
}

func (p param) schema() string {
	s := `{"type":` + quote(string(p.kind)) + `,"description":` + quote(p.note)
	switch p.kind {
	case integer:
		s += `,"minimum":1`
		if p.max > 0 {
			b, _ := json.Marshal(p.max)
			s += `,"maximum":` + string(b)
		}
	case texts:
		var names []string
		for _, n := range p.names {
			names = append(names, quote(n)+`:{"type":"string"}`)
		}
		s += `,"properties":{` + strings.Join(names, ",") + `},"additionalProperties":false`
	}
	return s + "}"
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// Prepare decodes the arguments and makes the call ready. The tool may bring
// arguments into canonical form (a path, a slug); what it leaves is what is shown,
// bound and run.
func (f *form) Prepare(ctx context.Context, s Session, src string) (*Plan, error) {
	a, err := decode(src, f.params)
	if err != nil {
		return nil, masked(err, f.redact)
	}
	d, err := f.prepare(ctx, s, a)
	if err != nil {
		return nil, masked(err, f.redact)
	}
	return f.plan(a.canonical(), d), nil
}

// plan is what leaves this room of a draft.
func (f *form) plan(canonical json.RawMessage, d *draft) *Plan {
	p := &Plan{
		Arguments: canonical,
		Sentence:  d.sentence,
		Diff:      visible(d.diff),
		Digest:    Digest(f.name, canonical, d.rests...),
		Sensitive: d.sensitive,
		Run: func(ctx context.Context, _ func(string)) Result {
			r, err := d.run(ctx)
			if err != nil {
				failed := Failed(err)
				failed.Taints = r.Taints
				return failed
			}
			return r
		},
	}
	if d.again != nil {
		p.Again = func(ctx context.Context) (*Plan, error) {
			d, err := d.again(ctx)
			if err != nil {
				return nil, masked(err, f.redact)
			}
			return f.plan(canonical, d), nil
		}
	}
	return guard(p, f.redact)
}

// Digest binds an approval: to the tool, the canonical arguments and the hashes of
// the files that the call rests on. Each part is preceded by its length, so that
// no two lists of parts give the same bytes.
func Digest(name string, canonical json.RawMessage, hashes ...string) string {
	h := sha256.New()
	for _, part := range append([]string{name, string(canonical)}, hashes...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Failed is the result of a call that ended in err, told so that a model can act on it.
func Failed(err error) Result {
	status := Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Result{Status: Timeout, Summary: "Ran out of time", Content: "error (timeout): the time for this call ran out"}
	case errors.Is(err, context.Canceled):
		return Result{Status: Cancelled, Summary: "Stopped", Content: "error (cancelled): the call was stopped"}
	}
	code := fault.CodeOf(err)
	content := "error (" + string(code) + "): " + err.Error()
	if hint := fault.HintOf(err); hint != "" {
		content += "\nhint: " + hint
	}
	summary, _, _ := strings.Cut(err.Error(), "\n")
	return Result{Status: status, Summary: summary, Content: content}
}

// guard masks and bounds everything that leaves a plan.
func guard(p *Plan, redact func(string) string) *Plan {
	run := p.Run
	p.Sentence, p.Diff = redact(p.Sentence), redact(p.Diff)
	p.Run = func(ctx context.Context, progress func(string)) Result {
		r := run(ctx, func(s string) {
			if progress != nil {
				progress(redact(s))
			}
		})
		r.Summary, r.Content = redact(r.Summary), redact(r.Content)
		if cut, was := clip(r.Content, maxContent); was {
			r.Content, r.Truncated = cut+"\n[cut: the result was longer]", true
		}
		if r.Edit != nil {
			shown := *r.Edit
			shown.Diff = redact(shown.Diff)
			r.Edit = &shown
		}
		return r
	}
	return p
}

// masked is err with its words redacted.
func masked(err error, redact func(string) string) error {
	var f *fault.Error
	if !errors.As(err, &f) || fault.Canceled(err) {
		return err
	}
	shown := *f
	shown.Message, shown.Hint = redact(f.Message), redact(f.Hint)
	return &shown
}

// guarded is a tool of elsewhere behind the same masks and bounds.
type guarded struct {
	Tool
	redact func(string) string
}

func (g guarded) Prepare(ctx context.Context, s Session, src string) (*Plan, error) {
	p, err := g.Tool.Prepare(ctx, s, src)
	if err != nil {
		return nil, masked(err, g.redact)
	}
	return guard(p, g.redact), nil
}
