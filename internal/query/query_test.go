package query

import (
	"reflect"
	"strings"
	"testing"
	"unicode"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Query{
		"":                             {},
		" \t ":                         {},
		"retry":                        {Words: []string{"retry"}},
		"dead letter dead":             {Words: []string{"dead", "letter"}},
		`"dead letter" queue`:          {Words: []string{"dead letter", "queue"}},
		`"dead let`:                    {Words: []string{"dead let"}},
		`"" x`:                         {Words: []string{"x"}},
		"http://x std::vector a:b":     {Words: []string{"http://x", "std::vector", "a:b"}},
		"status:ready heron":           {Words: []string{"heron"}, Filters: []Filter{{"status", "ready"}}},
		"heron Status:ready path:docs": {Words: []string{"heron"}, Filters: []Filter{{"status", "ready"}, {"path", "docs"}}},
		`owner:"Anna B" x`:             {Words: []string{"x"}, Filters: []Filter{{"owner", "Anna B"}}},
		`"status:ready"`:               {Words: []string{"status:ready"}},
		"status: ready":                {Words: []string{"status:", "ready"}},
		`owner:""`:                     {},
		"état:x מילה":                  {Words: []string{"état:x", "מילה"}},
	} {
		if got := Parse(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %#v, not %#v", in, got, want)
		}
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct {
		in, text string
		filters  []Filter
	}{
		{"  dead  letter ", "  dead  letter ", nil},
		{"dead letter status:ready", "dead letter", []Filter{{"status", "ready"}}},
		{`owner:"a b"  x  y path:docs`, "x  y", []Filter{{"owner", "a b"}, {"path", "docs"}}},
		{"a status:ready b", "a status:ready b", nil},
		{"status:ready", "status:ready", nil},
		{"status:ready kind:doc", "status:ready kind:doc", nil},
		{`say "hi" there`, `say "hi" there`, nil},
		{"http://x kind:doc", "http://x", []Filter{{"kind", "doc"}}},
	} {
		text, filters := Ends(c.in)
		if text != c.text || !reflect.DeepEqual(filters, c.filters) {
			t.Errorf("%q: %q %v", c.in, text, filters)
		}
	}
}

// FuzzParse holds that what was read, written out, is read the same, that no
// character that is neither space nor quote is lost but for words that come twice,
// and that text without filters stays as it is for the command.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`a "b c" status:ready`, `path:"x y" z`, `"open`, `owner:""x`, `a"b c"`, "status:\u00a0x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Parse(s)
		again := Parse(q.String())
		if !reflect.DeepEqual(q, again) {
			t.Fatalf("%q is %#v, but %q is %#v", s, q, q.String(), again)
		}
		for _, field := range strings.Fields(strings.ReplaceAll(s, `"`, " ")) {
			found := false
			for _, w := range q.Words {
				found = found || strings.Contains(strings.ReplaceAll(w, `"`, " "), field)
			}
			for _, v := range q.Filters {
				found = found || strings.Contains(strings.ToLower(strings.ReplaceAll(v.Name+":"+v.Value, `"`, " ")), strings.ToLower(field))
			}
			if !found && !strings.HasSuffix(field, ":") { // the name of a filter whose value is quoted
				t.Fatalf("%q lost %q: %#v", s, field, q)
			}
		}
		text, filters := Ends(s)
		if !strings.Contains(s, text) || len(filters) == 0 && text != s || len(filters) > 0 && strings.TrimFunc(text, unicode.IsSpace) != text {
			t.Fatalf("%q: %q %v", s, text, filters)
		}
	})
}
