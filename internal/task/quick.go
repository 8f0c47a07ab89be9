package task

import (
	"strings"
	"unicode/utf8"
)

// quick reads front matter that is written plainly: `key: value` lines, simple
// quotes, one-line flow lists, block lists of simple items, comment lines. It gives
// up (false) on anything that yaml could read in another way, so what it does
// read is what yaml reads; a test and a fuzz target hold the two against each other.
// It is what makes a list of ten thousand tasks cost little more than opening them.
func quick(src []byte, f front) ([]entry, bool) {
	if f.end-f.start > maxFront {
		return nil, false
	}
	all := make([]entry, 0, 14)
	number := lineOf(src, f.start) - 1
	last := -1 // the entry that list items may follow
	indent := 0
	for text := string(src[f.start:f.end]); text != ""; {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		number++
		line, ok := plainLine(line)
		if !ok {
			return nil, false
		}
		trimmed := strings.TrimLeft(line, " ")
		if trimmed == "" || line[0] == '#' {
			continue
		}
		if item, is := strings.CutPrefix(trimmed, "- "); is {
			depth := len(line) - len(trimmed)
			if last < 0 || all[last].kind == listing && depth != indent {
				return nil, false
			}
			v, isNull, ok := simple(strings.TrimLeft(item, " "), false)
			if !ok || isNull {
				return nil, false
			}
			indent, all[last].kind = depth, listing
			all[last].items = append(all[last].items, v)
			continue
		}
		e, open, ok := pair(line)
		if !ok || len(all) == 64 {
			return nil, false
		}
		for i := range all {
			if all[i].key == e.key {
				return nil, false
			}
		}
		e.line = number
		all = append(all, e)
		last = -1
		if open {
			last = len(all) - 1
		}
	}
	return all, true
}

// plainLine is the line without its carriage return and the space at its end; false
// where it holds a character that yaml treats in a way of its own.
func plainLine(line string) (string, bool) {
	line = strings.TrimSuffix(line, "\r")
	ascii := true
	for i := range len(line) {
		if c := line[i]; c < ' ' || c == 0x7f {
			return "", false
		} else if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	line = strings.TrimRight(line, " ")
	if ascii {
		return line, true
	}
	for _, r := range line {
		if r == utf8.RuneError || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || !yamlPrintable(r) {
			return "", false
		}
	}
	return line, true
}

// pair reads `key: value` from column 1. open tells that a block list may follow.
func pair(line string) (e entry, open, ok bool) {
	colon := strings.IndexByte(line, ':')
	if colon < 1 || !word(line[:colon]) {
		return e, false, false
	}
	e.key = line[:colon]
	rest := line[colon+1:]
	if rest == "" {
		return e, true, true
	}
	if rest[0] != ' ' {
		return e, false, false
	}
	rest = strings.TrimLeft(rest, " ")
	if rest[0] == '[' {
		e.kind = listing
		e.items, ok = flow(rest)
		return e, false, ok
	}
	v, isNull, ok := simple(rest, false)
	if !isNull {
		e.kind, e.value = single, v
	}
	return e, false, ok
}

// flow reads a one-line flow list.
func flow(s string) ([]string, bool) {
	if len(s) < 2 || s[len(s)-1] != ']' {
		return nil, false
	}
	s = strings.Trim(s[1:len(s)-1], " ")
	items := []string{}
	for s != "" {
		end := strings.IndexByte(s, ',')
		if s[0] == '"' || s[0] == '\'' {
			closing := strings.IndexByte(s[1:], s[0])
			if closing < 0 {
				return nil, false
			}
			if end = strings.IndexByte(s[closing+2:], ','); end >= 0 {
				end += closing + 2
			}
		}
		item := s
		if end >= 0 {
			item, s = s[:end], strings.TrimLeft(s[end+1:], " ")
		} else {
			s = ""
		}
		v, isNull, ok := simple(strings.TrimRight(item, " "), true)
		if !ok || isNull {
			return nil, false
		}
		items = append(items, v)
	}
	return items, true
}

// simple reads a scalar that means what it looks like.
func simple(s string, inFlow bool) (v string, isNull, ok bool) {
	if s == "" {
		return "", false, false
	}
	if q := s[0]; q == '"' || q == '\'' {
		if len(s) < 2 || s[len(s)-1] != q {
			return "", false, false
		}
		v = s[1 : len(s)-1]
		return v, false, strings.IndexByte(v, q) < 0 && (q == '\'' || strings.IndexByte(v, '\\') < 0)
	}
	if strings.IndexByte("-?:,[]{}#&*!|>'\"%@`=<.~", s[0]) >= 0 {
		return "", false, false
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ':':
			if i+1 == len(s) || s[i+1] == ' ' || inFlow {
				return "", false, false
			}
		case '#':
			if s[i-1] == ' ' {
				return "", false, false
			}
		case ',', '[', ']', '{', '}', '?':
			if inFlow {
				return "", false, false
			}
		}
	}
	switch s {
	case "null", "Null", "NULL":
		return "", true, true
	}
	return s, false, true
}

// word tells whether s is a key as they are usually written.
func word(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && (c >= '0' && c <= '9' || c == '-') {
			continue
		}
		return false
	}
	return true
}
