package task

import "go.yaml.in/yaml/v3"

// kind is the form of a value as it stands in a file.
type kind int

const (
	null    kind = iota // nothing, ~ or null
	single              // one scalar
	listing             // a list of scalars
	nested              // anything else
)

// entry is one key of the front matter with its value, read either way: by yaml or
// by the quick reader.
type entry struct {
	key   string
	line  int // in the file
	kind  kind
	value string
	items []string
}

// entries reads the front matter of src. root may be nil.
func entries(src []byte, f front, root *yaml.Node) []entry {
	if root == nil {
		return nil
	}
	lines := newLines(src, f)
	all := make([]entry, 0, len(root.Content)/2)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		e := entry{key: key.Value, line: lines.of(key)}
		e.kind, e.value, e.items = value(root.Content[i+1])
		all = append(all, e)
	}
	return all
}

// value reads a node. An alias is followed once at each level and no deeper, so
// that a file cannot make it unfold without end.
func value(n *yaml.Node) (kind, string, []string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return null, "", nil
		}
		return single, n.Value, nil
	case yaml.SequenceNode:
		items := make([]string, 0, len(n.Content))
		for _, c := range n.Content {
			if c.Kind == yaml.AliasNode {
				c = c.Alias
			}
			if c.Kind != yaml.ScalarNode {
				return nested, "", nil
			}
			if c.ShortTag() == "!!null" {
				continue // a dash with nothing behind it
			}
			items = append(items, c.Value)
		}
		return listing, "", items
	}
	return nested, "", nil
}
