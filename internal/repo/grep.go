package repo

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"tasks/internal/fault"
)

// Term is one thing that is looked for: a literal or an expression, as in Query.
type Term struct {
	Text  string
	Regex bool
}

// Grep asks for the files that hold all of the terms, each in its path or its text.
type Grep struct {
	Terms   []Term
	Glob    string // as in Query
	Dir     string
	PerFile int // lines that are given of a file; 0 means 20

	// Want may leave out a file before it is opened; nil leaves out none.
	Want func(e Entry) bool
	// May tells whether the text of a file may hold a literal, in lower case where
	// ASCII case does not count; nil is always. Where it says no, the file is not read.
	May func(e Entry, literal []byte) bool
	// Read is told of each file that is read, before it is searched; data is nil of one
	// that is passed over (binary, over 8 MB). May be nil.
	Read func(e Entry, version string, data []byte)
	// Found takes each match in place of Grep's answer, with the text of its file, nil
	// where that is passed over. May be nil. Like Read it is called from several
	// goroutines, and data is gone when it returns.
	Found func(m Match, version string, data []byte)
}

// Match is one file that holds all of the terms.
type Match struct {
	Path  string
	Named []bool    // by term: whether the path holds it
	Lines int       // that hold a term, at most a thousand are counted
	Hits  []LineHit // none where Grep.Found is told: it asks for them

	grep  *grep
	spots []spot
}

// Raw are the first n lines that hold a term, as they stand in the file. For Found,
// while it runs.
func (m *Match) Raw(n int) [][]byte {
	out := make([][]byte, 0, min(n, len(m.spots)))
	for _, s := range m.spots[:min(n, len(m.spots))] {
		out = append(out, s.text)
	}
	return out
}

// First are the hits in the first n lines that hold a term. For Found, while it runs.
func (m *Match) First(n int) []LineHit {
	var out []LineHit
	for _, s := range m.spots[:min(n, len(m.spots))] {
		h := newHit(m.Path, s.line, s.text, s.from, s.to)
		out = append(out, LineHit{h.Line, h.Text, m.grep.marks(h.Text)})
	}
	return out
}

// LineHit is one line with what matches in it.
type LineHit struct {
	Line  int
	Text  string   // cut as in Hit
	Marks [][2]int // byte offsets within Text, in order, none within another
}

const (
	grepLines = 1000 // of a file that are counted
	grepHits  = 20   // of a file that are given
)

// Grep finds all files that hold the terms, in path order, under the same policy and
// limits as Search. late says that time ran out before all files were seen.
func (r *Repo) Grep(ctx context.Context, g Grep) (found []Match, late bool, err error) {
	at := grep{Grep: g, repo: r}
	if len(g.Terms) == 0 && g.Found == nil { // with it: all that is wanted
		return nil, false, fault.New(fault.Usage, "the query is empty")
	}
	for _, t := range g.Terms {
		m, err := compileQuery(t.Text, t.Regex)
		if err != nil {
			return nil, false, err
		}
		at.terms = append(at.terms, m)
	}
	glob, err := compileGlob(g.Glob)
	if err != nil {
		return nil, false, err
	}
	if at.PerFile <= 0 {
		at.PerFile = grepHits
	}
	within, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	err = at.run(within, glob)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case err != nil && within.Err() == nil:
		return nil, false, err
	}
	slices.SortFunc(at.found, func(a, b Match) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return at.found, within.Err() != nil, nil
}

// grep is one Grep at work.
type grep struct {
	Grep
	repo  *Repo
	terms []*matcher
	mu    sync.Mutex
	found []Match
}

func (g *grep) run(ctx context.Context, glob *glob) error {
	jobs := make(chan []Entry, 8)
	var workers sync.WaitGroup
	for range searchers {
		workers.Go(func() {
			buffer := fileBuffers.Get().(*[]byte)
			defer fileBuffers.Put(buffer)
			for list := range jobs {
				for _, e := range list {
					if ctx.Err() == nil {
						g.file(ctx, e, buffer)
					}
				}
			}
		})
	}
	var next []Entry
	err := g.repo.Walk(ctx, g.Dir, func(e Entry) error {
		if !glob.matches(e.Path, e.Name) || g.Want != nil && !g.Want(e) {
			return nil
		}
		if next = append(next, e); len(next) == jobSize {
			jobs <- next
			next = nil
		}
		return nil
	})
	if err == nil && len(next) > 0 {
		jobs <- next
	}
	close(jobs)
	workers.Wait()
	return err
}

// file looks at one file, and keeps it where it holds all terms.
func (g *grep) file(ctx context.Context, e Entry, buffer *[]byte) {
	var few [16]bool
	named := append(few[:0], make([]bool, len(g.terms))...) // most files end here
	m := Match{Path: e.Path}
	all := true
	var path [256]byte
	for i, t := range g.terms {
		_, _, named[i] = t.find(append(path[:0], e.Path...))
		if g.May != nil && t.needle.len() > 0 && !g.May(e, t.needle.text) {
			if !named[i] {
				return
			}
			continue
		}
		all = false // of some term the text is to be asked
	}
	m.Named = slices.Clone(named)
	if all && g.Found == nil { // only the path can hold them
		g.keep(m)
		return
	}
	data, version, ok := g.repo.readVersion(e.Path, buffer)
	if !ok {
		data = nil
	}
	if g.Read != nil && version != "" {
		g.Read(e, version, data)
	}
	if !ok {
		if !slices.Contains(m.Named, false) {
			g.give(m, version, nil)
		}
		return
	}
	m.grep = g
	for i, t := range g.terms {
		before := len(m.spots)
		t.spots(ctx, data, grepLines, func(s spot) { m.spots = append(m.spots, s) })
		if len(m.spots) == before && !m.Named[i] {
			return
		}
	}
	if len(g.terms) > 1 {
		slices.SortStableFunc(m.spots, func(a, b spot) int { return a.line - b.line })
		m.spots = slices.CompactFunc(m.spots, func(a, b spot) bool { return a.line == b.line })
	}
	m.Lines = min(len(m.spots), grepLines)
	g.give(m, version, data)
}

func (g *grep) give(m Match, version string, data []byte) {
	if g.Found == nil {
		m.Hits, m.spots, m.grep = m.First(g.PerFile), nil, nil
		g.keep(m)
		return
	}
	g.Found(m, version, data)
}

func (g *grep) keep(m Match) {
	g.mu.Lock()
	g.found = append(g.found, m)
	g.mu.Unlock()
}

// maxMarks of a line are given: more would only paint it.
const maxMarks = 40

// marks are where the terms stand in a line, laid together where they touch.
func (g *grep) marks(text string) [][2]int {
	var out [][2]int
	for _, t := range g.terms {
		for from := 0; from <= len(text) && len(out) < maxMarks; {
			a, b, ok := t.find([]byte(text[from:]))
			if !ok || b == a {
				break
			}
			out = append(out, [2]int{from + a, from + b})
			from += b
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	var laid [][2]int
	for _, m := range out {
		if n := len(laid); n > 0 && m[0] <= laid[n-1][1] {
			laid[n-1][1] = max(laid[n-1][1], m[1])
			continue
		}
		laid = append(laid, m)
	}
	return laid
}

// ReadText reads the text of an entry that Walk has just given, as Grep does, and
// tells read of it as Grep does. The text lies in buffer, which may grow.
func (r *Repo) ReadText(e Entry, buffer *[]byte, read func(e Entry, version string, data []byte)) {
	data, version, ok := r.readVersion(e.Path, buffer)
	if !ok {
		data = nil
	}
	if version != "" {
		read(e, version, data)
	}
}
