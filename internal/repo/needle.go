package repo

import "bytes"

// needle is a literal, in lower case where ASCII case does not count.
type needle struct {
	text []byte
	fold bool
	rare int // the place in text whose byte is the rarest in prose
}

func newNeedle(text []byte, fold bool) needle {
	n := needle{text: text, fold: fold && bytes.ContainsFunc(text, isLetter)}
	for i, c := range text {
		if rarity(c) > rarity(text[n.rare]) {
			n.rare = i
		}
	}
	return n
}

func (n needle) len() int { return len(n.text) }

// index is where the literal first stands in data, -1 where it does not. Folding
// looks for the rarest byte in both cases, each by the processor's own search.
func (n needle) index(data []byte) int {
	if !n.fold {
		return bytes.Index(data, n.text)
	}
	last := len(data) - len(n.text) // the last place where it can begin
	lower := n.text[n.rare]
	upper := toUpper(lower)
	nextLower, nextUpper := -1, -1
	for from := 0; from <= last; {
		area := data[:last+n.rare+1]
		if nextLower < from+n.rare {
			nextLower = indexFrom(area, lower, from+n.rare)
		}
		if nextUpper < from+n.rare {
			nextUpper = nextLower
			if upper != lower {
				nextUpper = indexFrom(area, upper, from+n.rare)
			}
		}
		at := min(nextLower, nextUpper)
		if at >= len(area) {
			return -1
		}
		if from = at - n.rare; equalFold(data[from:from+len(n.text)], n.text) {
			return from
		}
		from++
	}
	return -1
}

// indexFrom is where c stands at or after from, len(data) where it does not.
func indexFrom(data []byte, c byte, from int) int {
	if i := bytes.IndexByte(data[from:], c); i >= 0 {
		return from + i
	}
	return len(data)
}

// equalFold compares with text in lower case.
func equalFold(data, text []byte) bool {
	for i, c := range text {
		if d := data[i]; d != c && ('A' > d || d > 'Z' || d|0x20 != c) {
			return false
		}
	}
	return true
}

func toUpper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

func isLetter(c rune) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// byFrequency are the most frequent bytes of prose and source, the most frequent first.
const byFrequency = " etaoinsrlhdcu\nmpfgywbv.,-_/0k1\"'()2=:"

func rarity(c byte) int {
	if i := bytes.IndexByte([]byte(byFrequency), c); i >= 0 {
		return i
	}
	return len(byFrequency)
}
