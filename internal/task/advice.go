package task

import (
	"fmt"
	"slices"
	"strings"

	"tasks/internal/lazy"
)

// Judgement is how far one section of a worksheet is. It advises; the rules are
// those of Check.
type Judgement struct {
	Section          // Line 0 where it is missing
	Found   []string // what was seen in it: counts, and what it lacks
	Advice  string   // what to write next; "" where nothing is left
}

// Judge looks at the sections of the rules, in their order. What is asked of a
// section depends on the status: an open box of the plan is what to do next while the
// work is on, and a loose end once the task is completed.
func Judge(t *Task, src []byte) []Judgement {
	list, lines := scan(src)
	out := make([]Judgement, len(SectionNames))
	j := judge{task: t}
	for n, name := range SectionNames {
		i := slices.IndexFunc(list, func(s Section) bool { return s.Name == name })
		if i < 0 {
			out[n] = Judgement{Section{Name: name, State: Empty}, []string{"the heading is missing"}, "add the heading `## " + name + "`, then " + Advice(name)}
			continue
		}
		j.found, j.advice = nil, ""
		j.section(list[i], lines[i])
		out[n] = Judgement{list[i], j.found, j.advice}
	}
	return out
}

// Next is the section to write next and what to write into it; "" where nothing is
// left. What is not filled comes first, but what is written during the work is asked
// for only once it is on, what is written after it only when no step of the plan is
// open, and both when all else stands.
func Next(t *Task, src []byte) (section, advice string) {
	begun := t.Status == InProgress || t.Status == Completed
	best := 3
	all := Judge(t, src)
	stepsLeft := all[3].Advice != "" && t.Status != Completed
	for i, j := range all {
		rank := 2
		switch {
		case j.Advice == "":
			continue
		case j.State != Filled && (i < 4 || begun && (i == 4 || !stepsLeft)):
			rank = 0
		case j.State == Filled && (i < 3 || j.Name == plan && t.Status == Completed):
			rank = 1
		}
		if rank < best {
			best, section, advice = rank, j.Name, j.Advice
		}
	}
	return section, advice
}

// judge gathers what is seen in one section.
type judge struct {
	task   *Task
	ticked bool // a step of the plan is done
	found  []string
	advice string
}

// saw notes what is there, with what to do about it; the first advice stands.
func (j *judge) saw(advice, format string, args ...any) {
	j.found = append(j.found, fmt.Sprintf(format, args...))
	if j.advice == "" {
		j.advice = advice
	}
}

// begun tells whether the work is on, or was.
func (j *judge) begun() bool { return j.task.Status == InProgress || j.task.Status == Completed }

func (j *judge) section(s Section, lines []bodyLine) {
	words := wordsOf(lines)
	switch {
	case s.Name == plan:
		j.plan(lines, s.State)
	case s.Name == qa || s.Name == review:
		j.boxed(s, lines)
	case s.State == Empty && s.Name == progress && j.ticked:
		j.saw(Advice(progress), "steps of the plan are ticked and nothing is written about them")
	case s.State == Empty:
		j.saw(Advice(s.Name), "nothing is written yet")
	case s.State == Thin && s.Name == progress && !j.begun():
		j.found = append(j.found, count(words, "word", "words"))
	case s.State == Thin && s.Name == problem:
		j.saw("say who is hurt by what, and how you know", "%s", count(words, "word", "words"))
	case s.State == Thin:
		j.saw(Advice(s.Name), "%s", count(words, "word", "words"))
	case s.Name == problem && words < shortProblem:
		j.saw("say who is hurt by what, and how you know", "short, %s", count(words, "word", "words"))
	case s.Name == context && !slices.ContainsFunc(lines, bodyLine.refers):
		j.saw("name the files it is about, and the decisions it must not break", "no file, link or earlier decision is named")
	}
	if s.Name == options && s.State != Empty {
		j.options(lines)
	}
	for _, l := range lines {
		if m := unfinished().FindString(l.text); m != "" && !l.code {
			j.saw(fmt.Sprintf("write what %s in line %d stands for", m, l.number), "line %d says %s", l.number, m)
		}
	}
}

// shortProblem is the number of words below which a problem hardly tells who is hurt,
// by what and how one knows.
const shortProblem = 15

var (
	unfinished = lazy.Regexp(`\b(TODO|TBD|FIXME|XXX)\b|\?\?\?`)
	reference  = lazy.Regexp("`|\\]\\(|https?://|[\\pL\\pN_-]/[\\pL\\pN_.-]|[\\pL\\pN_-]\\.[a-z]{1,5}\\b|#[0-9]|(?i)\\b(decided|decision|agreed)\\b")
	optionLine = lazy.Regexp(`^(?:[-*+]|\d+[.)])[ \t]+\S|^#{3,6}[ \t]+\S|^\*\*\S|^(?i:option|solution)[ \t]+\w{1,3}\b`)
)

// refers tells whether the line names something outside the worksheet.
func (l bodyLine) refers() bool { return l.code || reference().MatchString(l.text) }

