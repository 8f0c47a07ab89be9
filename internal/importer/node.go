package importer

import "strings"

// node is a value of JSON or yaml: a scalar, a list, or an object with its keys in
// their order.
type node struct {
	text   string // of a scalar; null is ""
	isText bool   // the scalar was written as a text
	items  []node
	fields []field
	list   bool
	object bool
	line   int
}

type field struct {
	key string
	node
}

func textNode(s string) node { return node{text: s, isText: true} }

func (n *node) scalar() bool { return !n.list && !n.object }

// empty tells whether there is not one scalar with a text in it.
func (n *node) empty() bool {
	if n.scalar() {
		return strings.TrimSpace(n.text) == ""
	}
	for i := range n.items {
		if !n.items[i].empty() {
			return false
		}
	}
	for i := range n.fields {
		if !n.fields[i].empty() {
			return false
		}
	}
	return true
}

// bag is an object from which a reader takes what it has a place for. What is left
// is kept as it is, so a key that nobody thought of is never lost.
type bag struct{ fields []field }

// take removes a key and returns its value.
func (b *bag) take(key string) (node, bool) {
	for i, f := range b.fields {
		if f.key == key {
			b.fields = append(b.fields[:i:i], b.fields[i+1:]...)
			return f.node, true
		}
	}
	return node{}, false
}

// text takes a scalar; a value of another form stays.
func (b *bag) text(keys ...string) string {
	for _, key := range keys {
		n, ok := b.take(key)
		switch {
		case !ok:
		case !n.scalar():
			b.put(key, n)
		case strings.TrimSpace(n.text) != "":
			return n.text
		}
	}
	return ""
}

// list takes a list of scalars, or a scalar as a list of one; a value of another
// form stays.
func (b *bag) list(key string) []string {
	n, ok := b.take(key)
	if !ok {
		return nil
	}
	if n.scalar() {
		if strings.TrimSpace(n.text) == "" {
			return nil
		}
		return []string{n.text}
	}
	var out []string
	for i := range n.items {
		if !n.items[i].scalar() {
			b.put(key, n)
			return nil
		}
		if n.items[i].text != "" {
			out = append(out, n.items[i].text)
		}
	}
	if n.object {
		b.put(key, n)
	}
	return out
}

// put keeps a value under a key.
func (b *bag) put(key string, n node) { b.fields = append(b.fields, field{key, n}) }

// keep keeps a text, or several, under a key.
func (b *bag) keep(key string, texts ...string) {
	if len(texts) == 1 {
		b.put(key, textNode(texts[0]))
		return
	}
	n := node{list: true}
	for _, t := range texts {
		n.items = append(n.items, textNode(t))
	}
	b.put(key, n)
}
