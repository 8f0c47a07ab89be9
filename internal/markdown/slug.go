package markdown

import (
	"strconv"
	"strings"
	"unicode"
)

// Slug is a heading's id as GitHub makes it, without prefix and number: lower
// case, letters, digits, marks, _ and - kept, each space a hyphen.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ' || r == '-':
			b.WriteByte('-')
		case r == '_', unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "section"
	}
	return b.String()
}

// idSet is the ids of one page without their prefix, with the next number to try
// where one is wanted again.
type idSet map[string]int

// unique takes id, or id-1, id-2, … where it is taken.
func (s idSet) unique(id string) string {
	n, taken := s[id]
	if !taken {
		s[id] = 1
		return id
	}
	for ; ; n++ {
		next := id + "-" + strconv.Itoa(n)
		if _, taken := s[next]; !taken {
			s[id], s[next] = n+1, 1
			return next
		}
	}
}

func (s idSet) has(id string) bool { _, ok := s[id]; return ok }

// find is the id that a fragment means: as written, in lower case, or the slug
// of a heading's words. "" where there is none.
func (s idSet) find(fragment string) string {
	for _, id := range spellings(fragment) {
		if s.has(id) {
			return id
		}
	}
	return ""
}

// spellings are the ids that a fragment may mean, the likeliest first.
func spellings(fragment string) []string {
	return []string{fragment, strings.ToLower(fragment), Slug(fragment)}
}

func trimPrefix(fragment string) string { return strings.TrimPrefix(fragment, IDPrefix) }
