package markdown_test

import (
	"strings"
	"testing"

	"tasks/internal/markdown"
)

// The markers of a list, the line of a quote and the columns of a table stand where
// the text begins.
func TestDirection(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"list", "- פריט\n- עוד\n", `<ul dir="rtl">`},
		{"numbers do not decide", "1. 12 פריט\n", `<ol dir="rtl">`},
		{"quote", "> ציטוט\n", `<blockquote dir="rtl">`},
		{"alert", "> [!NOTE]\n> ציטוט\n", `role="note" dir="rtl">`},
		{"table", "| א | b |\n|---|---|\n| 1 | 2 |\n", `aria-label="Table" dir="rtl"><table>`},
		{"another way inside", "- פריט\n  - one\n", `<ul dir="ltr">`},
		{"as the page", "- one עוד\n", `<ul dir="ltr">`},
	} {
		if got := markdown.Render([]byte(tt.src), 1, nil).HTML; !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q lacks %s", tt.name, got, tt.want)
		}
	}
	if got := markdown.Render([]byte("- é one – “two”\n\n> three\n"), 1, nil).HTML; strings.Contains(got, "dir=") {
		t.Errorf("a document without such letters: %q", got)
	}
}
