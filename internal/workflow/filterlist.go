package workflow

import (
	"errors"
	"fmt"
	"slices"
)

func onList(do func([]any) []any) func(*state, any, []any) (any, error) {
	return func(s *state, in any, _ []any) (any, error) {
		list, err := listOf(in)
		if err == nil {
			err = s.spend(perItem * len(list))
		}
		if err != nil {
			return nil, err
		}
		return do(slices.Clone(list)), nil
	}
}

func unique(list []any) []any {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(v any) bool {
		key := kindOf(v) + show(normalise(v))
		had := seen[key]
		seen[key] = true
		return had && kindOf(v) != "a map" && kindOf(v) != "a list"
	})
}

// property is a field of an item of a list.
func property(v any, name string) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("its items are no maps, but %s", kindOf(v))
	}
	got, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("the field %q is not known", name)
	}
	return normalise(got), nil
}

func mapped(s *state, in any, a []any) (any, error) {
	list, err := listOf(in)
	if err == nil {
		err = s.spend(perItem * len(list))
	}
	if err != nil {
		return nil, err
	}
	out := make([]any, len(list))
	for i, v := range list {
		if out[i], err = property(v, show(a[0])); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func where(s *state, in any, a []any) (any, error) {
	list, err := listOf(in)
	if err == nil {
		err = s.spend(perItem * len(list))
	}
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, v := range list {
		got, err := property(v, show(a[0]))
		if err != nil {
			return nil, err
		}
		is := truth(got)
		if len(a) > 1 {
			if is, err = s.equal(got, a[1]); err != nil {
				return nil, err
			}
		}
		if is {
			out = append(out, v)
		}
	}
	return out, nil
}

func sorted(s *state, in any, a []any) (any, error) {
	list, err := listOf(in)
	if err == nil {
		err = s.spend(2 * perItem * len(list))
	}
	if err != nil {
		return nil, err
	}
	key := func(v any) any { return normalise(v) }
	if len(a) > 0 {
		key = func(v any) any {
			got, e := property(v, show(a[0]))
			err = errors.Join(err, e)
			return got
		}
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(x, y any) int {
		l, r := key(x), key(y)
		switch { // what is nothing comes last
		case l == nil && r == nil:
			return 0
		case l == nil:
			return 1
		case r == nil:
			return -1
		}
		n, e := order(l, r)
		if err == nil {
			err = e
		}
		return n
	})
	return out, err
}
