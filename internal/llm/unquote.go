package llm

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote appends the value of a JSON string, quotes included, to dst. Unlike
// encoding/json it keeps bytes that are no UTF-8 as they are, and escaped lone
// surrogates in their three-byte form, so that a Joiner can put together a character that was
// cut between two chunks. It reports false where quoted is no JSON string.
func Unquote(dst, quoted []byte) ([]byte, bool) {
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return dst, false
	}
	s := quoted[1 : len(quoted)-1]
	for len(s) > 0 {
		i := 0
		for i < len(s) && s[i] != '\\' {
			i++
		}
		dst = append(dst, s[:i]...)
		s = s[i:]
		if len(s) == 0 {
			break
		}
		if len(s) < 2 {
			return dst, false
		}
		if s[1] != 'u' {
			c, ok := escapes[s[1]]
			if !ok {
				return dst, false
			}
			dst, s = append(dst, c), s[2:]
			continue
		}
		r, ok := hex4(s)
		if !ok {
			return dst, false
		}
		s = s[6:]
		if low, ok := hex4(s); ok && utf16.IsSurrogate(r) {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				r, s = full, s[6:]
			}
		}
		dst = appendWide(dst, r)
	}
	return dst, true
}

var escapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// hex4 reads a \uXXXX at the start of s.
func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(n), err == nil
}

// appendWide appends r, a surrogate in the three bytes it would have.
func appendWide(dst []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(dst, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(dst, r)
}
