package web

import (
	"sync"
	"time"

	"tasks/internal/docs"
)

// pageCache keeps the bytes of document pages. An entry holds as long as the file
// is the same (docs gives the same *docs.Page as long as it is, checked by stat on
// each request), nothing around it has changed (the facts' epoch), and the frame is
// not older than factsAge.
type pageCache struct {
	mu    sync.Mutex
	kept  map[string]*keptPage
	bytes int
}

// maxPageCache is how many bytes of pages are kept; more, and it starts afresh.
const maxPageCache = 32 << 20

type keptPage struct {
	*answer
	page  *docs.Page
	epoch int64
	at    time.Time
}

// cacheKey is what a page's bytes depend on beside the file.
func cacheKey(r *request) string {
	key := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		key += "?" + r.URL.RawQuery
	}
	if r.needs {
		key += "\x00needs"
	}
	return key
}

// get is nil where the page must be made anew.
func (c *pageCache) get(r *request, p *docs.Page, epoch int64, age time.Duration) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.kept[cacheKey(r)]
	if k == nil || k.page != p || k.epoch != epoch || time.Since(k.at) > age {
		return nil
	}
	return k.answer
}

func (c *pageCache) put(r *request, p *docs.Page, epoch int64, a *answer) {
	if len(a.plain) > maxPageCache/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || c.bytes > maxPageCache {
		c.kept, c.bytes = map[string]*keptPage{}, 0
	}
	key := cacheKey(r)
	if old := c.kept[key]; old != nil {
		c.bytes -= len(old.plain)
	}
	c.kept[key] = &keptPage{a, p, epoch, time.Now()}
	c.bytes += len(a.plain)
}
