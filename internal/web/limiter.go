package web

import (
	"net/http"
	"sync"
)

// limiter bounds how many streams are open: for one browser, and in all.
type limiter struct {
	perOwner, inAll int

	mu    sync.Mutex
	all   int
	owner map[string]int
}

// enter takes a place, or says that there is none. leave gives it back.
func (l *limiter) enter(owner string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.inAll || l.owner[owner] >= l.perOwner {
		return nil, refuse(http.StatusServiceUnavailable, "too many event streams are open").withHint("close some tabs")
	}
	if l.owner == nil {
		l.owner = map[string]int{}
	}
	l.all++
	l.owner[owner]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all--
		if l.owner[owner]--; l.owner[owner] == 0 {
			delete(l.owner, owner)
		}
	}, nil
}
