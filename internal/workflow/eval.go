package workflow

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func (l literal) eval(*state) (any, error) { return l.v, nil }
func (c special) eval(*state) (any, error) { return c, nil }

func (p path) eval(s *state) (any, error) {
	v, err := s.lookup(p.name)
	if err != nil {
		return nil, err
	}
	so := p.name
	for _, st := range p.steps {
		if err := s.spend(1); err != nil {
			return nil, err
		}
		var key any = st.name
		if st.at != nil {
			if key, err = st.at.eval(s); err != nil {
				return nil, err
			}
		}
		so += "." + show(key)
		if v, err = field(v, key, st.at == nil, so); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// field is a field of a map, or an item of a list. One that is not there fails.
func field(v, key any, named bool, so string) (any, error) {
	unknown := fmt.Errorf("the variable %q is not known", so)
	switch v := v.(type) {
	case map[string]any:
		name, ok := key.(string)
		if !ok {
			return nil, unknown
		}
		if got, ok := v[name]; ok {
			return normalise(got), nil
		}
		if named && name == "size" {
			return int64(len(v)), nil
		}
	case []any:
		if i, ok := key.(int64); ok {
			if i < 0 {
				i += int64(len(v))
			}
			if i < 0 || i >= int64(len(v)) {
				return nil, nil // lists end somewhere: no item is nothing
			}
			return normalise(v[i]), nil
		}
		switch key {
		case "size":
			return int64(len(v)), nil
		case "first":
			return at(v, 0), nil
		case "last":
			return at(v, len(v)-1), nil
		}
	case string:
		if named && key == "size" {
			return int64(len([]rune(v))), nil
		}
	}
	return nil, unknown
}

func at(list []any, i int) any {
	if i < 0 || i >= len(list) {
		return nil
	}
	return normalise(list[i])
}

func (r span) eval(s *state) (any, error) {
	from, to, err := r.bounds(s)
	if err != nil {
		return nil, err
	}
	if to < from {
		return []any{}, nil
	}
	// Reckoned without a sign: the distance of two numbers may not fit one.
	if n := uint64(to) - uint64(from); n >= maxWork {
		return nil, errTooMuch
	} else if err := s.spend(perItem * int(n+1)); err != nil {
		return nil, err
	}
	out := []any{}
	for i := from; ; i++ {
		out = append(out, i)
		if i == to {
			return out, nil
		}
	}
}

func (r span) bounds(s *state) (from, to int64, err error) {
	for i, e := range []expr{r.from, r.to} {
		v, err := e.eval(s)
		if err != nil {
			return 0, 0, err
		}
		n, ok := v.(int64)
		if !ok {
			return 0, 0, fmt.Errorf("a range goes from number to number, not to %s", kindOf(v))
		}
		if i == 0 {
			from = n
		} else {
			to = n
		}
	}
	return from, to, nil
}

func (j joined) eval(s *state) (any, error) {
	l, err := j.l.eval(s)
	if err != nil {
		return nil, err
	}
	if truth(l) != (j.op == "and") { // the other side cannot change it
		return truth(l), nil
	}
	r, err := j.r.eval(s)
	return truth(r), err
}

func truth(v any) bool { return v != nil && v != false }

func (c compared) eval(s *state) (any, error) {
	l, err := c.l.eval(s)
	if err != nil {
		return nil, err
	}
	r, err := c.r.eval(s)
	if err != nil {
		return nil, err
	}
	switch c.op {
	case "==":
		return s.equal(l, r)
	case "!=", "<>":
		is, err := s.equal(l, r)
		return !is, err
	case "contains":
		return s.contains(l, r)
	}
	if l == nil || r == nil {
		return false, nil
	}
	n, err := order(l, r)
	if err != nil {
		return nil, err
	}
	switch c.op {
	case "<":
		return n < 0, nil
	case ">":
		return n > 0, nil
	case "<=":
		return n <= 0, nil
	}
	return n >= 0, nil
}

// equal compares values; lists and maps are equal to nothing but empty and blank.
func (s *state) equal(l, r any) (bool, error) {
	if sp, ok := l.(special); ok {
		l, r = r, any(sp)
	}
	if sp, ok := r.(special); ok {
		return isEmpty(l, sp == "blank"), nil
	}
	switch l := l.(type) {
	case string:
		text, ok := r.(string)
		return ok && l == text, s.spend(len(l) / 16)
	case []any, map[string]any:
		return false, nil
	}
	switch r.(type) {
	case []any, map[string]any:
		return false, nil
	}
	if n, err := order(l, r); err == nil {
		return n == 0, nil
	}
	return l == r, nil
}

func isEmpty(v any, blank bool) bool {
	switch v := v.(type) {
	case string:
		return v == "" || blank && strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return blank && !truth(v)
}

func (s *state) contains(l, r any) (bool, error) {
	switch l := l.(type) {
	case nil:
		return false, nil
	case string:
		return strings.Contains(l, show(r)), s.spend(len(l) / 16)
	case []any:
		for _, v := range l {
			if err := s.spend(1); err != nil {
				return false, err
			}
			if is, err := s.equal(normalise(v), r); is || err != nil {
				return is, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("%s contains nothing", kindOf(l))
}

// order compares two numbers or two texts.
func order(l, r any) (int, error) {
	switch a := l.(type) {
	case int64:
		switch b := r.(type) {
		case int64:
			return cmp.Compare(a, b), nil
		case float64:
			return cmp.Compare(float64(a), b), nil
		}
	case float64:
		switch b := r.(type) {
		case int64:
			return cmp.Compare(a, float64(b)), nil
		case float64:
			return cmp.Compare(a, b), nil
		}
	case string:
		if b, ok := r.(string); ok {
			return strings.Compare(a, b), nil
		}
	}
	return 0, fmt.Errorf("%s and %s cannot be compared", kindOf(l), kindOf(r))
}

// show is a value as text; a list's items follow each other.
func show(v any) string {
	switch v := v.(type) {
	case nil, special:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// text is a value as it is put out. A list or map has no words of its own.
func (s *state) text(v any) (string, error) {
	switch v := v.(type) {
	case []any:
		return s.join(v, "")
	case map[string]any:
		return "", errors.New("a map cannot be put out: name a field of it, or use the filter json")
	}
	return show(v), nil
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string, special:
		return "a text"
	case bool:
		return "a truth"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return "a number"
}

func (f filtered) eval(s *state) (any, error) {
	v, err := f.in.eval(s)
	if err != nil {
		return nil, err
	}
	for _, c := range f.calls {
		known, ok := filters()[c.name]
		switch {
		case !ok:
			return nil, fmt.Errorf("the filter %q is not known", c.name)
		case len(c.args) < known.least || len(c.args) > known.most:
			return nil, fmt.Errorf("the filter %s does not take %d arguments", c.name, len(c.args))
		}
		args := make([]any, len(c.args))
		for i, a := range c.args {
			if args[i], err = a.eval(s); err != nil {
				return nil, err
			}
		}
		if err := s.spend(1); err != nil {
			return nil, err
		}
		if v, err = known.do(s, v, args); err != nil {
			return nil, fmt.Errorf("the filter %s: %w", c.name, err)
		}
	}
	return v, nil
}
