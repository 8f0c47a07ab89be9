package markdown

import (
	"net/url"
	"strings"
)

// place is what kind of thing an address names.
type place int

const (
	inert    place = iota // nothing that may be followed
	external              // http, https
	mail                  // mailto
	section               // #fragment of this page
	relative              // for Links to resolve
)

// classify says what an address names, as a browser would read it. Control
// characters, white space inside and backslashes make an address inert: browsers
// drop or turn them, so that java\tscript: and /\host mean something else there.
func classify(addr string) place {
	for i := range len(addr) {
		if c := addr[i]; c <= ' ' || c == '\\' || c == 0x7f {
			if c == ' ' && !strings.Contains(addr, ":") {
				continue // a file name with a space, written in angle brackets
			}
			return inert
		}
	}
	switch {
	case addr == "":
		return inert
	case addr[0] == '#':
		return section
	case strings.HasPrefix(addr, "//"):
		return inert
	}
	scheme, rest, ok := strings.Cut(addr, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return relative
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		if u, err := url.Parse(addr); err == nil && u.Hostname() != "" && strings.HasPrefix(rest, "//") {
			return external
		}
	case "mailto":
		return mail
	}
	return inert
}

// hostOf is the host of an external address, for people.
func hostOf(addr string) string {
	u, err := url.Parse(addr)
	if err != nil {
		return ""
	}
	return u.Host
}

// safeHref tells whether an address that Links gave may stand in the page.
func safeHref(addr string) bool {
	switch classify(addr) {
	case external, mail, section:
		return true
	case relative:
		return strings.HasPrefix(addr, "/") && !strings.Contains(addr, " ")
	}
	return false
}

// percent escapes what may not stand in an address as it is; what is escaped
// already stays.
func percent(addr string) string {
	const safe = "!#$%&'()*+,-./:;=?@_~[]"
	var b strings.Builder
	for i := range len(addr) {
		c := addr[i]
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', strings.IndexByte(safe, c) >= 0:
			b.WriteByte(c)
		default:
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
