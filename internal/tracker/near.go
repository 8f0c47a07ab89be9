package tracker

import (
	"slices"
	"strings"
)

// Near are the at most three names that are most like name, the likest first.
func Near(name string, names []string) []string {
	type rated struct {
		name string
		cost int
	}
	name = strings.ToLower(name)
	var list []rated
	for _, n := range names {
		low := strings.ToLower(n)
		cost := distance(name, low)
		if len(name) > 2 && strings.Contains(low, name) {
			cost = min(cost, 1)
		}
		if cost <= max(1, len(name)/3) {
			list = append(list, rated{n, cost})
		}
	}
	slices.SortStableFunc(list, func(a, b rated) int {
		if a.cost != b.cost {
			return a.cost - b.cost
		}
		return strings.Compare(a.name, b.name)
	})
	var out []string
	for _, r := range list[:min(3, len(list))] {
		out = append(out, r.name)
	}
	return slices.Compact(out)
}

// distance is how many letters to add, drop, change or swap with their neighbour.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 8 || d < -8 {
		return 9
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
