package docs

import (
	"net/url"
	"strings"
)

// Href is the page address of a path below the root, escaped.
func Href(path string) string {
	if path == "" {
		return "/browse/"
	}
	return "/browse/" + escapePath(path)
}

var brackets = strings.NewReplacer("(", "%28", ")", "%29", "'", "%27")

// escapePath escapes each part of a path, so that splitting the address at its
// slashes and unescaping gives the path again. Brackets are escaped as well, which
// url.PathEscape leaves: markdown gives them a meaning.
func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		switch p {
		case ".", "..": // never below the root; but if it were, browsers would walk
			p = strings.ReplaceAll(p, ".", "%2E")
		default:
			p = brackets.Replace(url.PathEscape(p))
		}
		parts[i] = p
	}
	return strings.Join(parts, "/")
}
