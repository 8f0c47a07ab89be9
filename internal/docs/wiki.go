package docs

import (
	"context"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"tasks/internal/repo"
)

// wikiIndex is the documents by name, and how many there are below each folder.
// It is made by one walk when it is first needed, and kept by invalidate.
type wikiIndex struct {
	mu     sync.Mutex
	made   time.Time // zero: not yet
	names  map[string][]string
	files  map[string]struct{}
	below  map[string]int // documents anywhere below a folder
	direct map[string]int // documents right below it
}

// missAge is how old the index must be before a name it does not have is looked
// for on disk again.
const missAge = 10 * time.Second

// Warm makes what the first wiki link would wait for, and what tells folders
// without pages from others. It is for the background of a start.
func (l *Library) Warm(ctx context.Context) {
	l.index.mu.Lock()
	defer l.index.mu.Unlock()
	if l.index.made.IsZero() {
		l.index.make(ctx, l.repo)
		l.gen.Add(1) // the tree can leave out now what it believed in
	}
}

// make walks the checkout. A walk that was cut short leaves the index unmade.
func (x *wikiIndex) make(ctx context.Context, r *repo.Repo) {
	x.names, x.files = map[string][]string{}, map[string]struct{}{}
	x.below, x.direct = map[string]int{}, map[string]int{}
	x.made = time.Now()
	if err := r.Walk(ctx, "", func(e repo.Entry) error {
		x.add(e.Path)
		return nil
	}); err != nil {
		x.made = time.Time{}
	}
}

func (x *wikiIndex) add(name string) {
	if _, ok := x.files[name]; ok || !IsMarkdown(name) {
		return
	}
	x.files[name] = struct{}{}
	for _, key := range keysOf(name) {
		x.names[key] = append(x.names[key], name)
	}
	x.count(name, 1)
}

func (x *wikiIndex) remove(name string) {
	if _, ok := x.files[name]; !ok {
		return
	}
	delete(x.files, name)
	for _, key := range keysOf(name) {
		list := x.names[key]
		for i, n := range list {
			if n == name {
				x.names[key] = append(list[:i:i], list[i+1:]...)
				break
			}
		}
	}
	x.count(name, -1)
}

func (x *wikiIndex) count(name string, n int) {
	x.direct[parent(name)] += n
	for dir := name; dir != ""; {
		dir = parent(dir)
		x.below[dir] += n
	}
}

// invalidate looks at files that changed.
func (x *wikiIndex) invalidate(r *repo.Repo, paths []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.made.IsZero() {
		return
	}
	for _, p := range paths {
		if !IsMarkdown(p) {
			continue
		}
		if info, err := r.Stat(p); err == nil && !info.Dir {
			x.add(p)
		} else {
			x.remove(p)
		}
	}
}

// hasPages tells whether a document is below a folder; unknown until the index is
// made.
func (x *wikiIndex) hasPages(dir string) (has, known bool) {
	if !x.mu.TryLock() {
		return false, false // being made: nobody waits for it here
	}
	defer x.mu.Unlock()
	return x.below[dir] > 0, !x.made.IsZero()
}

// keysOf are the names under which a document is found: its own, and that of its
// folder where it stands for it.
func keysOf(name string) []string {
	key := wikiKey(path.Base(name))
	if dir := parent(name); dir != "" && (key == "readme" || key == "index") {
		return []string{key, wikiKey(path.Base(dir))}
	}
	return []string{key}
}

// wikiKey is a name as wiki links are compared: without case, extension, and the
// difference between spaces, _ and -.
func wikiKey(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".md"), ".markdown")
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' {
			return '-'
		}
		return r
	}, name)
}

// findWiki is the page of a wiki link: of those with the name, the one nearest to
// the folder.
func (l *Library) findWiki(name, near string) place {
	for _, p := range l.index.candidates(l.repo, name, near) {
		if to := l.find(lookup{name: p}); to.kind != "" {
			return to
		}
	}
	return place{}
}

func (x *wikiIndex) candidates(r *repo.Repo, name, near string) []string {
	name = strings.Trim(path.Clean("/"+name), "/")
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.made.IsZero() {
		x.make(context.Background(), r)
	}
	found := x.matching(name)
	if len(found) == 0 && time.Since(x.made) > missAge {
		x.make(context.Background(), r)
		found = x.matching(name)
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := distance(found[i], near), distance(found[j], near)
		if a != b {
			return a < b
		}
		return found[i] < found[j]
	})
	return found
}

// matching are the documents of a name, which may have folders before it.
func (x *wikiIndex) matching(name string) []string {
	list := x.names[wikiKey(path.Base(name))]
	var out []string
	for _, p := range list {
		dir := wikiKey(parent(name))
		at := wikiKey(parent(p))
		if key := wikiKey(path.Base(p)); key != wikiKey(path.Base(name)) {
			at = wikiKey(parent(parent(p))) // found by its folder's name
		}
		if dir == "" || at == dir || strings.HasSuffix(at, "/"+dir) {
			out = append(out, p)
		}
	}
	return out
}

// distance is how many folders lie between a file and a folder.
func distance(file, dir string) int {
	a, b := strings.Split(parent(file), "/"), strings.Split(dir, "/")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return len(a) - i + len(b) - i
}
