package worker

import "bytes"

// lines cuts a stream into lines.
type lines struct {
	fn  func([]byte)
	buf []byte
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		piece := p
		if i >= 0 {
			piece, p = p[:i], p[i+1:]
		} else {
			p = nil
		}
		if fits := maxLine - len(l.buf); len(piece) > fits {
			piece = piece[:fits]
		}
		l.buf = append(l.buf, piece...)
		if i >= 0 {
			l.fn(bytes.TrimSuffix(l.buf, []byte("\r")))
			l.buf = l.buf[:0]
		}
	}
	return n, nil
}

// flush hands on a last line that has no end.
func (l *lines) flush() {
	if len(l.buf) > 0 {
		l.fn(l.buf)
		l.buf = nil
	}
}
