package task

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tasks/internal/lazy"
)

var slugForm = lazy.Regexp(`^[a-z0-9][a-z0-9-]{0,127}$`)

// ValidSlug tells whether s is of the form of a slug.
func ValidSlug(s string) bool { return slugForm().MatchString(s) }

// spelled are letters that Unicode does not take apart into an ASCII one.
var spelled = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ı", "i", "ŋ", "ng")

const slugLength = 60

// Slugify makes a slug of a title: ASCII, at most 60 characters; "" where nothing is left.
func Slugify(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKD.String(spelled.Replace(strings.ToLower(title)))) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			// an accent, or an apostrophe within a word
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), "-")
	if len(s) <= slugLength {
		return s
	}
	if cut := strings.LastIndexByte(s[:slugLength+1], '-'); cut > slugLength/2 {
		return s[:cut] // between words
	}
	return strings.Trim(s[:slugLength], "-")
}

// Owner is the canonical form in which owners are compared: lower case, runs of
// anything but letters and digits become one hyphen, none at the ends.
func Owner(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFC.String(strings.ToLower(s)) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
