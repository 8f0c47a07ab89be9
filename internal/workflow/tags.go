package workflow

import (
	"errors"
	"fmt"
	"slices"
)

// node is a part of a template that puts something out.
type node interface{ render(*state) error }

// parser makes nodes of pieces.
type parser struct {
	pieces []piece
	depth  int
}

func parseTemplate(src string) ([]node, error) {
	list, err := pieces(src)
	if err != nil {
		return nil, err
	}
	p := &parser{pieces: list}
	nodes, end, err := p.block()
	if err != nil {
		return nil, err
	}
	if end.text != "" {
		return nil, fmt.Errorf("line %d: %q has nothing to end or to go on with", end.line, end.text)
	}
	return nodes, nil
}

// block reads to a tag that is one of ends, and takes that; without ends to the end of
// the template. end is the tag that ended it, its words behind the name in rest.
func (p *parser) block(ends ...string) (nodes []node, end ending, err error) {
	if p.depth++; p.depth > maxDepth {
		return nil, end, lined(p.line(), errors.New("it is nested too deep"))
	}
	defer func() { p.depth-- }()
	for len(p.pieces) > 0 {
		at := p.pieces[0]
		p.pieces = p.pieces[1:]
		if at.kind == 't' {
			nodes = append(nodes, textNode(at.text))
			continue
		}
		list, err := wordsOf(at.text)
		if err != nil {
			return nil, end, lined(at.line, err)
		}
		r := &reading{words: list}
		var n node
		if at.kind == 'o' {
			n, err = output(r, at.line)
		} else {
			name := r.next()
			if name.kind == 'n' && (slices.Contains(ends, name.text) || stops[name.text]) {
				if !slices.Contains(ends, name.text) && len(ends) > 0 {
					return nil, end, lined(at.line, fmt.Errorf("%q stands where one of %v is awaited", name.text, ends))
				}
				return nodes, ending{name.text, at.line, r}, nil
			}
			n, err = p.tag(name, r, at.line)
		}
		if err != nil {
			return nil, end, lined(at.line, err)
		}
		nodes = append(nodes, n)
	}
	if len(ends) > 0 {
		return nil, end, placed{fmt.Errorf("the template ends where one of %v is awaited", ends)}
	}
	return nodes, end, nil
}

// ending is the tag that ended a block.
type ending struct {
	text string
	line int
	rest *reading
}

// placed is an error that knows its line already.
type placed struct{ error }

func lined(line int, err error) error {
	var p placed
	if errors.As(err, &p) {
		return err
	}
	return placed{fmt.Errorf("line %d: %w", line, err)}
}

func (p *parser) line() int {
	if len(p.pieces) > 0 {
		return p.pieces[0].line
	}
	return 0
}

// stops are tags that only end a block or go on with one.
var stops = map[string]bool{
	"endif": true, "elsif": true, "else": true, "endunless": true, "endfor": true, "endcase": true, "when": true,
	"endcapture": true, "endraw": true, "endcomment": true,
}

func output(r *reading, line int) (node, error) {
	if len(r.words) == 0 {
		return nil, errors.New("there is nothing between {{ and }}")
	}
	e, err := r.pipeline()
	return outNode{e, line}, err
}

func (p *parser) tag(name word, r *reading, line int) (node, error) {
	switch name.text {
	case "if", "unless":
		return p.ifTag(name.text, r, line)
	case "case":
		return p.caseTag(r, line)
	case "for":
		return p.forTag(r, line)
	case "assign":
		to, err := r.name("the variable")
		if err != nil {
			return nil, err
		}
		if err := r.want('p', "="); err != nil {
			return nil, err
		}
		e, err := r.pipeline()
		return assignNode{to, e, line}, err
	case "capture":
		to, err := r.name("the variable")
		if err != nil {
			return nil, err
		}
		body, _, err := p.block("endcapture")
		return captureNode{to, body}, errors.Join(err, r.end())
	case "break":
		return leave{errBreak}, r.end()
	case "continue":
		return leave{errContinue}, r.end()
	}
	return nil, fmt.Errorf("the tag %q is not known", name.text)
}

func (p *parser) ifTag(name string, r *reading, line int) (node, error) {
	n := ifNode{}
	cond, err := r.condition()
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	for {
		body, end, err := p.block("elsif", "else", "end"+name)
		if err != nil {
			return nil, err
		}
		n.branches = append(n.branches, branch{cond, name == "unless" && len(n.branches) == 0, body, line})
		switch line = end.line; {
		case end.text == "elsif":
			if cond, err = end.rest.condition(); err != nil {
				return nil, lined(end.line, err)
			}
		case end.text == "else":
			n.other, end, err = p.block("end" + name)
			if err != nil {
				return nil, err
			}
			return n, lineEnd(end)
		}
		if err := lineEnd(end); err != nil || end.text != "elsif" {
			return n, err
		}
	}
}

func lineEnd(end ending) error {
	if err := end.rest.end(); err != nil {
		return lined(end.line, err)
	}
	return nil
}

func (p *parser) caseTag(r *reading, line int) (node, error) {
	of, err := r.value()
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	n := caseNode{of: of, line: line}
	head, end, err := p.block("when", "else", "endcase")
	if err != nil {
		return nil, err
	}
	for _, h := range head { // between case and when there may only be space
		if t, ok := h.(textNode); !ok || !isEmpty(string(t), true) {
			return nil, errors.New("something stands between case and its first when")
		}
	}
	for end.text == "when" {
		var w whenBranch
		for {
			v, err := end.rest.value()
			if err != nil {
				return nil, lined(end.line, err)
			}
			w.values = append(w.values, v)
			if !end.rest.take('p', ",") && !end.rest.take('n', "or") {
				break
			}
		}
		if err := lineEnd(end); err != nil {
			return nil, err
		}
		if w.body, end, err = p.block("when", "else", "endcase"); err != nil {
			return nil, err
		}
		n.whens = append(n.whens, w)
	}
	if end.text == "else" {
		if n.other, end, err = p.block("endcase"); err != nil {
			return nil, err
		}
	}
	return n, lineEnd(end)
}

func (p *parser) forTag(r *reading, line int) (node, error) {
	n := forNode{line: line}
	var err error
	if n.name, err = r.name("the variable"); err != nil {
		return nil, err
	}
	if err = r.want('n', "in"); err != nil {
		return nil, err
	}
	if n.in, err = r.value(); err != nil {
		return nil, err
	}
	for len(r.words) > 0 {
		r.take('p', ",")
		word := r.next()
		switch word.text {
		case "reversed":
			n.reversed = true
		case "limit", "offset":
			if err := r.want('p', ":"); err != nil {
				return nil, err
			}
			v, err := r.value()
			if err != nil {
				return nil, err
			}
			if word.text == "limit" {
				n.limit = v
			} else {
				n.offset = v
			}
		default:
			return nil, fmt.Errorf("%q does not belong here", word.text)
		}
	}
	body, end, err := p.block("else", "endfor")
	if err != nil {
		return nil, err
	}
	n.body = body
	if end.text == "else" {
		if n.other, end, err = p.block("endfor"); err != nil {
			return nil, err
		}
	}
	return n, lineEnd(end)
}
