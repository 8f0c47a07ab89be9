package history

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"tasks/internal/git"
	"tasks/internal/repo"
	"tasks/internal/run"
	"tasks/internal/task"
)

// Kind is what an item or a change is about.
type Kind string

// The kinds. Task is anything below tasks/, Doc any other markdown and all below
// docs/, Code the rest of the repository.
const (
	Task Kind = "task"
	Doc  Kind = "doc"
	Code Kind = "code"
	Run  Kind = "run"
)

// Item is one thing that happened: a commit, or a step of a run.
type Item struct {
	When    time.Time
	Kind    Kind   // the foremost of its changes: task, doc, code; or run
	Who     string // as git has it; of a run its worker or ""
	Owner   string // Who in canonical form
	Text    string // a commit's subject; what became of a run
	Hash    string // of the commit; "" for a run
	Changes []Change
	More    int // changes that are not listed: beyond the bound, or of names that are not shown
	Run     *run.Run
}

// Has tells whether the item has to do with the kind.
func (it *Item) Has(k Kind) bool {
	return it.Kind == k || slices.ContainsFunc(it.Changes, func(c Change) bool { return c.Kind == k })
}

// Change is one file of a commit.
type Change struct {
	Path, From string // From: the old name, where it was renamed
	Op         Op
	Kind       Kind
}

// Op is what was done to a file.
type Op string

// The four.
const (
	Added   Op = "added"
	Changed Op = "changed"
	Removed Op = "removed"
	Renamed Op = "renamed"
)

// Ask says which window. The zero Ask is the last week.
type Ask struct {
	Until time.Time // zero: now
	Skip  int       // of the commits at and before Until so many are passed over
	// Patience is how long to wait for git where nothing is kept yet; zero: as long as
	// a page about history may take.
	Patience time.Duration
}

// Window is what happened between two moments, newest first.
type Window struct {
	From, To time.Time // To is never zero
	Items    []Item
	Cut      bool // there is more within the week than the limit; From is that of the last item
	// Older asks for the window before this one; nil where nothing is older.
	Older *Ask
	// Before is the newest commits from before the window, as far as they were read.
	Before  []Item
	Shallow bool      // the repository was cloned without its older history
	Head    string    // "": no commit yet
	At      time.Time // when git was asked; zero where it has not answered yet
	Pending bool      // a newer reading is on its way
	Problem string    // why this is not all of it, "" where it is
}

// Window is what happened in a week, of git and of the runs. It waits for git, but
// not for long: see Pending. Runs are as they are now.
func (r *Reader) Window(ctx context.Context, ask Ask) (*Window, error) {
	id := key{limit: Limit, skip: max(ask.Skip, 0)}
	w := &Window{To: r.Now()}
	if !ask.Until.IsZero() {
		id.until, w.To = ask.Until.Unix(), time.Unix(ask.Until.Unix(), 0)
	}
	w.From = w.To.Add(-Week)
	l, pending, err := r.obtain(ctx, id, cmp.Or(ask.Patience, firstPatience))
	if err != nil {
		return nil, err
	}
	w.Pending = pending
	if l != nil {
		w.take(l, ask)
	}
	if r.Runs == nil {
		return w, nil
	}
	until := ask.Until // zero: a run queued this moment is in
	runs, err := r.Runs.Lately(ctx, w.From, until, maxRuns)
	if err != nil {
		return nil, err
	}
	for _, one := range runs {
		w.addRun(one, until)
	}
	slices.SortStableFunc(w.Items, func(a, b Item) int { return b.When.Compare(a.When) })
	return w, nil
}

// take fills the window from what git said.
func (w *Window) take(l *reading, ask Ask) {
	w.Head, w.At, w.Shallow, w.Problem = l.head, l.at, l.shallow, l.problem
	i := 0
	for i < len(l.items) && !l.items[i].When.Before(w.From) {
		i++
	}
	w.Items, w.Before = slices.Clone(l.items[:i]), l.items[i:]
	switch {
	case i < len(l.items):
		// The next window begins at the newest commit before this one, however long
		// before that was.
		w.Older = &Ask{Until: l.items[i].When}
	case l.cut:
		last := l.items[i-1].When
		w.Cut, w.From = true, last
		w.Older = &Ask{Until: last, Skip: sameMoment(l.items, last)}
		if last.Equal(w.To) {
			w.Older.Skip += ask.Skip
		}
	}
}

