package tool

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/redact"
	"tasks/internal/repo"
)

//go:embed read_file.md
var readFileText string

// maxRead bounds what read_file answers, its note about the cut included.
const maxRead = 100 << 10

func readFile(d Deps, m redact.Masker) *form {
	return &form{
		name: "read_file", class: Read, description: readFileText,
		params: []param{
			{name: "path", kind: text, required: true, max: 4096, note: "Path of the file, relative to the root of the repository, with slashes."},
			{name: "start_line", kind: integer, note: "First line to read, from 1. Without it: 1."},
			{name: "end_line", kind: integer, note: "Last line to read. Without it: the last of the file."},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			name, err := repo.Clean(a.text("path"))
			if err != nil {
				return nil, err
			}
			a["path"] = name
			first, last := max(a.integer("start_line"), 1), a.integer("end_line")
			if first == 1 {
				delete(a, "start_line")
			}
			if last > 0 && last < first {
				return nil, invalid("end_line %d is before start_line %d", last, first)
			}
			return &draft{
				sentence: "Read " + span(name, first, last),
				run: func(ctx context.Context) (Result, error) {
					return readLines(d, m, s, name, first, last)
				},
			}, nil
		},
	}
}

// readLines reads the lines first to last of a file; last 0 means to the end.
func readLines(d Deps, m redact.Masker, s Session, name string, first, last int) (Result, error) {
	f, err := d.Repo.ReadFile(name, 0)
	if err != nil {
		return Result{}, err
	}
	if bytes.IndexByte(f.Data[:min(len(f.Data), 8000)], 0) >= 0 {
		return Result{}, fault.New(fault.Invalid, "%s is not text", name)
	}
	total := lines(f.Data)
	if first > max(total, 1) {
		return Result{}, fault.New(fault.Invalid, "%s has %s, start_line is %d", name, plural(total, "line"), first)
	}
	part := cutLines(f.Data, first, last)
	body := strings.ToValidUTF8(string(part), "\uFFFD")
	// Masked before it is cut: a cut through a key would hide it from the mask.
	body = m.Whole(body)
	r := Result{Status: OK, Taints: f.Path != s.Doc()}
	shown, cut := clip(body, maxRead-200)
	until := first + max(lines([]byte(shown)), 1) - 1
	switch {
	case cut && strings.HasSuffix(shown, "\n"):
		shown += fmt.Sprintf("[cut at %d KB: lines %d-%d of %d are above; go on with start_line %d]", maxRead>>10, first, until, total, until+1)
	case cut:
		shown += fmt.Sprintf("\n[cut at %d KB in the middle of line %d of %d, which is too long to be shown whole]", maxRead>>10, until, total)
	case f.Cut:
		shown += "\n[cut: the file is too large to be read to its end]"
	}
	r.Content, r.Truncated = shown, cut || f.Cut
	r.Summary = summary(name, first, until, total, r.Truncated)
	if f.Hash != "" {
		s.SetShown(f.Path, f.Hash)
	}
	return r, nil
}

// summary is "Read docs/guide.md 1-80 of 200 lines".
func summary(name string, first, until, total int, cut bool) string {
	switch {
	case total == 0:
		return "Read " + name + ", which is empty"
	case first == 1 && until >= total && !cut:
		return fmt.Sprintf("Read %s, %s", name, plural(total, "line"))
	}
	text := fmt.Sprintf("Read %s %d-%d of %s", name, first, until, plural(total, "line"))
	if cut {
		text += ", cut"
	}
	return text
}

func span(name string, first, last int) string {
	switch {
	case last > 0:
		return fmt.Sprintf("%s, lines %d to %d", name, first, last)
	case first > 1:
		return fmt.Sprintf("%s from line %d", name, first)
	}
	return name
}

// lines counts the lines of data; a last one without its end counts.
func lines(data []byte) int {
	n := bytes.Count(data, []byte("\n"))
	if len(data) > 0 && data[len(data)-1] != '\n' {
		n++
	}
	return n
}

// cutLines is the lines first to last of data as they stand; last 0 is all the rest.
func cutLines(data []byte, first, last int) []byte {
	for n := 1; n < first; n++ {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return nil
		}
		data = data[i+1:]
	}
	if last == 0 {
		return data
	}
	end := 0
	for n := first; n <= last; n++ {
		i := bytes.IndexByte(data[end:], '\n')
		if i < 0 {
			return data
		}
		end += i + 1
	}
	return data[:end]
}
