package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tasks/internal/fault"
)

// FileName is the log within the run's folder.
const FileName = "events.jsonl"

// MaxSize bounds a log, in bytes. Beyond it only states, ends and notices are kept.
const MaxSize = 64 << 20

// Writer appends to one log. Safe for concurrent use; a log has one writer at a time,
// which the run's lock sees to.
type Writer struct {
	mu      sync.Mutex
	f       *os.File
	seq     int64
	size    int64
	attempt int
	full    bool
}

// Open opens the log in dir for appending, and makes both where they are not there. What a crash
// left of a torn last line is cut off.
func Open(dir string, attempt int) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "the folder of the run cannot be made: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the log of the run cannot be opened: %w", err)
	}
	w := &Writer{f: f, attempt: attempt}
	if err := w.recover(); err != nil {
		f.Close()
		return nil, fault.New(fault.Unavailable, "the log of the run cannot be read: %w", err)
	}
	return w, nil
}

// recover finds the last whole line, whose number the next one follows.
func (w *Writer) recover() error {
	end, err := w.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	for step := int64(64 << 10); ; step *= 2 { // control characters make a line longer than its text
		from := max(end-step, 0)
		tail := make([]byte, end-from)
		if _, err := io.ReadFull(io.NewSectionReader(w.f, from, end-from), tail); err != nil {
			return err
		}
		whole := bytes.LastIndexByte(tail, '\n') + 1
		if whole == 0 && from > 0 {
			continue
		}
		lines := bytes.Split(tail[:whole], []byte{'\n'})
		for i := len(lines) - 1; i >= 0; i-- {
			var e Event
			if json.Unmarshal(lines[i], &e) == nil && e.Seq > 0 {
				w.seq = e.Seq
				return w.cut(from + int64(whole))
			}
		}
		switch {
		case from > 0:
		case whole == 0:
			return w.cut(0)
		default:
			return errors.New("no line of it can be understood")
		}
	}
}

// cut drops what stands after size.
func (w *Writer) cut(size int64) error {
	w.size = size
	if err := w.f.Truncate(size); err != nil {
		return err
	}
	_, err := w.f.Seek(size, io.SeekStart)
	return err
}

// Append writes e with the next number and returns it as written. A zero At is now, a zero
// Attempt the writer's.
func (w *Writer) Append(e Event) (Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.size > MaxSize && e.Type != State && e.Type != End && e.Type != Notice {
		if w.full {
			return e, nil
		}
		w.full = true
		e = Event{Type: Notice, Status: "warn", Text: "the log is full: what the agent says and does is no longer kept"}
	}
	e.Seq = w.seq + 1
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.At = e.At.UTC()
	if e.Attempt == 0 {
		e.Attempt = w.attempt
	}
	e.fit()
	line, err := json.Marshal(e)
	if err != nil {
		return e, fault.New(fault.Internal, "an event has no JSON form: %w", err)
	}
	n, err := w.f.Write(append(line, '\n'))
	if err != nil {
		w.f.Truncate(w.size) // half a line would spoil the next one
		w.f.Seek(w.size, io.SeekStart)
		return e, fault.New(fault.Unavailable, "the log of the run cannot be written: %w", err)
	}
	w.size += int64(n)
	w.seq = e.Seq
	return e, nil
}

// Close closes the log.
func (w *Writer) Close() error { return errors.Join(w.f.Sync(), w.f.Close()) }
