package llmtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// fill puts what was said before into the step's templates.
func (s *Step) fill(r *Request) error {
	s.Calls = slices.Clone(s.Calls) // the script's own stay as they are
	texts := []*string{&s.Reasoning, &s.Text}
	for i := range s.Calls {
		if s.Calls[i].Arguments == "" {
			s.Calls[i].Arguments = "{}"
		}
		texts = append(texts, &s.Calls[i].Arguments)
	}
	for _, text := range texts {
		if !strings.Contains(*text, "{{") {
			continue
		}
		t, err := template.New("").Funcs(functions(r)).Parse(*text)
		if err != nil {
			return fmt.Errorf("a template is wrong: %w", err)
		}
		var out bytes.Buffer
		if err := t.Execute(&out, nil); err != nil {
			return fmt.Errorf("a template cannot be filled: %w", err)
		}
		*text = out.String()
	}
	return nil
}

func functions(r *Request) template.FuncMap {
	return template.FuncMap{
		"user":   func() string { return r.User },
		"system": func() string { return r.System },
		"result": func(i int) (string, error) {
			if i < 0 || i >= len(r.Results) {
				return "", fmt.Errorf("there is no tool result %d, only %d", i, len(r.Results))
			}
			return r.Results[i].Text, nil
		},
		"find": func(pattern, text string) (string, error) {
			re, err := regexp.Compile(pattern)
			if err != nil {
				return "", err
			}
			m := re.FindStringSubmatch(text)
			if m == nil {
				return "", fmt.Errorf("%q is not in %q", pattern, clip(text))
			}
			return m[min(1, len(m)-1)], nil
		},
		"json": func(v any) (string, error) {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			err := enc.Encode(v)
			return strings.TrimSpace(b.String()), err
		},
	}
}
