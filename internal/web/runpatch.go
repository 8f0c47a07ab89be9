package web

import (
	"strconv"
	"strings"
)

// readPatch takes a patch of git apart.
func readPatch(patch string) *DiffView {
	v := &DiffView{}
	var f *DiffFile
	var old, now int
	for _, line := range strings.SplitAfter(patch, "\n") {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "diff --git ") {
			v.Files = append(v.Files, DiffFile{Status: "modified"})
			f = &v.Files[len(v.Files)-1]
			f.Path = pathOfHead(strings.TrimPrefix(line, "diff --git "))
			f.OldPath = f.Path
			old, now = 0, 0
			continue
		}
		if f == nil {
			continue
		}
		if old+now == 0 && len(f.Hunks) == 0 || strings.HasPrefix(line, "@@ ") {
			old, now = f.head(line, old, now)
			continue
		}
		if len(f.Hunks) == 0 || line == "" || line[0] == '\\' {
			continue
		}
		h := &f.Hunks[len(f.Hunks)-1]
		l := DiffLine{Sign: line[:1], text: strings.ToValidUTF8(line[1:], "\uFFFD")}
		switch line[0] {
		case '+':
			l.New = now
			now++
			f.Plus++
		case '-':
			l.Old = old
			old++
			f.Minus++
		case ' ':
			l.Old, l.New = old, now
			old, now = old+1, now+1
		default:
			continue
		}
		h.Lines = append(h.Lines, l)
	}
	return v
}

// head reads a line that is none of the file's own.
func (f *DiffFile) head(line string, old, now int) (int, int) {
	switch {
	case strings.HasPrefix(line, "@@ "):
		ranges, section, _ := strings.Cut(strings.TrimPrefix(line, "@@ "), " @@")
		before, after, _ := strings.Cut(ranges, " ")
		f.Hunks = append(f.Hunks, DiffHunk{Head: "@@ " + ranges + " @@" + strings.ToValidUTF8(section, "\uFFFD")})
		return max(firstNumber(before), 1), max(firstNumber(after), 1)
	case strings.HasPrefix(line, "new file"):
		f.Status = "added"
	case strings.HasPrefix(line, "deleted file"):
		f.Status = "deleted"
	case strings.HasPrefix(line, "rename from "):
		f.OldPath, f.Status = unquote(strings.TrimPrefix(line, "rename from ")), "renamed"
	case strings.HasPrefix(line, "rename to "):
		f.Path = unquote(strings.TrimPrefix(line, "rename to "))
	case strings.HasPrefix(line, "--- ") && line != "--- /dev/null":
		f.OldPath = strings.TrimPrefix(unquote(strings.TrimSuffix(strings.TrimPrefix(line, "--- "), "\t")), "a/")
	case strings.HasPrefix(line, "+++ ") && line != "+++ /dev/null":
		f.Path = strings.TrimPrefix(unquote(strings.TrimSuffix(strings.TrimPrefix(line, "+++ "), "\t")), "b/")
	case strings.HasPrefix(line, "Binary files "):
		f.Binary = true
	}
	return old, now
}

// firstNumber is the line that -3,7 or +3 begins at.
func firstNumber(s string) int {
	s, _, _ = strings.Cut(strings.TrimLeft(s, "+-"), ",")
	n, _ := strconv.Atoi(s)
	return n
}

// pathOfHead is the path of "a/x b/x", which is the same twice where nothing was renamed.
func pathOfHead(s string) string {
	if i := strings.LastIndex(s, ` "b/`); i >= 0 {
		return strings.TrimPrefix(unquote(s[i+1:]), "b/")
	}
	if n := len(s); n%2 == 1 && s[n/2] == ' ' {
		return strings.TrimPrefix(s[n/2+1:], "b/")
	}
	return s
}

// unquote is a path as git writes it, without the quotes and escapes of an odd one.
func unquote(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	if plain, err := strconv.Unquote(s); err == nil {
		return strings.ToValidUTF8(plain, "\uFFFD")
	}
	return s
}
