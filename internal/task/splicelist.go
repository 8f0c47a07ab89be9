package task

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tasks/internal/lazy"
)

// replaceList changes a list with as few bytes as it can: items that go are taken
// out, items that come are put behind the last, and only another order makes the
// whole list be written anew.
func (d *document) replaceList(w want, colon int, val *yaml.Node) (*document, error) {
	var old []string
	for _, c := range val.Content {
		if c.Kind != yaml.ScalarNode {
			return nil, refuse(w.key, "its list holds a nested value")
		}
		old = append(old, c.Value)
	}
	inFlow := val.Style&yaml.FlowStyle != 0
	keep, added := difference(old, w.items)
	switch {
	case !slices.Contains(keep, true) && inFlow:
		at := d.places.offset(val)
		end, err := d.endOf(w, val, 0)
		if err != nil {
			return nil, err
		}
		return d.with(w, cut{at, end, w.text()})
	case len(w.items) == 0:
		return d.replaceBlock(w, colon, val, "[]")
	case inFlow:
		return d.spliceFlow(w, val, keep, added)
	}
	return d.spliceBlock(w, val, keep, added)
}

// difference says which of the old items stay where they are, and what follows them.
// Where the new order is another one, none stays.
func difference(old, now []string) (keep []bool, added []string) {
	keep = make([]bool, len(old))
	n := 0
	for i, item := range old {
		if n < len(now) && item == now[n] {
			keep[i] = true
			n++
		}
	}
	for _, item := range now[n:] {
		if slices.Contains(old, item) {
			return make([]bool, len(old)), now
		}
	}
	return keep, now[n:]
}

// spliceFlow changes `[a, b]`. At least one item stays.
func (d *document) spliceFlow(w want, val *yaml.Node, keep []bool, added []string) (*document, error) {
	var cuts []cut
	last := 0 // behind the last item that stays
	starts, ends := make([]int, len(keep)), make([]int, len(keep))
	for i, c := range val.Content {
		starts[i] = d.places.offset(c)
		end, err := d.endOf(w, c, 0)
		if err != nil {
			return nil, err
		}
		ends[i] = end
	}
	first := slices.Index(keep, true)
	for i := range keep {
		switch {
		case keep[i]:
			last = ends[i]
		case i < first: // up to the item behind it
			cuts = append(cuts, cut{starts[i], starts[i+1], ""})
		default: // with the comma before it
			cuts = append(cuts, cut{ends[i-1], ends[i], ""})
		}
	}
	var b strings.Builder
	for _, item := range added {
		b.WriteString(", " + encode(item, w.isText(), true, 0))
	}
	return d.with(w, append([]cut{{last, last, b.String()}}, cuts...)...)
}

var dash = lazy.Regexp(`^( *)-( +)$`)

// spliceBlock changes a list of `- item` lines.
func (d *document) spliceBlock(w want, val *yaml.Node, keep []bool, added []string) (*document, error) {
	var cuts []cut
	var before [][]byte // what stands before the first item, as the model of new lines
	behind := 0
	for i, c := range val.Content {
		at := d.places.offset(c)
		from := d.lineStart(at)
		m := dash().FindSubmatch(d.src[from:at])
		if m == nil {
			return nil, refuse(w.key, "the way its list is written is too involved")
		}
		if before == nil {
			before = m
		}
		end, err := d.endOf(w, c, len(m[1]))
		if err != nil {
			return nil, err
		}
		_, next := cutLine(d.src, end)
		behind = next
		if !keep[i] {
			cuts = append(cuts, cut{from, next, ""})
		}
	}
	if before == nil {
		return nil, refuse(w.key, "the way its list is written is too involved")
	}
	var b bytes.Buffer
	for _, item := range added {
		b.Write(before[0])
		b.WriteString(encode(item, w.isText(), false, 0) + d.front.eol)
	}
	return d.with(w, append(cuts, cut{behind, behind, b.String()})...)
}
