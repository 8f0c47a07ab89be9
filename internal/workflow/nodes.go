package workflow

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

type (
	textNode string
	outNode  struct {
		e    expr
		line int
	}
	assignNode struct {
		to   string
		e    expr
		line int
	}
	captureNode struct {
		to   string
		body []node
	}
	branch struct {
		cond expr
		not  bool
		body []node
		line int
	}
	ifNode struct {
		branches []branch
		other    []node
	}
	whenBranch struct {
		values []expr
		body   []node
	}
	caseNode struct {
		of    expr
		whens []whenBranch
		other []node
		line  int
	}
	forNode struct {
		name          string
		in            expr
		limit, offset expr
		reversed      bool
		body, other   []node
		line          int
	}
	leave struct{ err error } // break and continue
)

func (n textNode) render(s *state) error { return s.write(string(n)) }
func (n leave) render(*state) error      { return n.err }

func (n outNode) render(s *state) error {
	s.line = n.line
	v, err := n.e.eval(s)
	if err != nil {
		return err
	}
	text, err := s.text(v)
	if err != nil {
		return err
	}
	return s.write(text)
}

func (n assignNode) render(s *state) error {
	s.line = n.line
	v, err := n.e.eval(s)
	if err == nil {
		s.local[n.to] = v
	}
	return err
}

func (n captureNode) render(s *state) error {
	outer := s.out
	s.out = &strings.Builder{}
	err := s.all(n.body)
	s.local[n.to] = s.out.String()
	s.out = outer
	return err
}

func (n ifNode) render(s *state) error {
	for _, b := range n.branches {
		s.line = b.line
		v, err := b.cond.eval(s)
		if err != nil {
			return err
		}
		if truth(v) != b.not {
			return s.all(b.body)
		}
	}
	return s.all(n.other)
}

func (n caseNode) render(s *state) error {
	s.line = n.line
	of, err := n.of.eval(s)
	if err != nil {
		return err
	}
	for _, w := range n.whens {
		for _, e := range w.values {
			v, err := e.eval(s)
			if err != nil {
				return err
			}
			is, err := s.equal(of, v)
			if err != nil {
				return err
			}
			if is {
				return s.all(w.body)
			}
		}
	}
	return s.all(n.other)
}

func (n forNode) render(s *state) error {
	s.line = n.line
	list, err := n.items(s)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return s.all(n.other)
	}
	s.loops = append(s.loops, loop{name: n.name})
	defer func() { s.loops = s.loops[:len(s.loops)-1] }()
	mine := len(s.loops) - 1
	for i, v := range list {
		if err := s.spend(1); err != nil {
			return err
		}
		s.loops[mine].item = normalise(v)
		s.loops[mine].info = map[string]any{
			"index": int64(i + 1), "index0": int64(i), "rindex": int64(len(list) - i), "rindex0": int64(len(list) - i - 1),
			"first": i == 0, "last": i == len(list)-1, "length": int64(len(list)),
		}
		switch err := s.all(n.body); {
		case errors.Is(err, errBreak):
			return nil
		case err != nil && !errors.Is(err, errContinue):
			return err
		}
	}
	return nil
}

// items is what the for goes through.
func (n forNode) items(s *state) ([]any, error) {
	v, err := n.in.eval(s)
	if err != nil {
		return nil, err
	}
	list, err := listOf(v)
	if err != nil {
		return nil, fmt.Errorf("for %s: %w", n.name, err)
	}
	for i, e := range []expr{n.offset, n.limit} {
		if e == nil {
			continue
		}
		v, err := e.eval(s)
		if err != nil {
			return nil, err
		}
		count, err := whole(v, int64(len(list)))
		if err != nil {
			return nil, fmt.Errorf("for %s: %w", n.name, err)
		}
		if count = min(count, len(list)); i == 0 {
			list = list[count:]
		} else {
			list = list[:count]
		}
	}
	if n.reversed {
		if err := s.spend(perItem * len(list)); err != nil {
			return nil, err
		}
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return list, nil
}
