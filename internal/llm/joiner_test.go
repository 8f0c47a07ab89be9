package llm_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"tasks/internal/llm"
)

// joined runs pieces through a Joiner.
func joined(secrets []string, pieces ...string) string {
	j := llm.Joiner{Secrets: secrets}
	var out strings.Builder
	for _, p := range pieces {
		out.WriteString(j.Write([]byte(p)))
	}
	out.WriteString(j.Flush())
	return out.String()
}

func TestJoiner(t *testing.T) {
	const smileHigh, smileLow = "\xed\xa0\xbd", "\xed\xb8\x80" // the halves of U+1F600
	tests := []struct {
		name, in, want string
	}{
		{"plain", "Grüße, 世界 😀", "Grüße, 世界 😀"},
		{"surrogate pair", "a" + smileHigh + smileLow + "b", "a😀b"},
		{"lone high", "a" + smileHigh + "b", "a\ufffdb"},
		{"lone low", "a" + smileLow + "b", "a\ufffdb"},
		{"two high, one low", smileHigh + smileHigh + smileLow, "\ufffd😀"},
		{"high at the end", "a" + smileHigh, "a\ufffd"},
		{"high and half a low at the end", smileHigh + "\xed\xb8", "\ufffd"},
		{"broken bytes are one replacement", "a\xff\xfe\xfdb", "a\ufffdb"},
		{"two places, two replacements", "\xffa\xff", "\ufffda\ufffd"},
		{"cut at the end", "a\xe2\x82", "a\ufffd"},
		{"a real U+FFFD stays", "a\ufffdb", "a\ufffdb"},
		{"citation", "So.\ue200cite\ue202turn0search0\ue201 Next.", "So. Next."},
		{"stray marks", "a\ue201b\ue202c\ue206d", "abcd"},
		{"an open mark is none at the line's end", "a\ue200b\nc", "ab\nc"},
		{"nor at the end", "a\ue200b", "ab"},
		{"nor beyond its length", "\ue200" + strings.Repeat("x", 400) + "\ue201", strings.Repeat("x", 400)},
		{"other private characters stay", "\ue0a0 \uf120", "\ue0a0 \uf120"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i := range len(test.in) + 1 {
				if got := joined(nil, test.in[:i], test.in[i:]); got != test.want {
					t.Fatalf("cut at %d: got %q, want %q", i, got, test.want)
				}
			}
			if got := joined(nil, strings.Split(test.in, "")...); got != test.want {
				t.Errorf("character by character: got %q, want %q", got, test.want)
			}
		})
	}
}

func TestJoinerHoldsBackNoWholeCharacter(t *testing.T) {
	var j llm.Joiner
	if got := j.Write([]byte("ab\xe2\x82")); got != "ab" {
		t.Errorf("first piece: %q", got)
	}
	if got := j.Write([]byte("\xacc")); got != "€c" {
		t.Errorf("second piece: %q", got)
	}
}

func TestJoinerRedactsSecretsInPieces(t *testing.T) {
	const key = "sk-canary-12345"
	text := "the key is " + key + ", sk-cat and s"
	for i := range len(text) + 1 {
		for k := i; k <= len(text); k++ {
			if got := joined([]string{key, ""}, text[:i], text[i:k], text[k:]); got != "the key is [redacted], sk-cat and s" {
				t.Fatalf("cut at %d and %d: %q", i, k, got)
			}
		}
	}
}

func FuzzJoiner(f *testing.F) {
	f.Add([]byte("a\xed\xa0\xbd\xed\xb8\x80\ue200cite\ue201\xff\xffé"), uint8(4))
	f.Fuzz(func(t *testing.T, in []byte, cut uint8) {
		i := min(int(cut), len(in))
		whole, parts := joined(nil, string(in)), joined(nil, string(in[:i]), string(in[i:]))
		if whole != parts {
			t.Errorf("cut at %d: %q, whole: %q", i, parts, whole)
		}
		if !utf8.ValidString(whole) {
			t.Errorf("not UTF-8: %q", whole)
		}
		if s := string(in); utf8.ValidString(s) && !strings.ContainsAny(s, "\ue200\ue201\ue202\ue203\ue204\ue205\ue206") && whole != s {
			t.Errorf("good text changed: %q from %q", whole, s)
		}
	})
}

// FuzzUnquote holds Unquote, followed by a Joiner, against encoding/json.
func FuzzUnquote(f *testing.F) {
	f.Add([]byte(`"a\u00e9\ud83d\ude00\n\"\/\\"`))
	f.Add([]byte(`"\ud83d"`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var want string
		if json.Unmarshal(in, &want) != nil || len(in) == 0 || in[0] != '"' || in[len(in)-1] != '"' {
			return
		}
		raw, ok := llm.Unquote(nil, in)
		if !ok {
			t.Fatalf("%q refused", in)
		}
		if utf8.Valid(in) && !strings.Contains(want, "\ufffd") && string(raw) != want {
			t.Errorf("got %q, want %q", raw, want)
		}
	})
}
