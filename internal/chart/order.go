package chart

import (
	"slices"
	"sort"
)

// sweeps is how often the layers are ordered by their neighbours, there and back.
const sweeps = 12

// order sorts each layer so that few edges cross: by the mean place of the
// neighbours, from left to right and back, keeping the best.
func (p *part) order() {
	place := make([]float64, len(p.layer))
	number := func() {
		for _, row := range p.rows {
			for i, n := range row {
				place[n] = float64(i)
			}
		}
	}
	number()
	best, least := cloneRows(p.rows), p.crossings(place)
	for i := range sweeps {
		if least == 0 {
			break
		}
		near := p.left
		if i%2 == 1 {
			near = p.right
		}
		for j := range p.rows {
			row := p.rows[j]
			if i%2 == 1 {
				row = p.rows[len(p.rows)-1-j]
			}
			mean := make(map[int]float64, len(row))
			for _, n := range row {
				mean[n] = place[n]
				if len(near[n]) > 0 {
					mean[n] = average(near[n], place)
				}
			}
			slices.SortStableFunc(row, func(a, b int) int {
				switch {
				case mean[a] < mean[b]:
					return -1
				case mean[a] > mean[b]:
					return 1
				}
				return 0
			})
			for k, n := range row {
				place[n] = float64(k)
			}
		}
		if now := p.crossings(place); now < least {
			best, least = cloneRows(p.rows), now
		}
	}
	p.rows = best
}

func cloneRows(rows [][]int) [][]int {
	out := make([][]int, len(rows))
	for i, row := range rows {
		out[i] = slices.Clone(row)
	}
	return out
}

func average(nodes []int, of []float64) float64 {
	sum := 0.0
	for _, n := range nodes {
		sum += of[n]
	}
	return sum / float64(len(nodes))
}

// crossings counts how often edges between neighbouring layers cross.
func (p *part) crossings(place []float64) int {
	total := 0
	for _, row := range p.rows {
		var ends []int
		for _, n := range byPlace(row, place) {
			to := make([]int, 0, len(p.right[n]))
			for _, m := range p.right[n] {
				to = append(to, int(place[m]))
			}
			sort.Ints(to)
			ends = append(ends, to...)
		}
		total += inversions(ends)
	}
	return total
}

func byPlace(row []int, place []float64) []int {
	out := slices.Clone(row)
	slices.SortFunc(out, func(a, b int) int { return int(place[a] - place[b]) })
	return out
}

// inversions counts the pairs that stand the wrong way round.
func inversions(list []int) int {
	if len(list) < 2 {
		return 0
	}
	width := slices.Max(list) + 2
	tree := make([]int, width+1)
	total := 0
	for seen, v := range list {
		upto := 0
		for i := v + 1; i > 0; i -= i & -i {
			upto += tree[i]
		}
		total += seen - upto
		for i := v + 1; i <= width; i += i & -i {
			tree[i]++
		}
	}
	return total
}

// align gives each node its height: near its neighbours, in the order of its layer,
// never closer than step. The topmost is at 0.
func (p *part) align(step float64) []float64 {
	y := make([]float64, len(p.layer))
	for _, row := range p.rows {
		for i, n := range row {
			y[n] = float64(i) * step
		}
	}
	for round := range 10 {
		for j := range p.rows {
			row := p.rows[j]
			if round%2 == 1 {
				row = p.rows[len(p.rows)-1-j]
			}
			want := make([]float64, len(row))
			for i, n := range row {
				near := append(slices.Clone(p.left[n]), p.right[n]...)
				if want[i] = y[n]; len(near) > 0 {
					want[i] = average(near, y)
				}
				want[i] -= float64(i) * step
			}
			for i, v := range rising(want) {
				y[row[i]] = v + float64(i)*step
			}
		}
	}
	if len(y) > 0 {
		top := slices.Min(y)
		for i := range y {
			y[i] -= top
		}
	}
	return y
}

// rising is the sequence that never falls and is nearest to want: neighbours that
// stand the wrong way round share their mean.
func rising(want []float64) []float64 {
	type pool struct {
		sum float64
		n   int
	}
	var pools []pool
	for _, v := range want {
		pools = append(pools, pool{v, 1})
		for len(pools) > 1 {
			a, b := pools[len(pools)-2], pools[len(pools)-1]
			if a.sum/float64(a.n) <= b.sum/float64(b.n) {
				break
			}
			pools = append(pools[:len(pools)-2], pool{a.sum + b.sum, a.n + b.n})
		}
	}
	out := make([]float64, 0, len(want))
	for _, q := range pools {
		for range q.n {
			out = append(out, q.sum/float64(q.n))
		}
	}
	return out
}
