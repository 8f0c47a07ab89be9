package docs

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"tasks/internal/markdown"
)

var bom = []byte("\ufeff")

// splitFront splits front matter, between two lines of --- (or +++), from the
// text. line is the text's first line in the file, from 1. A --- that nothing
// closes, or that no key follows, is a rule and not front matter.
func splitFront(src []byte) (front, body []byte, line int) {
	text := bytes.TrimPrefix(src, bom)
	mark, rest, ok := bytes.Cut(text, []byte("\n"))
	mark = bytes.TrimRight(mark, " \t\r")
	if !ok || string(mark) != "---" && string(mark) != "+++" {
		return nil, text, 1
	}
	sep, line := ":", 2
	if mark[0] == '+' {
		sep = "="
	}
	keyed, at := false, 0
	for l := range bytes.Lines(rest) {
		trimmed := bytes.TrimRight(l, " \t\r\n")
		line++
		if bytes.Equal(trimmed, mark) || mark[0] == '-' && string(trimmed) == "..." {
			return rest[:at], rest[at+len(l):], line
		}
		if len(trimmed) > 0 && trimmed[0] != '#' && !keyed {
			if keyed = bytes.Contains(trimmed, []byte(sep)); !keyed {
				break
			}
		}
		at += len(l)
	}
	return nil, text, 1
}

// frontTitle is the value of the key title, or "".
func frontTitle(front []byte) string {
	lines := strings.Split(string(front), "\n")
	for i, l := range lines {
		key, value, ok := strings.Cut(l, ":")
		if k, v, eq := strings.Cut(l, "="); eq && (!ok || len(k) < len(key)) {
			key, value, ok = k, v, true
		}
		if !ok || strings.Trim(strings.TrimRight(key, " \t"), `"'`) != "title" {
			continue
		}
		for _, more := range lines[i+1:] { // a value that goes on, or is a block
			if len(more) == 0 || more[0] != ' ' && more[0] != '\t' {
				break
			}
			value += "\n" + more
		}
		var title string
		if err := yaml.Unmarshal([]byte(strings.TrimLeft(value, " \t")), &title); err != nil {
			title = value
		}
		return oneLine(title)
	}
	return ""
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// headTitle is the title of a document by its beginning: front matter, else the
// first heading of level 1. "" where there is none.
func headTitle(src []byte) string {
	front, body, _ := splitFront(src)
	if t := frontTitle(front); t != "" {
		return t
	}
	fence := ""
	before := ""
	for l := range bytes.Lines(body) {
		line := strings.TrimRight(string(l), " \t\r\n")
		switch {
		case fence != "":
			if strings.HasPrefix(strings.TrimLeft(line, " "), fence) {
				fence = ""
			}
		case strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~"):
			fence = line[:3]
		case strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "#\t"):
			return oneLine(plain(strings.TrimRight(strings.TrimRight(line[2:], "#"), " ")))
		case before != "" && strings.Trim(line, "=") == "" && line != "":
			return oneLine(plain(before))
		case strings.HasPrefix(strings.ToLower(line), "<h1"):
			return oneLine(markdown.Render([]byte(line), 1, nil).Title)
		}
		before = line
	}
	return ""
}

// plain takes the markup out of a heading.
func plain(s string) string {
	if !strings.ContainsAny(s, "*_`[]<>&\\~$!") {
		return s
	}
	return markdown.PlainText(s)
}
