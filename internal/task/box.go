package task

import (
	"bytes"
	"slices"
	"strings"

	"tasks/internal/fault"
)

// SetBox ticks or clears the box of a list item at a line, counted from 1; every
// other byte stays. NotFound where the line holds no box, or is code or comment.
func SetBox(src []byte, line int, ticked bool) ([]byte, error) {
	at, number := 0, 1
	if f, broken := split(src); broken == nil {
		at, number = f.body, lineOf(src, f.body)
	}
	var s scanner
	for ; at < len(src); number++ {
		text, next := cutLine(src, at)
		text = bytes.TrimSuffix(text, []byte("\r"))
		if number == line {
			code := s.fence != "" || s.inComment
			m := boxLine().FindSubmatchIndex(text)
			if m == nil || code || bytes.Contains(text[:m[2]], []byte("<!--")) {
				break
			}
			out := slices.Clone(src)
			switch mark := &out[at+m[2]]; {
			case !ticked:
				*mark = ' '
			case *mark == ' ': // an X stays an X
				*mark = 'x'
			}
			return out, nil
		}
		s.line(strings.TrimSuffix(string(text), "\r"), number)
		at = next
	}
	return nil, fault.New(fault.NotFound, "there is no box to tick at line %d", line).WithHint("look at the page as it is now")
}

// Box is a box of the section Plan: a step, and whether it is done.
type Box struct {
	Line int // from 1
	Text string
	Done bool
}

// PlanBoxes are the boxes of the first section Plan, in the order of the file.
func PlanBoxes(src []byte) []Box {
	list, lines := scan(src)
	i := slices.IndexFunc(list, func(s Section) bool { return s.Name == plan })
	if i < 0 {
		return nil
	}
	var out []Box
	for _, l := range lines[i] {
		if is, ticked, text := l.box(); is {
			out = append(out, Box{l.number, text, ticked})
		}
	}
	return out
}
