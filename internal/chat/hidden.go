package chat

import (
	"fmt"
	"strings"
	"unicode"

	"tasks/internal/lazy"
)

// marker is a control word of a model's own chat template, such as <|im_start|>.
var marker = lazy.Regexp(`<\|([A-Za-z0-9_]{1,40})\|>`)

// visible makes text that strangers wrote safe to show to the model: what people
// cannot see (tag characters, zero-width and bidi controls, fillers, private use)
// is written out as ⟦U+200B⟧, and control words of chat templates are broken. Emoji
// sequences, flags, and the joiners and marks that real scripts need stay as they
// are. It is idempotent.
func visible(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if marker().MatchString(s) {
		s = marker().ReplaceAllString(s, "<¦$1¦>")
	}
	if strings.IndexFunc(s, hides) < 0 {
		return s
	}
	runes := []rune(s)
	var b strings.Builder
	b.Grow(len(s))
	var before rune // as it stands in the result
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if n := flag(runes[i:]); n > 0 {
			b.WriteString(string(runes[i : i+n]))
			i += n - 1
			before = runes[i]
			continue
		}
		var after rune
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if hides(r) && !belongs(before, r, after) {
			fmt.Fprintf(&b, "⟦U+%04X⟧", r)
			before = '⟧'
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// hides tells whether r cannot be seen by people though a model reads it.
func hides(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\n' && r != '\t' && r != '\r'
	case r < 0x7f:
		return false
	case r <= 0x9f: // delete and the C1 controls
		return true
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return true // soft hyphen, joiners and fillers that take no room
	case r >= 0x180b && r <= 0x180f, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true // zero width, line separators, bidi controls
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, r == 0xfeff, r >= 0xfff0 && r <= 0xfffb:
		return true // variation selectors, byte order mark, annotations
	case r >= 0xe0000 && r <= 0xe007f:
		return true // tags
	case r >= 0x1d173 && r <= 0x1d17a:
		return true // musical controls
	}
	return unicode.Is(unicode.Co, r)
}

// flag is the length of an emoji flag written with tag characters, such as
// Scotland's, at the start of runes; 0 where there is none.
func flag(runes []rune) int {
	if runes[0] != 0x1f3f4 {
		return 0
	}
	for i, r := range runes[1:] {
		switch {
		case r == 0xe007f && i >= 3:
			return i + 2
		case i < 6 && (r >= 0xe0030 && r <= 0xe0039 || r >= 0xe0061 && r <= 0xe007a):
		default:
			return 0
		}
	}
	return 0
}

// belongs tells whether r, which hides, is where real text has it. Beside another that hides
// it is not: that one may itself be written out.
func belongs(before, r, after rune) bool {
	switch {
	case r == 0xfe0f || r == 0xfe0e: // emoji or text form of what stands before
		return pictorial(before) || strings.ContainsRune("0123456789#*", before)
	case r == 0x200d: // joins emoji, and letters of scripts that join
		return (pictorial(before) || before == 0xfe0f) && pictorial(after) || joins(before) && (joins(after) || !unicode.IsLetter(after))
	case r == 0x200c:
		return joins(before) && joins(after)
	case r == 0x200e || r == 0x200f || r == 0x61c: // marks beside right-to-left letters
		return rightToLeft(before) || rightToLeft(after)
	case r >= 0x180b && r <= 0x180f:
		return unicode.Is(unicode.Mongolian, before) && !hides(before)
	}
	return false
}

// pictorial tells whether r may be a picture. Our own brackets lie among those, and are none.
func pictorial(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x2bff && r != '⟦' && r != '⟧' || r == 0xa9 || r == 0xae ||
		r == 0x203c || r == 0x2049 || r == 0x2122 || r == 0x2139 || r == 0x3030 || r == 0x303d || r == 0x3297 || r == 0x3299
}

// joins tells whether r is of a script in which joiners change the spelling.
func joins(r rune) bool {
	return !hides(r) && unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
		unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
		unicode.Khmer, unicode.Myanmar, unicode.Tibetan)
}

func rightToLeft(r rune) bool {
	return !hides(r) && unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}
