package wire

import "sync"

// Learned is what a client has learned of its server, for all calls that run at once.
// The zero value is nothing yet.
type Learned[Q any] struct {
	mu     sync.Mutex
	quirks Q
}

// Get is what is known now.
func (l *Learned[Q]) Get() Q {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.quirks
}

// Set replaces it.
func (l *Learned[Q]) Set(q Q) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quirks = q
}
