package llm

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Marks by which some models point at their sources: private characters that mean
// nothing outside the product they were trained for.
const (
	markOpen  = '\ue200'
	markClose = '\ue201'
	markLast  = '\ue206'
	markSpan  = 256 // the longest mark that is believed, in bytes
)

// A Joiner makes readable text of the pieces a model sends, wherever they are cut.
//
// A character may be cut between two pieces, as bytes or as two surrogates: it is
// held back until it is whole. What cannot become a character is replaced by one
// U+FFFD. Citation marks (U+E200 to U+E201 with what stands between) are dropped.
// Secrets are replaced by [redacted], also where they come in pieces. What Write
// and Flush give, joined, does not depend on where the pieces were cut.
//
// The pieces may hold surrogates in their three-byte form, as Unquote gives them.
// The zero value is ready.
type Joiner struct {
	Secrets []string // replaced wherever they stand; longest first

	part   []byte // an incomplete character
	broken bool   // the last thing written was a U+FFFD for bytes that are none
	mark   []byte // an open citation mark; nil outside of one
	tail   []byte // text that may be the beginning of a secret
}

// Write takes a piece and gives the text that is certain now.
func (j *Joiner) Write(piece []byte) string {
	if j.plain(piece) {
		return j.guard(piece, false)
	}
	b := piece
	if len(j.part) > 0 {
		b = append(j.part, piece...)
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := decode(b)
		if n == 0 {
			break // incomplete
		}
		out = j.rune(out, r, b[:n])
		b = b[n:]
	}
	j.part = append([]byte(nil), b...)
	return j.guard(out, false)
}

// plain tells whether a piece needs no work: whole characters, none of them a mark.
func (j *Joiner) plain(piece []byte) bool {
	const markByte = 0xEE // begins U+E000 to U+EFFF
	if len(j.part) > 0 || j.mark != nil || !utf8.Valid(piece) || bytes.IndexByte(piece, markByte) >= 0 {
		return false
	}
	j.broken = j.broken && len(piece) == 0
	return true
}

// Flush gives what was held back; the text is at its end.
func (j *Joiner) Flush() string {
	var out []byte
	if len(j.part) > 0 {
		out = j.rune(out, -1, j.part)
	}
	out = append(out, j.mark...) // a mark that was never closed is none: the words stay
	j.part, j.mark = nil, nil
	return j.guard(out, true)
}

// rune appends one decoded character, or one replacement for a run of bytes that
// are none (r < 0), minding citation marks.
func (j *Joiner) rune(out []byte, r rune, raw []byte) []byte {
	if r == loneSurrogate {
		j.broken = false
		raw = []byte("\ufffd")
	} else if r < 0 {
		if j.broken {
			return out
		}
		j.broken, raw = true, []byte("\ufffd")
	} else {
		j.broken = false
		if len(raw) > 4 { // a pair of surrogates in their three-byte forms
			raw = utf8.AppendRune(nil, r)
		}
	}
	switch {
	case r == markOpen && j.mark == nil:
		j.mark = []byte{}
		return out
	case j.mark != nil && r == markClose:
		j.mark = nil
		return out
	case r >= markOpen && r <= markLast:
		return out
	case j.mark == nil:
		return append(out, raw...)
	}
	j.mark = append(j.mark, raw...)
	if r == '\n' || len(j.mark) > markSpan { // no mark after all: the words stay
		out = append(out, j.mark...)
		j.mark = nil
	}
	return out
}

// guard replaces secrets in the text so far and holds back what may be the start
// of one.
func (j *Joiner) guard(out []byte, end bool) string {
	if len(j.Secrets) == 0 {
		return string(out)
	}
	s := string(append(j.tail, out...))
	for _, secret := range j.Secrets {
		if secret == "" {
			continue
		}
		s = strings.ReplaceAll(s, secret, "[redacted]")
	}
	j.tail = nil
	if end {
		return s
	}
	keep := 0
	for _, secret := range j.Secrets {
		for n := min(len(secret)-1, len(s)); n > keep; n-- {
			if strings.HasSuffix(s, secret[:n]) {
				keep = n
			}
		}
	}
	j.tail = append(j.tail, s[len(s)-keep:]...)
	return s[:len(s)-keep]
}

const (
	notARune      = -1
	loneSurrogate = -2
)

// decode reads one character: its size in bytes is 0 where b is too short to tell.
func decode(b []byte) (rune, int) {
	if b[0] < utf8.RuneSelf {
		return rune(b[0]), 1
	}
	if b[0] == 0xED && len(b) > 1 && b[1] >= 0xA0 && b[1] <= 0xBF {
		return surrogate(b)
	}
	if !utf8.FullRune(b) {
		return 0, 0
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		return notARune, 1
	}
	return r, n
}

// surrogate reads a surrogate in three-byte form, with its other half where b
// begins with a high one.
func surrogate(b []byte) (rune, int) {
	switch {
	case len(b) < 3:
		return 0, 0
	case b[2]&0xC0 != 0x80:
		return notARune, 1
	case b[1] >= 0xB0: // a low one alone
		return loneSurrogate, 3
	}
	low := b[3:min(6, len(b))]
	for i, c := range low {
		if i == 0 && c != 0xED || i == 1 && (c < 0xB0 || c > 0xBF) || i == 2 && c&0xC0 != 0x80 {
			return loneSurrogate, 3
		}
	}
	if len(low) < 3 {
		return 0, 0
	}
	hi := rune(b[1]&0x0F)<<6 | rune(b[2]&0x3F)
	lo := rune(low[1]&0x0F)<<6 | rune(low[2]&0x3F)
	return 0x10000 + hi<<10 + lo, 6
}
