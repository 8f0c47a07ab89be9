package workflow

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func sample() map[string]any {
	return map[string]any{
		"issue": map[string]any{
			"identifier": "add-login", "title": "Add a login", "labels": []any{"web", "Auth"}, "description": nil,
			"priority": 2, "blocked_by": []any{map[string]any{"identifier": "a", "state": "completed"}, map[string]any{"identifier": "b", "state": nil}},
		},
		"attempt": nil,
	}
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain } text { with %} marks }}", "plain } text { with %} marks }}"},
		{"{{ issue.identifier }}: {{ issue['title'] }}", "add-login: Add a login"},
		{"[{{ attempt }}][{{ issue.description }}]", "[][]"},
		{"{% if attempt %}again{% else %}first{% endif %}", "first"},
		{"{% unless attempt %}first{% endunless %}", "first"},
		{"{% if issue.description == nil %}none{% endif %}{% if issue.description == blank %}!{% endif %}", "none!"},
		{"{% if issue.priority <= 1 %}a{% elsif issue.priority == 2 %}b{% else %}c{% endif %}", "b"},
		{"{% for l in issue.labels %}{{ forloop.index }}={{ l | downcase }}{% unless forloop.last %}, {% endunless %}{% endfor %}", "1=web, 2=auth"},
		{"{% for b in issue.blocked_by %}{{ b.identifier }}{% if b.state %}({{ b.state }}){% endif %} {% endfor %}", "a(completed) b "},
		{"{% for i in (1..4) reversed %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "43"},
		{"{% for i in (1..9) limit: 2 offset: 3 %}{{ i }}{% endfor %}", "45"},
		{"{% for i in (1..3) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "13"},
		{"{% for i in (2..1) %}x{% else %}none{% endfor %}", "none"},
		{"{% assign n = issue.labels | size %}{{ n | plus: 1 }}", "3"},
		{"{% capture x %}<{{ issue.identifier }}>{% endcapture %}{{ x | escape }}", "&lt;add-login&gt;"},
		{"{% case issue.priority %}\n{% when 1, 3 %}odd{% when 2 %}two{% else %}other{% endcase %}", "two"},
		{"a {{- issue.priority -}} b {%- comment %} {{ nope }} {% bogus {% endcomment %}c", "a2bc"},
		{"{% raw %}{{ nope }} {% if %}{% endraw %}", "{{ nope }} {% if %}"},
		{"{% # it's a remark %}x", "x"},
		{"{{ issue.labels | join: ', ' }} {{ issue.labels.size }} {{ issue.labels[0] }} {{ issue.labels.last }} {{ issue.labels[9] }}", "web, Auth 2 web Auth "},
		{"{{ issue.description | default: 'nothing' }}", "nothing"},
		{"{{ issue.title | replace: 'login', 'door' | upcase | append: '!' }}", "ADD A DOOR!"},
		{"{{ 'abcdefgh' | truncate: 5 }} {{ 'a b c d' | truncatewords: 2 }}", "ab... a b..."},
		{"{{ issue.labels | json }}", `["web","Auth"]`},
		{"{{ issue.blocked_by | map: 'identifier' | join: '+' }} {{ issue.blocked_by | where: 'state', 'completed' | size }}", "a+b 1"},
		{"{{ 'b,a,b' | split: ',' | sort | uniq | join }}", "a b"},
		{"{% if issue.labels contains 'web' and issue.title contains 'log' %}yes{% endif %}", "yes"},
		{"{% if false and true or true %}right to left{% else %}no{% endif %}", "no"},
		{"{{ '}}' }}{{ \"%}\" }}", "}}%}"},
		{"{% if attempt > 1 %}x{% else %}nil is less than nothing{% endif %}", "nil is less than nothing"},
	} {
		got, err := Render(c.in, sample())
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q %v\nwant %q", c.in, got, err, c.want)
		}
	}
}

