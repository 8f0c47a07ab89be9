package task

import (
	"strings"
	"testing"

	"tasks/internal/fault"
)

const sheet = "---\ntype: task\nstatus: ready\n---\n# Title\n\nLead.\n\n## Problem\n\nOld text.\nMore.\n\n\n## Plan\n<!-- steps -->\n\n- [ ] one\n## Notes\n```\n## not one\n```\n## Review Feedback"

func TestSetSection(t *testing.T) {
	for name, tt := range map[string]struct {
		src, section, text, want string
	}{
		"replaced":            {sheet, "Problem", "New.", strings.Replace(sheet, "Old text.\nMore.", "New.", 1)},
		"name in other case":  {sheet, "problem", "New.", strings.Replace(sheet, "Old text.\nMore.", "New.", 1)},
		"blank lines off":     {sheet, "Problem", "\n \n  New.\t\n\n", strings.Replace(sheet, "Old text.\nMore.", "  New.\t", 1)},
		"emptied":             {sheet, "Problem", " ", strings.Replace(sheet, "Old text.\nMore.\n\n\n", "", 1)},
		"no blank lines":      {sheet, "Plan", "a\n\nb", strings.Replace(sheet, "<!-- steps -->\n\n- [ ] one", "a\n\nb", 1)},
		"emptied, no blanks":  {sheet, "Plan", "", strings.Replace(sheet, "<!-- steps -->\n\n- [ ] one\n", "\n", 1)},
		"fence kept":          {sheet, "Notes", "~~~\n## a\n~~~", strings.Replace(sheet, "```\n## not one\n```", "~~~\n## a\n~~~", 1)},
		"heading ends file":   {sheet, "Review Feedback", "Fine.", sheet + "\n\nFine.\n"},
		"missing, in order":   {sheet, "Context", "Known.", strings.Replace(sheet, "## Plan", "## Context\n\nKnown.\n\n## Plan", 1)},
		"missing, at the end": {"---\ntype: task\nstatus: ready\n---\n", "Plan", "a", "---\ntype: task\nstatus: ready\n---\n\n## Plan\n\na\n"},
		"missing, no text":    {"## Plan\n", "Problem", "", "## Problem\n\n## Plan\n"},
		"nothing":             {"", "Plan", "a", "## Plan\n\na\n"},
		"CRLF":                {"## Plan\r\n\r\na\r\nb\r\n\r\n## X\r\n", "Plan", "a\nc\nb", "## Plan\r\n\r\na\r\nc\r\nb\r\n\r\n## X\r\n"},
		"CRLF, empty":         {"## Plan\r\n## X\r\n", "Plan", "a\r\nb", "## Plan\r\n\r\na\r\nb\r\n\r\n## X\r\n"},
		"mixed ends stay":     {"## Plan\na\r\nb\nc\r\nd\n", "Plan", "a\nB\nc\nd", "## Plan\na\r\nB\nc\r\nd\n"},
		"H1 ends it":          {"## Plan\na\n# X\nb\n", "Plan", "c", "## Plan\nc\n# X\nb\n"},
		"H3 within":           {"## Plan\na\n", "Plan", "### x\n\n#### y", "## Plan\n### x\n\n#### y\n"},
	} {
		got, err := SetSection([]byte(tt.src), tt.section, 0, tt.text)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, tt.want)
		}
	}
}

func TestSetSectionRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		src, section string
		line         int
		text         string
		code         fault.Code
	}{
		"new section":       {sheet, "Problem", 0, "a\n## Plan B\n", fault.Invalid},
		"title":             {sheet, "Problem", 0, "a\n# B\n", fault.Invalid},
		"open fence":        {sheet, "Problem", 0, "```\ncode", fault.Invalid},
		"open comment":      {sheet, "Problem", 0, "<!-- hidden", fault.Invalid},
		"NUL":               {sheet, "Problem", 0, "a\x00", fault.Invalid},
		"not UTF-8":         {sheet, "Problem", 0, "a\xff", fault.Invalid},
		"not there":         {sheet, "Weather", 0, "a", fault.NotFound},
		"other line":        {sheet, "Problem", 3, "a", fault.NotFound},
		"two of them":       {"## A\n## A\n", "A", 0, "a", fault.Conflict},
		"broken":            {"---\na: [\n---\n## A\n", "A", 0, "a", fault.Invalid},
		"new one in a gap":  {"## Plan\n", "Problem", 0, "## Context", fault.Invalid},
		"in an empty place": {"## Plan\n\n## Notes\n", "Plan", 0, "a\n## Plan\nb", fault.Invalid},
	} {
		if got, err := SetSection([]byte(tt.src), tt.section, tt.line, tt.text); fault.CodeOf(err) != tt.code || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := SetSection([]byte("## A\n## A\n"), "A", 2, "a"); err != nil || string(got) != "## A\n## A\n\na\n" {
		t.Errorf("by its line: %q, %v", got, err)
	}
}