func wordsOf(lines []bodyLine) (n int) {
	for _, l := range lines {
		_, _, text := l.box()
		if text == "" {
			text = l.text
		}
		n += len(strings.Fields(text))
	}
	return n
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// options looks for alternatives, and for the one that was chosen.
func (j *judge) options(lines []bodyLine) {
	n, last := 0, false // headings, or the outermost list
	for _, l := range lines {
		is := !l.code && optionLine().MatchString(l.text)
		heading := is && (l.text[0] == '#' || l.text[0] == '*' && strings.HasPrefix(l.text, "**"))
		switch {
		case heading && !last: // the list before it belonged to the text
			n, last = 1, true
		case is && heading == last:
			n++
		}
	}
	if n == 1 {
		j.saw("add what you decided against, and why", "one option only")
	}
	if n > 1 {
		j.found = append(j.found, fmt.Sprintf("%d options", n))
	}
	if !marked(lines) {
		j.saw("mark the option you would take with (Recommended), and say why", "none is marked as recommended or chosen")
	}
}

// plan counts the boxes.
func (j *judge) plan(lines []bodyLine, state SectionState) {
	all, open, next := boxes(lines)
	j.ticked = all > open
	switch {
	case state == Empty:
		j.saw(Advice(plan), "nothing is written yet")
	case all == 0:
		j.saw("write the steps as boxes, `- [ ] step`, so that one sees how far it is", "no boxes")
	case open == 0 && j.task.Status != Completed:
		j.saw("finish QA Exploration and Review Feedback, then set the status to completed", "%s", ofBoxes("ticked", all, all))
	case open == 0:
		j.found = append(j.found, ofBoxes("ticked", all, all))
	case j.task.Status == Completed:
		j.saw("tick what is done, and take out what will not be done", "%s though the task is completed", ofBoxes("open", open, all))
	case j.begun() || j.ticked:
		j.saw(fmt.Sprintf("take the first open step, %q", next), "%s", ofBoxes("open", open, all))
	default:
		j.found = append(j.found, fmt.Sprintf("%s, none ticked", count(all, "box", "boxes")))
	}
	if state == Thin {
		j.saw("say what each step changes and how one sees that it is done", "%s", count(wordsOf(lines), "word", "words"))
	}
}

// ofBoxes says how many of the boxes are what: "3 of 5 boxes open".
func ofBoxes(what string, n, all int) string {
	if n == all && all > 1 {
		return fmt.Sprintf("all %d boxes %s", all, what)
	}
	return fmt.Sprintf("%d of %s %s", n, count(all, "box", "boxes"), what)
}

// boxes counts the task boxes; next is the text of the first open one.
func boxes(lines []bodyLine) (all, open int, next string) {
	for _, l := range lines {
		is, ticked, text := l.box()
		if !is {
			continue
		}
		all++
		if ticked {
			continue
		}
		if open++; open == 1 {
			next = text
		}
	}
	return all, open, next
}

// boxed looks at a section that a ticked box settles.
func (j *judge) boxed(s Section, lines []bodyLine) {
	all, open, _ := boxes(lines)
	settled := unsettled(lines, s.Line, s.Name == qa) == 0
	said := slices.ContainsFunc(lines, func(l bodyLine) bool {
		is, _, _ := l.box()
		return !is && l.says()
	})
	switch {
	case settled && s.Name == qa && !said && !slices.ContainsFunc(lines, func(l bodyLine) bool { return naReason().MatchString(l.text) }):
		j.saw("write down what you tried and what came of it", "the box is ticked, but what was tried is not written")
	case settled:
		j.found = append(j.found, "settled")
	case open > 0 && said:
		j.saw("tick the box when nothing is left", "%s", ofBoxes("not ticked", open, all))
	case open > 0:
		j.saw(Advice(s.Name), "box not ticked")
	case s.Name == qa && slices.ContainsFunc(lines, func(l bodyLine) bool { return na().MatchString(l.text) && !naReason().MatchString(l.text) }):
		j.saw("write the reason behind N/A", "N/A without a reason")
	case said:
		j.saw("add the box `- [ ] "+boxText(s.Name)+"`, and tick it when nothing is left", "there is no box to tick")
	default:
		j.saw(Advice(s.Name), "nothing is written yet, and there is no box to tick")
	}
}

// boxText is the text of the box that the template puts into a section.
func boxText(section string) string {
	_, text, _ := strings.Cut(placeholders[section], "- [ ] ")
	return text
}

// Advice is what to write into a section that is not filled.
func Advice(section string) string {
	switch section {
	case problem:
		return "say who is hurt by what, how often, and what it costs them"
	case context:
		return "name the files, earlier decisions and limits that one has to know to judge a solution"
	case options:
		return "describe two or three options with their price, and mark one as (Recommended) or (Chosen)"
	case plan:
		return "list the steps in order as boxes, `- [ ] step`, each small enough to check off"
	case progress:
		return "while the work is done, write down what was changed and what turned out otherwise"
	case qa:
		return "try the result by hand, write what came of it and tick the box, or write N/A with the reason"
	case review:
		return "answer what the review asked for and tick the box when nothing is left"
	}
	return ""
}