func TestRenderIsStrict(t *testing.T) {
	for _, c := range []struct {
		in    string
		class Class
		words string
	}{
		{"{{ nope }}", TemplateRun, `"nope" is not known`},
		{"\n\n{{ issue.nope }}", TemplateRun, `line 3: the variable "issue.nope"`},
		{"{% if issue.nope %}x{% endif %}", TemplateRun, "issue.nope"},
		{"{% for x in nope %}x{% endfor %}", TemplateRun, "nope"},
		{"{% assign x = nope %}", TemplateRun, "nope"},
		{"{{ issue.title.length }}", TemplateRun, "issue.title.length"},
		{"{{ issue.description.size }}", TemplateRun, "issue.description.size"},
		{"{{ attempt.x }}", TemplateRun, "attempt.x"},
		{"{{ issue.title | shout }}", TemplateRun, `filter "shout" is not known`},
		{"{{ issue.title | append }}", TemplateRun, "arguments"},
		{"{{ issue }}", TemplateRun, "a map cannot be put out"},
		{"{% if issue.title > 3 %}x{% endif %}", TemplateRun, "cannot be compared"},
		{"{% for x in issue.title %}x{% endfor %}", TemplateRun, "takes a list"},
		{"{{ forloop.index }}", TemplateRun, "forloop"},
		{"{{ issue.title", TemplateForm, "never ends"},
		{"a\n{% if attempt %}x", TemplateForm, "awaited"},
		{"{% endif %}", TemplateForm, "endif"},
		{"{% for x in issue.labels %}{% endif %}{% endfor %}", TemplateForm, "endif"},
		{"{% include 'x' %}", TemplateForm, `tag "include" is not known`},
		{"{{ }}", TemplateForm, "nothing"},
		{"{{ a b }}", TemplateForm, `"b" does not belong`},
		{"{{ a | }}", TemplateForm, "filter is missing"},
		{"{% assign x %}", TemplateForm, `"=" is missing`},
		{"{{ a ; b }}", TemplateForm, "does not belong"},
		{"{% raw %}x", TemplateForm, "never ends with endraw"},
		{"{% else %}", TemplateForm, "else"},
		{strings.Repeat("{% if true %}", 80) + strings.Repeat("{% endif %}", 80), TemplateForm, "too deep"},
		{"{{ " + strings.Repeat("a[", 80) + "1" + strings.Repeat("]", 80) + " }}", TemplateForm, "too deep"},
	} {
		got, err := Render(c.in, sample())
		if err == nil || ClassOf(err) != c.class || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%.60s: %q, %v (%s), want %s with %q", c.in, got, err, ClassOf(err), c.class, c.words)
		}
	}
}

// A template must not hold the supervisor up, nor fill its memory.
func TestRenderIsBounded(t *testing.T) {
	for _, in := range []string{
		"{% for i in (1..2000000000) %}{% endfor %}",
		"{% for i in (-9223372036854775808..9223372036854775807) %}{% endfor %}",
		"{% for i in (1..2000) %}{% for j in (1..2000) %}{% for k in (1..2000) %}{% endfor %}{% endfor %}{% endfor %}",
		"{% assign x = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}",
		"{% assign x = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..60) %}{% capture x %}{{ x }}{{ x }}{% endcapture %}{% endfor %}",
		"{% assign x = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..60) %}{% assign x = x | replace: 'a', x %}{% endfor %}",
		"{% for i in (1..300000) %}x{% endfor %}",
		"{% assign l = (1..100000) %}{% for i in (1..1000) %}{% assign m = l | reverse %}{% endfor %}",
		"{% assign l = (1..1000) %}{% for i in (1..100000) %}{{ l | join }}{% endfor %}",
		"{% assign l = (1..100000) %}{% for i in l %}{% assign s = l | json %}{% endfor %}",
	} {
		begun := time.Now()
		out, err := Render(in, sample())
		if ClassOf(err) != TemplateRun {
			t.Errorf("%s: %d bytes, %v", in, len(out), err)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s took %s", in, took)
		}
	}
}

