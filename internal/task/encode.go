package task

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"tasks/internal/lazy"
)

// text is the value as yaml of one line.
func (w want) text() string { return w.styled(0) }

// styled is the value in the quotes of the one that it replaces.
func (w want) styled(style yaml.Style) string {
	if w.kind != listing {
		return encode(w.value, w.isText(), false, style)
	}
	parts := make([]string, len(w.items))
	for i, item := range w.items {
		parts[i] = encode(item, w.isText(), true, 0)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// Scalar is s as a text in one line of yaml, with quotes where it needs them, also
// within a list in brackets.
func Scalar(s string) string { return encode(s, true, true, 0) }

// isText tells whether the value is a text to every reader, whatever it looks like.
func (w want) isText() bool { return w.spec != nil && w.spec.form != instant }

// encode writes a scalar: in the quotes asked for, or plain where that reads back,
// or else in double quotes. isText keeps what looks like a number or a truth value
// to yaml a text.
func encode(s string, isText, inFlow bool, style yaml.Style) string {
	switch {
	case style&yaml.DoubleQuotedStyle != 0:
		return quote(s)
	case style&yaml.SingleQuotedStyle != 0 && !strings.ContainsFunc(s, needsEscape):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case plain(s, isText, inFlow):
		return s
	}
	return quote(s)
}

// notText are words that some yaml reader takes for a number or a truth value.
var notText = lazy.Regexp(`(?i)^(y|n|yes|no|on|off|true|false|[-+]?[0-9][0-9_,.:]*(e[-+]?[0-9]+)?|0[xob][0-9a-f_]+)$`)

// plain tells whether s without quotes reads back as itself. Yaml itself is asked,
// after what other readers of yaml, or people, could trip over.
func plain(s string, isText, inFlow bool) bool {
	if s == "" || strings.ContainsFunc(s, needsEscape) || strings.TrimSpace(s) != s || isText && notText().MatchString(s) {
		return false
	}
	probe := "k: " + s + "\n"
	if inFlow {
		probe = "k: [" + s + "]\n"
	}
	doc, err := parseYAML([]byte(probe))
	if err != nil || doc.Kind == 0 || doc.Content[0].Kind != yaml.MappingNode || len(doc.Content[0].Content) != 2 {
		return false
	}
	n := doc.Content[0].Content[1]
	if inFlow {
		if n.Kind != yaml.SequenceNode || len(n.Content) != 1 {
			return false
		}
		n = n.Content[0]
	}
	if n.Kind != yaml.ScalarNode || n.Style != 0 || n.Value != s || n.Anchor != "" {
		return false
	}
	switch n.ShortTag() {
	case "!!null", "!!merge":
		return false
	case "!!str":
		return true
	}
	return !isText
}

// needsEscape is true for what cannot stand in one line of yaml as it is.
func needsEscape(r rune) bool {
	return r < ' ' || r == 0x85 || r == 0x2028 || r == 0x2029 || !yamlPrintable(r)
}

// quote writes s in double quotes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case !needsEscape(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
