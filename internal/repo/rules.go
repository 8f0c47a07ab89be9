package repo

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// maxIgnore is the size up to which an ignore file is read.
const maxIgnore = 4 << 20

// settled is the age at which a file's times prove that it has not changed since:
// before, a second change may fall into the same tick of the clock.
const settled = 100 * time.Millisecond

// chain is the ignore files in force in a folder, the strongest first.
type chain struct {
	rules []rule
	base  string // folder of the file, with a slash at its end; "" for the root
	up    *chain
}

// ignores asks the files from the nearest to the farthest, and each from its end:
// the first rule that speaks decides.
func (c *chain) ignores(path, name string, dir bool) bool {
	for ; c != nil; c = c.up {
		rel := path[len(c.base):]
		for i := len(c.rules) - 1; i >= 0; i-- {
			if c.rules[i].matches(rel, name, dir) {
				return !c.rules[i].negate
			}
		}
	}
	return false
}

// ruleCache keeps parsed ignore files as long as their stat is the same.
type ruleCache struct{ files sync.Map } // string → *ruleFile

type ruleFile struct {
	version string
	rules   []rule
}

// outer is the chain of the files outside the tree: the user's is the weakest.
func (r *Repo) outer() *chain {
	var c *chain
	for _, name := range []string{r.options.ExcludesFile, r.options.InfoExclude} {
		if name == "" {
			continue
		}
		if rules := r.outsideRules(name); len(rules) > 0 {
			c = &chain{rules: rules, up: c}
		}
	}
	return c
}

// below adds the ignore file of dir, where it has one, to the chain of its parent.
func (r *Repo) below(up *chain, dir string) *chain {
	rules := r.treeRules(join(dir, ".gitignore"))
	if len(rules) == 0 {
		return up
	}
	c := &chain{rules: rules, up: up}
	if dir != "" {
		c.base = dir + "/"
	}
	return c
}

// chain is what rules in dir, dir's own file not included.
func (r *Repo) chain(dir string) *chain {
	c := r.outer()
	if dir == "" {
		return c
	}
	c = r.below(c, "")
	for i := range len(dir) {
		if dir[i] == '/' {
			c = r.below(c, dir[:i])
		}
	}
	return c
}

// ignored tells whether git ignores path: a rule matches it, and it is not tracked.
func (r *Repo) ignored(ctx context.Context, path string, dir bool) (bool, error) {
	if !r.matched(path, dir) {
		return false, nil
	}
	tracked, err := r.isTracked(ctx, path, dir)
	return !tracked, err
}

// matched tells whether a rule ignores path or a folder above it.
func (r *Repo) matched(path string, dir bool) bool {
	c := r.below(r.outer(), "")
	for start := 0; ; {
		end := strings.IndexByte(path[start:], '/')
		last := end < 0
		if last {
			end = len(path) - start
		}
		here := path[:start+end]
		if c.ignores(here, here[start:], !last || dir) {
			return true
		}
		if last {
			return false
		}
		c = r.below(c, here)
		start += end + 1
	}
}

// treeRules are the rules of an ignore file in the tree. Git does not follow a link
// there, nor do we.
func (r *Repo) treeRules(name string) []rule {
	m, err := r.disk.lstat(name)
	if err != nil || !m.mode.IsRegular() {
		return nil
	}
	return r.rules.get(name, m.version(), m.modTime(), func() (io.ReadCloser, error) { return r.disk.openPlain(name) })
}

func (r *Repo) outsideRules(name string) []rule {
	m, err := statOutside(name)
	if err != nil || !m.mode.IsRegular() {
		return nil
	}
	return r.rules.get("/"+name, m.version(), m.modTime(), func() (io.ReadCloser, error) { return os.Open(name) })
}

func (c *ruleCache) get(key, version string, changed time.Time, open func() (io.ReadCloser, error)) []rule {
	if f, ok := c.files.Load(key); ok && f.(*ruleFile).version == version {
		return f.(*ruleFile).rules
	}
	f, err := open()
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxIgnore))
	if err != nil {
		return nil
	}
	rules := parseIgnore(data)
	if time.Since(changed) > settled {
		c.files.Store(key, &ruleFile{version: version, rules: rules})
	}
	return rules
}

// trackedSet is the tracked files that an ignore rule matches, and their folders.
type trackedSet struct {
	mu      sync.Mutex
	version string // of the index
	asked   time.Time
	names   map[string]bool // true for a file
	err     error
}

// isTracked tells whether path, which a rule matches, is tracked or holds what is.
func (r *Repo) isTracked(ctx context.Context, path string, dir bool) (bool, error) {
	if r.options.TrackedIgnored == nil {
		return false, nil
	}
	t := &r.tracked
	t.mu.Lock()
	defer t.mu.Unlock()
	if version, fresh := r.indexVersion(), 2*time.Second; t.names == nil && t.err == nil ||
		version != t.version || version == "" && time.Since(t.asked) > fresh || t.err != nil && time.Since(t.asked) > fresh {
		t.version, t.asked = version, time.Now()
		t.names, t.err = askTracked(ctx, r.options.TrackedIgnored)
		if ctx.Err() != nil {
			t.names, t.err, t.version = nil, nil, ""
			return false, ctx.Err()
		}
	}
	if t.err != nil {
		return false, t.err
	}
	file, ok := t.names[path]
	return ok && (dir || file), nil
}

func askTracked(ctx context.Context, ask func(context.Context) ([]string, error)) (map[string]bool, error) {
	list, err := ask(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, name := range list {
		names[name] = true
		for i := len(name) - 1; i > 0; i-- {
			if name[i] == '/' {
				names[name[:i]] = false
			}
		}
	}
	return names, nil
}

// indexVersion changes when the index does; "" where nobody can tell.
func (r *Repo) indexVersion() string {
	if r.options.Index == "" {
		return ""
	}
	m, err := statOutside(r.options.Index)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "none"
	case err != nil || time.Since(m.modTime()) < settled:
		return ""
	}
	return m.version()
}
