package task

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tasks/internal/fault"
)

// placeholders are what a new worksheet says in each section. They are comments,
// so a section that holds nothing else is empty.
var placeholders = map[string]string{
	problem: `<!-- Who is hurt by what, how often, and what it costs them. No solution yet. -->`,
	context: `<!-- What one has to know to judge a solution: files, earlier decisions, limits, links. -->`,
	options: `<!-- Two or three options, each with its price. Mark one as (Recommended) or (Chosen). -->`,
	plan: `<!-- The steps in order, each one small enough to check off:
- [ ] Add a test that shows the fault
- [ ] Mend it -->`,
	progress: `<!-- Written while the work is done: what was changed and where, what turned out otherwise. -->`,
	qa: `<!-- What was tried by hand and what came of it. Tick the box, or write: N/A and the reason. -->
- [ ] QA done`,
	review: `<!-- What the review asked for and what became of it. Tick the box when nothing is left. -->
- [ ] Review cleared`,
}

// Draft is a worksheet to be written. Empty fields are left out.
type Draft struct {
	Title, Description              string
	Status                          Status // not_started where empty
	Priority, Milestone, Workstream string
	Initiative, Owner               string
	DependsOn                       []string
	Sections                        map[string]string // text by name; the others get placeholders
	Body                            []byte            // in place of the sections, nil for none
	Created                         time.Time

	ID, Parent         string
	Labels, Touches    []string
	Updated, Completed time.Time // Updated is Created where zero
	More               []byte    // whole lines of yaml for the end of the front matter
}

// Changes are the front matter of the draft, in the order in which it is written.
func (d Draft) Changes() []Change {
	status := d.Status
	if status == "" {
		status = NotStarted
	}
	out := []Change{{"type", "task"}}
	if d.ID != "" {
		out = append(out, Change{"id", d.ID})
	}
	out = append(out, Change{"title", d.Title})
	add := func(key, value string) {
		if value != "" {
			out = append(out, Change{key, value})
		}
	}
	add("description", d.Description)
	add("status", string(status))
	add("priority", d.Priority)
	add("milestone", d.Milestone)
	add("workstream", d.Workstream)
	add("initiative", d.Initiative)
	add("owner", d.Owner)
	out = append(out, Change{"depends_on", append([]string{}, d.DependsOn...)})
	for _, l := range []struct {
		key   string
		items []string
	}{{"labels", d.Labels}, {"touches", d.Touches}} {
		if len(l.items) > 0 {
			out = append(out, Change{l.key, l.items})
		}
	}
	add("parent", d.Parent)
	updated := d.Updated
	if updated.IsZero() {
		updated = d.Created
	}
	for _, at := range []struct {
		key  string
		time time.Time
	}{{"created_at", d.Created}, {"updated_at", updated}, {"completed_at", d.Completed}} {
		if !at.time.IsZero() {
			out = append(out, Change{at.key, at.time})
		}
	}
	return out
}

// Render writes the worksheet. Invalid for a value that is not of its form, a
// section that no worksheet has, or a text that would begin another section.
func (d Draft) Render() ([]byte, error) {
	var b strings.Builder
	b.WriteString("---\n")
	for _, c := range d.Changes() {
		w, err := wish(c)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s: %s\n", w.key, w.text())
	}
	b.Write(d.More)
	b.WriteString("---\n")
	if d.Body != nil {
		b.WriteString("\n")
		b.Write(d.Body)
		return []byte(b.String()), nil
	}
	texts, err := d.texts()
	if err != nil {
		return nil, err
	}
	for _, name := range SectionNames {
		text := placeholders[name]
		if t := texts[name]; t != "" {
			text = t
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", name, text)
	}
	return []byte(b.String()), nil
}

// Whole adds the sections that a text lacks, each with its placeholder in the place
// where it belongs; what is there stays. Invalid where the text leaves a code block or
// a comment open, so that nothing behind it could be a section.
func Whole(src []byte) ([]byte, error) {
	have := Sections(src)
	for _, name := range SectionNames {
		if slices.ContainsFunc(have, func(s Section) bool { return s.Name == name }) {
			continue
		}
		next, err := SetSection(src, name, 0, placeholders[name])
		if err != nil {
			return nil, fault.New(fault.Invalid, "the section %s cannot be added to the text: %w", name, err).WithHint("%s", fault.HintOf(err))
		}
		src = next
	}
	return src, nil
}

// texts are the given texts under the names of SectionNames.
func (d Draft) texts() (map[string]string, error) {
	out := map[string]string{}
	for given, text := range d.Sections {
		name := sectionName(given)
		if placeholders[name] == "" {
			return nil, fault.New(fault.Invalid, "a worksheet has no section %q", given).
				WithHint("the sections are %s", strings.Join(SectionNames, ", "))
		}
		text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
		probe := Sections([]byte("## " + name + "\n\n" + text + "\n\n## end\n"))
		if len(probe) != 2 || probe[1].Name != "end" {
			return nil, fault.New(fault.Invalid, "the text of the section %s would break the worksheet: it begins a section of its own, or leaves a code block or a comment open", name).
				WithHint("use ### for headings within a section")
		}
		if name == qa || name == review {
			if !strings.Contains(text, "[ ]") && !strings.Contains(strings.ToLower(text), "[x]") && text != "" {
				_, box, _ := strings.Cut(placeholders[name], "-->\n")
				text += "\n\n" + box
			}
		}
		out[name] = text
	}
	return out, nil
}
