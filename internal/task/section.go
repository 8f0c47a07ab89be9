package task

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tasks/internal/lazy"
)

// SectionState is how full a section is.
type SectionState string

// The states of a section.
const (
	Filled SectionState = "filled"
	Thin   SectionState = "thin"
	Empty  SectionState = "empty"
)

// Section is one H2 of the worksheet. For a section the rules ask for that is not
// there at all, Line is 0.
type Section struct {
	Name  string
	State SectionState
	Text  string // trimmed, without the heading
	Line  int    // of the heading, from 1
}

// The sections of a worksheet.
const (
	problem  = "Problem"
	context  = "Context"
	options  = "Possible Solutions"
	plan     = "Plan"
	progress = "Implementation Progress"
	qa       = "QA Exploration"
	review   = "Review Feedback"
)

// SectionNames are the sections of a worksheet in their order.
var SectionNames = []string{problem, context, options, plan, progress, qa, review}

// Sections are the worksheet's H2 sections in file order. A heading within a fenced
// code block or an HTML comment is none. The name of a section of the worksheet is
// spelled as in SectionNames, however the file spells it.
func Sections(src []byte) []Section {
	list, _ := scan(src)
	return list
}

// Worksheet is Sections followed by those of SectionNames that are missing, with
// Line 0.
func Worksheet(src []byte) []Section {
	list := Sections(src)
	for _, name := range SectionNames {
		if !slices.ContainsFunc(list, func(s Section) bool { return s.Name == name }) {
			list = append(list, Section{Name: name, State: Empty})
		}
	}
	return list
}

// bodyLine is a line of a section that a reader sees: outside comments.
type bodyLine struct {
	number int    // in the file
	text   string // without its comments
	code   bool   // within a fenced code block
}

var (
	headingLine = lazy.Regexp(`^ {0,3}##(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	upperHead   = lazy.Regexp(`^ {0,3}#(?:[ \t]|$)`)
	fenceLine   = lazy.Regexp("^ {0,3}(```+|~~~+)(.*)$")
	commentLine = lazy.Regexp(`^[ \t]*(?:[-*+][ \t]+)?<!--`)
)

// scanner reads a body line by line: what is code, what is comment, what is heading.
type scanner struct {
	fence     string // that the open code block began with, "" outside
	inComment bool
	list      []Section
	lines     [][]bodyLine // visible ones, of each section
	raw       [][]string   // all, of each section
	open      bool         // the last section goes on
}

// scan reads the body: its sections and the visible lines of each.
func scan(src []byte) ([]Section, [][]bodyLine) {
	at, number := 0, 1
	if f, broken := split(src); broken == nil {
		at, number = f.body, lineOf(src, f.body)
	}
	var s scanner
	for ; at < len(src); number++ {
		var line []byte
		line, at = cutLine(src, at)
		s.line(strings.TrimSuffix(string(line), "\r"), number)
	}
	for i := range s.list {
		s.list[i].Text = strings.TrimSpace(strings.Join(s.raw[i], "\n"))
		s.list[i].State = fullness(s.list[i].Name, s.lines[i])
	}
	return s.list, s.lines
}

func (s *scanner) line(text string, number int) {
	visible, code := text, s.fence != ""
	switch {
	case s.fence != "":
		if m := fenceLine().FindStringSubmatch(text); m != nil && strings.HasPrefix(m[1], s.fence) && strings.TrimSpace(m[2]) == "" {
			s.fence = ""
		}
	case s.inComment:
		_, rest, ends := strings.Cut(text, "-->")
		visible, s.inComment = stripComments(rest), !ends
	default:
		if m := fenceLine().FindStringSubmatch(text); m != nil && !(m[1][0] == '`' && strings.Contains(m[2], "`")) {
			s.fence, code = m[1], true
			break
		}
		if s.heading(text, number) {
			return
		}
		visible = stripComments(text)
		if commentLine().MatchString(visible) { // one that goes on over lines
			visible, _, _ = strings.Cut(visible, "<!--")
			s.inComment = true
		}
	}
	if s.open {
		i := len(s.list) - 1
		s.lines[i] = append(s.lines[i], bodyLine{number, visible, code})
		s.raw[i] = append(s.raw[i], text)
	}
}

// heading takes a line that begins a section, or ends one as a first-level heading
// does.
func (s *scanner) heading(text string, number int) bool {
	if m := headingLine().FindStringSubmatch(text); m != nil {
		s.list = append(s.list, Section{Name: sectionName(stripComments(m[1])), Line: number})
		s.lines, s.raw, s.open = append(s.lines, nil), append(s.raw, nil), true
		return true
	}
	if upperHead().MatchString(text) {
		s.open = false
		return true
	}
	return false
}

// sectionName is the name as in SectionNames where it is one of them.
func sectionName(s string) string {
	s = strings.TrimSpace(s)
	for _, name := range SectionNames {
		if strings.EqualFold(s, name) {
			return name
		}
	}
	return s
}

// stripComments takes the comments out that begin and end on the line. What stands
// in backquotes is code and stays.
func stripComments(s string) string {
	if !strings.Contains(s, "<!--") {
		return s
	}
	var b strings.Builder
	for s != "" {
		switch {
		case s[0] == '`':
			ticks := len(s) - len(strings.TrimLeft(s, "`"))
			end := strings.Index(s[ticks:], s[:ticks])
			if end < 0 {
				end = 0
			} else {
				end += ticks
			}
			b.WriteString(s[:ticks+end])
			s = s[ticks+end:]
		case strings.HasPrefix(s, "<!--"):
			end := strings.Index(s[4:], "-->")
			if end < 0 {
				b.WriteString(s)
				return b.String()
			}
			s = s[4+end+3:]
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return b.String()
}

var boxLine = lazy.Regexp(`^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[([ xX])\](?:[ \t]+(.*))?$`)

// box reads a task box: whether it is one, whether it is ticked, and its text.
func (l bodyLine) box() (is, ticked bool, text string) {
	if l.code {
		return false, false, ""
	}
	m := boxLine().FindStringSubmatch(l.text)
	if m == nil {
		return false, false, ""
	}
	return true, m[1] != " ", strings.TrimSpace(m[2])
}

// Below both, what is written is thin: too short to tell anything by.
const (
	thinWords = 8
	thinRunes = 40
)

// fullness judges a section. The boxes that the template puts into the sections for
// QA and review say nothing before they are ticked; an open box of a plan does.
func fullness(name string, lines []bodyLine) SectionState {
	words, runes := 0, 0
	for _, l := range lines {
		is, ticked, text := l.box()
		switch {
		case is && ticked && (name == qa || name == review):
			return Filled
		case is && !ticked && (name == qa || name == review || text == ""):
			continue
		case !is:
			text = strings.TrimSpace(l.text)
		}
		words += len(strings.Fields(text))
		runes += utf8.RuneCountInString(text)
	}
	switch {
	case runes == 0 || !slices.ContainsFunc(lines, bodyLine.says):
		return Empty
	case words < thinWords && runes < thinRunes:
		return Thin
	}
	return Filled
}

var saysNothing = lazy.Regexp("^[ \t>]*(?:[-*+]|\\d+[.)]|```+.*|~~~+.*|[-*_ ]{3,}|\\|[-| :]*)?[ \t]*$")

// says tells whether the line holds more than the signs of an empty list or fence.
func (l bodyLine) says() bool {
	is, ticked, text := l.box()
	return is && (ticked || text != "") || !is && !saysNothing().MatchString(l.text)
}
