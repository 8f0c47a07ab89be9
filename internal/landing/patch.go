package landing

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

// patch takes git's patch apart as it comes, and puts the hunks into the files, which are
// in the same order. Lines are counted as the hunk's head says, so that no text of a file
// is taken for a head.
type patch struct {
	files []File

	rest     []byte // of a line that has not ended
	long     bool   // it is longer than is kept
	at       int    // index of the present file, from 1; 0 before the first
	second   bool   // the present file is one of another type: its second half
	old, new int    // lines of the present hunk to come
	o, n     int    // numbers of the next lines
	text     int    // bytes kept so far
	skipped  bool   // the present hunk is not kept
}

func (p *patch) Write(b []byte) (int, error) {
	size := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		p.keep(b[:i])
		if err := p.line(p.rest); err != nil {
			return 0, err
		}
		p.rest, p.long, b = p.rest[:0], false, b[i+1:]
	}
	p.keep(b)
	return size, nil
}

// keep adds to the line that is being read, within its bound.
func (p *patch) keep(b []byte) {
	if room := maxLine - len(p.rest); len(b) > room {
		b, p.long = b[:max(room, 0)], true
	}
	p.rest = append(p.rest, b...)
}

// finish says whether every file had its part.
func (p *patch) finish() error {
	if p.at != len(p.files) || p.old > 0 || p.new > 0 {
		return fault.New(fault.Internal, "git diff-tree: the patch tells of %d files, the list of %d", p.at, len(p.files))
	}
	return nil
}

var hunkHead = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$`)

func (p *patch) line(s []byte) error {
	if p.old > 0 || p.new > 0 {
		return p.body(s)
	}
	switch {
	case bytes.HasPrefix(s, []byte("diff --git ")):
		if p.at > 0 && p.files[p.at-1].Status == "type" && !p.second {
			p.second = true
			return nil
		}
		if p.at == len(p.files) {
			return errEnough
		}
		p.at++
		p.second = false
	case p.at == 0:
		return fault.New(fault.Internal, "git diff-tree: a patch that begins with %.40q", s)
	case bytes.HasPrefix(s, []byte("@@ ")):
		return p.hunk(string(s))
	case bytes.HasPrefix(s, []byte(`\`)):
		p.noNewline()
	}
	return nil
}

func (p *patch) hunk(head string) error {
	m := hunkHead.FindStringSubmatch(head)
	if m == nil {
		return fault.New(fault.Internal, "git diff-tree: %.80q is no head of a hunk", head)
	}
	num := func(s string) int {
		if s == "" {
			return 1
		}
		n, _ := strconv.Atoi(s) // digits; one that overflows ends as a hunk too long
		return n
	}
	h := Hunk{OldStart: num(m[1]), OldLines: num(m[2]), NewStart: num(m[3]), NewLines: num(m[4]), Section: printable(m[5])}
	p.old, p.new, p.o, p.n = h.OldLines, h.NewLines, h.OldStart, h.NewStart
	f := &p.files[p.at-1]
	if p.skipped = f.TooLarge; !p.skipped {
		f.Hunks = append(f.Hunks, h)
	}
	return nil
}

func (p *patch) body(s []byte) error {
	kind := byte(' ') // git may be told to leave the blank away from an empty line
	if len(s) > 0 {
		kind, s = s[0], s[1:]
	}
	l := Line{Kind: string(kind)}
	switch kind {
	case ' ':
		l.Old, l.New = p.o, p.n
		p.o, p.n, p.old, p.new = p.o+1, p.n+1, p.old-1, p.new-1
	case '-':
		l.Old = p.o
		p.o, p.old = p.o+1, p.old-1
	case '+':
		l.New = p.n
		p.n, p.new = p.n+1, p.new-1
	case '\\':
		p.noNewline()
		return nil
	default:
		return fault.New(fault.Internal, "git diff-tree: %.40q is no line of a hunk", s)
	}
	if p.skipped {
		return nil
	}
	f := &p.files[p.at-1]
	if p.text += len(s); p.long || p.text > maxText {
		f.TooLarge, f.Hunks, p.skipped = true, nil, true
		return nil
	}
	l.Text = printable(string(s))
	h := &f.Hunks[len(f.Hunks)-1]
	h.Lines = append(h.Lines, l)
	return nil
}

// noNewline says of the last line that no line feed follows it.
func (p *patch) noNewline() {
	f := &p.files[p.at-1]
	if p.skipped || len(f.Hunks) == 0 {
		return
	}
	if lines := f.Hunks[len(f.Hunks)-1].Lines; len(lines) > 0 {
		lines[len(lines)-1].NoNewline = true
	}
}

func printable(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
