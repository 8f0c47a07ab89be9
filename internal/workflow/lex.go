package workflow

import (
	"fmt"
	"strings"
)

// piece is a part of a template: text, {{ what is put out }} or {% a tag %}.
type piece struct {
	kind byte   // 't', 'o' or 'g'
	text string // within the marks, trimmed
	line int    // from 1
}

// pieces takes a template apart. What is between raw and endraw is one text, what is
// between comment and endcomment is left out.
func pieces(src string) ([]piece, error) {
	var out []piece
	line, trim := 1, false
	text := func(s string, trimEnd bool) {
		n := strings.Count(s, "\n")
		if trim {
			s = strings.TrimLeft(s, " \t\r\n")
		}
		if trimEnd {
			s = strings.TrimRight(s, " \t\r\n")
		}
		if s != "" {
			out = append(out, piece{'t', s, line})
		}
		line, trim = line+n, false
	}
	for {
		at := opening(src)
		if at < 0 {
			text(src, false)
			return out, nil
		}
		kind, close := byte('o'), "}}"
		if src[at+1] == '%' {
			kind, close = 'g', "%}"
		}
		body := src[at+2:]
		end := closing(body, close)
		if end < 0 {
			return nil, fmt.Errorf("line %d: %s never ends with %s", line+strings.Count(src[:at], "\n"), src[at:at+2], close)
		}
		in := body[:end]
		lead := strings.HasPrefix(in, "-")
		text(src[:at], lead)
		trail := strings.HasSuffix(in, "-") && len(in) > len("-")
		in = strings.TrimSuffix(strings.TrimPrefix(in, "-"), "-")
		if strings.HasSuffix(in, "-") { // {{ a --}} is no trimming of ours
			return nil, fmt.Errorf("line %d: a stray - before %s", line, close)
		}
		trim = trail
		src = body[end+2:]
		tag := strings.TrimSpace(in)
		if kind == 'g' && (tag == "raw" || tag == "comment") {
			rest, inner, lines, ok := until(src, "end"+tag)
			if !ok {
				return nil, fmt.Errorf("line %d: %s never ends with end%s", line, tag, tag)
			}
			if tag == "raw" && inner != "" {
				out = append(out, piece{'t', inner, line})
			}
			line += strings.Count(in, "\n") + lines
			src, trim = rest, false
			continue
		}
		if kind == 'o' || tag != "" && tag[0] != '#' {
			out = append(out, piece{kind, tag, line})
		}
		line += strings.Count(in, "\n")
	}
}

// opening is where the next mark begins, -1 for none.
func opening(src string) int {
	for from := 0; ; {
		i := strings.IndexByte(src[from:], '{')
		if i < 0 || from+i+1 >= len(src) {
			return -1
		}
		if at := from + i; src[at+1] == '{' || src[at+1] == '%' {
			return at
		}
		from += i + 1
	}
}

// closing is where the mark ends, past what stands in quotes; -1 for nowhere. A remark
// holds no quotes.
func closing(body, mark string) int {
	if t := strings.TrimLeft(body, "- \t\r\n"); mark == "%}" && strings.HasPrefix(t, "#") {
		return strings.Index(body, mark)
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\'' || c == '"':
			j := strings.IndexByte(body[i+1:], c)
			if j < 0 {
				return -1
			}
			i += j + 1
		case strings.HasPrefix(body[i:], mark):
			return i
		}
	}
	return -1
}

// until finds the tag that ends what is not read.
func until(src, tag string) (rest, inner string, lines int, ok bool) {
	for from := 0; ; {
		i := strings.Index(src[from:], "{%")
		if i < 0 {
			return "", "", 0, false
		}
		at := from + i
		j := strings.Index(src[at:], "%}")
		if j < 0 {
			return "", "", 0, false
		}
		if strings.Trim(src[at+2:at+j], "- \t\r\n") == tag {
			end := at + j + 2
			return src[end:], src[:at], strings.Count(src[:end], "\n"), true
		}
		from = at + 2
	}
}

// word is a token within a mark.
type word struct {
	kind byte // 'n' name, 's' text, 'd' number, 'p' anything else
	text string
}

// wordsOf takes what is within a mark apart.
func wordsOf(src string) ([]word, error) {
	var out []word
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'' || c == '"':
			j := strings.IndexByte(src[i+1:], c)
			if j < 0 {
				return nil, fmt.Errorf("a text begins with %c and never ends", c)
			}
			out = append(out, word{'s', src[i+1 : i+1+j]})
			i += j + 2
		case letter(c):
			j := i + 1
			for j < len(src) && (letter(src[j]) || digit(src[j]) || src[j] == '-' && j+1 < len(src) && letter(src[j+1])) {
				j++
			}
			if j < len(src) && src[j] == '?' {
				j++
			}
			out = append(out, word{'n', src[i:j]})
			i = j
		case digit(c) || c == '-' && i+1 < len(src) && digit(src[i+1]):
			j := i + 1
			for j < len(src) && (digit(src[j]) || src[j] == '.' && j+1 < len(src) && digit(src[j+1])) {
				j++
			}
			out = append(out, word{'d', src[i:j]})
			i = j
		default:
			n := 1
			if i+1 < len(src) {
				switch src[i : i+2] {
				case "==", "!=", "<>", "<=", ">=", "..":
					n = 2
				}
			}
			if n == 1 && !strings.ContainsRune("|:,.[]()<>=", rune(c)) {
				return nil, fmt.Errorf("%q does not belong here", src[i:i+1])
			}
			out = append(out, word{'p', src[i : i+n]})
			i += n
		}
	}
	return out, nil
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
