package importer

import (
	"strings"

	"tasks/internal/lazy"
	"tasks/internal/task"
)

// statuses are words of other tools that the worksheet does not know itself.
var statuses = map[string]task.Status{
	"review": task.InProgress, "in_review": task.InProgress, "reviewing": task.InProgress, "testing": task.InProgress,
	"in_testing": task.InProgress, "qa": task.InProgress, "in_qa": task.InProgress, "doing": task.InProgress,
	"started": task.InProgress, "active": task.InProgress, "wip": task.InProgress, "hooked": task.InProgress,
	"draft": task.NotStarted, "idea": task.NotStarted, "proposed": task.NotStarted, "new": task.NotStarted,
	"deferred": task.NotStarted, "icebox": task.NotStarted, "later": task.NotStarted, "someday": task.NotStarted,
	"planned": task.NotStarted, "pinned": task.NotStarted, "ready": task.NotStarted,
	"complete": task.Completed, "finished": task.Completed, "resolved": task.Completed, "fixed": task.Completed,
	"merged": task.Completed, "shipped": task.Completed, "released": task.Completed, "archived": task.Completed,
	"dropped": task.Cancelled, "rejected": task.Cancelled, "abandoned": task.Cancelled, "wontfix": task.Cancelled,
	"won't_do": task.Cancelled, "wont_do": task.Cancelled, "won't_fix": task.Cancelled, "duplicate": task.Cancelled,
	"waiting": task.Blocked, "on_hold": task.Blocked, "paused": task.Blocked, "stuck": task.Blocked,
}

// statusOf is our status for a word of theirs; false where it is a guess. Ready is
// never one: handing a task over is for people to decide.
func statusOf(word string) (task.Status, bool) {
	if strings.TrimSpace(word) == "" {
		return task.NotStarted, true
	}
	plain := strings.NewReplacer(" ", "_", "-", "_", "’", "'").Replace(strings.ToLower(strings.TrimSpace(word)))
	if s, ok := statuses[plain]; ok {
		return s, true
	}
	if s, ok := task.ParseStatus(word); ok {
		return s, true
	}
	return task.NotStarted, false
}

// priorities are words that the worksheet does not know itself: the numbers are
// those of tools that count from 0.
var priorities = map[string]string{
	"0": "p0", "1": "p1", "2": "p2", "3": "p3", "4": "p3", "p4": "p3",
	"highest": "p0", "blocker": "p0", "major": "p1", "moderate": "p2", "minor": "p3", "lowest": "p3", "trivial": "p3",
}

func priorityOf(word string) (string, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	if p, ok := priorities[word]; ok {
		return p, true
	}
	if p, ok := task.ParsePriority(word); ok {
		return p, true
	}
	return "", word == ""
}

// heads are the headings of other tools and the section that their text belongs to.
// With own the heading says no more than the section and is left out.
var heads = map[string]struct {
	section string
	own     bool
}{
	"description": {inProblem, true}, "problem": {inProblem, true}, "why": {inProblem, true}, "objective": {inProblem, true},
	"overview": {inProblem, false}, "summary": {inProblem, false}, "motivation": {inProblem, false}, "goal": {inProblem, false},
	"user story": {inProblem, false}, "problem statement": {inProblem, false},

	"context": {inContext, true}, "background": {inContext, false},

	"possible solutions": {inOptions, true}, "design": {inOptions, false}, "approach": {inOptions, false}, "solution": {inOptions, false},
	"proposed solution": {inOptions, false}, "options": {inOptions, false}, "alternatives": {inOptions, false},
	"decisions": {inOptions, false}, "risks / trade-offs": {inOptions, false}, "what changes": {inOptions, false},

	"plan": {inPlan, true}, "implementation plan": {inPlan, true}, "tasks": {inPlan, true}, "steps": {inPlan, true},
	"subtasks": {inPlan, false}, "implementation": {inPlan, false}, "implementation details": {inPlan, false},
	"implementation steps": {inPlan, false}, "to do": {inPlan, false}, "todo": {inPlan, false}, "details": {inPlan, false},

	"implementation notes": {inProgress, true}, "implementation progress": {inProgress, true}, "notes": {inProgress, false},
	"final summary": {inProgress, false}, "progress": {inProgress, false}, "log": {inProgress, false}, "work log": {inProgress, false},
	"worklog": {inProgress, false}, "changelog": {inProgress, false},

	"acceptance criteria": {inQA, false}, "definition of done": {inQA, false}, "test strategy": {inQA, false}, "testing": {inQA, false},
	"test plan": {inQA, false}, "verification": {inQA, false}, "validation": {inQA, false}, "qa": {inQA, false},
	"qa exploration": {inQA, true}, "review feedback": {inReview, true}, "review": {inReview, false},
}

// place puts the blocks of a body into the sections that their headings name, the
// others into the section other.
func (r *record) place(list []block, first, other string) {
	for _, b := range list {
		to, known := heads[strings.ToLower(strings.TrimRight(b.heading, ": "))]
		switch {
		case b.heading == "":
			r.add(first, "", b.text)
		case !known:
			r.add(other, b.heading, b.text)
		case to.own:
			r.add(to.section, "", b.text)
		default:
			r.add(to.section, b.heading, b.text)
		}
	}
}

// block is the text under a heading of the second level.
type block struct{ heading, text string }

var (
	marker  = lazy.Regexp(`^<!-- ((?:SECTION:)?[A-Z_]+):BEGIN -->$`)
	heading = lazy.Regexp(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	fence   = lazy.Regexp("^ {0,3}(```+|~~~+)(.*)$")
)

// blocks takes a body apart at its headings of the second level. Within the markers
// that Backlog.md writes, and within code, a heading is text. A first heading of the
// first level that says title again is left out.
func blocks(body, title string) []block {
	lines := strings.Split(body, "\n")
	ends := map[string]int{} // of markers, the last of each
	for i, l := range lines {
		ends[strings.TrimSpace(l)] = i
	}
	list := []block{{}}
	var text []string
	flush := func() { list[len(list)-1].text = strings.Join(text, "\n"); text = nil }
	open, seen := "", false
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if open == "" {
			if m := marker().FindStringSubmatch(strings.TrimSpace(l)); m != nil {
				if end := ends["<!-- "+m[1]+":END -->"]; end > i {
					text = append(text, lines[i+1:end]...)
					i = end
					continue
				}
			}
			if m := heading().FindStringSubmatch(l); m != nil && len(m[1]) <= 2 {
				if len(m[1]) == 1 && !seen && oneLine(m[2]) == oneLine(title) {
					seen = true
					continue
				}
				if len(m[1]) == 2 {
					flush()
					list = append(list, block{heading: m[2]})
					continue
				}
			}
		}
		open = fenced(open, l)
		text = append(text, l)
	}
	flush()
	return list
}

// fenced is what the code block began with in which the line after l stands, "" for none.
func fenced(open, l string) string {
	m := fence().FindStringSubmatch(l)
	switch {
	case m == nil:
		return open
	case open == "":
		if m[1][0] == '`' && strings.Contains(m[2], "`") {
			return ""
		}
		return m[1]
	case strings.HasPrefix(m[1], open) && strings.TrimSpace(m[2]) == "":
		return ""
	}
	return open
}
