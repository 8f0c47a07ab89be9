package tool

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxContent bounds every result; a tool's own bound is tighter.
const maxContent = 128 << 10

// clip cuts s to at most n bytes: at the end of a line where there is one in the
// last half, and never inside a character.
func clip(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	if i := strings.LastIndexByte(s[:n], '\n'); i >= n/2 {
		return s[:i+1], true
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

// visible writes out the characters that show as nothing or turn the text around,
// so that what a person approves is what is there.
func visible(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden tells of control and format characters (direction marks, zero widths,
// tags) other than those of every text file.
func hidden(r rune) bool {
	switch r {
	case '\n', '\r', '\t':
		return false
	}
	// Variation selectors beyond those of emoji carry nothing but smuggled text.
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r >= 0xE0100 && r <= 0xE01EF
}

// line is one line of output: what would break it or drive a terminal is written out.
func line(s string) string {
	s = strings.ToValidUTF8(strings.TrimRight(s, "\r\n"), "\uFFFD")
	return strings.NewReplacer("\n", "⟨U+000A⟩", "\r", "⟨U+000D⟩").Replace(visible(s))
}

// plural is "1 line", "2 lines".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
