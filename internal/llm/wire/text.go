package wire

import (
	"html"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tasks/internal/lazy"
)

var (
	invisible = lazy.Regexp(`(?is)<(script|style|svg|head\b)[^>]*>.*?</(script|style|svg|head)\s*>|<!--.*?-->`)
	tag       = lazy.Regexp(`(?s)<[!/?a-zA-Z][^>]*>?`)
	title     = lazy.Regexp(`(?is)<title[^>]*>(.*?)</title`)
)

// unmarkup leaves the words of a text that may be a page.
func unmarkup(s string) string {
	lead := ""
	if m := title().FindStringSubmatch(s); m != nil {
		lead = m[1] + " "
	}
	s = lead + invisible().ReplaceAllString(s, " ")
	s = html.UnescapeString(tag().ReplaceAllString(s, " "))
	return strings.TrimSpace(tag().ReplaceAllString(s, " "))
}

// oneLine makes one line of s and drops what cannot be seen.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// human is a duration as people say it.
func human(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d <= 90*time.Second:
		return strconv.Itoa(int(d.Round(time.Second)/time.Second)) + " s"
	case d <= 90*time.Minute:
		return strconv.Itoa(int(d.Round(time.Minute)/time.Minute)) + " min"
	}
	return strconv.Itoa(int(d.Round(time.Hour)/time.Hour)) + " h"
}

// short cuts s to n runes, with a mark where something is missing.
func short(s string, n int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimSpace(string(r[:n])) + "…"
}

// Mentions tells whether s holds any of the words.
func Mentions(s string, words ...string) bool {
	for _, w := range words {
		if w != "" && strings.Contains(s, w) {
			return true
		}
	}
	return false
}
