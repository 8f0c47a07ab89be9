package workflow

import (
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"tasks/internal/config"
	"tasks/internal/fault"
)

// FuzzLoad holds the reader of the front matter against a plain decoding of the same text.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(symphony))
	f.Add([]byte("---\nhooks: {before_run: &x a, after_run: *x}\n---\nbody --- {{ x }}"))
	f.Add([]byte("---\n<<: {hooks: {before_run: a}}\n---\n"))
	f.Add([]byte("---\n---\n---\n"))
	f.Add([]byte("no front matter"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parse(File, "/root", false, data)
		if err != nil {
			if ClassOf(err) == "" || fault.CodeOf(err) != fault.Invalid || strings.ContainsRune(err.Error(), '\n') {
				t.Fatalf("an error of no class, or of many lines: %q", err)
			}
			return
		}
		text := strings.TrimPrefix(string(data), "\ufeff")
		head, body, fenced := "", text, false
		if lines := strings.SplitAfter(text, "\n"); strings.TrimRight(strings.TrimSuffix(lines[0], "\n"), " \t\r") == "---" {
			for i, l := range lines[1:] {
				if strings.TrimRight(strings.TrimSuffix(l, "\n"), " \t\r") == "---" {
					head, body, fenced = strings.Join(lines[1:i+1], ""), strings.Join(lines[i+2:], ""), true
					break
				}
			}
			if !fenced {
				t.Fatalf("%q was accepted without a second fence", data)
			}
		}
		if p.template != strings.TrimSpace(body) {
			t.Fatalf("template %q of %q", p.template, data)
		}
		var plain struct {
			Hooks map[string]any `yaml:"hooks"`
			Agent map[string]any `yaml:"agent"`
		}
		if err := yaml.Unmarshal([]byte(head), &plain); err != nil {
			return // a form that a plain decoding has no place for
		}
		for _, name := range hookNames {
			said, _ := plain.Hooks[name].(string)
			if _, merged := plain.Hooks["<<"]; !merged && strings.TrimSpace(said) != p.front.hooks[name] && !strings.Contains(head, "<<") {
				t.Fatalf("hook %s: %q, plainly %q", name, p.front.hooks[name], said)
			}
		}
		if n, ok := plain.Agent["max_turns"].(int); ok && p.front.limits["agent.max_turns"] != int64(n) && !strings.Contains(head, "<<") {
			t.Fatalf("max_turns %d, plainly %d", p.front.limits["agent.max_turns"], n)
		}
		m, _ := join(nil, p).Limits(config.Manager{Runs: 4, Turns: 200, Beat: time.Minute, Hook: time.Minute, RetryMax: time.Minute, Wall: time.Hour, Stall: time.Minute})
		if m.Runs > 4 || m.Turns > 200 || m.Hook > time.Minute || m.Wall > time.Hour || m.Stall > time.Minute || m.RetryMax > time.Minute || m.Beat > time.Minute ||
			m.Runs < 1 || m.Turns < 1 || m.Hook <= 0 || m.Wall <= 0 || m.Stall <= 0 || m.RetryMax <= 0 || m.Beat < time.Second {
			t.Fatalf("a root widened a limit: %+v", m)
		}
	})
}
