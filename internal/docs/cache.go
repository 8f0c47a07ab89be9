package docs

import (
	"container/list"
	"sync"
	"time"

	"tasks/internal/repo"
)

// maxPages is how many bytes of pages are kept, sources and HTML together.
const maxPages = 32 << 20

// keptPage is a page with what it depends on.
type keptPage struct {
	key     string // its path, with the number of a part
	page    *Page
	version string
	links   []seen

	mu      sync.Mutex // guards what follows
	gen     int64
	checked time.Time
}

func (k *keptPage) size() int {
	n := len(k.page.Source) + 1000 + 200*len(k.links)
	if k.page.Rendered != nil {
		n += len(k.page.Rendered.HTML)
	}
	return n
}

// pageCache keeps pages, the least recently used falling out. One page larger
// than all of it is kept alone: rendering it again and again would cost more.
type pageCache struct {
	mu     sync.Mutex
	byPath map[string]*list.Element
	order  list.List // of *keptPage, the newest first
	bytes  int
}

func (c *pageCache) get(key, version string) *keptPage {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byPath[key]
	if e == nil {
		return nil
	}
	k := e.Value.(*keptPage)
	if k.version != version {
		return nil
	}
	c.order.MoveToFront(e)
	return k
}

func (c *pageCache) put(k *keptPage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byPath == nil {
		c.byPath = map[string]*list.Element{}
	}
	if old := c.byPath[k.key]; old != nil {
		c.drop(old)
	}
	c.byPath[k.key] = c.order.PushFront(k)
	c.bytes += k.size()
	for c.bytes > maxPages && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *pageCache) drop(e *list.Element) {
	k := c.order.Remove(e).(*keptPage)
	delete(c.byPath, k.key)
	c.bytes -= k.size()
}

// stillTrue tells whether what a page says about others holds.
func (l *Library) stillTrue(k *keptPage) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, gen := time.Now(), l.gen.Load()
	if k.gen == gen && now.Sub(k.checked) < recheck {
		return true
	}
	for _, s := range k.links {
		if l.find(s.lookup) != s.found {
			return false
		}
	}
	k.gen, k.checked = gen, now
	return true
}

// headCache keeps titles of documents under their version.
type headCache struct {
	mu    sync.Mutex
	heads map[string]head
}

// head is what the beginning of a document says.
type head struct {
	version string
	title   string // "" where it has none
	task    bool
}

const (
	maxHeads = 100_000
	headSize = 4 << 10
)

// head reads the beginning of a document, or remembers it.
func (l *Library) head(name string) (head, error) {
	info, err := l.repo.Stat(name)
	if err != nil {
		return head{}, err
	}
	return l.headOf(name, info)
}

func (l *Library) headOf(name string, info repo.Info) (head, error) {
	c := &l.heads
	c.mu.Lock()
	h, ok := c.heads[info.Path]
	c.mu.Unlock()
	if ok && h.version == info.Version {
		return h, nil
	}
	read := time.Now()
	f, err := l.repo.ReadFile(name, headSize)
	if err != nil {
		return head{}, err
	}
	h = head{version: f.Version, title: headTitle(f.Data), task: isTask(f.Path, f.Data)}
	if f.Cut && !h.task && longFront(f.Data) {
		if f, err = l.repo.ReadFile(name, maxText); err != nil {
			return head{}, err
		}
		h = head{version: f.Version, title: headTitle(f.Data), task: isTask(f.Path, f.Data)}
	}
	if racy(f.ModTime, read) {
		return h, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heads == nil || len(c.heads) >= maxHeads {
		c.heads = map[string]head{}
	}
	c.heads[f.Path] = h
	return h, nil
}

// longFront tells whether a document's beginning is front matter that goes on.
func longFront(data []byte) bool {
	front, _, line := splitFront(data)
	return front == nil && line == 1 && len(data) > 3 && string(data[:3]) == "---"
}
