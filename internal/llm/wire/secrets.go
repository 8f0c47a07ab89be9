package wire

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tasks/internal/lazy"
)

// Keys shorter than this are words that local servers are happy with ("ollama",
// "none"): taking them out would only spoil texts.
const minSecret = 12

// secrets takes the key out of words.
type secrets struct {
	forms  []string       // the key as it may stand in a text, longest first
	any    *regexp.Regexp // the key with any of its bytes percent-encoded; nil without a key
	redact func(string) string
}

// keyLike matches what other servers' messages show of a key ("sk-ab***yz").
var keyLike = lazy.Regexp(`\bsk-[A-Za-z0-9_*.-]{6,}`)

func newSecrets(key string, redact func(string) string) secrets {
	s := secrets{redact: redact}
	if len(key) < minSecret {
		return s
	}
	percent := fmt.Sprintf("%%% X", key) // each byte
	percent = strings.ReplaceAll(percent, " ", "%")
	forms := []string{key, url.QueryEscape(key), url.PathEscape(key), percent, strings.ToLower(percent)}
	for offset := range 3 {
		forms = append(forms, inBase64(key, offset)...)
	}
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	s.forms = slices.Compact(forms)
	var any strings.Builder
	for _, b := range []byte(key) {
		fmt.Fprintf(&any, "(?:%s|%%(?i:%02x))", regexp.QuoteMeta(string(b)), b)
	}
	s.any = regexp.MustCompile(any.String())
	return s
}

// inBase64 is what key looks like in base64 when offset bytes stand before it in
// their group of three: the characters that depend on the key alone.
func inBase64(key string, offset int) []string {
	padded := strings.Repeat("\x00", offset) + key
	from := (offset*8 + 5) / 6
	to := len(padded) * 8 / 6
	var forms []string
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, enc.EncodeToString([]byte(padded))[from:to])
	}
	return forms
}

// scrub takes the key out of a whole text.
func (s secrets) scrub(text string) string {
	for _, form := range s.forms {
		text = strings.ReplaceAll(text, form, "[redacted]")
	}
	if s.any != nil {
		text = s.any.ReplaceAllString(text, "[redacted]")
	}
	return text
}

// words makes one short line without secrets of what a server said.
func (s secrets) words(text string) string {
	text = keyLike().ReplaceAllString(s.scrub(text), "[redacted]")
	if s.redact != nil {
		text = s.redact(text)
	}
	return short(oneLine(text), 300)
}
