package manager

import (
	"strings"
	"testing"
	"time"
)

func TestTouchesMeet(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"internal/web", "internal/web/page.go", true},
		{"internal/web/", "internal/web", true},
		{"internal/web", "internal/webby/page.go", false},
		{"internal/**/page.go", "internal/web/*.go", true},
		{"internal/**/page.go", "docs/page.go", false},
		{"**/page.go", "docs/*.md", true}, // a folder page.go may hold anything, and *.md be one
		{"*.md", "docs/guide.md", false},
		{"*.md", "docs", false},
		{"a?c", "abc", true},
		{"a?c", "abbc", false},
		{"a*d", "*bc*", true},
		{"a*d", "b*d", false},
		{"**", "anything/at/all", true},
		{"[ab].go", "c.go", true}, // sets are not looked into
		{"./docs/../docs/a.md", "docs/a.md", true},
		{"/docs", "docs", true},
	} {
		if got := meet(test.a, test.b); got != test.want {
			t.Errorf("meet(%q, %q) = %v", test.a, test.b, got)
		}
		if meet(test.a, test.b) != meet(test.b, test.a) {
			t.Errorf("meet(%q, %q) has a direction", test.a, test.b)
		}
	}
}

// Globs come from files that strangers write.
func TestTouchesOfAStrangerCostLittle(t *testing.T) {
	a, b := strings.Repeat("**/a*a*a*a*/", 200), strings.Repeat("**/*b*b*b*b/", 200)
	began := time.Now()
	for range 20 {
		meet(a, b)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
