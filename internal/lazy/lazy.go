// Package lazy makes what a package keeps for good when it is first asked for. This
// program is started for every command, and most commands use little of it: a
// pattern compiled at start would be paid for by all of them.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp gives a pattern, compiled by the first call. The pattern is one of our own
// and right; a wrong one panics then, as regexp.MustCompile does.
func Regexp(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
