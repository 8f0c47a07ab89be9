package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"tasks/internal/lazy"
)

// budget bounds how many values are read in one import, over all files.
type budget struct{ spent int }

func (b *budget) spend() error {
	if b.spent++; b.spent > maxValues {
		return fmt.Errorf("there are more than %d values in it, or in all", maxValues)
	}
	return nil
}

var errDeep = fmt.Errorf("its values lie more than %d deep within each other", maxNested)

// parseJSON reads one value and remembers the lines. A key that stands twice is
// there twice.
func (b *budget) parseJSON(data []byte) (n node, line int, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	r := jsonReader{b: b, d: d, data: data, line: 1}
	n, err = r.value(0)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows where the value ends")
		}
	}
	if err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return n, 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n")), errors.New("it is not JSON: " + syntax.Error())
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errors.New("it is not JSON: it ends in the middle")
		}
		r.here()
	}
	return n, r.line, err
}

type jsonReader struct {
	b    *budget
	d    *json.Decoder
	data []byte
	at   int
	line int
}

// here is the line of what was read last.
func (r *jsonReader) here() int {
	if to := min(int(r.d.InputOffset()), len(r.data)); to > r.at {
		r.line += bytes.Count(r.data[r.at:to], []byte("\n"))
		r.at = to
	}
	return r.line
}

func (r *jsonReader) value(deep int) (node, error) {
	t, err := r.d.Token()
	if err != nil {
		return node{}, err
	}
	n := node{line: r.here()}
	if err := r.b.spend(); err != nil {
		return n, err
	}
	switch v := t.(type) {
	case string:
		n.text, n.isText = v, true
	case json.Number:
		n.text = v.String()
	case bool:
		n.text = strconv.FormatBool(v)
	case json.Delim:
		if deep == maxNested {
			return n, errDeep
		}
		n.list, n.object = v == '[', v == '{'
		for r.d.More() {
			f := field{}
			if n.object {
				key, err := r.d.Token()
				if err != nil {
					return n, err
				}
				f.key, _ = key.(string)
			}
			if f.node, err = r.value(deep + 1); err != nil {
				return n, err
			}
			if n.object {
				n.fields = append(n.fields, f)
			} else {
				n.items = append(n.items, f.node)
			}
		}
		_, err = r.d.Token()
	}
	return n, err
}

var yamlLine = lazy.Regexp(`line (\d+): `)

// parseYAML reads a mapping; skip is how many lines stand before it in its file. An
// alias is kept by its name and not followed, so that nothing can unfold.
func (b *budget) parseYAML(text []byte, skip int) (all bag, line int, err error) {
	defer func() {
		if r := recover(); r != nil {
			all, line, err = bag{}, skip+1, errors.New("it is not yaml: the parser gave up")
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		line := skip + 1
		if m := yamlLine().FindStringSubmatch(err.Error()); m != nil {
			at, _ := strconv.Atoi(m[1])
			line = skip + at
		}
		why, _, _ := strings.Cut(yamlLine().ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), ""), "\n")
		return bag{}, line, errors.New("it is not yaml: " + why)
	}
	if doc.Kind == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].ShortTag() == "!!null" {
		return bag{}, 0, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return bag{}, skip + 1, errors.New("it is not yaml of `key: value` lines")
	}
	n, err := b.yamlNode(doc.Content[0], 0)
	return bag{n.fields}, skip + 1, err
}

func (b *budget) yamlNode(y *yaml.Node, deep int) (n node, err error) {
	if deep > maxNested {
		return n, errDeep
	}
	if err := b.spend(); err != nil {
		return n, err
	}
	n.line = y.Line
	switch y.Kind {
	case yaml.ScalarNode:
		if tag := y.ShortTag(); tag != "!!null" {
			n.text, n.isText = y.Value, tag == "!!str"
		}
	case yaml.AliasNode:
		n.text, n.isText = "*"+y.Value, true
	case yaml.SequenceNode:
		n.list = true
		for _, c := range y.Content {
			item, err := b.yamlNode(c, deep+1)
			if err != nil {
				return n, err
			}
			n.items = append(n.items, item)
		}
	case yaml.MappingNode:
		n.object = true
		for i := 0; i+1 < len(y.Content); i += 2 {
			v, err := b.yamlNode(y.Content[i+1], deep+1)
			if err != nil {
				return n, err
			}
			key := y.Content[i].Value
			if y.Content[i].Kind != yaml.ScalarNode {
				key = "?"
			}
			n.fields = append(n.fields, field{key, v})
		}
	}
	return n, nil
}

// front splits a markdown file into its front matter and its body. The line is that
// of a fault.
func (b *budget) front(data []byte) (head bag, body string, line int, err error) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	first, rest, _ := strings.Cut(text, "\n")
	if strings.TrimRight(first, " \t") != "---" {
		return head, text, 1, errors.New("it has no front matter: the first line is not ---")
	}
	at := 0
	for at < len(rest) {
		l, _, _ := strings.Cut(rest[at:], "\n")
		if strings.TrimRight(l, " \t") == "---" {
			head, line, err = b.parseYAML([]byte(rest[:at]), 1)
			return head, rest[min(at+len(l)+1, len(rest)):], line, err
		}
		at += len(l) + 1
	}
	return head, text, 1, errors.New("its front matter never ends: there is no second ---")
}
