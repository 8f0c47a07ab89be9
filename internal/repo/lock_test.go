package repo

import (
	"testing"
	"time"
)

// TestPatience: one holder is waited for 5 s, a line that moves up to a minute, and a clock
// that was set back, which makes the holder a later one, no longer than that.
func TestPatience(t *testing.T) {
	begun := time.Now()
	for _, c := range []struct{ taken, want time.Duration }{
		{-time.Hour, lockWait}, {0, lockWait}, {3 * time.Second, 3*time.Second + lockWait}, {40 * time.Second, 45 * time.Second},
		{57 * time.Second, lockPatience}, {time.Hour, lockPatience},
	} {
		if got := patience(begun, begun.Add(c.taken).UnixNano()).Sub(begun); got.Round(time.Millisecond) != c.want {
			t.Errorf("taken after %v it is waited for %v, want %v", c.taken, got, c.want)
		}
	}
}
