package tool

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"tasks/internal/fault"
)

// maxArguments bounds what is looked at: two texts of the largest editable file.
const maxArguments = 4 << 20

// kind is the type of a parameter, by its name in JSON Schema.
type kind string

const (
	text    kind = "string"
	integer kind = "integer" // from 1
	boolean kind = "boolean"
	texts   kind = "object" // text by name; the names are in param.names
)

// param is one argument of a tool: the schema and the decoder are made of it.
type param struct {
	name     string
	kind     kind
	required bool
	max      int      // largest integer, or bytes of a text; 0: no bound of its own
	names    []string // of a texts parameter
	note     string   // for the model
}

// arguments are decoded arguments: string, int, bool or map[string]string by name.
// An absent one reads as the zero value.
type arguments map[string]any

func (a arguments) text(name string) string { s, _ := a[name].(string); return s }
func (a arguments) integer(name string) int { n, _ := a[name].(int); return n }
func (a arguments) boolean(name string) bool {
	b, _ := a[name].(bool)
	return b
}
func (a arguments) texts(name string) map[string]string {
	m, _ := a[name].(map[string]string)
	return m
}

// canonical is the one spelling of a: keys sorted, no white space, no default
// values, so that equal calls have equal bytes.
func (a arguments) canonical() json.RawMessage {
	short := map[string]any{}
	for name, v := range a {
		switch v := v.(type) {
		case bool:
			if !v {
				continue
			}
		case map[string]string:
			if len(v) == 0 {
				continue
			}
		}
		short[name] = v
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(short); err != nil {
		panic(err) // strings, numbers and booleans always encode
	}
	return bytes.TrimSpace(b.Bytes())
}

// decode reads the arguments of a call strictly. The error says what is wrong in
// words a model can act on; its code is Invalid.
func decode(src string, params []param) (arguments, error) {
	switch {
	case len(src) > maxArguments:
		return nil, invalid("they are over %d MB", maxArguments>>20)
	case !utf8.ValidString(src):
		return nil, invalid("they are not UTF-8")
	case !json.Valid([]byte(src)):
		return nil, invalid("they are not one JSON object")
	case loneSurrogate(src):
		return nil, invalid("half of a surrogate pair stands alone in an escape")
	}
	d := json.NewDecoder(strings.NewReader(src))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, invalid("they are not a JSON object")
	}
	a := arguments{}
	for d.More() {
		name, err := key(d)
		if err != nil {
			return nil, err
		}
		p := find(params, name)
		if p == nil {
			return nil, unknown(name, params)
		}
		if _, twice := a[name]; twice {
			return nil, invalid("%q is given twice", name)
		}
		if a[name], err = value(d, p); err != nil {
			return nil, err
		}
	}
	for _, p := range params {
		if _, ok := a[p.name]; p.required && !ok {
			return nil, invalid("%q is missing", p.name)
		}
	}
	return a, nil
}

// value reads the next value of d as p wants it.
func value(d *json.Decoder, p *param) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, invalid("%q cannot be read", p.name)
	}
	wrong := invalid("%q must be %s", p.name, article(p.kind))
	switch v := t.(type) {
	case string:
		if p.kind != text {
			return nil, wrong
		}
		return checkText(p, p.name, v)
	case bool:
		if p.kind != boolean {
			return nil, wrong
		}
		return v, nil
	case json.Number:
		// JSON Schema counts 80.0 as an integer, and some servers send numbers so.
		whole := v.String()
		if i := strings.IndexByte(whole, '.'); i >= 0 && strings.Trim(whole[i+1:], "0") == "" {
			whole = whole[:i]
		}
		n, err := strconv.Atoi(whole)
		if p.kind != integer || err != nil {
			return nil, wrong
		}
		if n < 1 || (p.max > 0 && n > p.max) {
			return nil, invalid("%q must be from 1%s, and is %d", p.name, upTo(p.max), n)
		}
		return n, nil
	case json.Delim:
		if p.kind != texts || v != '{' {
			return nil, wrong
		}
		return members(d, p)
	}
	return nil, wrong // null
}

// members reads the object of a texts parameter behind its brace.
func members(d *json.Decoder, p *param) (map[string]string, error) {
	m := map[string]string{}
	for d.More() {
		name, err := key(d)
		if err != nil {
			return nil, err
		}
		full := p.name + "." + name
		known := false
		for _, n := range p.names {
			known = known || n == name
		}
		if !known {
			return nil, invalid("%q is not known; known are %s", full, strings.Join(p.names, ", "))
		}
		if _, twice := m[name]; twice {
			return nil, invalid("%q is given twice", full)
		}
		t, err := d.Token()
		s, ok := t.(string)
		if err != nil || !ok {
			return nil, invalid("%q must be a string", full)
		}
		if m[name], err = checkText(p, full, s); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil && err != io.EOF {
		return nil, invalid("%q cannot be read", p.name)
	}
	return m, nil
}

func key(d *json.Decoder) (string, error) {
	t, err := d.Token()
	name, ok := t.(string)
	if err != nil || !ok {
		return "", invalid("a key cannot be read")
	}
	return name, nil
}

func checkText(p *param, name, s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", invalid("%q holds a NUL character", name)
	}
	if p.max > 0 && len(s) > p.max {
		return "", invalid("%q is %d bytes long, at most %d are taken", name, len(s), p.max)
	}
	return s, nil
}

func find(params []param, name string) *param {
	for i := range params {
		if params[i].name == name {
			return &params[i]
		}
	}
	return nil
}

// unknown says which name was meant where only the case or a sign is off.
func unknown(name string, params []param) error {
	var names []string
	for _, p := range params {
		if plain(p.name) == plain(name) {
			return invalid("%q is not known", name).WithHint("write it %q", p.name)
		}
		names = append(names, p.name)
	}
	return invalid("%q is not known", name).WithHint("known are %s", strings.Join(names, ", "))
}

func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
}

func invalid(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "wrong arguments: "+format, args...)
}

func article(k kind) string {
	switch k {
	case integer:
		return "a whole number, not in quotes"
	case boolean:
		return "true or false, not in quotes"
	case texts:
		return "an object of strings"
	}
	return "a string"
}

func upTo(n int) string {
	if n == 0 {
		return ""
	}
	return " to " + strconv.Itoa(n)
}

// loneSurrogate finds \uD800 to \uDFFF escapes without their other half, which
// the JSON reader would silently make another text of.
func loneSurrogate(src string) bool {
	for i := 0; i < len(src); i++ {
		if src[i] != '\\' {
			continue
		}
		i++ // what is escaped; src is valid JSON, so it is there
		if src[i] != 'u' {
			continue
		}
		u := unit(src[i+1:])
		i += 4
		switch {
		case u >= 0xDC00 && u <= 0xDFFF:
			return true
		case u >= 0xD800 && u <= 0xDBFF:
			if !strings.HasPrefix(src[i+1:], `\u`) {
				return true
			}
			if low := unit(src[i+3:]); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
	}
	return false
}

// unit is the value of four hex digits.
func unit(s string) uint64 {
	n, _ := strconv.ParseUint(s[:4], 16, 32)
	return n
}
