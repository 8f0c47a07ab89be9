package workflow

import (
	"errors"
	"fmt"
	"strings"
)

// The template is Liquid, a strict part of it: what is not known fails instead of being
// nothing. The libraries there are cannot be held to a bound of time and memory, and
// take an unknown name within a condition for nothing.
//
//	{{ issue.title | upcase }}   filters of the table in filter.go
//	{% if a %} {% elsif b %} {% else %} {% endif %}, unless, case/when, for (limit, offset,
//	reversed, break, continue, else), assign, capture, comment, raw, {% # a remark %}
//	== != < <= > >= contains and or; 'text' "text" 1 1.5 true false nil empty blank (1..9)

// The bounds of one rendering.
const (
	maxWork  = 4 << 20 // nodes, and bytes that are made
	maxDepth = 64      // blocks within blocks, and values within values
	perItem  = 16      // what an item of a list counts for
)

// Render fills a template, at most 256 KB. vars are text, numbers, bools, lists ([]any),
// maps (map[string]any) and nil. Invalid with the class template_parse_error where it is
// not of the form, template_render_error where it names a variable or filter that is not
// there, or makes too much.
func Render(template string, vars map[string]any) (string, error) {
	nodes, err := parseTemplate(template)
	if err != nil {
		return "", asFault(TemplateForm, err)
	}
	s := &state{vars: vars, local: map[string]any{}, left: maxWork, line: 1}
	var out strings.Builder
	s.out = &out
	if err := s.all(nodes); err != nil && !errors.Is(err, errBreak) && !errors.Is(err, errContinue) {
		return "", asFault(TemplateRun, fmt.Errorf("line %d: %w", s.line, err))
	}
	return out.String(), nil
}

// CheckTemplate tells whether a template is of the form.
func CheckTemplate(template string) error {
	_, err := parseTemplate(template)
	if err != nil {
		return asFault(TemplateForm, err)
	}
	return nil
}

func asFault(class Class, err error) error {
	return fail(class, "the prompt template", "%w", err)
}

// state is one rendering.
type state struct {
	vars  map[string]any
	local map[string]any // by assign and capture
	loops []loop         // innermost last
	out   *strings.Builder
	left  int
	line  int // of the node at hand
}

// loop is a for at work.
type loop struct {
	name string
	item any
	info map[string]any
}

var (
	errBreak    = errors.New("break outside of a for")
	errContinue = errors.New("continue outside of a for")
	errTooMuch  = errors.New("it takes too long or makes too much")
	errTooLong  = errors.New("what it makes is larger than 256 KB")
)

// spend takes work from what is left.
func (s *state) spend(n int) error {
	if n < 0 || n > s.left {
		s.left = 0
		return errTooMuch
	}
	s.left -= n
	return nil
}

func (s *state) write(text string) error {
	if s.out.Len()+len(text) > maxPrompt {
		return errTooLong
	}
	s.out.WriteString(text)
	return s.spend(len(text))
}

func (s *state) all(nodes []node) error {
	for _, n := range nodes {
		if err := s.spend(1); err != nil {
			return err
		}
		if err := n.render(s); err != nil {
			return err
		}
	}
	return nil
}

// lookup finds a variable.
func (s *state) lookup(name string) (any, error) {
	for i := len(s.loops) - 1; i >= 0; i-- {
		if l := &s.loops[i]; l.name == name {
			return l.item, nil
		} else if name == "forloop" {
			return l.info, nil
		}
	}
	if v, ok := s.local[name]; ok {
		return v, nil
	}
	if v, ok := s.vars[name]; ok {
		return normalise(v), nil
	}
	return nil, fmt.Errorf("the variable %q is not known", name)
}

// normalise brings a value of the caller's to the types that are computed with.
func normalise(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out
	}
	return v
}
