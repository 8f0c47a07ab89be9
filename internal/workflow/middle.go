package workflow

import (
	"fmt"
	"strings"
	"sync"
)

// The parts of a long output that are kept, in bytes.
const (
	keepHead = 4 << 10
	keepTail = 24 << 10
)

// middle keeps the beginning and the end of what is written to it. Safe for two writers.
type middle struct {
	mu   sync.Mutex
	head []byte
	tail []byte
	lost int64
}

func (m *middle) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(p)
	if room := keepHead - len(m.head); room > 0 {
		m.head = append(m.head, p[:min(room, n)]...)
		p = p[min(room, n):]
	}
	m.tail = append(m.tail, p...)
	if over := len(m.tail) - keepTail; over > 0 {
		m.lost += int64(over)
		m.tail = append(m.tail[:0], m.tail[over:]...)
	}
	return n, nil
}

// text is what was kept, as valid text, with a line in place of what was not.
func (m *middle) text() (s string, cut bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s = string(m.head)
	if m.lost > 0 {
		s += fmt.Sprintf("\n… %d bytes left out …\n", m.lost)
	}
	return strings.ToValidUTF8(s+string(m.tail), "\ufffd"), m.lost > 0
}
