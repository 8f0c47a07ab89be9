package markdown

import "bytes"

// lines calls one for each line with the offset of its end.
func (h *highlighter) lines(one func(end int)) {
	for h.at < len(h.src) {
		end := h.at + lineLen(h.src[h.at:])
		one(end)
		h.span("", min(end+1, len(h.src)))
	}
}

func (h *highlighter) diffLine(end int) {
	line := h.src[h.at:end]
	class := ""
	switch {
	case hasAny(line, "+++", "---", "diff ", "index "):
		class = "gh"
	case hasAny(line, "@@"):
		class = "gu"
	case hasAny(line, "+", ">"):
		class = "gi"
	case hasAny(line, "-", "<"):
		class = "gd"
	}
	h.span(class, end)
}

// keyLine is a line of yaml, toml, ini or an environment file.
func (h *highlighter) keyLine(end int) {
	line := h.src[h.at:end]
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '-' && i+1 < len(line) && line[i+1] == ' ') {
		i++
	}
	h.span("", h.at+i)
	line = line[i:]
	switch {
	case len(line) > 0 && line[0] == '[' && bytes.IndexByte(line, ']') == len(bytes.TrimRight(line, " \t\r"))-1:
		h.span("nt", end)
		return
	case len(line) > 0 && line[0] != '#' && line[0] != '"' && line[0] != '\'':
		if n := bytes.IndexAny(line, ":="); n > 0 && !bytes.ContainsAny(line[:n], "{[,#\"'") && (line[n] == '=' || n+1 == len(line) || line[n+1] == ' ' || line[n+1] == '\r') {
			h.span("nt", h.at+len(bytes.TrimRight(line[:n], " \t")))
		}
	}
	h.code(end)
}

// consoleLine is a line of a terminal session: a prompt and a command, or output.
func (h *highlighter) consoleLine(end int) {
	line := h.src[h.at:end]
	if hasAny(line, "$ ", "# ", "% ", "> ") {
		h.span("gp", h.at+2)
		h.code(end)
		return
	}
	h.span("go", end)
}

func (h *highlighter) markdownLine() func(end int) {
	fence := []byte(nil)
	return func(end int) {
		line := bytes.TrimLeft(h.src[h.at:end], " ")
		mark := hasAny(line, "```", "~~~")
		switch {
		case fence != nil:
			if mark && bytes.HasPrefix(line, fence) {
				fence = nil
			}
			h.span("s", end)
		case mark:
			fence = bytes.Clone(line[:3])
			h.span("s", end)
		case hasAny(line, "#"):
			h.span("gh", end)
		case hasAny(line, ">"):
			h.span("c", end)
		default:
			h.code(end)
		}
	}
}

// markup is HTML, XML and what embeds them: tags, attributes, comments.
func (h *highlighter) markup() {
	for h.at < len(h.src) {
		rest := h.src[h.at:]
		switch {
		case hasAny(rest, "<!--"):
			h.span("c", h.at+through(rest, "-->"))
		case hasAny(rest, "<!", "<?"):
			h.span("cp", h.at+through(rest, ">"))
		case len(rest) > 1 && rest[0] == '<' && (isLetter(rest[1]) || rest[1] == '/'):
			h.tag()
		case rest[0] == '&':
			n := bytes.IndexAny(rest, "; \n<")
			if n > 0 && rest[n] == ';' {
				h.span("m", h.at+n+1)
			} else {
				h.span("", h.at+1)
			}
		default:
			n := bytes.IndexAny(rest[1:], "<&")
			if n < 0 {
				n = len(rest) - 1
			}
			h.span("", h.at+1+n)
		}
	}
}

// tag passes <name attr="value" …>.
func (h *highlighter) tag() {
	i := h.at + 1
	for i < len(h.src) && bytes.IndexByte([]byte(" \t\r\n>"), h.src[i]) < 0 && !(h.src[i] == '/' && i > h.at+1) {
		i++
	}
	h.span("nt", i)
	for h.at < len(h.src) {
		rest := h.src[h.at:]
		switch c := rest[0]; {
		case c == '>':
			h.span("nt", h.at+1)
			return
		case c == '<':
			return
		case c == '"' || c == '\'':
			h.span("s", h.at+1+through(rest[1:], string(c)))
		case isLetter(c) || c == '@' || c == ':' || c == '_' || c == '#':
			n := 1
			for n < len(rest) && bytes.IndexByte([]byte(" \t\r\n=>/\"'<"), rest[n]) < 0 {
				n++
			}
			h.span("na", h.at+n)
		default:
			h.span("", h.at+1)
		}
	}
}

// through is the length of s up to and with mark, or all of it.
func through(s []byte, mark string) int {
	if i := bytes.Index(s, []byte(mark)); i >= 0 {
		return i + len(mark)
	}
	return len(s)
}

func hasAny(s []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(s, []byte(p)) {
			return true
		}
	}
	return false
}
