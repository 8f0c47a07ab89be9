package docs

import (
	"bytes"
	"context"
	"hash/fnv"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"tasks/internal/markdown"
	"tasks/internal/repo"
)

// linkIndex is what every document refers to, by the last name of the address, so
// that who asks after one page looks at a few documents only. Where an address leads
// is not in it: that is found out anew each time, from the files as they are.
//
// It is made when first asked for and brought up to date by stat: of the paths that
// Invalidate told of at once, of all of them when the last look is older than recheck.
type linkIndex struct {
	turn  chan struct{} // one brings it up to date at a time
	dirty struct {
		sync.Mutex
		paths map[string]struct{}
	}

	mu     sync.Mutex // guards what follows
	looked time.Time  // when all files were looked at; zero: never
	docs   map[string]*docLinks
	by     map[string][]*docLinks
}

// docLinks is what one document refers to.
type docLinks struct {
	path    string
	version string // "" where the file is to be read again
	refs    []markdown.Reference
	ids     []uint64 // hashes of the ids that it has, sorted
}

func (d *docLinks) has(id string) bool {
	_, ok := slices.BinarySearch(d.ids, hashOf(id))
	return ok
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// tell notes files that changed.
func (x *linkIndex) tell(paths []string) {
	x.dirty.Lock()
	defer x.dirty.Unlock()
	if x.dirty.paths == nil {
		x.dirty.paths = map[string]struct{}{}
	}
	for _, p := range paths {
		if IsMarkdown(p) {
			x.dirty.paths[p] = struct{}{}
		}
	}
}

func (x *linkIndex) told() map[string]struct{} {
	x.dirty.Lock()
	defer x.dirty.Unlock()
	paths := x.dirty.paths
	x.dirty.paths = nil
	return paths
}

// freshLinks brings the index up to date. It waits for who is at it already.
func (l *Library) freshLinks(ctx context.Context) error {
	x := &l.links
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	changed := x.told()
	x.mu.Lock()
	recent := !x.looked.IsZero() && time.Since(x.looked) < recheck
	x.mu.Unlock()
	if !recent {
		return l.sweepLinks(ctx)
	}
	for name := range changed {
		info, err := l.repo.Stat(name)
		if err != nil || info.Dir || info.Path != name {
			x.put(name, nil)
			continue
		}
		l.survey(name, info.Version)
	}
	return nil
}

// sweepLinks looks at every document.
func (l *Library) sweepLinks(ctx context.Context) error {
	x := &l.links
	began := time.Now()
	there := map[string]struct{}{}
	err := l.repo.Walk(ctx, "", func(e repo.Entry) error {
		if !IsMarkdown(e.Path) {
			return nil
		}
		there[e.Path] = struct{}{}
		if version, err := l.repo.EntryVersion(e); err == nil {
			l.survey(e.Path, version)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for name := range x.docs {
		if _, ok := there[name]; !ok {
			x.drop(name)
		}
	}
	x.looked = began
	return nil
}

// survey reads a document's links, where they are not known under this version.
func (l *Library) survey(name, version string) *docLinks {
	x := &l.links
	x.mu.Lock()
	known := x.docs[name]
	x.mu.Unlock()
	if known != nil && known.version == version && version != "" {
		return known
	}
	read := time.Now()
	f, err := l.repo.ReadFile(name, maxDoc)
	if err != nil {
		x.put(name, nil)
		return nil
	}
	d := &docLinks{path: name, version: f.Version}
	if racy(f.ModTime, read) {
		d.version = ""
	}
	d.read(f.Data)
	slices.Sort(d.ids)
	d.ids = slices.Compact(d.ids)
	x.put(name, d)
	return d
}

// read finds references and ids. A large document is read in parts, so that what is
// found of it at one time stays small.
func (d *docLinks) read(data []byte) {
	take := func(body []byte, line int) {
		refs, ids := markdown.Survey(body, line)
		d.refs = append(d.refs, refs...)
		for _, id := range ids {
			d.ids = append(d.ids, hashOf(id))
		}
	}
	if len(data) <= maxWhole {
		_, body, line := splitFront(data)
		take(body, line)
		d.refs = slices.Clip(d.refs)
		return
	}
	layout := cutUp(data, false)
	for i, from := range layout.starts {
		to := len(data)
		if i+1 < len(layout.starts) {
			to = layout.starts[i+1]
		}
		take(append(append(bytes.Clone(data[from:to]), "\n\n"...), layout.refs...), layout.lines[i])
	}
}

// put replaces what is known of a document; nil forgets it.
func (x *linkIndex) put(name string, d *docLinks) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(name)
	if d == nil {
		return
	}
	if x.docs == nil {
		x.docs, x.by = map[string]*docLinks{}, map[string][]*docLinks{}
	}
	x.docs[name] = d
	for key := range d.keys() {
		x.by[key] = append(x.by[key], d)
	}
}

func (x *linkIndex) drop(name string) {
	old := x.docs[name]
	if old == nil {
		return
	}
	delete(x.docs, name)
	for key := range old.keys() {
		rest := slices.DeleteFunc(x.by[key], func(d *docLinks) bool { return d == old })
		if x.by[key] = rest; len(rest) == 0 {
			delete(x.by, key)
		}
	}
}

// referring are the documents with an address that ends in one of the names.
func (x *linkIndex) referring(keys []string) []*docLinks {
	x.mu.Lock()
	defer x.mu.Unlock()
	seen := map[*docLinks]bool{}
	var out []*docLinks
	for _, key := range keys {
		for _, d := range x.by[key] {
			if !seen[d] {
				seen[d] = true
				out = append(out, d)
			}
		}
	}
	return out
}

func (x *linkIndex) all() []*docLinks {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make([]*docLinks, 0, len(x.docs))
	for _, d := range x.docs {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *docLinks) int { return strings.Compare(a.path, b.path) })
	return out
}

func (x *linkIndex) of(name string) *docLinks {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.docs[name]
}

// keys are the last names of what a document refers to.
func (d *docLinks) keys() map[string]struct{} {
	keys := map[string]struct{}{}
	for _, r := range d.refs {
		if r.Form != markdown.ToSection {
			keys[refKey(r)] = struct{}{}
		}
	}
	return keys
}

// upward is the key of an address that ends in a step up: it names a folder that
// the address does not.
const upward = "/"

// refKey is the last name of an address, as wikiKey compares names.
func refKey(r markdown.Reference) string {
	p := r.Dest
	if r.Form == markdown.ToWiki {
		p, _ = wikiParts(p)
	} else {
		p, _, _ = strings.Cut(p, "#")
		p, _, _ = strings.Cut(p, "?")
		p = unescape(p)
	}
	last := path.Base("/" + strings.TrimRight(p, "/"))
	if last == "." || last == ".." || last == "/" {
		return upward
	}
	return wikiKey(strings.TrimSuffix(last, ".html"))
}
