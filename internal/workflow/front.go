package workflow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"tasks/internal/lazy"
)

// front is what a file's front matter says, by the keys that we know.
type front struct {
	hooks    map[string]string // those that are named; "" turns one off
	limits   map[string]int64  // by key of limitKeys
	byState  map[string]int    // normalised state: agents at once
	labels   []string          // normalised
	active   []string          // as written, nil where not said
	terminal []string
	provider map[string]any
}

// parse reads one file. dir is what a relative path in it begins at.
func parse(name, dir string, own bool, data []byte) (*part, error) {
	p := &part{name: name, own: own}
	if !utf8.Valid(data) {
		return nil, fail(ParseError, name, "it is not UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	head, body, ok := split(data)
	if !ok {
		return nil, fail(ParseError, name, "the front matter of line 1 never ends: there is no second ---")
	}
	p.template = strings.TrimSpace(string(body))
	top, err := mapping(head)
	if err != nil {
		var not notMap
		if errors.As(err, &not) {
			return nil, fail(NotAMap, name, "its front matter is %s and no map of keys", string(not))
		}
		return nil, fail(ParseError, name, "its front matter is no YAML: %w", err)
	}
	r := reader{part: p, dir: dir}
	if err := r.top(top); err != nil {
		return nil, err
	}
	return p, nil
}

// split finds the front matter between two lines of three dashes. Without a first one
// all is body; ok is false where there is no second one.
func split(data []byte) (head, body []byte, ok bool) {
	line, rest := cutLine(data)
	if !dashes(line) {
		return nil, data, true
	}
	for at := rest; len(at) > 0; {
		line, next := cutLine(at)
		if dashes(line) {
			return rest[:len(rest)-len(at)], next, true
		}
		at = next
	}
	return nil, nil, false
}

func cutLine(data []byte) (line, rest []byte) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return data[:i], data[i+1:]
	}
	return data, nil
}

func dashes(line []byte) bool { return string(bytes.TrimRight(line, " \t\r")) == "---" }

// notMap is what the front matter is instead.
type notMap string

func (n notMap) Error() string { return string(n) }

// mapping reads YAML into its top map; nil where it is empty. It never panics: the
// parser is not ours and the text is anybody's.
func mapping(head []byte) (top *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			top, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(head))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, plain(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds a second document")
	}
	// Read whole once: doubled keys and aliases without bounds are refused here.
	var all any
	if err := doc.Decode(&all); err != nil {
		return nil, plain(err)
	}
	top = doc.Content[0]
	switch {
	case top.Kind == yaml.MappingNode:
		return top, nil
	case top.Kind == yaml.SequenceNode:
		return nil, notMap("a list")
	case all == nil:
		return nil, nil
	}
	return nil, notMap("a single value")
}

// plain is the parser's error in one line and without its name. It counts lines from
// the first of the front matter, which is the file's second.
func plain(err error) error {
	text := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
	text = strings.TrimPrefix(text, "unmarshal errors: ")
	return errors.New(yamlLine().ReplaceAllStringFunc(text, func(m string) string {
		n, err := strconv.Atoi(m[len("line "):])
		if err != nil {
			return m
		}
		return "line " + strconv.Itoa(n+1)
	}))
}

var yamlLine = lazy.Regexp(`line [0-9]+`)
