package index

import "math/bits"

// sign says which runs of three bytes (ASCII in lower case) a text may hold: a bitmap
// of their hashes, about three bits for each distinct one. An empty one belongs to
// what is no text, and holds nothing.
type sign []uint64

const (
	signBits = 3       // a distinct trigram
	signMax  = 1 << 16 // bits at most; a large file is then ruled out less often
)

// signer makes signs. It is for one goroutine.
type signer struct {
	seen []uint64 // a bit a trigram
	list []uint32 // those that are set
}

func newSigner() *signer { return &signer{seen: make([]uint64, 1<<24/64)} }

// of is the sign of a text.
func (s *signer) of(data []byte) sign {
	s.list = s.list[:0]
	var t uint32
	for i, c := range data {
		t = (t<<8 | uint32(lower(c))) & 0xffffff
		if i < 2 {
			continue
		}
		if w, b := t>>6, uint64(1)<<(t&63); s.seen[w]&b == 0 {
			s.seen[w] |= b
			s.list = append(s.list, t)
		}
	}
	n := min(max(len(s.list)*signBits, 64), signMax)
	out := make(sign, (n+63)/64)
	for _, t := range s.list {
		s.seen[t>>6] = 0
		at := place(t, len(out))
		out[at>>6] |= 1 << (at & 63)
	}
	return out
}

// may tells whether the text can hold the literal, whatever the case of its letters.
func (s sign) may(literal []byte) bool {
	if len(s) == 0 {
		return false
	}
	var t uint32
	for i, c := range literal {
		t = (t<<8 | uint32(lower(c))) & 0xffffff
		if i < 2 {
			continue
		}
		if at := place(t, len(s)); s[at>>6]&(1<<(at&63)) == 0 {
			return false
		}
	}
	return true
}

// place is the bit of a trigram in a bitmap of so many words.
func place(t uint32, words int) uint64 {
	hi, _ := bits.Mul64(uint64(t)*0x9E3779B97F4A7C15, uint64(words)*64)
	return hi
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