// FuzzRender makes templates of whose result there is no doubt, because it is made along
// with them, and then reads any bytes as a template, which must end within its bounds.
func FuzzRender(f *testing.F) {
	f.Add([]byte("\x01\x05\x02\x03"), "{{ issue.title | upcase }}")
	f.Add([]byte("\x06\x01\x04\x00\x07\x02\x03\x01\x05"), "{% for x in issue.labels %}{{ x }}{% endfor %}")
	f.Add([]byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, "{% assign x = 'a' %}{{ x -}} {% raw %}{{{% endraw %}")
	f.Fuzz(func(t *testing.T, seed []byte, text string) {
		g := &maker{seed: seed, vars: map[string]any{}}
		src, want := g.block(0)
		got, err := Render(src, g.vars)
		if err != nil || got != want {
			t.Fatalf("%q with %v\n got %q %v\nwant %q", src, g.vars, got, err, want)
		}
		// What stands in a variable is never read as a template.
		if got, err := Render("{{ v }}", map[string]any{"v": text}); err == nil && got != text {
			t.Fatalf("the text %q became %q", text, got)
		}
		out, err := Render(text, sample())
		switch {
		case len(out) > maxPrompt:
			t.Fatalf("%q made %d bytes", text, len(out))
		case err != nil && ClassOf(err) != TemplateForm && ClassOf(err) != TemplateRun:
			t.Fatalf("%q: %v has no class", text, err)
		case (CheckTemplate(text) != nil) != (ClassOf(err) == TemplateForm):
			t.Fatalf("%q: the check and the rendering differ: %v", text, err)
		case opening(text) < 0 && (err != nil && len(text) <= maxPrompt || err == nil && out != text):
			t.Fatalf("%q without marks became %q, %v", text, out, err)
		}
	})
}

// maker makes a template and what it must become.
type maker struct {
	seed []byte
	vars map[string]any
	n    int
}

func (m *maker) pick(n int) int {
	if len(m.seed) == 0 {
		return 0
	}
	b := m.seed[0]
	m.seed = m.seed[1:]
	return int(b) % n
}

var plainTexts = []string{"", "a", "words here", "}} %} { ", "\n", " - ", "ÄÖ", "'", `"`, "{x}"}

// text is a piece of plain text that opens no mark, and ends or begins with no space.
func (m *maker) text() string { return plainTexts[m.pick(len(plainTexts))] }

func (m *maker) name(v any) string {
	m.n++
	name := fmt.Sprintf("v%d", m.n)
	m.vars[name] = v
	return name
}

func (m *maker) block(depth int) (src, want string) {
	for i := m.pick(4); i >= 0; i-- {
		s, w := m.one(depth)
		src, want = src+s, want+w
	}
	return src, want
}

func (m *maker) one(depth int) (src, want string) {
	kind := m.pick(10)
	if depth > 4 || len(m.seed) == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		t := m.text()
		return t, t
	case 1:
		t := m.text()
		return "{{ " + m.name(t) + " }}", t
	case 2:
		a, b := m.text(), m.text()
		return "{{" + m.name(a) + "|append:" + m.name(b) + " | upcase}}", strings.ToUpper(a + b)
	case 3:
		n := m.pick(100)
		return "{{ " + m.name(map[string]any{"k": []any{n}}) + ".k[0] | plus: 2 }}", fmt.Sprint(n + 2)
	case 4, 5:
		yes, no := m.inner(depth)
		a, b := m.pick(3), m.pick(3)
		want := no[1]
		if a < b {
			want = yes[1]
		}
		return "{% if " + m.name(a) + " < " + m.name(b) + " %}" + yes[0] + "{% else %}" + no[0] + "{% endif %}", want
	case 6:
		yes, no := m.inner(depth)
		v := m.pick(2) == 0
		want := yes[1]
		if v {
			want = no[1]
		}
		return "{% unless " + m.name(v) + " %}" + yes[0] + "{% else %}" + no[0] + "{% endunless %}", want
	case 7:
		n := m.pick(4)
		s, w := m.block(depth + 1)
		for i := range n {
			want += fmt.Sprintf("%d/%d", i+1, n) + w
		}
		return "{% for x in (1.." + m.name(n) + ") %}{{ x }}/{{ forloop.length }}" + s + "{% endfor %}", want
	case 8:
		t := m.text()
		s, w := m.block(depth + 1)
		return "{% comment %}" + "{{ nope | nope }}" + "{% endcomment %}{% raw %}{{ " + t + "{% endraw %}" + s, "{{ " + t + w
	}
	s, w := m.block(depth + 1)
	return "{% capture c %}" + s + "{% endcapture %}[{{ c }}]", "[" + w + "]"
}

func (m *maker) inner(depth int) (yes, no [2]string) {
	yes[0], yes[1] = m.block(depth + 1)
	no[0], no[1] = m.block(depth + 1)
	return yes, no
}
