package redact

import (
	"bytes"
	"io"
)

// maxHeld is how much of a line without an end is held back, in bytes.
const maxHeld = 64 << 10

// Writer masks a stream: it passes whole lines on, and of a line that does not end what
// cannot be part of a secret any more.
type Writer struct {
	m    Masker
	w    io.Writer
	buf  []byte
	keep int
}

// Writer makes the one that writes to w.
func (m Masker) Writer(w io.Writer) *Writer {
	keep := 0
	if len(m.forms) > 0 {
		keep = 3 * len(m.forms[0]) // each byte may be written %XX
	}
	return &Writer{m: m, w: w, keep: keep}
}

// Write takes all of p; the error is that of the writer behind.
func (w *Writer) Write(p []byte) (int, error) {
	if len(w.m.forms) == 0 {
		return w.w.Write(p)
	}
	w.buf = append(w.buf, p...)
	n := bytes.LastIndexByte(w.buf, '\n') + 1
	if n == 0 && len(w.buf) < maxHeld+w.keep {
		return len(p), nil
	}
	if n == 0 {
		w.buf = []byte(w.m.Whole(string(w.buf)))
		n = max(len(w.buf)-w.keep, 0)
	}
	out := w.m.Whole(string(w.buf[:n]))
	w.buf = append(w.buf[:0], w.buf[n:]...)
	_, err := io.WriteString(w.w, out)
	return len(p), err
}

// Flush passes on what is held back.
func (w *Writer) Flush() error {
	out := w.m.Excerpt(string(w.buf))
	w.buf = nil
	_, err := io.WriteString(w.w, out)
	return err
}
