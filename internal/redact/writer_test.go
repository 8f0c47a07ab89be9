package redact

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
)

// TestAStreamIsMaskedHoweverItIsCut: neither where it is cut nor how long a line is lets a
// secret through, and nothing else is changed.
func TestAStreamIsMaskedHoweverItIsCut(t *testing.T) {
	m := New([]string{secret})
	long := strings.Repeat("a", 3*maxHeld-5)
	for name, text := range map[string]string{
		"lines": "one " + secret + " two\nthree " + url.QueryEscape(secret) + "\n" + secret,
		"long":  long + secret + long + "\n" + long + secret,
		"none":  "nothing\n" + long,
	} {
		for _, step := range []int{1, 7, 4096, len(text)} {
			if step < 100 && len(text) > 1000 {
				continue
			}
			var out bytes.Buffer
			w := m.Writer(&out)
			for rest := text; rest != ""; {
				n := min(step, len(rest))
				if got, err := w.Write([]byte(rest[:n])); got != n || err != nil {
					t.Fatal(got, err)
				}
				rest = rest[n:]
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if want := m.Whole(text); out.String() != want {
				t.Errorf("%s in steps of %d: %d bytes, want %d; the secret is there %d times", name, step, out.Len(), len(want), strings.Count(out.String(), secret))
			}
		}
	}
}
