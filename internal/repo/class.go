package repo

import "strings"

// matchClass matches a bracket expression, [a-z], [!x], [[:alpha:]], and tells its
// length. One that does not end matches nothing, and no class matches a slash.
func matchClass(pattern string, c byte) (int, bool) {
	i, negate, found := 1, false, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negate = true
		i++
	}
	for first := true; ; first = false {
		switch {
		case i >= len(pattern):
			return len(pattern), false
		case pattern[i] == ']' && !first:
			return i + 1, found != negate && c != '/'
		case strings.HasPrefix(pattern[i:], "[:"):
			end := strings.IndexByte(pattern[i+2:], ']')
			if end < 0 {
				return len(pattern), false
			}
			name, named := strings.CutSuffix(pattern[i+2:i+2+end], ":")
			if !named { // no [:name:] after all: the bracket means itself
				found = found || c == '['
				i++
				continue
			}
			in, known := namedClass(name, c)
			if !known {
				return len(pattern), false
			}
			found = found || in
			i += end + 3
			continue
		}
		low, n := classByte(pattern[i:])
		if n == 0 {
			return len(pattern), false
		}
		i += n
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			if high, n = classByte(pattern[i+1:]); n == 0 {
				return len(pattern), false
			}
			i += 1 + n
		}
		found = found || c == low || low <= c && c <= high // git knows z in [z-a], and nothing else
	}
}

// classByte is the next member of a class, an escape resolved; length 0 at its end.
func classByte(s string) (byte, int) {
	switch {
	case s == "" || s == `\`:
		return 0, 0
	case s[0] == '\\':
		return s[1], 2
	}
	return s[0], 1
}

func namedClass(name string, c byte) (in, known bool) {
	lower, upper, digit := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9'
	graph := c > ' ' && c < 0x7f
	switch name {
	case "alnum":
		return lower || upper || digit, true
	case "alpha":
		return lower || upper, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return lower, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !lower && !upper && !digit, true
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r', true
	case "upper":
		return upper, true
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F', true
	}
	return false, false
}
