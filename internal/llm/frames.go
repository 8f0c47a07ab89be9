package llm

import (
	"bytes"
	"io"

	"tasks/internal/fault"
)

// MaxLine bounds one line of an event stream, and the data of one frame, in bytes.
const MaxLine = 8 << 20

// readSize is how much is asked of the reader at once: more than most chunks, and
// small enough that a stream holds little memory.
const readSize = 4 << 10

// A Frame is one event of an event stream.
type Frame struct {
	Event string // the `event:` field; mostly empty
	Data  []byte // the `data:` lines joined by LF; valid until the next call of Next
	Cut   bool   // the stream ended before the blank line: Data may be incomplete
}

// Frames reads an event stream as servers really send it.
//
// Lines end in LF, CR or CRLF; a byte order mark at the start, comments, unknown
// fields and frames without data are passed over; the blank after a field's colon
// is optional. Two things go beyond the standard because servers do them: the last
// frame counts though the stream ends without a blank line after it, and a bare
// line that begins with "{" is a frame of its own. Bytes are not decoded: nothing
// is taken apart but at line ends, so a character may come in any number of reads.
type Frames struct {
	r       io.Reader
	buf     []byte
	start   int // the first unread byte in buf
	scanned int // bytes from start known to hold no line end
	skipLF  bool
	begun   bool
	err     error

	frame   Frame
	hasData bool
}

// NewFrames reads frames from r.
func NewFrames(r io.Reader) *Frames { return &Frames{r: r} }

// Next is the next frame. It returns io.EOF at the end, the reader's own error
// where reading fails (an incomplete frame before it is dropped), and a fault of
// code unavailable where a line or frame is longer than MaxLine.
func (f *Frames) Next() (Frame, error) {
	f.frame, f.hasData = Frame{Data: f.frame.Data[:0]}, false
	for {
		line, err := f.line()
		if err != nil {
			if err == io.EOF && f.hasData {
				f.frame.Cut = true
				return f.frame, nil
			}
			return Frame{}, err
		}
		if len(line) > 0 && line[0] == '{' && !f.hasData {
			return Frame{Event: f.frame.Event, Data: line}, nil
		}
		if len(line) > 0 {
			if err := f.field(line); err != nil {
				return Frame{}, err
			}
			continue
		}
		if f.hasData {
			return f.frame, nil
		}
		f.frame.Event = ""
	}
}

// field takes one line of a frame in.
func (f *Frames) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(name) {
	case "event":
		f.frame.Event = string(bytes.TrimSpace(value))
	case "data":
		if len(f.frame.Data)+len(value) > MaxLine {
			return errTooLong()
		}
		if f.hasData {
			f.frame.Data = append(f.frame.Data, '\n')
		}
		f.frame.Data = append(f.frame.Data, value...)
		f.hasData = true
	}
	return nil
}

// line is the next line without its end; the bytes are valid until the next call.
func (f *Frames) line() ([]byte, error) {
	for {
		if line, ok := f.cut(); ok {
			return f.first(line), nil
		}
		if len(f.buf)-f.start > MaxLine {
			return nil, errTooLong()
		}
		if f.err != nil {
			rest := f.buf[f.start:]
			f.start, f.scanned = len(f.buf), 0
			if f.err == io.EOF && len(rest) > 0 {
				return f.first(rest), nil
			}
			return nil, f.err
		}
		f.fill()
	}
}

// cut takes a line off the buffer if a whole one is there.
func (f *Frames) cut() ([]byte, bool) {
	if f.skipLF && f.start < len(f.buf) {
		f.skipLF = false
		if f.buf[f.start] == '\n' {
			f.start++
		}
	}
	rest := f.buf[f.start:]
	for i := f.scanned; i < len(rest); i++ {
		if c := rest[i]; c == '\n' || c == '\r' {
			// The LF of a CRLF may come with the next read: the line is given now.
			f.skipLF = c == '\r'
			f.start += i + 1
			f.scanned = 0
			return rest[:i], true
		}
	}
	f.scanned = len(rest)
	return nil, false
}

// fill reads more, moving what is unread to the front of the buffer.
func (f *Frames) fill() {
	n := len(f.buf) - f.start
	if f.start > 0 {
		copy(f.buf, f.buf[f.start:])
		f.buf, f.start = f.buf[:n], 0
	}
	if cap(f.buf)-n < readSize {
		f.buf = append(make([]byte, 0, 2*cap(f.buf)+readSize), f.buf...)
	}
	m, err := f.r.Read(f.buf[n : n+readSize])
	f.buf, f.err = f.buf[:n+m], err
}

// first strips a byte order mark off the first line.
func (f *Frames) first(line []byte) []byte {
	if !f.begun {
		f.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line
}

func errTooLong() error {
	return fault.New(fault.Unavailable, "the model server sent a line of more than %d MB", MaxLine>>20)
}
