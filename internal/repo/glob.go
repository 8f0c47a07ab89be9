package repo

import (
	"strings"

	"tasks/internal/fault"
)

// maxGlobs bounds what the braces of one glob may multiply to.
const maxGlobs = 256

// glob is a set of alternatives; nil matches everything.
type glob struct{ patterns []string }

// compileGlob reads * ? [a-z] ** and {a,b}. Invalid where a bracket stays open.
func compileGlob(s string) (*glob, error) {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "./"), "/")
	if s == "" {
		return nil, nil
	}
	patterns, ok := expandBraces(s)
	if !ok {
		return nil, fault.New(fault.Invalid, "%q is not a glob: its braces do not close or are too many", s)
	}
	g := &glob{}
	for _, p := range patterns {
		if !closedClasses(p) {
			return nil, fault.New(fault.Invalid, "%q is not a glob: a [ stays open", s).WithHint(`write \[ for the character itself`)
		}
		if strings.HasSuffix(p, "/") {
			p += "**"
		}
		g.patterns = append(g.patterns, p)
	}
	return g, nil
}

// matches compares a pattern with a slash with the whole path, another with the name.
func (g *glob) matches(path, name string) bool {
	if g == nil {
		return true
	}
	for _, p := range g.patterns {
		subject := name
		if strings.IndexByte(p, '/') >= 0 {
			subject = path
		}
		if wildmatch(p, subject) {
			return true
		}
	}
	return false
}

// expandBraces writes the alternatives of the first braces out, and so on.
func expandBraces(s string) ([]string, bool) {
	open, depth := -1, 0
	commas := []int{}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			if depth == 0 {
				open = i
			}
			depth++
		case ',':
			if depth == 1 {
				commas = append(commas, i)
			}
		case '}':
			if depth--; depth < 0 {
				return nil, false
			}
			if depth == 0 {
				return expandOne(s, open, i, commas)
			}
		}
	}
	return []string{s}, depth == 0
}

func expandOne(s string, open, shut int, commas []int) ([]string, bool) {
	var all []string
	for from := open + 1; ; {
		to := shut
		if len(commas) > 0 {
			to, commas = commas[0], commas[1:]
		}
		more, ok := expandBraces(s[:open] + s[from:to] + s[shut+1:])
		if all = append(all, more...); !ok || len(all) > maxGlobs {
			return nil, false
		}
		if to == shut {
			return all, true
		}
		from = to + 1
	}
}

func closedClasses(p string) bool {
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '[':
			n, _ := matchClass(p[i:], 0)
			if p[i+n-1] != ']' || n < 3 {
				return false
			}
			i += n - 1
		}
	}
	return true
}

// Globbed compiles a glob, as Query.Glob, to what it matches. Invalid where it is none.
func Globbed(s string) (func(Entry) bool, error) {
	g, err := compileGlob(s)
	if err != nil {
		return nil, err
	}
	return func(e Entry) bool { return g.matches(e.Path, e.Name) }, nil
}
