package task

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// endOf is the offset behind a node's text; yaml tells only where it begins. indent
// is that of the lines the node belongs to. It refuses what it is not sure of.
func (d *document) endOf(w want, n *yaml.Node, indent int) (int, error) {
	at := d.places.offset(n)
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0:
		return 0, refuse(w.key, "it holds a yaml anchor or tag")
	case n.Kind == yaml.ScalarNode:
		return d.endOfScalar(w, n, at, indent)
	case n.Style&yaml.FlowStyle != 0:
		return d.endOfFlow(w, n, at)
	}
	end := at
	for _, c := range n.Content {
		if empty(c) {
			continue
		}
		e, err := d.endOf(w, c, n.Column-1)
		if err != nil {
			return 0, err
		}
		end = max(end, e)
	}
	return end, nil
}

func (d *document) endOfScalar(w want, n *yaml.Node, at, indent int) (int, error) {
	text := d.src[at:d.front.end]
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for i := 1; i < len(text); i++ {
			if text[i] == '\\' {
				i++
			} else if text[i] == '"' {
				return at + i + 1, nil
			}
		}
	case n.Style&yaml.SingleQuotedStyle != 0:
		for i := 1; i < len(text); i++ {
			if text[i] == '\'' && (i+1 == len(text) || text[i+1] != '\'') {
				return at + i + 1, nil
			} else if text[i] == '\'' {
				i++
			}
		}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return d.endOfBlock(w, at, indent)
	case bytes.HasPrefix(text, []byte(n.Value)):
		end := at + len(n.Value) // a plain scalar of one line stands there as it reads
		return end, nil
	default:
		return d.endOfPlain(at, indent), nil
	}
	return 0, refuse(w.key, "the way it is written is too involved")
}

// endOfPlain is the end of a plain scalar that goes on over further lines: all that
// are indented deeper, up to a comment.
func (d *document) endOfPlain(at, indent int) int {
	end := at
	for pos := at; pos < d.front.end; {
		line, next := cutLine(d.src[:d.front.end], pos)
		content := strings.TrimLeft(string(line), " \t")
		depth := len(line) - len(content)
		if pos > at && strings.TrimSpace(content) != "" && (depth <= indent || content[0] == '#') {
			break
		}
		comment := strings.Index(content, " #")
		if comment >= 0 {
			content = content[:comment]
		}
		if content = strings.TrimRight(content, " \t\r"); content != "" {
			end = pos + depth + len(content)
		}
		if comment >= 0 {
			break
		}
		pos = next
	}
	return end
}

// endOfBlock is the end of a | or > scalar, without its last line break.
func (d *document) endOfBlock(w want, at, indent int) (int, error) {
	header := blockHeader().Find(d.src[at:d.front.end])
	keep := bytes.ContainsRune(header, '+')
	if bytes.ContainsAny(header, "123456789") {
		return 0, refuse(w.key, "its block of text has an indentation indicator")
	}
	end := d.lineEnd(at)
	depth := -1
	_, pos := cutLine(d.src, at)
	for pos < d.front.end {
		line, next := cutLine(d.src[:d.front.end], pos)
		line = bytes.TrimSuffix(line, []byte("\r"))
		content := bytes.TrimLeft(line, " ")
		if len(content) > 0 {
			have := len(line) - len(content)
			if depth < 0 && have > indent {
				depth = have
			}
			if depth < 0 || have < depth {
				break
			}
		}
		if len(content) > 0 || keep {
			end = pos + len(line)
		}
		pos = next
	}
	return end, nil
}

// endOfFlow is the offset behind the bracket that closes a flow list or mapping.
func (d *document) endOfFlow(w want, n *yaml.Node, at int) (int, error) {
	pos := at + 1
	for _, c := range n.Content {
		if empty(c) {
			continue
		}
		e, err := d.endOf(w, c, 0)
		if err != nil {
			return 0, err
		}
		pos = max(pos, e)
	}
	closing := byte(']')
	if n.Kind == yaml.MappingNode {
		closing = '}'
	}
	for ; pos < d.front.end; pos++ {
		switch c := d.src[pos]; c {
		case closing:
			return pos + 1, nil
		case ' ', '\t', '\r', '\n', ',', ':':
		case '#':
			line, _ := cutLine(d.src, pos)
			pos += len(line)
		default:
			return 0, refuse(w.key, "the way its list is written is too involved")
		}
	}
	return 0, refuse(w.key, "the way its list is written is too involved")
}
