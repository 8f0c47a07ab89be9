package chat

import (
	"strings"
	"unicode/utf8"
)

// leastPart is how many bytes of a secret's beginning are worth holding back: with
// fewer, half of all words would come late.
const leastPart = 3

// veil hides secrets in a text that arrives in pieces: where the end of a piece
// could be the beginning of a secret, that end waits for the next piece. So does
// the beginning of a character that was cut.
type veil struct {
	redact  func(string) string
	secrets []string
	shown   string // the newest bytes that went out, fewer than leastPart
	held    string
}

// write takes a piece and returns what can be shown.
func (v *veil) write(piece string) string { return v.next(piece, false) }

// flush returns what was held back.
func (v *veil) flush() string { return v.next("", true) }

func (v *veil) next(piece string, last bool) string {
	s := v.redact(v.shown + v.held + piece)
	from := 0 // what stands before it is out
	for from < len(v.shown) && from < len(s) && s[from] == v.shown[from] {
		from++
	}
	cut := len(s)
	if !last {
		cut = max(cut-max(v.part(s), partialRune(s)), from)
	}
	out := s[from:cut]
	v.held = s[cut:]
	v.shown = s[max(0, cut-leastPart+1):cut]
	return strings.ToValidUTF8(out, "\uFFFD")
}

// part is the length of the longest end of s that a secret begins with.
func (v *veil) part(s string) int {
	longest := 0
	for _, secret := range v.secrets {
		for n := min(len(secret)-1, len(s)); n >= leastPart && n > longest; n-- {
			if strings.HasSuffix(s, secret[:n]) {
				longest = n
			}
		}
	}
	return longest
}

// partialRune is how many bytes at the end of s begin a character without ending it.
func partialRune(s string) int {
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if c := s[len(s)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRuneInString(s[len(s)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
