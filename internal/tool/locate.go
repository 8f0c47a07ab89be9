package tool

import (
	"bytes"
	"fmt"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/redact"
)

// locate finds the one place where old stands in data. Where there is none, or
// more than one, the error says what a model needs to do better.
func locate(name string, data []byte, old, text string) (int, error) {
	places := occurrences(data, old)
	switch {
	case len(places) == 1:
		if crlfOnly(data) && hasBareLF(text) {
			return 0, fault.New(fault.Invalid, "the lines of %s end in CRLF, those of new_string in LF", name).
				WithHint(`write \r\n for each line end in new_string`)
		}
		return places[0], nil
	case len(places) > 1:
		var at []string
		for _, p := range places[:min(len(places), 10)] {
			at = append(at, fmt.Sprint(lines(data[:p+1])))
		}
		more := ""
		if len(places) > len(at) {
			more = " and more"
		}
		return 0, fault.New(fault.Invalid, "old_string occurs %d times in %s, at lines %s%s: it must occur exactly once", len(places), name, strings.Join(at, ", "), more).
			WithHint("take more of the text around the place into old_string")
	}
	err := fault.New(fault.Invalid, "old_string does not occur in %s", name)
	if hasBareLF(old) && len(occurrences(data, strings.ReplaceAll(old, "\n", "\r\n"))) > 0 {
		return 0, err.WithHint(`the lines of the file end in CRLF: write \r\n for each line end, in new_string too`)
	}
	if strings.Contains(old, "\r\n") && len(occurrences(data, strings.ReplaceAll(old, "\r\n", "\n"))) > 0 {
		return 0, err.WithHint(`the lines of the file end in LF: write \n for each line end, in new_string too`)
	}
	if strings.Contains(old, redact.Mask) {
		return 0, err.WithHint("%s stands for a secret value that is not shown; leave that part out", redact.Mask)
	}
	if n, near := nearest(data, old); n > 0 {
		return 0, err.WithHint("line %d is near: %s", n, near)
	}
	return 0, err.WithHint("read the file again and copy the text exactly, white space included")
}

// occurrences are the places of old in data, those that overlap as well: "aa" in
// "aaa" is not one clear place. At most 1,000 are told.
func occurrences(data []byte, old string) []int {
	var out []int
	for from := 0; len(out) < 1000; {
		i := bytes.Index(data[from:], []byte(old))
		if i < 0 {
			break
		}
		out = append(out, from+i)
		from += i + 1
	}
	return out
}

// nearest finds the line that differs from the first telling line of old in white
// space or case only; 0 where there is none.
func nearest(data []byte, old string) (int, string) {
	want := ""
	for l := range strings.Lines(old) {
		if want = squeeze(l); want != "" {
			break
		}
	}
	if want == "" {
		return 0, ""
	}
	n := 0
	for l := range strings.Lines(string(data)) {
		n++
		if got := squeeze(l); strings.Contains(got, want) || len(got) >= 12 && strings.Contains(want, got) {
			short, _ := clip(line(l), 200)
			return n, short
		}
	}
	return 0, ""
}

func squeeze(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// crlfOnly tells whether every line of data ends in CRLF, and there is one.
func crlfOnly(data []byte) bool {
	n := bytes.Count(data, []byte("\r\n"))
	return n > 0 && n == bytes.Count(data, []byte("\n"))
}

func hasBareLF(s string) bool {
	return strings.Count(s, "\n") > strings.Count(s, "\r\n")
}

// frontMatter is the block between the --- lines at the head of data, with them;
// all of data where the block has no end; empty where there is no block. It errs on
// the side of more, because what it finds is asked about.
func frontMatter(data []byte) []byte {
	rest := bytes.TrimPrefix(data, []byte("\uFEFF"))
	first, _, _ := bytes.Cut(rest, []byte("\n"))
	if string(bytes.TrimRight(first, " \t\r")) != "---" {
		return nil
	}
	offset := len(data) - len(rest) + len(first) + 1
	for offset < len(data) {
		l, _, _ := bytes.Cut(data[offset:], []byte("\n"))
		offset = min(offset+len(l)+1, len(data))
		if t := string(bytes.TrimRight(l, " \t\r")); t == "---" || t == "..." {
			return data[:offset]
		}
	}
	return data
}