// sameMoment counts the commits of a moment at the end of the list: many have the
// same one where a branch was rewritten.
func sameMoment(list []Item, at time.Time) int {
	n := 0
	for i := len(list) - 1; i >= 0 && list[i].When.Equal(at); i-- {
		n++
	}
	return n
}

// item is a commit as people see it.
func item(c git.Logged) Item {
	it := Item{When: c.When, Who: c.Author, Owner: task.Owner(c.Author), Text: cmp.Or(c.Subject, "(no message)"), Hash: c.Hash, More: c.More, Kind: Code}
	for _, ch := range c.Changes {
		name, err := repo.Clean(ch.Path)
		if err != nil || name != ch.Path { // what the path policy refuses is not spoken of
			it.More++
			continue
		}
		one := Change{Path: name, Op: op(ch.Op), Kind: KindOf(name)}
		if from, err := repo.Clean(ch.From); err == nil && one.Op == Renamed {
			one.From = from
		}
		it.Changes = append(it.Changes, one)
		if rank(one.Kind) < rank(it.Kind) {
			it.Kind = one.Kind
		}
	}
	return it
}

func op(letter byte) Op {
	switch letter {
	case 'A', 'C':
		return Added
	case 'D':
		return Removed
	case 'R':
		return Renamed
	}
	return Changed
}

func rank(k Kind) int { return slices.Index([]Kind{Task, Doc, Code}, k) }

// Known tells whether there is such a kind.
func (k Kind) Known() bool { return k == Run || rank(k) >= 0 }

// KindOf says what a path of the repository is about.
func KindOf(name string) Kind {
	switch top, _, _ := strings.Cut(name, "/"); {
	case top == "tasks":
		return Task
	case top == "docs", strings.EqualFold(path.Ext(name), ".md"), strings.EqualFold(path.Ext(name), ".markdown"):
		return Doc
	}
	return Code
}

// addRun adds the steps of a run that lie in the window.
func (w *Window) addRun(r *run.Run, until time.Time) {
	step := func(at time.Time, text string) {
		if at.IsZero() || at.Before(w.From) || !until.IsZero() && at.After(until) {
			return
		}
		w.Items = append(w.Items, Item{When: at, Kind: Run, Who: r.Worker, Owner: task.Owner(r.Worker), Text: text, Run: r})
	}
	step(r.QueuedAt, "was handed over")
	step(r.StartedAt, "was started")
	if !r.State.Active() || r.State == run.Review {
		step(r.EndedAt, Ended(r.State))
	}
}

// Ended says how a run ended, "" for one that has not.
func Ended(s run.State) string {
	switch s {
	case run.Review:
		return "waits for review"
	case run.Accepted:
		return "was accepted"
	case run.Rejected:
		return "was sent back"
	case run.Failed:
		return "failed"
	case run.Interrupted:
		return "was interrupted"
	}
	return ""
}

// Touched is a file with the newest commit that changed it.
type Touched struct {
	Change
	*Item
}

// Files are the files that commits of the window, and of what was read before it,
// changed last, newest first, each once, at most n. want says which are wanted; nil:
// all.
func (w *Window) Files(n int, want func(Change) bool) []Touched {
	var out []Touched
	seen := map[string]bool{}
	for _, list := range [][]Item{w.Items, w.Before} {
		for i := range list {
			for _, c := range list[i].Changes {
				if seen[c.Path] {
					continue
				}
				seen[c.Path] = true
				if want == nil || want(c) {
					out = append(out, Touched{c, &list[i]})
				}
				if len(out) == n {
					return out
				}
			}
		}
	}
	return out
}