func TestSetBox(t *testing.T) {
	const src = "---\nstatus: ready\n---\n- [ ] a\r\n> 2. [x] b\n```\n- [ ] code\n```\n<!--\n- [ ] hidden\n-->\ntext [ ]\n* [X]\n"
	for _, tt := range []struct {
		line int
		on   bool
		want string // "": refused
	}{
		{4, true, strings.Replace(src, "- [ ] a", "- [x] a", 1)}, {4, false, src},
		{5, false, strings.Replace(src, "2. [x]", "2. [ ]", 1)}, {5, true, src},
		{13, true, src}, {13, false, strings.Replace(src, "[X]", "[ ]", 1)},
		{2, true, ""}, {7, true, ""}, {10, true, ""}, {12, true, ""}, {0, true, ""}, {-1, true, ""}, {99, true, ""},
	} {
		got, err := SetBox([]byte(src), tt.line, tt.on)
		if (err == nil) != (tt.want != "") || string(got) != tt.want {
			t.Errorf("line %d, %v: %q, %v", tt.line, tt.on, got, err)
		}
	}
}

func TestNext(t *testing.T) {
	for src, want := range map[string]string{
		"": "Problem",
		"## Problem\n\nPeople lose an hour each day to this, every one of them.\n": "Context",
	} {
		if got, advice := Next(&Task{}, []byte(src)); got != want || advice == "" {
			t.Errorf("%q: %s, %s", src, got, advice)
		}
	}
	full := strings.Repeat("word ", 20)
	src := "## Problem\n" + full + "\n## Context\n" + full + "\n## Possible Solutions\n" + full + "\n## Plan\n" + full
	if got, _ := Next(&Task{Status: InProgress}, []byte(src)); got != "Implementation Progress" {
		t.Errorf("during the work: %s", got)
	}
}

// FuzzSetSection: what lies before and behind the section's text is the same bytes,
// the text reads back, and no other section has changed.
func FuzzSetSection(f *testing.F) {
	for _, src := range []string{sheet, "## A\r\n\r\nb\r\n", "## A\n# B\n## A\n", "<!--\n## A\n-->\n## B\n```\n## C", "## Plan\n\n\n", ""} {
		for _, text := range []string{"", "a", "a\r\nb", "## B", "```\n## x\n```", "<!-- a", "\n\n  - [ ] x\n\n", "# X", "~~~"} {
			f.Add([]byte(src), byte(0), text)
			f.Add([]byte(src), byte(1), text)
			f.Add([]byte(src), byte(9), text)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, pick byte, text string) {
		original := string(src)
		list := Sections(src)
		name, line := SectionNames[int(pick)%len(SectionNames)], 0
		if int(pick) < len(list) {
			name, line = list[pick].Name, list[pick].Line
		}
		out, err := SetSection(src, name, line, text)
		if string(src) != original {
			t.Fatal("SetSection wrote into its argument")
		}
		if err != nil {
			return
		}
		before, behind := around(original, line)
		if line != 0 && (!strings.HasPrefix(string(out), before) || !strings.HasSuffix(string(out), behind) || len(out) < len(before)+len(behind)) {
			t.Fatalf("bytes around the section changed\n src %q\nname %q line %d text %q\n out %q", src, name, line, text, out)
		}
		after := Sections(out)
		index := -1
		for i, s := range after {
			if s.Name == name && (line == 0 || s.Line == line) {
				index = i
			}
		}
		if index < 0 {
			t.Fatalf("the section is gone: %q", out)
		}
		got, err := SectionText(out, name, after[index].Line)
		if want := trimBlank(feeds(text)); err != nil || got != want {
			t.Fatalf("reads back as %q, %v, want %q", got, err, want)
		}
		again, err := SetSection(out, name, after[index].Line, text)
		if err != nil || string(again) != string(out) {
			t.Fatalf("a second time: %q, %v, want %q", again, err, out)
		}
	})
}

// around is the file up to and with the section's heading, and from the next heading
// that ends it on, found without the scanner: by the sections' lines alone.
func around(src string, line int) (before, behind string) {
	if line == 0 {
		return "", ""
	}
	lines := strings.SplitAfter(src, "\n")
	before = strings.Join(lines[:line], "")
	for _, s := range Sections([]byte(src)) {
		if s.Line > line {
			return before, strings.Join(lines[s.Line-1:], "")
		}
	}
	return before, ""
}
