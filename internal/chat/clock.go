package chat

import (
	"sync"
	"time"
)

// clock calls a function when its time is over; waiting does not count.
type clock struct {
	mu    sync.Mutex
	timer *time.Timer
	left  time.Duration
	since time.Time
}

func startClock(d time.Duration, over func()) *clock {
	return &clock{timer: time.AfterFunc(d, over), left: d, since: time.Now()}
}

// pause stops the time until resume.
func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer.Stop() {
		c.left -= time.Since(c.since)
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
	c.timer.Reset(max(c.left, 0))
}

func (c *clock) stop() { c.timer.Stop() }
