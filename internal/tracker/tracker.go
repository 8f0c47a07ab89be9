// Package tracker is the tasks of one checkout: read all, find one, make one,
// change one, check the rules that need them all.
//
// Nothing is kept between calls but a cache of parsed front matter, checked by the
// file's stat on each use, so an answer is never older than the call. The tasks
// that are given out are shared: nobody changes them.
package tracker

import (
	"context"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// folder is where tasks live.
const folder = "tasks"

// Tracker reads and changes the tasks of one checkout. Safe for concurrent use.
type Tracker struct {
	repo  *repo.Repo
	mu    sync.Mutex
	cache map[string]cached // by path
	now   func() time.Time
}

// cached is what a file held at a version.
type cached struct {
	version string
	task    *task.Task // nil where the file is no task
}

// New makes a tracker over a checkout.
func New(r *repo.Repo) *Tracker {
	return &Tracker{repo: r, cache: map[string]cached{}, now: time.Now}
}

// All are the tasks, broken ones included, sorted by path.
func (t *Tracker) All(ctx context.Context) ([]*task.Task, error) {
	files, err := t.files(ctx, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	all := make([]*task.Task, len(files))
	err = spread(ctx, len(files), func(i int, buf []byte) (err error) {
		all[i], err = t.load(files[i], buf)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.forget(files)
	return slices.DeleteFunc(all, func(k *task.Task) bool { return k == nil }), nil
}

// files are the markdown files below tasks/ that want asks for, sorted by path.
func (t *Tracker) files(ctx context.Context, want func(name string) bool) ([]repo.Entry, error) {
	var files []repo.Entry
	err := t.repo.Walk(ctx, folder, func(e repo.Entry) error {
		if !strings.HasPrefix(e.Path, folder+"/") {
			return throughLink(folder, path.Dir(e.Path))
		}
		if !e.Dir && strings.HasSuffix(e.Name, ".md") && want(e.Name) {
			files = append(files, e)
		}
		return nil
	})
	switch fault.CodeOf(err) {
	case "", fault.NotFound, fault.Usage: // no such folder, or a file of that name: the program, say
		return files, nil
	}
	return nil, err
}

// throughLink refuses tasks behind a link: one file would have two paths, and what was
// written through the one would not be listed under the other.
func throughLink(name, real string) error {
	return fault.New(fault.Forbidden, "%s is refused: it is behind a link, to %s, and tasks are not read through links", name, real).
		WithHint("put a folder in the link's place")
}

// spread calls fn for 0 to n-1 on all cores, and returns an error of one of them. buf
// is fn's to use until it returns.
func spread(ctx context.Context, n int, fn func(i int, buf []byte) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() {
			buf := make([]byte, 64<<10) // nearly every worksheet is smaller
			for failed.Load() == nil && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := fn(i, buf); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return ctx.Err()
}

// load is the task in a file, from the cache where the file is unchanged; nil where
// it is none or is gone. A file that cannot be read is a broken task, if its place
// is one for tasks.
func (t *Tracker) load(e repo.Entry, buf []byte) (*task.Task, error) {
	t.mu.Lock()
	have, ok := t.cache[e.Path]
	t.mu.Unlock()
	if ok {
		if version, err := t.repo.EntryVersion(e); err == nil && version == have.version {
			return have.task, nil
		}
	}
	f, err := t.repo.ReadEntry(e, buf)
	return t.read(e.Path, f, err)
}

// read is the task in a file that was read, or could not be.
func (t *Tracker) read(p string, f repo.File, err error) (*task.Task, error) {
	switch fault.CodeOf(err) {
	case "":
	case fault.NotFound:
		return nil, nil
	case fault.Forbidden:
		if k := task.Unreadable(p, err.Error()); k != nil {
			return k, nil
		}
		return nil, nil
	default:
		return nil, err
	}
	k, is := task.Read(p, f.Data)
	if !is {
		k = nil
	} else {
		k.Hash = f.Hash
	}
	if t.now().Sub(f.ModTime) > settled {
		t.mu.Lock()
		t.cache[p] = cached{f.Version, k}
		t.mu.Unlock()
	}
	return k, nil
}

// settled is the age from which a file's times tell a change: within one tick of
// the file system's clock a second write of the same size looks like the first.
const settled = 50 * time.Millisecond

// forget drops what is cached of files that are not among these.
func (t *Tracker) forget(files []repo.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cache) <= len(files) {
		return
	}
	there := make(map[string]bool, len(files))
	for _, e := range files {
		there[e.Path] = true
	}
	for p := range t.cache {
		if !there[p] {
			delete(t.cache, p)
		}
	}
}

// Find finds a task by slug, id or path. NotFound with near names as a hint;
// Conflict where two files have the slug.
func (t *Tracker) Find(ctx context.Context, name string) (*task.Task, error) {
	found, err := t.matches(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(found) > 1 {
		paths := make([]string, len(found))
		for i, k := range found {
			paths[i] = k.Path
		}
		return nil, fault.New(fault.Conflict, "%q names more than one task: %s", name, strings.Join(paths, ", ")).
			WithHint("name the one you mean by its path, and rename the other file")
	}
	return found[0], nil
}

// matches are the tasks that name stands for: at least one.
func (t *Tracker) matches(ctx context.Context, name string) ([]*task.Task, error) {
	if name == "" {
		return nil, fault.New(fault.Usage, "no task is named: the name is empty")
	}
	if strings.Contains(name, "/") || strings.HasSuffix(name, ".md") {
		if k, err := t.atPath(name); k != nil || err != nil {
			return []*task.Task{k}, err
		}
	}
	files, err := t.files(ctx, func(file string) bool { return file == name+".md" })
	if err != nil {
		return nil, err
	}
	var found []*task.Task
	for _, e := range files {
		k, err := t.load(e, nil)
		if err != nil {
			return nil, err
		}
		if k != nil {
			found = append(found, k)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	all, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if k.ID == name {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		return nil, notFound(name, all)
	}
	return found, nil
}

// atPath is the task in the file of that name, nil where there is none.
func (t *Tracker) atPath(name string) (*task.Task, error) {
	clean, err := repo.Clean(name)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(clean, folder+"/") {
		return nil, nil
	}
	f, err := t.repo.ReadFile(clean, 0)
	if err == nil && f.Path != clean {
		return nil, fault.New(fault.Forbidden, "%s is refused: it is behind a link, to %s, and tasks are not read through links", clean, f.Path).
			WithHint("name the file that the link leads to")
	}
	k, failed := t.read(clean, f, err)
	if k == nil && failed == nil && err == nil {
		return nil, fault.New(fault.NotFound, "%s is not a task: its front matter has neither `type: task` nor a status", clean)
	}
	return k, failed
}

// Read is Find with the file's bytes.
func (t *Tracker) Read(ctx context.Context, name string) (*task.Task, []byte, error) {
	k, err := t.Find(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	f, err := t.repo.ReadFile(k.Path, 0)
	if err != nil {
		return nil, nil, err
	}
	fresh := task.Parse(k.Path, f.Data)
	fresh.Hash = f.Hash
	return fresh, f.Data, nil
}

// Dependents are the tasks that depend on slug.
func (t *Tracker) Dependents(ctx context.Context, slug string) ([]*task.Task, error) {
	all, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(k *task.Task) bool { return !slices.Contains(k.DependsOn, slug) }), nil
}

// notFound names what was perhaps meant.
func notFound(name string, all []*task.Task) error {
	err := fault.New(fault.NotFound, "there is no task %q: no file below tasks/ has this slug, id or path", name)
	var names []string
	for _, k := range all {
		names = append(names, k.Slug)
		if k.ID != k.Slug {
			names = append(names, k.ID)
		}
	}
	if near := Near(strings.TrimSuffix(path.Base(name), ".md"), names); len(near) > 0 {
		return err.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return err.WithHint("tasks list shows all tasks")
}
