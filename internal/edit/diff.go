package edit

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff is the unified diff between two texts of name; "" where they are equal. A nil
// text is a file that is not there: its side is /dev/null.
func Diff(name string, before, after []byte) string {
	text := diff.Diff(side("a/", name, before), before, side("b/", name, after), after)
	// The first line repeats the names in no standard form.
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	return string(text)
}

// side names one side, quoted as git does where it would break the line.
func side(prefix, name string, text []byte) string {
	if text == nil {
		return "/dev/null"
	}
	if strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == '"' || c == 0x7f }) {
		return strconv.Quote(prefix + name)
	}
	return prefix + name
}
