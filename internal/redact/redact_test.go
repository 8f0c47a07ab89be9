package redact

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const secret = "sk-proj-4f/Xy+9 z~Ab==Q1"

func TestRedactorMasksEveryForm(t *testing.T) {
	every := ""
	lower := ""
	for _, c := range []byte(secret) {
		every += fmt.Sprintf("%%%02X", c)
		lower += fmt.Sprintf("%%%02x", c)
	}
	redact := Func([]string{"short", secret, "sk-proj-4f"})
	forms := map[string]string{
		"plain": secret, "twice": secret + secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"every byte": every, "lower case": lower, "the shorter one": "sk-proj-4f",
	}
	for name, form := range forms {
		got := redact("before " + form + " after")
		want := "before " + strings.Repeat(Mask, max(1, strings.Count(form, secret))) + " after"
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for before := range 7 {
		for after := range 4 {
			for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw": base64.RawStdEncoding, "rawurl": base64.RawURLEncoding} {
				plain := strings.Repeat("x", before) + secret + strings.Repeat("y", after)
				coded := e.EncodeToString([]byte(plain))
				got := redact("Basic " + coded + "\n")
				if !strings.Contains(got, Mask) {
					t.Errorf("%s at %d, %d behind: %q goes through", name, before, after, coded)
					continue
				}
				// What is left beside the Mask tells at most a character of each end.
				left, right, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(got, "Basic ")), Mask)
				if len(left) > (before*8+5)/6+1 || len(right) > (after*8+5)/6+5 {
					t.Errorf("%s at %d, %d behind: too much is left: %q", name, before, after, got)
				}
			}
		}
	}
	for _, harmless := range []string{"", "short", "sk-proj", "100% sure, 50%", "%zz%4", "nothing to see"} {
		if got := redact(harmless); got != harmless {
			t.Errorf("%q became %q", harmless, got)
		}
	}
}

func TestRedactorWithoutSecretsIsTheIdentity(t *testing.T) {
	if got := Func(nil)("text%20 " + secret); got != "text%20 "+secret {
		t.Errorf("got %q", got)
	}
	if got := Func([]string{"", "1234567", " \n"})("1234567 \n"); got != "1234567 \n" {
		t.Errorf("got %q", got)
	}
}

func TestExcerptMasksWhatTheCutWentThrough(t *testing.T) {
	m := New([]string{secret})
	for _, text := range []string{"key=" + secret[:len(secret)-1], "key=" + secret[:minPiece]} {
		if got := m.Excerpt(text); got != "key="+Mask {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := m.Excerpt(secret[3:] + " rest"); got != Mask+" rest" {
		t.Errorf("the cut beginning became %q", got)
	}
	if got := m.Excerpt("see sk-proj-"); got != "see sk-proj-" {
		t.Errorf("a common beginning became %q", got)
	}
}

// FuzzRedactor: no form of the secret is left, and text without it is left alone.
func FuzzFunc(f *testing.F) {
	f.Add("abc", "def")
	f.Add("%73%6b", "%2")
	f.Fuzz(func(t *testing.T, before, after string) {
		redact := Func([]string{secret})
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			got := redact(before + form + after)
			if strings.Contains(got, secret) || strings.Contains(got, url.QueryEscape(secret)) {
				t.Fatalf("%q is left of %q", got, before+form+after)
			}
		}
		plain, _ := url.QueryUnescape(before)
		if !strings.Contains(before, "sk-") && !strings.Contains(plain, "sk-") && !strings.Contains(before, "%") && len(before) < 8 && redact(before) != before {
			t.Fatalf("%q became %q", before, redact(before))
		}
	})
}

func BenchmarkRedact100KB(b *testing.B) {
	redact := Func([]string{strings.Repeat("k", 50) + "1", strings.Repeat("t", 40) + "2"})
	for name, text := range map[string]string{"plain": strings.Repeat("the quick brown fox\n", 5000), "percent": strings.Repeat("the quick brown %20x\n", 5000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				redact(text)
			}
		})
	}
}
