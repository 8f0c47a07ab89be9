package web

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"sync"

	"tasks/internal/fault"
	"tasks/internal/landing"
	"tasks/internal/markdown"
	"tasks/internal/repo"
	"tasks/internal/run"
)

const (
	// diffFiles is how many files of a run's work its page shows.
	diffFiles = 300
	// openLines is how many lines of it are open at once; the files after are folded.
	openLines = 3000
	// fileLines is how many lines of one file are shown.
	fileLines = 4000
)

// diffs remembers the work of runs as it was last shown: to colour it takes a while.
type diffs struct {
	mu    sync.Mutex
	known map[string]*DiffView // by from..to
	order []string
}

func (d *diffs) get(key string) *DiffView {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[key]
}

func (d *diffs) put(key string, v *DiffView) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = map[string]*DiffView{}
	}
	if d.known[key] == nil {
		if d.order = append(d.order, key); len(d.order) > 8 {
			delete(d.known, d.order[0])
			d.order = d.order[1:]
		}
	}
	d.known[key] = v
}

// runDiff reads the work of the run that is there to look at, with the comments on it.
func (s *Server) runDiff(ctx context.Context, p *RunPage) {
	r := p.V.Run
	if r.State.Waiting() || r.Begin == "" {
		p.DiffWhy = "There is nothing to look at yet."
		return
	}
	v, err := s.diffOf(ctx, r)
	if fault.CodeOf(err) == fault.NotFound || err == nil && v == nil {
		p.DiffWhy = "There is nothing to look at yet."
		return
	}
	if err != nil {
		p.DiffWhy = sentence(err.Error()) + "."
		s.Log.Warn("the work of a run cannot be read", "run", r.ID, "err", err)
		return
	}
	p.Diff = v.with(p.V.Comments)
}

// diffOf is the work of a run, coloured, without comments.
func (s *Server) diffOf(ctx context.Context, r *run.Run) (*DiffView, error) {
	from, to, err := s.Manager.Span(ctx, r)
	if err != nil || from == "" || to == "" {
		return nil, err
	}
	key := from + ".." + to
	if v := s.diffs.get(key); v != nil {
		return v, nil
	}
	d, err := s.Manager.Diff(ctx, from, to) // of these: another moment has another key
	if err != nil || d == nil {
		return nil, err
	}
	v := colour(d)
	v.Base, v.Head = from, to
	s.diffs.put(key, v)
	return v, nil
}

// colour makes the page's form of a diff: highlighted, and folded where it would be too
// long a page.
func colour(d *landing.Diff) *DiffView {
	v := &DiffView{Plus: d.Added, Minus: d.Deleted, Cut: d.More + max(len(d.Files)-diffFiles, 0)}
	lines := 0
	for i, from := range d.Files[:min(len(d.Files), diffFiles)] {
		f := DiffFile{
			ID: fmt.Sprintf("file-%d", i+1), Path: from.Path, OldPath: from.Old, Status: from.Status,
			Plus: from.Added, Minus: from.Deleted, Binary: from.Binary, Large: from.TooLarge, Folded: from.TooLarge,
		}
		if from.OldMode != from.NewMode && from.OldMode != "" && from.NewMode != "" {
			f.Mode = from.OldMode + " to " + from.NewMode
		}
		n := 0
		for _, h := range from.Hunks {
			n += len(h.Lines)
		}
		if n > fileLines {
			f.Large, f.Folded, from.Hunks = true, true, nil
		}
		if withheld(from.Path) || withheld(from.Old) {
			f.Withheld, f.Large, from.Hunks = true, false, nil
		}
		if lines += n; lines > openLines || f.Status == "deleted" && n > 40 || n > 800 {
			f.Folded = true
		}
		lang := markdown.LanguageOfFile(f.Path)
		for _, h := range from.Hunks {
			f.Hunks = append(f.Hunks, hunkOf(h, lang))
		}
		v.Files = append(v.Files, f)
	}
	return v
}

// withheld tells whether the policy refuses a file by its name: that it changes is told,
// its lines are not served.
func withheld(name string) bool {
	_, err := repo.Clean(name)
	return fault.CodeOf(err) == fault.Forbidden
}

