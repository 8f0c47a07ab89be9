package index

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"tasks/internal/fault"
	"tasks/internal/query"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// The limits of a question.
const (
	maxWords   = 12
	maxFilters = 24
)

// Request is a ranked search.
type Request struct {
	Text  string // words, phrases and filters; with Regex an expression, filters at its ends
	Regex bool
	Glob  string
	Kind  string // only files of this kind are given; all are counted
	Files int    // files that are given; 0 means 50
	Lines int    // lines of each; 0 means 4
	Bare  bool   // filters alone find what is in their scope, without lines
}

// Result is the answer, best first. The same files give the same answer.
type Result struct {
	Words    []string // what was looked for; with Regex the expression
	Filters  []query.Filter
	Files    []File
	Counts   map[string]int // files by kind, as far as they were seen
	Total    int            // lines of all files, at most a thousand counted in each
	More     bool           // there are files that are not given
	Late     bool           // time ran out before all were seen
	Problems []string
}

// File is one file that was found.
type File struct {
	Path, Kind, Title string
	Task              *task.Task // nil for what is none
	Lines             int        // that match
	Size              int        // bytes of its text
	Hits              []repo.LineHit
	score             float64
}

// Find answers. Usage and Invalid for what cannot be asked.
func (x *Index) Find(ctx context.Context, r Request) (*Result, error) {
	out := &Result{Counts: map[string]int{}}
	var terms []repo.Term
	if r.Regex {
		text, filters := query.Ends(r.Text)
		out.Words, out.Filters = []string{text}, filters
		terms = []repo.Term{{Text: text, Regex: true}}
	} else {
		q := query.Parse(r.Text)
		out.Words, out.Filters = q.Words, q.Filters
		for _, w := range q.Words {
			terms = append(terms, repo.Term{Text: w})
		}
	}
	switch {
	case len(terms) > maxWords || len(out.Filters) > maxFilters:
		return nil, fault.New(fault.Usage, "that are more than %d words or %d filters", maxWords, maxFilters).WithHint(`put what belongs together in quotes: "dead letter"`)
	case len(terms) == 0 && (len(out.Filters) == 0 || !r.Bare):
		return out, nil
	}
	scope, err := x.Scope(ctx, out.Filters)
	if err != nil {
		return nil, err
	}
	out.Problems = scope.Problems
	f := &finding{index: x, request: r, result: out, scope: scope, judge: newJudge(out.Words, r.Regex, x.today())}
	f.tasks = sync.OnceValue(func() map[string]*task.Task { return x.tasks(ctx, scope) })
	if err := f.run(ctx, terms); err != nil {
		return nil, err
	}
	return out, nil
}

// today is the day by which files are old or new.
func (x *Index) today() time.Time { return time.Now() }

// tasks are the tasks by path.
func (x *Index) tasks(ctx context.Context, s *Scope) map[string]*task.Task {
	if s.tasks != nil {
		return s.tasks
	}
	out := map[string]*task.Task{}
	all, err := x.Tracker.All(ctx)
	if err != nil && ctx.Err() == nil {
		x.Log.Warn("the tasks cannot be read; search takes them for documents", "err", err)
	}
	for _, t := range all {
		out[t.Path] = t
	}
	return out
}

// finding is one question at work.
type finding struct {
	index   *Index
	request Request
	result  *Result
	scope   *Scope
	judge   *judge
	tasks   func() map[string]*task.Task
	keep    int   // files
	lines   int   // of each
	floor   *File // what is worse is not kept; nil while there is room
	mu      sync.Mutex
}

func (f *finding) run(ctx context.Context, terms []repo.Term) error {
	f.keep = cmp.Or(f.request.Files, 50)
	f.lines = cmp.Or(f.request.Lines, 4)
	g := repo.Grep{Terms: terms, Glob: f.request.Glob, Want: f.scope.Want, Found: f.found}
	if !f.index.Off {
		g.May, g.Read = f.index.may, f.index.read
	}
	_, late, err := f.index.Repo.Grep(ctx, g)
	if err != nil {
		return err
	}
	f.prune()
	f.result.Late = late
	for i := range f.result.Files {
		f.result.Files[i].Hits = f.judge.choose(f.result.Files[i].Hits, f.lines)
	}
	return nil
}

// looked is how many lines of a file are looked at closely.
const looked = 20

// found takes one file. Its lines are made ready only where it is among the best.
func (f *finding) found(m repo.Match, version string, data []byte) {
	file := File{Path: m.Path, Lines: m.Lines, Size: len(data)}
	if strings.HasPrefix(m.Path, "tasks/") {
		file.Task = f.tasks()[m.Path]
	}
	file.Kind = kindOf(m.Path, file.Task)
	wanted := f.request.Kind == "" || f.request.Kind == file.Kind
	if wanted {
		file.Title = strings.ToValidUTF8(titleOf(file, data), "\uFFFD")
		file.score = f.judge.score(file, m.Raw(looked), version, data)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result.Counts[file.Kind]++
	f.result.Total += m.Lines
	if !wanted {
		return
	}
	if f.floor != nil && better(*f.floor, file) < 0 {
		f.result.More = true
		return
	}
	f.mu.Unlock()
	file.Hits = m.First(max(f.lines, looked))
	f.mu.Lock()
	if f.result.Files = append(f.result.Files, file); len(f.result.Files) > f.keep+64 {
		f.prune()
	}
}

// better orders files, the best first.
func better(a, b File) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.Path, b.Path)) }

// prune sorts, and lets go what is not among the best.
func (f *finding) prune() {
	slices.SortFunc(f.result.Files, better)
	if len(f.result.Files) < f.keep {
		return
	}
	if len(f.result.Files) > f.keep {
		clear(f.result.Files[f.keep:])
		f.result.Files = f.result.Files[:f.keep]
		f.result.More = true
	}
	last := f.result.Files[f.keep-1]
	f.floor = &last
}
