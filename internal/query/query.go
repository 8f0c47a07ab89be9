// Package query takes what is typed into a search apart: words, phrases and filters.
// It is pure and never fails: what is no known filter is text to look for.
//
//	retry "dead letter" status:ready path:docs/ http://x
//
// is two words, a phrase and two filters; http://x is a word, for http is no filter.
// What looks like a filter is text within quotes, and so is a filter without a value
// (status: alone). Empty quotes are nothing, so that one may still be typing.
package query

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names are the filters.
var Names = []string{"status", "owner", "workstream", "milestone", "priority", "label", "path", "kind"}

// Filter is one name:value.
type Filter struct{ Name, Value string }

// Query is what was typed.
type Query struct {
	Words   []string // words and phrases, each once, in their order
	Filters []Filter // in their order
}

// Parse reads words, phrases and filters in any order.
func Parse(s string) Query {
	var q Query
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if s == "" {
			return q
		}
		if f, n := filter(s); n > 0 {
			if f.Value != "" {
				q.Filters = append(q.Filters, f)
			}
			s = s[n:]
			continue
		}
		word, n := phrase(s)
		if n == 0 {
			n = len(s)
			if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
				n = i
			}
			word = s[:n]
		}
		if strings.TrimSpace(word) != "" && !slices.Contains(q.Words, word) {
			q.Words = append(q.Words, word)
		}
		s = s[n:]
	}
}

// Ends takes the filters at the beginning and the end of s; what is between them is
// text, with no space at its ends. Where there is no filter, or nothing but
// filters, text is all of s as it stands.
func Ends(s string) (text string, filters []Filter) {
	type token struct {
		from, to int
		filter   *Filter
	}
	var all []token
	for at := 0; at < len(s); {
		c, size := utf8.DecodeRuneInString(s[at:])
		if unicode.IsSpace(c) {
			at += size
			continue
		}
		if f, n := filter(s[at:]); n > 0 && f.Value != "" {
			all = append(all, token{at, at + n, &f})
			at += n
			continue
		}
		end := len(s)
		if i := strings.IndexFunc(s[at:], unicode.IsSpace); i >= 0 {
			end = at + i
		}
		all = append(all, token{at, end, nil})
		at = end
	}
	first, last := 0, len(all)
	for first < last && all[first].filter != nil {
		first++
	}
	for last > first && all[last-1].filter != nil {
		last--
	}
	if first == last || first == 0 && last == len(all) {
		return s, nil
	}
	for i, t := range all {
		if i < first || i >= last {
			filters = append(filters, *t.filter)
		}
	}
	return s[all[first].from:all[last-1].to], filters
}

// filter is the filter that s begins with and its length, 0 where it begins with none.
func filter(s string) (Filter, int) {
	colon := strings.IndexByte(s, ':')
	if colon < 1 || colon > len("workstream") {
		return Filter{}, 0
	}
	name := strings.ToLower(s[:colon])
	if !slices.Contains(Names, name) {
		return Filter{}, 0
	}
	rest := s[colon+1:]
	if value, n := phrase(rest); n > 0 {
		return Filter{name, strings.TrimSpace(value)}, colon + 1 + n
	}
	n := len(rest)
	if i := strings.IndexFunc(rest, unicode.IsSpace); i >= 0 {
		n = i
	}
	if n == 0 {
		return Filter{}, 0
	}
	return Filter{name, rest[:n]}, colon + 1 + n
}

// phrase is the text within the quotes that s begins with, and their length with
// it; 0 where it begins with none. One that is still being typed goes to the end.
func phrase(s string) (string, int) {
	if s == "" || s[0] != '"' {
		return "", 0
	}
	if i := strings.IndexByte(s[1:], '"'); i >= 0 {
		return s[1 : 1+i], i + 2
	}
	return s[1:], len(s)
}

// String writes the query so that Parse reads the same.
func (q Query) String() string {
	var parts []string
	for _, w := range q.Words {
		_, n := filter(w)
		if n > 0 || strings.ContainsFunc(w, unicode.IsSpace) {
			w = `"` + w + `"`
		}
		parts = append(parts, w)
	}
	for _, f := range q.Filters {
		parts = append(parts, f.String())
	}
	return strings.Join(parts, " ")
}

// String writes the filter so that Parse reads the same.
func (f Filter) String() string {
	if strings.ContainsFunc(f.Value, unicode.IsSpace) {
		return f.Name + `:"` + f.Value + `"`
	}
	return f.Name + ":" + f.Value
}