// hunkOf is a hunk with its lines coloured.
func hunkOf(h landing.Hunk, lang string) DiffHunk {
	out := DiffHunk{Head: fmt.Sprintf("@@ -%d,%d +%d,%d @@ %s", h.OldStart, h.OldLines, h.NewStart, h.NewLines, h.Section), Lines: make([]DiffLine, len(h.Lines))}
	for i, l := range h.Lines {
		out.Lines[i] = DiffLine{Sign: l.Kind, Old: l.Old, New: l.New, NoEnd: l.NoNewline, text: strings.TrimSuffix(l.Text, "\r")}
	}
	out.colour(lang)
	return out
}

// colour highlights the two sides of a hunk, each as a text of its own.
func (h *DiffHunk) colour(lang string) {
	var before, after strings.Builder
	for _, l := range h.Lines {
		if l.Old > 0 {
			before.WriteString(l.text + "\n")
		}
		if l.New > 0 {
			after.WriteString(l.text + "\n")
		}
	}
	was := strings.Split(markdown.Highlight(lang, []byte(before.String())), "\n")
	is := strings.Split(markdown.Highlight(lang, []byte(after.String())), "\n")
	var a, b int
	for i := range h.Lines {
		l := &h.Lines[i]
		if l.Old > 0 {
			l.HTML = template.HTML(was[a]) // made and escaped by the highlighter, line by line
			a++
		}
		if l.New > 0 {
			l.HTML = template.HTML(is[b])
			b++
		}
	}
}

// with is the diff with comments at their lines. What is kept is not changed.
func (v *DiffView) with(comments []run.Comment) *DiffView {
	out := *v
	for _, c := range comments {
		if !c.Sent {
			out.Drafts++
		}
	}
	if len(comments) == 0 {
		return &out
	}
	at := map[string][]commentJSON{}
	for _, c := range comments {
		at[c.Path] = append(at[c.Path], commentOf(c))
	}
	out.Files = append([]DiffFile(nil), v.Files...)
	for i := range out.Files {
		f := &out.Files[i]
		list := at[f.Path]
		if len(list) == 0 {
			continue
		}
		f.Folded = false
		f.Hunks = append([]DiffHunk(nil), f.Hunks...)
		left := map[string][]commentJSON{}
		for _, c := range list {
			left[fmt.Sprint(c.Side, c.Line)] = append(left[fmt.Sprint(c.Side, c.Line)], c)
		}
		for j := range f.Hunks {
			h := &f.Hunks[j]
			h.Lines = append([]DiffLine(nil), h.Lines...)
			for k := range h.Lines {
				l := &h.Lines[k]
				key := fmt.Sprint(l.Side(), l.Line())
				if l.Comments = left[key]; l.Comments != nil {
					delete(left, key)
				}
			}
		}
		for _, c := range list { // of lines that are no longer there
			if left[fmt.Sprint(c.Side, c.Line)] != nil {
				f.Comments = append(f.Comments, c)
			}
		}
	}
	return &out
}

// fit is whether a run's work merges, as it was found once.
type fit struct {
	clean bool
	paths []string
}

// fits tells whether the work of a run in review merges onto its base as that is now. What
// git cannot say counts as yes: accept says it then.
func (s *Server) fits(ctx context.Context, r *run.Run) (bool, []string) {
	base, err := s.Git.Resolve(ctx, "refs/heads/"+r.Base)
	if err != nil || base == "" || r.Head == "" {
		return true, nil
	}
	key := r.ID + " " + base + " " + r.Head
	if known, ok := s.merges.Load(key); ok {
		f := known.(fit)
		return f.clean, f.paths
	}
	clean, paths, err := s.Manager.Fits(ctx, r)
	if err != nil {
		s.Log.Warn("whether a run's work merges cannot be told", "run", r.ID, "err", err)
		return true, nil
	}
	s.merges.Clear() // of few runs at a time; what is asked again is found again
	s.merges.Store(key, fit{clean, paths})
	return clean, paths
}
