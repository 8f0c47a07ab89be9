package repo

import (
	"bytes"
	"strings"
)

// rule is one line of an ignore file. Paths given to it are relative to the folder
// of that file.
type rule struct {
	pattern string // without marks, leading and trailing slash
	literal int    // so many bytes at the beginning mean themselves
	negate  bool   // "!": not ignored after all
	dirOnly bool   // ended in "/": folders only
	byName  bool   // no slash inside: any name at any depth
	suffix  bool   // "*" and then literal text
}

// parseIgnore reads an ignore file. As in git, a line that means nothing is passed over.
func parseIgnore(data []byte) []rule {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var rules []rule
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if u, ok := parseRule(string(line)); ok {
			rules = append(rules, u)
		}
	}
	return rules
}

func parseRule(line string) (rule, bool) {
	if strings.HasPrefix(line, "#") {
		return rule{}, false
	}
	var u rule
	p := trimSpaces(line)
	if p, u.negate = strings.CutPrefix(p, "!"); p == "" {
		return rule{}, false
	}
	if p, u.dirOnly = strings.CutSuffix(p, "/"); p == "" {
		return rule{}, false
	}
	u.byName = strings.IndexByte(p, '/') < 0
	p = strings.TrimPrefix(p, "/")
	u.pattern = p
	u.literal = plainLength(p)
	u.suffix = u.byName && strings.HasPrefix(p, "*") && plainLength(p[1:]) == len(p)-1
	return u, true
}

// trimSpaces cuts the spaces at the end that no backslash keeps.
func trimSpaces(s string) string {
	end := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
		case '\\':
			i++
			end = min(i+1, len(s))
		default:
			end = i + 1
		}
	}
	return s[:end]
}

func plainLength(p string) int {
	if i := strings.IndexAny(p, `*?[\`); i >= 0 {
		return i
	}
	return len(p)
}

// matches tells whether the rule speaks of path, whose last part is name.
func (u *rule) matches(path, name string, dir bool) bool {
	switch {
	case u.dirOnly && !dir:
		return false
	case u.byName && u.literal == len(u.pattern):
		return name == u.pattern
	case u.suffix:
		return strings.HasSuffix(name, u.pattern[1:])
	case u.byName:
		return wildmatch(u.pattern, name)
	case len(path) < u.literal || path[:u.literal] != u.pattern[:u.literal]:
		return false
	}
	// Git compares the literal beginning first and matches the rest as a pattern of
	// its own, so that a ** counts as whole right behind it; we must do the same.
	return wildmatch(u.pattern[u.literal:], path[u.literal:])
}

// wildmatch matches a pattern in which * ? and [] never match a slash, and ** as a
// whole component matches any number of components.
func wildmatch(pattern, text string) bool {
	// Where the text fails to go on, the last star takes one character more; if it
	// may not, the last ** does. Earlier ones need no second try.
	p, t := 0, 0
	star, starText := -1, 0
	deep, deepText := -1, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			end := p
			for end < len(pattern) && pattern[end] == '*' {
				end++
			}
			whole := end-p > 1 && (p == 0 || pattern[p-1] == '/') && (end == len(pattern) || pattern[end] == '/')
			switch {
			case whole && end == len(pattern):
				return true
			case whole: // "**/": nothing, or anything up to a slash
				p = end + 1
				deep, deepText, star = p, t, -1
			default:
				p = end
				star, starText = p, t
			}
			continue
		}
		if p == len(pattern) && t == len(text) {
			return true
		}
		if p < len(pattern) && t < len(text) {
			if n, ok := matchOne(pattern[p:], text[t]); ok {
				p, t = p+n, t+1
				continue
			}
		}
		if star >= 0 && starText < len(text) && text[starText] != '/' {
			starText++
			p, t = star, starText
			continue
		}
		slash := -1
		if deep >= 0 {
			slash = strings.IndexByte(text[deepText:], '/')
		}
		if slash < 0 {
			return false
		}
		deepText += slash + 1
		p, t, star = deep, deepText, -1
	}
}

// matchOne matches the first element of pattern against c and tells its length.
func matchOne(pattern string, c byte) (int, bool) {
	switch pattern[0] {
	case '?':
		return 1, c != '/'
	case '[':
		return matchClass(pattern, c)
	case '\\':
		if len(pattern) == 1 {
			return 1, false
		}
		return 2, pattern[1] == c
	}
	return 1, pattern[0] == c
}
