package index

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// BenchmarkFind is a question over 5,000 and 50,000 files of about 4 KB, with the
// index and without: of a word that one file holds, one that none holds, and one that
// all hold.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{5000, 50000} {
		if n > 5000 && testing.Short() {
			b.Skip("50,000 files take a while")
		}
		h := newHouse(b)
		dice := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			var t strings.Builder
			for range 60 {
				for range 8 {
					fmt.Fprintf(&t, "w%x ", dice.IntN(20000))
				}
				t.WriteString("heron\n")
			}
			if i == n/2 {
				t.WriteString("quagmire\n")
			}
			ext := []string{"go", "md", "txt"}[i%3]
			h.put(fmt.Sprintf("docs/p%02d/d%05d.%s", i%97, i, ext), t.String())
		}
		h.with.racy = 0
		began := time.Now()
		if err := h.with.Fill(b.Context()); err != nil {
			b.Fatal(err)
		}
		files, size := h.with.Size()
		b.Logf("%d files filled in %v, %d bytes of signs for each", files, time.Since(began), size/max(files, 1))
		words := []string{"quagmire", "zebracrossing", "heron"}
		if n > 5000 {
			words = words[:2] // every file holds the third: reading is all it takes
		}
		for _, word := range words {
			for name, x := range map[string]*Index{"index": h.with, "scan": h.scan} {
				b.Run(fmt.Sprintf("%d/%s/%s", n, word, name), func(b *testing.B) {
					for b.Loop() {
						if _, err := x.Find(b.Context(), Request{Text: word}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
