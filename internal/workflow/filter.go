package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// filter is one of the table. do is called with as many arguments as least and most
// allow; what it makes it pays for before it makes it.
type filter struct {
	least, most int
	do          func(s *state, in any, args []any) (any, error)
}

// filters are those that a template may use, as Liquid has them.
var filters = sync.OnceValue(func() map[string]filter {
	text := func(do func(string) string) filter {
		return filter{0, 0, func(s *state, in any, _ []any) (any, error) {
			t, err := s.want(in)
			if err != nil {
				return nil, err
			}
			return do(t), s.spend(6 * len(t)) // escaping makes the most of it: six bytes of one
		}}
	}
	return map[string]filter{
		"upcase": text(strings.ToUpper), "downcase": text(strings.ToLower), "capitalize": text(capitalize),
		"strip": text(strings.TrimSpace), "escape": text(html.EscapeString), "url_encode": text(url.QueryEscape),
		"lstrip":         text(func(t string) string { return strings.TrimLeft(t, " \t\r\n") }),
		"rstrip":         text(func(t string) string { return strings.TrimRight(t, " \t\r\n") }),
		"strip_newlines": text(func(t string) string { return strings.NewReplacer("\r\n", "", "\n", "").Replace(t) }),
		"append":         {1, 1, func(s *state, in any, a []any) (any, error) { return s.glue(in, a[0]) }},
		"prepend":        {1, 1, func(s *state, in any, a []any) (any, error) { return s.glue(a[0], in) }},
		"remove":         {1, 1, func(s *state, in any, a []any) (any, error) { return s.replace(in, a[0], "") }},
		"replace":        {1, 2, func(s *state, in any, a []any) (any, error) { return s.replace(in, a[0], at(a, 1)) }},
		"split":          {1, 1, split2},
		"join": {0, 1, func(s *state, in any, a []any) (any, error) {
			list, err := listOf(in)
			if err != nil {
				return nil, err
			}
			between := " "
			if len(a) > 0 {
				between = show(a[0])
			}
			return s.join(list, between)
		}},
		"default": {0, 1, func(_ *state, in any, a []any) (any, error) {
			if !truth(in) || isEmpty(in, false) {
				return at(a, 0), nil
			}
			return in, nil
		}},
		"size":  {0, 0, size},
		"first": {0, 0, func(_ *state, in any, _ []any) (any, error) { list, err := listOf(in); return at(list, 0), err }},
		"last": {0, 0, func(_ *state, in any, _ []any) (any, error) {
			list, err := listOf(in)
			return at(list, len(list)-1), err
		}},
		"truncate":      {0, 2, truncate},
		"truncatewords": {0, 2, truncateWords},
		"json":          {0, 0, asJSON},
		"sort":          {0, 1, sorted},
		"reverse":       {0, 0, onList(func(l []any) []any { slices.Reverse(l); return l })},
		"uniq":          {0, 0, onList(unique)},
		"compact":       {0, 0, onList(func(l []any) []any { return slices.DeleteFunc(l, func(v any) bool { return v == nil }) })},
		"map":           {1, 1, mapped},
		"where":         {1, 2, where},
		"plus":          {1, 1, number(func(a, b float64) float64 { return a + b })},
		"minus":         {1, 1, number(func(a, b float64) float64 { return a - b })},
		"times":         {1, 1, number(func(a, b float64) float64 { return a * b })},
	}
})

// want is the value as text.
func (s *state) want(v any) (string, error) {
	switch v.(type) {
	case []any, map[string]any:
		return "", fmt.Errorf("it takes a text, not %s", kindOf(v))
	}
	return show(v), nil
}

func capitalize(t string) string {
	r, n := utf8.DecodeRuneInString(t)
	return strings.ToUpper(string(r)) + t[min(n, len(t)):]
}

