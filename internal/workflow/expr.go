package workflow

import (
	"errors"
	"fmt"
	"strconv"
)

// expr is something that has a value.
type expr interface{ eval(*state) (any, error) }

type (
	literal struct{ v any }
	path    struct {
		name  string
		steps []step
	}
	step struct { // .name or [at]
		name string
		at   expr
	}
	span     struct{ from, to expr } // (1..9)
	compared struct {
		op   string
		l, r expr
	}
	joined struct { // and, or
		op   string
		l, r expr
	}
	filtered struct {
		in    expr
		calls []call
	}
	call struct {
		name string
		args []expr
	}
	// special is empty or blank: it is only ever compared with.
	special string
)

// reading is the words of a mark, taken from the front.
type reading struct {
	words []word
	depth int
}

func (r *reading) peek() word {
	if len(r.words) == 0 {
		return word{}
	}
	return r.words[0]
}

func (r *reading) next() word {
	w := r.peek()
	if len(r.words) > 0 {
		r.words = r.words[1:]
	}
	return w
}

// take takes a word of that form, or none.
func (r *reading) take(kind byte, text string) bool {
	if w := r.peek(); w.kind == kind && w.text == text {
		r.words = r.words[1:]
		return true
	}
	return false
}

func (r *reading) want(kind byte, text string) error {
	if !r.take(kind, text) {
		return fmt.Errorf("%q is missing before %s", text, r.found())
	}
	return nil
}

func (r *reading) name(what string) (string, error) {
	w := r.next()
	if w.kind != 'n' {
		return "", fmt.Errorf("the name of %s is missing", what)
	}
	return w.text, nil
}

// end tells of what is left over.
func (r *reading) end() error {
	if len(r.words) > 0 {
		return fmt.Errorf("%s does not belong here", r.found())
	}
	return nil
}

func (r *reading) found() string {
	if len(r.words) == 0 {
		return "its end"
	}
	return strconv.Quote(r.words[0].text)
}

// condition reads comparisons joined by and and or, which bind from the right.
func (r *reading) condition() (expr, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, errors.New("it is nested too deep")
	}
	defer func() { r.depth-- }()
	l, err := r.comparison()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"and", "or"} {
		if r.take('n', op) {
			rest, err := r.condition()
			return joined{op, l, rest}, err
		}
	}
	return l, nil
}

func (r *reading) comparison() (expr, error) {
	l, err := r.value()
	if err != nil {
		return nil, err
	}
	op := r.peek()
	switch {
	case op.kind == 'p' && (op.text == "==" || op.text == "!=" || op.text == "<>" || op.text == "<" || op.text == ">" || op.text == "<=" || op.text == ">="),
		op.kind == 'n' && op.text == "contains":
		r.next()
		right, err := r.value()
		return compared{op.text, l, right}, err
	}
	return l, nil
}

// pipeline reads a value and the filters behind it.
func (r *reading) pipeline() (expr, error) {
	in, err := r.value()
	if err != nil {
		return nil, err
	}
	f := filtered{in: in}
	for r.take('p', "|") {
		name, err := r.name("a filter")
		if err != nil {
			return nil, err
		}
		c := call{name: name}
		if r.take('p', ":") {
			for {
				arg, err := r.value()
				if err != nil {
					return nil, err
				}
				c.args = append(c.args, arg)
				if !r.take('p', ",") {
					break
				}
			}
		}
		f.calls = append(f.calls, c)
	}
	if err := r.end(); err != nil || len(f.calls) > 0 {
		return f, err
	}
	return in, nil
}

var constants = map[string]expr{
	"true": literal{true}, "false": literal{false}, "nil": literal{nil}, "null": literal{nil},
	"empty": special("empty"), "blank": special("blank"),
}

// value reads a literal, a variable with its steps, or a range.
func (r *reading) value() (expr, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, errors.New("it is nested too deep")
	}
	defer func() { r.depth-- }()
	w := r.next()
	switch {
	case w.kind == 's':
		return literal{w.text}, nil
	case w.kind == 'd':
		if n, err := strconv.ParseInt(w.text, 10, 64); err == nil {
			return literal{n}, nil
		}
		f, err := strconv.ParseFloat(w.text, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", w.text)
		}
		return literal{f}, nil
	case w.kind == 'p' && w.text == "(":
		from, err := r.value()
		if err != nil {
			return nil, err
		}
		if err := r.want('p', ".."); err != nil {
			return nil, err
		}
		to, err := r.value()
		if err != nil {
			return nil, err
		}
		return span{from, to}, r.want('p', ")")
	case w.kind != 'n':
		r.words = append([]word{w}, r.words...)
		if w.kind == 0 {
			r.words = nil
		}
		return nil, fmt.Errorf("a value is missing before %s", r.found())
	}
	if c, ok := constants[w.text]; ok {
		return c, nil
	}
	return r.steps(path{name: w.text})
}

func (r *reading) steps(p path) (expr, error) {
	for {
		switch {
		case r.take('p', "."):
			name, err := r.name("a field")
			if err != nil {
				return nil, err
			}
			p.steps = append(p.steps, step{name: name})
		case r.take('p', "["):
			at, err := r.value()
			if err != nil {
				return nil, err
			}
			if err := r.want('p', "]"); err != nil {
				return nil, err
			}
			p.steps = append(p.steps, step{at: at})
		default:
			return p, nil
		}
	}
}
