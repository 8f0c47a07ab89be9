package task

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"tasks/internal/lazy"
)

// Finding is one broken rule.
type Finding struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Level   string `json:"level"` // L1, L2, L3
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.Path, f.Line, f.Code, f.Message)
}

// Check finds the broken rules of one file: L1 always, L3 where strict.
func Check(t *Task, src []byte, strict bool) []Finding {
	if t.Broken != nil {
		return []Finding{{t.Path, t.Broken.Line, "yaml", t.Broken.Reason, "L1"}}
	}
	all := fileEntries(src)
	var out []Finding
	report := func(line int, code, format string, args ...any) {
		out = append(out, Finding{t.Path, line, code, fmt.Sprintf(format, args...), "L1"})
	}
	if !ValidSlug(t.Slug) {
		report(1, "value", "the file name %q is not a slug: small letters, digits and hyphens", path.Base(t.Path))
	}
	for i, e := range all {
		spec := known[e.key]
		switch {
		case spec == nil:
			if near := misspelt(e.key); near != "" {
				report(e.line, "key", "%s is not read: the key is %s", e.key, near)
			}
		case !counts(all, i, spec):
			report(e.line, "key", "%s is not read, because the file has the same under another key", e.key)
		default:
			if why := checkValue(spec, e); why != "" {
				report(e.line, "value", "%s", why)
			}
		}
	}
	if t.Status == "" {
		report(1, "key", "status is missing")
	}
	if strict {
		out = append(out, checkSections(t, src)...)
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return a.Line - b.Line })
	return out
}

// fileEntries are the entries of a file that parses.
func fileEntries(src []byte) []entry {
	_, all := parse("", src)
	return all
}

// LineOf is the line in which key (or the alias of it that is read) stands in the
// front matter, 1 where it does not.
func LineOf(src []byte, key string) int {
	all := fileEntries(src)
	for i, e := range all {
		if s := known[e.key]; Key(e.key) == key && (s == nil || counts(all, i, s)) {
			return e.line
		}
	}
	return 1
}

// misspelt is the known key that differs from key only in case, hyphens and the
// like, "" for none.
func misspelt(key string) string { return squeezedSpecs()[squeeze(key)] }

// squeezedSpecs are the known keys by their squeezed names.
var squeezedSpecs = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, s := range specs {
		m[squeeze(s.name)] = s.name
	}
	return m
})

var signs = strings.NewReplacer("_", "", "-", "", " ", "")

func squeeze(s string) string { return signs.Replace(strings.ToLower(s)) }

var (
	chosen    = lazy.Regexp(`(?i)\b(recommended|chosen)\b`)
	notChosen = lazy.Regexp(`(?i)(\bnot|\bnever|n't|n’t)\s+(recommended|chosen)\b`)
	naReason  = lazy.Regexp(`(?i)\bN/A\b[^\pL\pN]*[\pL\pN]`)
	na        = lazy.Regexp(`(?i)\bN/A\b`)
)

// checkSections are the rules of L3.
func checkSections(t *Task, src []byte) []Finding {
	list, lines := scan(src)
	var out []Finding
	report := func(line int, code, format string, args ...any) {
		out = append(out, Finding{t.Path, line, code, fmt.Sprintf(format, args...), "L3"})
	}
	at := map[string]int{} // index of the first section of a name
	for i, s := range list {
		if _, twice := at[s.Name]; !twice {
			at[s.Name] = i
		} else if slices.Contains(SectionNames, s.Name) {
			report(s.Line, "section-order", "the section %s stands here a second time: the first is in line %d", s.Name, list[at[s.Name]].Line)
		}
	}
	last, end := -1, lineOf(src, len(strings.TrimRight(string(src), "\r\n")))
	for n, name := range SectionNames {
		i, there := at[name]
		if !there {
			report(missingAt(list, at, n, end), "section-missing", "the section %s is missing", name)
			continue
		}
		if i < last {
			report(list[i].Line, "section-order", "the section %s stands behind %s: the order is %s", name, list[last].Name, strings.Join(SectionNames, ", "))
		}
		last = max(last, i)
	}
	for _, name := range []string{problem, context, options, plan} {
		if i, there := at[name]; there && list[i].State == Empty {
			report(list[i].Line, "section-empty", "the section %s holds nothing but placeholders", name)
		}
	}
	if i, there := at[options]; there && list[i].State != Empty && !marked(lines[i]) {
		report(list[i].Line, "no-choice", "no option of %s is marked as recommended or chosen", options)
	}
	if t.Status == Completed {
		out = append(out, checkDone(t, at, list, lines)...)
	}
	return out
}

// missingAt is the line where the missing section number n should stand: that of
// the first section behind it, or the end of the file.
func missingAt(list []Section, at map[string]int, n, end int) int {
	for _, name := range SectionNames[n+1:] {
		if i, there := at[name]; there {
			return list[i].Line
		}
	}
	return end
}

func marked(lines []bodyLine) bool {
	return slices.ContainsFunc(lines, func(l bodyLine) bool {
		return chosen().MatchString(notChosen().ReplaceAllString(l.text, ""))
	})
}

// checkDone are the rules for a completed task.
func checkDone(t *Task, at map[string]int, list []Section, lines [][]bodyLine) []Finding {
	var out []Finding
	report := func(line int, code, message string) {
		out = append(out, Finding{t.Path, line, code, message, "L3"})
	}
	if i, there := at[plan]; there {
		for _, l := range lines[i] {
			if is, ticked, text := l.box(); is && !ticked {
				report(l.number, "plan-open", fmt.Sprintf("the plan has an open box: %s", text))
			}
		}
	}
	if i, there := at[qa]; there {
		if line := unsettled(lines[i], list[i].Line, true); line > 0 {
			report(line, "qa-open", "QA is neither ticked nor N/A with a reason")
		}
	}
	if i, there := at[review]; there {
		if line := unsettled(lines[i], list[i].Line, false); line > 0 {
			report(line, "review-open", "the review is not cleared")
		}
	}
	return out
}

// unsettled is the line of what is open in a section whose box must be ticked, 0
// where all is ticked. With mayNA the words N/A and a reason stand for a tick, of the
// box they stand in or, as a line of text, of all; without a reason they are none.
func unsettled(lines []bodyLine, heading int, mayNA bool) int {
	settled, open := false, 0
	for _, l := range lines {
		is, ticked, text := l.box()
		reasoned := mayNA && !l.code && naReason().MatchString(l.text)
		switch {
		case !is && reasoned:
			return 0
		case is && (reasoned || ticked && !(mayNA && na().MatchString(text))):
			settled = true
		case is && open == 0:
			open = l.number
		}
	}
	switch {
	case open > 0:
		return open
	case settled:
		return 0
	}
	return heading
}

// Has tells whether the front matter of src has key, under its name or an alias.
func Has(src []byte, key string) bool {
	return slices.ContainsFunc(fileEntries(src), func(e entry) bool { return Key(e.key) == key })
}

// Value is the text of a key of the front matter that holds one scalar, under the
// name given; "" where there is none, or where the file does not parse.
func Value(src []byte, key string) string {
	for _, e := range fileEntries(src) {
		if e.key == key && e.kind == single {
			return e.value
		}
	}
	return ""
}
