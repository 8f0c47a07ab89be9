package task

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tasks/internal/lazy"
)

// cut is a piece of the file to be replaced.
type cut struct {
	from, to int
	text     string
}

// with is the document with the cuts made, parsed again. Cuts do not overlap.
func (d *document) with(w want, cuts ...cut) (*document, error) {
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, c := range cuts {
		if c.from < at || c.to < c.from {
			return nil, refuse(w.key, "the way it is written is too involved")
		}
		out = append(append(out, d.src[at:c.from]...), c.text...)
		at = c.to
	}
	next, err := open(append(out, d.src[at:]...))
	if err != nil {
		return nil, refuse(w.key, "the file would not parse any more")
	}
	return next, nil
}

// insert adds a key behind the last one, before the closing fence.
func (d *document) insert(w want) (*document, error) {
	indent := ""
	if d.root != nil {
		indent = strings.Repeat(" ", d.root.Column-1)
	}
	text := indent + w.key + ": " + w.text() + d.front.eol
	return d.with(w, cut{d.front.end, d.front.end, text})
}

// remove takes the lines of a key and its value out. Comments above and below stay.
func (d *document) remove(w want, key, val *yaml.Node) (*document, error) {
	if tied(val) {
		return nil, refuse(w.key, "its value has a yaml anchor or tag")
	}
	colon, err := d.colon(w, key)
	if err != nil {
		return nil, err
	}
	end := colon
	if val.Line != 0 && !empty(val) {
		if end, err = d.endOf(w, val, d.root.Column-1); err != nil {
			return nil, err
		}
	}
	from := d.lineStart(d.places.offset(key))
	_, to := cutLine(d.src, end)
	return d.with(w, cut{from, to, ""})
}

// replace writes a new value over the old one, in the old one's style.
func (d *document) replace(w want, key, val *yaml.Node) (*document, error) {
	if tied(val) {
		return nil, refuse(w.key, "its value has a yaml anchor or tag")
	}
	colon, err := d.colon(w, key)
	if err != nil {
		return nil, err
	}
	if empty(val) {
		return d.with(w, cut{colon, colon, " " + w.text()})
	}
	at := d.places.offset(val)
	switch {
	case val.Kind == yaml.SequenceNode && w.kind == listing:
		return d.replaceList(w, colon, val)
	case val.Kind == yaml.SequenceNode && val.Style&yaml.FlowStyle == 0:
		return d.replaceBlock(w, colon, val, w.text())
	case val.Kind == yaml.MappingNode:
		return nil, refuse(w.key, "it holds a nested value")
	case val.Kind == yaml.ScalarNode && val.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		end, err := d.endOf(w, val, d.root.Column-1)
		if err != nil {
			return nil, err
		}
		header := at + len(blockHeader().Find(d.src[at:d.front.end]))
		headerEnd := d.lineEnd(header)
		return d.with(w, cut{at, header, w.text()}, cut{headerEnd, max(end, headerEnd), ""})
	}
	end, err := d.endOf(w, val, d.root.Column-1)
	if err != nil {
		return nil, err
	}
	return d.with(w, cut{at, end, w.styled(val.Style)})
}

// rename gives a key that stands under an alias the name of the contract.
func (d *document) rename(w want) (*document, error) {
	at := d.index(w)
	if at < 0 || d.root.Content[at].Value == w.key {
		return d, nil
	}
	key := d.root.Content[at]
	end, err := d.endOf(w, key, 0)
	if err != nil {
		return nil, err
	}
	return d.with(w, cut{d.places.offset(key), end, w.key})
}

// replaceBlock puts text behind the colon, in place of the lines of a block list.
func (d *document) replaceBlock(w want, colon int, val *yaml.Node, text string) (*document, error) {
	end, err := d.endOf(w, val, d.root.Column-1)
	if err != nil {
		return nil, err
	}
	first := d.lineStart(d.places.offset(val))
	_, to := cutLine(d.src, end)
	return d.with(w, cut{colon, colon, " " + text}, cut{first, to, ""})
}

var blockHeader = lazy.Regexp(`^[|>][-+0-9]*`)

// colon is the offset behind the colon of a key.
func (d *document) colon(w want, key *yaml.Node) (int, error) {
	at := d.places.offset(key)
	if len(bytes.TrimLeft(d.src[d.lineStart(at):at], " ")) > 0 || tied(key) {
		return 0, refuse(w.key, "its key is written in an unusual way")
	}
	end, err := d.endOf(w, key, 0)
	if err != nil {
		return 0, err
	}
	rest := bytes.TrimLeft(d.src[end:d.front.end], " ")
	if !bytes.HasPrefix(rest, []byte(":")) {
		return 0, refuse(w.key, "its key is written in an unusual way")
	}
	return d.front.end - len(rest) + 1, nil
}

// tied tells whether a node, or one within it, has an anchor, an alias or a tag.
func tied(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || slices.ContainsFunc(n.Content, tied)
}

// empty tells whether nothing is written at all for a value.
func empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Tag == "!!null"
}

// lineStart is the offset at which the line of an offset begins.
func (d *document) lineStart(at int) int {
	return bytes.LastIndexByte(d.src[:at], '\n') + 1
}

// lineEnd is the offset of the line's end, before its line break.
func (d *document) lineEnd(at int) int {
	line, _ := cutLine(d.src, at)
	return at + len(bytes.TrimSuffix(line, []byte("\r")))
}
