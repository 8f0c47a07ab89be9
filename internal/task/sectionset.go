package task

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"tasks/internal/fault"
)

// sectionPlace is where a section's text stands in a file: what follows the line of its
// heading up to the next section, or the next first-level heading.
type sectionPlace struct {
	start, end int
	open       bool // the line of the heading has no end: the file ends with it
}

// sectionPlaces are those of Sections, in the same order.
func sectionPlaces(src []byte) []sectionPlace {
	at, number := 0, 1
	if f, broken := split(src); broken == nil {
		at, number = f.body, lineOf(src, f.body)
	}
	var s scanner
	var out []sectionPlace
	for was := false; at < len(src); number++ {
		line, next := cutLine(src, at)
		before := len(s.list)
		s.line(strings.TrimSuffix(string(line), "\r"), number)
		if was && (len(s.list) > before || !s.open) {
			out[before-1].end = at
		}
		if len(s.list) > before {
			out = append(out, sectionPlace{next, len(src), next == at+len(line)})
		}
		at, was = next, s.open
	}
	return out
}

// core is the part of a section without the blank lines around it and without the
// end of its last line; an empty one, at the start, where all lines are blank.
func (p sectionPlace) core(src []byte) (start, end int) {
	start, end = p.start, p.start
	for at := p.start; at < p.end; {
		line, next := cutLine(src[:p.end], at)
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(bytes.TrimSpace(line)) > 0 {
			if end == p.start {
				start = at
			}
			end = at + len(line)
		}
		at = next
	}
	if end == p.start {
		return p.start, p.start
	}
	return start, end
}

// SectionText is the text of a section for an editor: without the blank lines around
// it, comments and all, with line feeds as line ends. line is of its heading, 0 for
// the only one of that name. NotFound where there is none, Conflict where there are
// several. A section of SectionNames that is not there is empty.
func SectionText(src []byte, name string, line int) (string, error) {
	i, err := findSection(Sections(src), name, line)
	if err != nil || i < 0 {
		return "", err
	}
	start, end := sectionPlaces(src)[i].core(src)
	return feeds(string(src[start:end])), nil
}

// feeds has line feeds for all line ends.
func feeds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// findSection is the index of a section, -1 for one of the worksheet that is not
// there.
func findSection(list []Section, name string, line int) (int, error) {
	name = sectionName(name)
	at := -1
	for i, s := range list {
		if s.Name != name || line != 0 && s.Line != line {
			continue
		}
		if at >= 0 {
			return 0, fault.New(fault.Conflict, "two sections are called %s, at lines %d and %d", name, list[at].Line, s.Line).
				WithHint("give the line of the heading, or rename one of them")
		}
		at = i
	}
	if at < 0 && (line != 0 || !slices.Contains(SectionNames, name)) {
		return 0, fault.New(fault.NotFound, "there is no section %q here", name)
	}
	return at, nil
}

// SetSection replaces the text of a section; every other byte stays, the blank lines
// around it and the line ends of lines that stay too. New lines get the file's line
// ends. A section of SectionNames that is not there is put where it belongs. Errors
// as SectionText; Invalid where the file is broken, or where with the text the file
// would have other sections than before: a heading of a section's level, a code block
// or comment that does not end.
//
// SectionText of the result is the text, without blank lines around it.
func SetSection(src []byte, name string, line int, text string) ([]byte, error) {
	if t := Parse("", src); t.Broken != nil && hasFence(src) {
		return nil, fault.New(fault.Invalid, "the file is broken, line %d: %s", t.Broken.Line, t.Broken.Reason).
			WithHint("mend that line by hand; until then nothing rewrites the file")
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, fault.New(fault.Invalid, "the text is not UTF-8, or holds a NUL byte")
	}
	before := Sections(src)
	i, err := findSection(before, name, line)
	if err != nil {
		return nil, err
	}
	text = trimBlank(feeds(text))
	var out []byte
	added := i < 0
	if added {
		out, i = insertSection(src, before, sectionName(name), text)
	} else {
		out = replaceSection(src, sectionPlaces(src)[i], text)
	}
	if err := stillWhole(src, out, i, added, text); err != nil {
		return nil, err
	}
	return out, nil
}

// trimBlank takes blank lines off both ends, and trailing blanks off the last line.
func trimBlank(s string) string {
	lines := strings.Split(s, "\n")
	blank := func(l string) bool { return strings.TrimSpace(l) == "" }
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}

