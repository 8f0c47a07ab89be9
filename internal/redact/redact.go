// Package redact masks the values of secrets in texts: as they are, percent-encoded in any
// part, and inside base64 (either alphabet, at each of the three alignments). Values
// shorter than 8 characters are ignored: masking every occurrence would do more damage.
package redact

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

const (
	// Mask stands in the place of a secret.
	Mask = "[redacted]"
	// minSecret is the length below which a value is no secret worth the damage
	// that masking every occurrence of it would do.
	minSecret = 8
	// minPiece is how much of a secret at the cut end of a text is masked.
	minPiece = 12
)

// Func makes the function that masks the secrets in a text.
func Func(secrets []string) func(string) string { return New(secrets).Whole }

// Masker holds the forms of the secrets, longest first: one may begin another.
type Masker struct{ forms []string }

// New makes the masker of the secrets.
func New(secrets []string) Masker {
	var forms []string
	for _, s := range secrets {
		s = strings.TrimSpace(s)
		if len(s) < minSecret {
			continue
		}
		forms = append(forms, s)
		for shift := range 3 {
			forms = append(forms, base64Core(base64.RawStdEncoding, s, shift), base64Core(base64.RawURLEncoding, s, shift))
		}
	}
	slices.Sort(forms)
	forms = slices.Compact(forms)
	slices.SortStableFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return Masker{forms}
}

// Whole masks every secret that is whole in text.
func (m Masker) Whole(text string) string {
	for _, f := range m.forms {
		text = strings.ReplaceAll(text, f, Mask)
		if strings.IndexByte(text, '%') >= 0 {
			text = replaceEncoded(text, f)
		}
	}
	return text
}

// Excerpt is Whole for a text that was cut out of a longer one: a secret that the
// cut went through is masked too, for half of a key is half of a key too much.
func (m Masker) Excerpt(text string) string {
	text = m.Whole(text)
	for _, f := range m.forms {
		for n := len(f) - 1; n >= minPiece; n-- {
			if strings.HasSuffix(text, f[:n]) {
				text = text[:len(text)-n] + Mask
				break
			}
		}
		for n := len(f) - 1; n >= minPiece; n-- {
			if strings.HasPrefix(text, f[len(f)-n:]) {
				text = Mask + text[n:]
				break
			}
		}
	}
	return text
}

// base64Core is what stands in any base64 text that holds s behind a multiple of
// three bytes plus shift: without the characters at both ends that depend on the
// neighbours.
func base64Core(e *base64.Encoding, s string, shift int) string {
	coded := e.EncodeToString([]byte("\x00\x00"[:shift] + s))
	first := (shift*8 + 5) / 6
	return coded[first : (shift+len(s))*8/6]
}

// replaceEncoded masks s in text where any of its bytes may be written %XX.
func replaceEncoded(text, s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text); i++ {
		if text[i] != s[0] && text[i] != '%' {
			continue
		}
		if n := encodedLen(text[i:], s); n > 0 {
			b.WriteString(text[done:i])
			b.WriteString(Mask)
			done = i + n
			i = done - 1
		}
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// encodedLen is how many bytes at the start of text are s, percent-encoded in any
// part; 0 where they are not.
func encodedLen(text, s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case n+2 < len(text) && text[n] == '%' && nibble(text[n+1])<<4|nibble(text[n+2]) == int(s[i]):
			n += 3
		case n < len(text) && (text[n] == s[i] || text[n] == '+' && s[i] == ' '):
			n++
		default:
			return 0
		}
	}
	return n
}

// nibble is the value of a hex digit; of another byte a value that makes no byte.
func nibble(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 1 << 12
}
