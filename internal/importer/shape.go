package importer

import (
	"fmt"
	"strings"
	"unicode"

	"tasks/internal/task"
)

// clean is s without control characters other than tabs and line feeds.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// oneLine is s in one line, without control characters.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// cut is the first n characters of s.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return strings.TrimSpace(s[:i])
		}
		n--
	}
	return s
}

// shape makes a text fit into a section: its headings are lowered until the highest
// is of the given level, and a code block that it leaves open is closed. What then
// would still break the worksheet is shown as it is, in a code block.
func shape(text string, level int) string {
	text = strings.Trim(strings.TrimRight(clean(text), " \t\n"), "\n")
	lines := strings.Split(text, "\n")
	top, open := 7, ""
	for _, l := range lines {
		if m := heading().FindStringSubmatch(l); m != nil && open == "" {
			top = min(top, len(m[1]))
		}
		open = fenced(open, l)
	}
	if down := level - top; down > 0 {
		open = ""
		for i, l := range lines {
			if m := heading().FindStringSubmatch(l); m != nil && open == "" {
				at := strings.IndexByte(l, '#')
				lines[i] = l[:at] + strings.Repeat("#", min(6, len(m[1])+down)) + l[at+len(m[1]):]
			}
			open = fenced(open, l)
		}
	}
	if open != "" {
		lines = append(lines, open)
	}
	text = strings.Join(lines, "\n")
	if !fits(text) {
		return verbatim(text, "")
	}
	return text
}

// fits tells whether a text stays within its section, also when the space around it is
// taken off, as it is where a section begins with it.
func fits(text string) bool {
	for _, t := range []string{text, strings.TrimSpace(text)} {
		probe := task.Sections([]byte("## a\n\n" + t + "\n\n## end\n"))
		if len(probe) != 2 || probe[1].Name != "end" {
			return false
		}
	}
	return true
}

// verbatim is a text as a code block that nothing in it can close.
func verbatim(text, language string) string {
	longest, run := 2, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	ticks := strings.Repeat("`", longest+1)
	return fmt.Sprintf("%s%s\n%s\n%s", ticks, language, text, ticks)
}

// indent moves a text to the right, to stand below an item of a list.
func indent(text, by string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = by + l
		}
	}
	return strings.Join(lines, "\n")
}

// sections are the texts of a record, joined.
func (r *record) sections() map[string]string {
	out := map[string]string{}
	for name, parts := range r.parts {
		var b strings.Builder
		write := func(heading, text string) {
			if b.Len() > 0 {
				b.WriteString("\n\n")
			}
			b.WriteString(heading)
			b.WriteString(text)
		}
		for _, p := range parts {
			if p.heading == "" {
				write("", shape(p.text, 3))
			}
		}
		for _, p := range parts {
			if p.heading != "" {
				write("### "+p.heading+"\n\n", shape(p.text, 4))
			}
		}
		text := b.String()
		if !fits(text) {
			text = verbatim(text, "")
		}
		out[name] = text
	}
	return out
}
