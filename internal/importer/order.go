package importer

import "slices"

// breakCycles leaves out the dependencies that would close a cycle, also through
// tasks that were there before.
func (p *plan) breakCycles() {
	needs, mine := map[string][]string{}, map[string]*sheet{}
	for _, t := range p.all {
		needs[t.Slug] = t.DependsOn
	}
	var order []string
	for _, s := range p.sheets {
		if s.before == nil {
			mine[s.slug] = s
			order = append(order, s.slug)
			needs[s.slug] = nil
			for _, r := range s.refs {
				needs[s.slug] = append(needs[s.slug], r.slug)
			}
		}
	}
	for rounds := 0; rounds < 100; rounds++ {
		w := cycleWalk{needs: needs, mine: mine, state: map[string]int{}}
		for _, slug := range order {
			w.visit(slug)
		}
		if !w.again {
			return
		}
	}
}

// cycleWalk goes along the dependencies, depth first.
type cycleWalk struct {
	needs map[string][]string
	mine  map[string]*sheet
	state map[string]int // 0 not seen, 1 on the way, 2 done
	way   []string
	again bool // something was left out behind us: look once more
}

func (w *cycleWalk) visit(slug string) {
	w.state[slug] = 1
	w.way = append(w.way, slug)
	for _, to := range slices.Clone(w.needs[slug]) {
		if _, there := w.needs[to]; !there {
			continue
		}
		switch w.state[to] {
		case 0:
			w.visit(to)
		case 1:
			w.cut(slug, to)
		}
	}
	w.state[slug] = 2
	w.way = w.way[:len(w.way)-1]
}

// cut takes the edge that closes the cycle out, or, where its task is not ours to
// change, another of the same cycle.
func (w *cycleWalk) cut(from, to string) {
	if w.drop(from, to) {
		return
	}
	for i := len(w.way) - 2; i >= 0 && w.way[i+1] != to; i-- {
		if w.drop(w.way[i], w.way[i+1]) {
			w.again = true
			return
		}
	}
}

func (w *cycleWalk) drop(from, to string) bool {
	s := w.mine[from]
	if s == nil {
		return false
	}
	i := slices.IndexFunc(s.refs, func(r ref) bool { return r.slug == to })
	if i < 0 {
		return false
	}
	s.note("its dependency on %s would close a cycle: left out, kept under imported", s.refs[i].id)
	s.left.keep("dependency_left_out", s.refs[i].id)
	s.refs = slices.Delete(s.refs, i, i+1)
	w.needs[from] = slices.DeleteFunc(slices.Clone(w.needs[from]), func(d string) bool { return d == to })
	return true
}

// breakParents leaves out a parent that is its own grandchild.
func (p *plan) breakParents() {
	mine := map[string]*sheet{}
	for _, s := range p.sheets {
		if s.before == nil {
			mine[s.slug] = s
		}
	}
	state := map[*sheet]int{}
	for _, s := range p.sheets {
		var way []*sheet
		for at := s; at != nil && at.before == nil && state[at] != 2; at = mine[at.up] {
			if state[at] == 1 {
				last := way[len(way)-1]
				last.note("its parent %s is below it: left out, kept under imported", last.parent)
				last.left.keep("parent_left_out", last.parent)
				last.up = ""
				break
			}
			state[at] = 1
			way = append(way, at)
		}
		for _, at := range way {
			state[at] = 2
		}
	}
}

// sort puts what others refer to before them, so that a worksheet never refers to
// one that is not written yet.
func (p *plan) sort() {
	mine, done := map[string]*sheet{}, map[string]bool{}
	for _, s := range p.sheets {
		if s.before == nil {
			mine[s.slug] = s
		}
	}
	var visit func(s *sheet)
	visit = func(s *sheet) {
		if s == nil || done[s.slug] {
			return
		}
		done[s.slug] = true
		for _, r := range s.refs {
			visit(mine[r.slug])
		}
		visit(mine[s.up])
		p.order = append(p.order, s)
	}
	for _, s := range p.sheets {
		if s.before == nil {
			visit(s)
		}
	}
}