func (s *state) glue(l, r any) (any, error) {
	a, err := s.want(l)
	if err != nil {
		return nil, err
	}
	b, err := s.want(r)
	if err == nil {
		err = s.spend(len(a) + len(b))
	}
	if err != nil {
		return nil, err
	}
	return a + b, nil
}

func (s *state) replace(in, old, next any) (any, error) {
	t, err := s.want(in)
	if err != nil {
		return nil, err
	}
	o, n := show(old), show(next)
	if o == "" {
		return nil, errors.New("what is replaced is empty")
	}
	if err := s.spend(len(t) + strings.Count(t, o)*len(n)); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(t, o, n), nil
}

func split2(s *state, in any, a []any) (any, error) {
	t, err := s.want(in)
	if err != nil {
		return nil, err
	}
	// An item of a list is larger than a byte of text.
	if err := s.spend(perItem * len(t)); err != nil {
		return nil, err
	}
	out := []any{}
	if t == "" {
		return out, nil
	}
	for _, p := range strings.Split(t, show(a[0])) {
		out = append(out, p)
	}
	return out, nil
}

func (s *state) join(list []any, between string) (string, error) {
	n := 0
	for _, v := range list {
		n += len(show(normalise(v))) + len(between)
	}
	if err := s.spend(n + len(list)); err != nil {
		return "", err
	}
	parts := make([]string, len(list))
	for i, v := range list {
		t, err := s.want(normalise(v))
		if err != nil {
			return "", err
		}
		parts[i] = t
	}
	return strings.Join(parts, between), nil
}

func listOf(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	}
	return nil, fmt.Errorf("it takes a list, not %s", kindOf(v))
}

func size(_ *state, in any, _ []any) (any, error) {
	switch v := in.(type) {
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	}
	return int64(utf8.RuneCountInString(show(in))), nil
}

func whole(v any, is int64) (int, error) {
	if v == nil {
		return int(is), nil
	}
	n, ok := v.(int64)
	if !ok || n < 0 || n > maxWork {
		return 0, fmt.Errorf("it takes a whole number, not %s", kindOf(v))
	}
	return int(n), nil
}

func tailOf(a []any) string {
	if len(a) > 1 {
		return show(a[1])
	}
	return "..."
}

func truncate(s *state, in any, a []any) (any, error) {
	t, err := s.want(in)
	if err != nil {
		return nil, err
	}
	n, err := whole(at(a, 0), 50)
	if err == nil {
		err = s.spend(4 * len(t))
	}
	if err != nil {
		return nil, err
	}
	r, tail := []rune(t), []rune(tailOf(a))
	if len(r) <= n {
		return t, nil
	}
	return string(r[:max(0, n-len(tail))]) + string(tail), nil
}

func truncateWords(s *state, in any, a []any) (any, error) {
	t, err := s.want(in)
	if err != nil {
		return nil, err
	}
	n, err := whole(at(a, 0), 15)
	if err == nil {
		err = s.spend(perItem * len(t))
	}
	if err != nil {
		return nil, err
	}
	f := strings.Fields(t)
	if len(f) <= n {
		return t, nil
	}
	return strings.Join(f[:n], " ") + tailOf(a), nil
}

func asJSON(s *state, in any, _ []any) (any, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return nil, errors.New("it has no JSON form")
	}
	return string(data), s.spend(len(data))
}

func number(do func(a, b float64) float64) func(*state, any, []any) (any, error) {
	return func(_ *state, in any, a []any) (any, error) {
		var f [2]float64
		both := true
		for i, v := range []any{in, a[0]} {
			switch v := v.(type) {
			case int64:
				f[i] = float64(v)
			case float64:
				f[i], both = v, false
			default:
				return nil, fmt.Errorf("it takes numbers, not %s", kindOf(v))
			}
		}
		out := do(f[0], f[1])
		if math.IsNaN(out) || math.IsInf(out, 0) || math.Abs(out) > 1<<53 {
			return nil, errors.New("the number is too large")
		}
		if both {
			return int64(out), nil
		}
		return out, nil
	}
}
