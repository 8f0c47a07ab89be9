package manager

import (
	"path"
	"strings"
)

// meet tells whether two globs of paths can match one path. "*" and "?" stay within a
// part of a path, "**" spans any number of parts, a folder's name stands for all below it.
func meet(a, b string) bool {
	return meetParts(parts(a), parts(b))
}

func parts(glob string) []string {
	p := strings.Split(strings.TrimPrefix(path.Clean("/"+glob), "/"), "/")
	if p[len(p)-1] != "**" {
		p = append(p, "**") // a file has nothing below it, a folder all
	}
	return p[:min(len(p), 64)]
}

// meetParts fills a table of which ends of the two can meet, so that no glob of a
// stranger's costs more than their lengths.
func meetParts(a, b []string) bool {
	if a[0] != b[0] && !strings.ContainsAny(a[0]+b[0], "*?[{") { // most are of other folders
		return false
	}
	below := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		row := make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == "**":
				row[j] = below[j] || j < len(b) && row[j+1]
			case j < len(b) && b[j] == "**":
				row[j] = row[j+1] || i < len(a) && below[j]
			case i < len(a) && j < len(b):
				row[j] = below[j+1] && meetPart(a[i], b[j])
			}
		}
		below = row
	}
	return below[0]
}

// meetPart tells whether two globs of one part can match one name: a table of which
// beginnings can.
func meetPart(a, b string) bool {
	if !strings.ContainsAny(a+b, "*?[{") {
		return a == b
	}
	if strings.ContainsAny(a+b, "[{") {
		return true // sets are not looked into
	}
	row := make([]bool, len(b)+1)
	for i := 0; i <= len(a); i++ {
		next := make([]bool, len(b)+1)
		for j := 0; j <= len(b); j++ {
			switch {
			case i == 0 && j == 0:
				next[j] = true
			case i > 0 && a[i-1] == '*':
				next[j] = row[j] || j > 0 && next[j-1]
			case j > 0 && b[j-1] == '*':
				next[j] = next[j-1] || i > 0 && row[j]
			case i > 0 && j > 0:
				next[j] = row[j-1] && (a[i-1] == b[j-1] || a[i-1] == '?' || b[j-1] == '?')
			}
		}
		row = next
	}
	return row[len(b)]
}

// overlap is the first two globs of the lists that meet.
func overlap(a, b []string) (string, bool) {
	for _, x := range a {
		for _, y := range b {
			if meet(x, y) {
				return x, true
			}
		}
	}
	return "", false
}
