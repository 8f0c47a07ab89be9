package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-isatty"
	"golang.org/x/text/width"

	"tasks/internal/fault"
	"tasks/internal/task"
)

// emit prints v, a struct, as the one JSON object of a command.
func (a *app) emit(kind string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fault.New(fault.Internal, "the answer could not be written as JSON: %w", err)
	}
	rest := b.Bytes()[1:] // behind the brace
	comma := ","
	if rest[0] == '}' {
		comma = ""
	}
	return a.write(func(w io.Writer) {
		fmt.Fprintf(w, `{"schemaVersion":1,"kind":%q%s`, kind, comma)
		w.Write(rest)
	})
}

// printable is s without what would steer a terminal or deceive a reader: control
// characters (escape sequences among them) and changes of direction. Lines stay.
func printable(s string) string {
	clean := func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case unicode.IsControl(r), r == unicode.ReplacementChar,
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x2028, r == 0x2029:
			return unicode.ReplacementChar
		}
		return r
	}
	return strings.Map(clean, s)
}

// oneLine is printable in one line.
func oneLine(s string) string {
	if simple(s) {
		return s
	}
	return strings.Join(strings.Fields(printable(s)), " ")
}

// simple tells whether s is words of ASCII with single spaces between them, which is
// what nearly everything is.
func simple(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f || s[i] == ' ' && last == ' ' {
			return false
		}
		last = s[i]
	}
	return s == "" || last != ' '
}

// shellWord is the name of a task as one word of a command line that is to be copied: a
// file may be called anything.
func shellWord(name string) string {
	if task.ValidSlug(name) {
		return name
	}
	return "'" + strings.ReplaceAll(oneLine(name), "'", `'\''`) + "'"
}

// style is a look on a terminal.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "34"
)

// terminal tells whether standard output is one.
func (a *app) terminal() bool {
	f, is := a.stdout.(*os.File)
	return is && isatty.IsTerminal(f.Fd())
}

// colour tells whether to paint: on a terminal that can, unless told not to.
func (a *app) colour() bool {
	if v, set := a.getenv("NO_COLOR"); a.noColor || set && v != "" {
		return false
	}
	term, _ := a.getenv("TERM")
	return term != "dumb" && a.terminal()
}

// cell is a piece of a table.
type cell struct {
	text string
	look style
}

// table prints rows in columns, two spaces apart; a column without anything takes no
// room. The last column is as wide as it likes, so that nothing is cut off.
func (a *app) table(w io.Writer, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(c.text))
		}
	}
	paint := a.colour()
	for _, row := range rows {
		var line strings.Builder
		for i, c := range row {
			text := c.text
			if paint && c.look != plain && text != "" {
				text = "\x1b[" + string(c.look) + "m" + text + "\x1b[0m"
			}
			line.WriteString(text)
			if i < len(row)-1 && widths[i] > 0 {
				line.WriteString(strings.Repeat(" ", widths[i]-columns(c.text)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// columns is how wide s is on a terminal.
func columns(s string) int {
	if simple(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r), r == 0x200d, r == 0xfe0f:
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
