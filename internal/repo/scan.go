package repo

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"
)

// isBinary goes by a NUL near the beginning, as git does.
func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}

// spot is one line that matches: its number, its bytes, and the first match in it.
type spot struct {
	line     int
	text     []byte
	from, to int
}

// scan finds at most limit lines that match, fewer where ctx ends before.
func (m *matcher) scan(ctx context.Context, name string, data []byte, limit int) []Hit {
	var hits []Hit
	m.spots(ctx, data, limit, func(s spot) { hits = append(hits, newHit(name, s.line, s.text, s.from, s.to)) })
	return hits
}

// spots tells of at most limit lines that match, fewer where ctx ends before.
func (m *matcher) spots(ctx context.Context, data []byte, limit int, tell func(spot)) {
	line, counted := 1, 0
	for from, n := 0, 0; n < limit; {
		i := m.candidate(ctx, data, from)
		if i < 0 {
			break
		}
		start := bytes.LastIndexByte(data[:i], '\n') + 1
		end := len(data)
		if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
			end = i + n
		}
		text := bytes.TrimSuffix(data[start:end], []byte("\r"))
		s, e, ok := i-start, i-start+m.needle.len(), true
		if m.line != nil {
			s, e, ok = m.find(text)
		}
		if ok {
			line += bytes.Count(data[counted:start], []byte("\n"))
			counted = start
			n++
			tell(spot{line, text, s, e})
		}
		from = end + 1
	}
}

// newHit cuts a line to what is shown, around the match at s to e.
func newHit(name string, line int, text []byte, s, e int) Hit {
	before := []rune(valid(tail(text[:s], searchText)))
	match := []rune(valid(head(text[s:e], searchText)))
	behind := []rune(valid(head(text[e:], searchText)))
	if len(match) > searchText {
		match = match[:searchText]
	}
	// A quarter of what is left goes before the match, more where little stands behind.
	room := searchText - len(match)
	lead := min(len(before), max(room/4, room-len(behind)))
	before = before[len(before)-lead:]
	behind = behind[:min(len(behind), room-lead)]
	h := Hit{Path: name, Line: line, From: len(string(before))}
	h.To = h.From + len(string(match))
	h.Text = string(before) + string(match) + string(behind)
	return h
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// head and tail are at least n characters of an end of b, so that a long line is not
// converted whole.
func head(b []byte, n int) []byte {
	if len(b) <= n*utf8.UTFMax {
		return b
	}
	b = b[:n*utf8.UTFMax]
	for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b[:max(len(b)-1, 0)]
}

func tail(b []byte, n int) []byte {
	if len(b) <= n*utf8.UTFMax {
		return b
	}
	b = b[len(b)-n*utf8.UTFMax:]
	for i := range min(len(b), utf8.UTFMax) {
		if utf8.RuneStart(b[i]) {
			return b[i:]
		}
	}
	return b
}