// lineEnd is how the file ends its lines, by the first.
func lineEnd(src []byte) string {
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

func replaceSection(src []byte, p sectionPlace, text string) []byte {
	end := lineEnd(src)
	start, stop := p.core(src)
	var b bytes.Buffer
	switch {
	case start < stop && text != "":
		b.Write(src[:start])
		b.WriteString(sameEnds(src[start:stop], text, end))
		b.Write(src[stop:])
	case start < stop: // the blank lines before it are enough
		b.Write(src[:start])
		if start == p.start {
			b.WriteString(end)
		}
		b.Write(src[p.end:])
	case text == "":
		return bytes.Clone(src)
	default:
		b.Write(src[:p.start])
		if p.open {
			b.WriteString(end)
		}
		b.WriteString(end + strings.ReplaceAll(text, "\n", end) + end)
		if p.end < len(src) {
			b.WriteString(end)
		}
		b.Write(src[p.end:])
	}
	return b.Bytes()
}

// sameEnds is the text with the line ends that its lines have in old, where they
// stood there at the beginning or the end; the others get end.
func sameEnds(old []byte, text, end string) string {
	was, lines := strings.SplitAfter(string(old), "\n"), strings.Split(text, "\n")
	bare := func(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r") }
	kept := make([]string, len(lines))
	most := min(len(was), len(lines)) - 1 // the last line has no end of its own
	n := 0
	for ; n < most && bare(was[n]) == lines[n]; n++ {
		kept[n] = was[n]
	}
	for k := 1; k <= most-n; k++ {
		i, j := len(was)-1-k, len(lines)-1-k
		if bare(was[i]) != lines[j] {
			break
		}
		kept[j] = was[i]
	}
	var b strings.Builder
	for i, line := range lines {
		switch {
		case i == len(lines)-1:
			b.WriteString(line)
		case kept[i] != "":
			b.WriteString(kept[i])
		default:
			b.WriteString(line + end)
		}
	}
	return b.String()
}

// insertSection puts a section of the worksheet before the first that comes after it
// in SectionNames, or at the end. It answers with its index as well.
func insertSection(src []byte, have []Section, name, text string) ([]byte, int) {
	end := lineEnd(src)
	rank := slices.Index(SectionNames, name)
	at := slices.IndexFunc(have, func(s Section) bool { return slices.Index(SectionNames, s.Name) > rank })
	block := "## " + name + end + end
	if text != "" {
		block += strings.ReplaceAll(text, "\n", end) + end
	}
	if at >= 0 {
		line := lineStart(src, have[at].Line)
		if text != "" {
			block += end
		}
		return slices.Concat(src[:line], []byte(block), src[line:]), at
	}
	var b bytes.Buffer
	b.Write(src)
	if len(src) > 0 && src[len(src)-1] != '\n' {
		b.WriteString(end)
	}
	if len(bytes.TrimSpace(src)) > 0 && !bytes.HasSuffix(src, []byte(end+end)) {
		b.WriteString(end)
	}
	b.WriteString(strings.TrimSuffix(block, end))
	if text != "" {
		b.WriteString(end)
	}
	return b.Bytes(), len(have)
}

// lineStart is the offset of a line, counted from 1.
func lineStart(src []byte, number int) int {
	at := 0
	for n := 1; n < number && at < len(src); n++ {
		_, at = cutLine(src, at)
	}
	return at
}

// stillWhole refuses a result whose sections are others than before but for section
// i, which must read as the text.
func stillWhole(src, out []byte, i int, added bool, text string) error {
	was, now := Sections(src), Sections(out)
	whole := i < len(now)
	if whole {
		start, end := sectionPlaces(out)[i].core(out)
		whole = feeds(string(out[start:end])) == text
	}
	if whole && added {
		now = slices.Delete(now, i, i+1)
	}
	if whole = whole && len(was) == len(now); whole {
		for k := range was {
			whole = whole && was[k].Name == now[k].Name && (k == i && !added || was[k].Text == now[k].Text)
		}
	}
	if whole {
		return nil
	}
	return fault.New(fault.Invalid, "the text would break the worksheet: it begins a section of its own, or leaves a code block or a comment open").
		WithHint("use ### for headings within a section, and close what ``` or <!-- opens")
}
