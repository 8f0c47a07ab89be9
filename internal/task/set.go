package task

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"tasks/internal/fault"
)

// Change is one change of front matter. A nil Value removes the key.
//
// Key is a key of the contract, an alias of one, or any other word. What is written has
// the name of the contract: where the file has the key under an alias (`assignee` for
// `owner`), that line gets it with the new value, so that no second line with the same
// meaning appears.
type Change struct {
	Key   string
	Value any // string, []string, time.Time, nil
}

// Set applies changes to the front matter; every other byte stays. Invalid where
// the file is broken, a value is not of its form, or an anchor is in the way.
//
// After each change the result is parsed again: the key must read back as what was
// set, and every other key as before, or the change is refused.
func Set(src []byte, changes ...Change) ([]byte, error) {
	d, err := open(src)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		w, err := wish(c)
		if err != nil {
			return nil, err
		}
		next, err := d.apply(w)
		if err != nil {
			return nil, err
		}
		if err := confirm(d, next, w); err != nil {
			return nil, err
		}
		d = next
	}
	return d.src, nil
}

// want is a change made ready: its value normalised and checked.
type want struct {
	key   string
	spec  *keySpec // nil for a key that is not known
	kind  kind     // null removes the key
	value string
	items []string
}

func wish(c Change) (want, error) {
	w := want{key: Key(c.Key), spec: known[c.Key]}
	if !word(w.key) || w.key == "" || len(w.key) > 64 {
		return w, fault.New(fault.Invalid, "cannot set %q: a key is letters, digits, - and _", c.Key)
	}
	switch v := c.Value.(type) {
	case nil:
	case time.Time:
		w.kind, w.value = single, v.UTC().Format(time.RFC3339)
	case string:
		w.kind, w.value = single, v
		if w.spec != nil && w.spec.form == list {
			w.kind, w.value, w.items = listing, "", []string{v}
		}
	case []string:
		w.kind, w.items = listing, v
	default:
		return w, fault.New(fault.Internal, "cannot set %s: a %T is no value", w.key, v)
	}
	if err := w.normalise(); err != nil {
		return w, err
	}
	return w, nil
}

// normalise brings the value into the form in which it is written.
func (w *want) normalise() error {
	for _, s := range append([]string{w.value}, w.items...) {
		if !utf8.ValidString(s) {
			return fault.New(fault.Invalid, "cannot set %s: the value is not UTF-8", w.key)
		}
		if w.spec != nil && w.key != "description" && strings.ContainsFunc(s, unicode.IsControl) {
			return fault.New(fault.Invalid, "cannot set %s: the value holds a line break or a control character", w.key)
		}
	}
	if w.spec == nil || w.kind == null {
		return nil
	}
	if w.kind == single {
		w.value = strings.TrimSpace(w.value)
	}
	switch w.spec.form {
	case status:
		if s, ok := ParseStatus(w.value); ok {
			w.value = string(s)
		}
	case priority:
		w.value, _ = ParsePriority(w.value)
	case owner:
		if w.value = Owner(w.value); w.value == "" {
			return fault.New(fault.Invalid, "cannot set %s: the name holds no letter or digit", w.key)
		}
	}
	if w.key == "type" && w.value != "task" {
		return fault.New(fault.Invalid, "cannot set type to %q: the file would be a task no more", w.value)
	}
	if slices.Contains(w.items, "") {
		return fault.New(fault.Invalid, "cannot set %s: an item of the list is empty", w.key)
	}
	if why := checkValue(w.spec, entry{key: w.key, kind: w.kind, value: w.value}); why != "" {
		return fault.New(fault.Invalid, "cannot set %s: %s", w.key, why)
	}
	return nil
}

// document is a file whose front matter parses, with what its parts stand at.
type document struct {
	src    []byte
	front  front
	root   *yaml.Node // nil where there are no keys
	places *places
}

func open(src []byte) (*document, error) {
	f, broken := split(src)
	var root *yaml.Node
	if broken == nil {
		root, broken = parseFront(src, f)
	}
	if broken != nil {
		return nil, fault.New(fault.Invalid, "the file is broken, line %d: %s", broken.Line, broken.Reason).
			WithHint("mend that line by hand; until then nothing rewrites the file")
	}
	return &document{src, f, root, newPlaces(src, f)}, nil
}

// index is where in root.Content the key that stands for w is, -1 where it is not
// there: the key itself, or else the alias of it that is read.
func (d *document) index(w want) int {
	if d.root == nil {
		return -1
	}
	at := -1
	for i := 0; i < len(d.root.Content); i += 2 {
		switch key := d.root.Content[i].Value; {
		case key == w.key:
			return i
		case w.spec != nil && known[key] == w.spec && at < 0:
			at = i
		}
	}
	return at
}

func (d *document) apply(w want) (*document, error) {
	if d.root != nil && d.root.Style&yaml.FlowStyle != 0 {
		return nil, refuse(w.key, "the front matter is written in braces")
	}
	at := d.index(w)
	switch {
	case at < 0 && w.kind == null:
		return d, nil
	case at < 0:
		return d.insert(w)
	case w.kind != null:
		next, err := d.replace(w, d.root.Content[at], d.root.Content[at+1])
		if err != nil || bytes.Equal(next.src, d.src) {
			return next, err
		}
		return next.rename(w)
	}
	next, err := d.remove(w, d.root.Content[at], d.root.Content[at+1])
	if err != nil {
		return nil, err
	}
	return next.apply(w) // an alias of the key may stand there as well
}

// refuse is the error for a change that cannot be made by changing few bytes.
func refuse(key, why string) error {
	return fault.New(fault.Invalid, "cannot change %s: %s", key, why).WithHint("change it by hand in an editor")
}

// confirm holds the new text against the old one and the wish.
func confirm(before, after *document, w want) error {
	if after == before {
		return nil
	}
	mine := func(key string) bool { return key == w.key || w.spec != nil && known[key] == w.spec }
	rest := func(d *document) (keys []*yaml.Node, value *yaml.Node) {
		if d.root == nil {
			return nil, nil
		}
		for i := 0; i+1 < len(d.root.Content); i += 2 {
			if mine(d.root.Content[i].Value) {
				continue
			}
			keys = append(keys, d.root.Content[i], d.root.Content[i+1])
		}
		if at := d.index(w); at >= 0 {
			value = d.root.Content[at+1]
		}
		return keys, value
	}
	old, _ := rest(before)
	now, set := rest(after)
	if !slices.EqualFunc(old, now, same) {
		return refuse(w.key, "another key would change with it")
	}
	if set == nil {
		if w.kind == null {
			return nil
		}
		return refuse(w.key, "it would not read back")
	}
	k, v, items := value(set)
	if w.spec != nil && w.kind == single {
		v = strings.TrimSpace(v)
	}
	if k != w.kind || v != w.value || k == listing && !slices.Equal(items, w.items) {
		return refuse(w.key, fmt.Sprintf("%s would not read back", w.describe()))
	}
	return nil
}

func (w want) describe() string {
	if w.kind == listing {
		return fmt.Sprintf("%q", w.items)
	}
	return fmt.Sprintf("%q", w.value)
}

// same tells whether two nodes say the same.
func same(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Value == b.Value && a.Anchor == b.Anchor && a.ShortTag() == b.ShortTag() &&
		slices.EqualFunc(a.Content, b.Content, same)
}
