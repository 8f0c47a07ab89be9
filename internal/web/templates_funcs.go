package web

import (
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"tasks/internal/docs"
	"tasks/internal/lazy"
	"tasks/internal/run"
	"tasks/internal/task"
)

// templateFuncs are the functions of all templates.
var templateFuncs = template.FuncMap{
	"icon":          icon,
	"when":          when,
	"clock":         clock,
	"age":           age,
	"day":           day,
	"under":         under,
	"planHref":      planHref,
	"dueDay":        func(t time.Time) string { return t.Format("2 Jan 2006") },
	"dict":          dict,
	"list":          func(items ...any) []any { return items },
	"plural":        plural,
	"add":           func(a, b int) int { return a + b },
	"num":           num,
	"class":         safeClass,
	"initials":      initials,
	"statusLabel":   statusLabel,
	"statusIcon":    statusIcon,
	"statuses":      func() []task.Status { return writtenStatuses },
	"priorityLabel": priorityLabel,
	"priorityIcon":  priorityIcon,
	"runIcon":       runIcon,
	"runLabel":      runLabel,
	"healthIcon":    healthIcon,
	"sectionState":  sectionState,
	"sectionAdvice": task.Advice,
	"dirOf":         dirOf,
	"baseOf":        path.Base,
	"indent":        indent,
	"took":          took,
	"deref":         deref,
	"queueable":     queueable,
	"sentence":      sentence,
	"lead":          lead,
	"figures":       figures,
	"saysSame":      saysSame,
	"ordered":       ordered,
	"namedNeeds":    func(list []TaskRef) []TaskRef { return list[:min(len(list), namedNeeds)] },
	"firsts":        firsts,
	"askParts":      askParts,
	"rfc":           func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clockText":     func(t time.Time) string { return t.Local().Format("15:04:05") },
	"hash8":         func(s string) string { return s[:min(len(s), 8)] },
	"runPhase":      runPhase,
	"attemptWord":   attemptWord,
	"more":          func(n int) int { return max(n-shownRows, 0) },
}

//go:embed assets/icons/sprite.svg
var sprite string

var icons = sync.OnceValue(func() map[string]string { return parseSprite(sprite) })

// parseSprite takes the symbols of the icon file apart: id to content.
func parseSprite(svg string) map[string]string {
	found := make(map[string]string)
	for _, m := range regexp.MustCompile(`<symbol id="([a-z0-9-]+)"[^>]*>(.*)</symbol>`).FindAllStringSubmatch(svg, -1) {
		found[m[1]] = m[2]
	}
	return found
}

// icon is an inline SVG of the sprite. Without a label it is decoration beside
// words; with one it stands alone and is named. An unknown name is an error, so
// that a misspelt one fails the templates' test.
func icon(name string, label ...string) (template.HTML, error) {
	body, ok := icons()[name]
	if !ok {
		return "", fmt.Errorf("no icon %q in the sprite", name)
	}
	role := `aria-hidden="true"`
	if len(label) > 0 {
		role = `role="img" aria-label="` + template.HTMLEscapeString(label[0]) + `"`
	}
	return template.HTML(`<svg class="icon" width="16" height="16" viewBox="0 0 24 24" ` + role + `>` + body + `</svg>`), nil
}

// when is a time in words, with the exact one on hover; "" for no time. The
// browser keeps the words fresh.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-ago>%s</time>`,
		t.UTC().Format(time.RFC3339), t.Format("Mon 2 Jan 2006, 15:04:05"), ago(time.Since(t))))
}

// age is how long it is since then, in words; the browser keeps it fresh.
func age(t time.Time) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-ago data-short>%s</time>`,
		t.UTC().Format(time.RFC3339), t.Format("Mon 2 Jan 2006, 15:04:05"), shortAgo(time.Since(t))))
}

// shortAgo is ago without its last word, "" for what has just begun. The same words are in js/lib/time.js.
func shortAgo(d time.Duration) string {
	if words := strings.TrimSuffix(ago(d), " ago"); words != "just now" {
		return words
	}
	return ""
}

// shownRows is how much of a list a page shows that is not paged.
const shownRows = 100

// firsts are the first of a list, as many as are shown.
func firsts(list any) (any, error) {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice {
		return nil, fmt.Errorf("firsts of a %T", list)
	}
	return v.Slice(0, min(v.Len(), shownRows)).Interface(), nil
}

// ordered tells whether the tree begins with the site's own order.
func ordered(nav []*docs.Node) bool {
	return slices.ContainsFunc(nav, func(n *docs.Node) bool { return n.Files })
}

// under tells whether a page is one of these or lies below one.
func under(url string, pages ...string) bool {
	for _, p := range pages {
		if url == p || strings.HasPrefix(url, p+"/") {
			return true
		}
	}
	return false
}

// clock is the time of a day, with the whole of it on hover.
func clock(t time.Time) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.UTC().Format(time.RFC3339), t.Local().Format("Mon 2 Jan 2006, 15:04:05"), t.Local().Format("15:04")))
}

// day is a day in words, with its year where that is not the present one.
func day(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	layout := "2 Jan"
	if t.Year() != time.Now().Year() {
		layout = "2 Jan 2006"
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.Format(time.RFC3339), t.Format("Mon 2 Jan 2006"), t.Format(layout)))
}

// ago is a duration since then, in words. The same words are in js/lib/time.js.
func ago(d time.Duration) string {
	if d < 45*time.Second {
		return "just now"
	}
	for _, u := range []struct {
		size time.Duration
		upto int
		name string
	}{
		{time.Minute, 60, "min"},
		{time.Hour, 24, "h"},
		{24 * time.Hour, 14, "day"},
		{7 * 24 * time.Hour, 9, "week"},
		{30 * 24 * time.Hour, 18, "month"},
	} {
		n := int((d + u.size/2) / u.size)
		if n >= u.upto {
			continue
		}
		n = max(n, 1)
		if n > 1 && len(u.name) > 3 || n > 1 && u.name == "day" {
			return fmt.Sprintf("%d %ss ago", n, u.name)
		}
		return fmt.Sprintf("%d %s ago", n, u.name)
	}
	return fmt.Sprintf("%d years ago", max(2, int(d/(365*24*time.Hour))))
}

// dict makes a map of key, value pairs, to hand several values to a template.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict needs pairs")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: key %v is not a string", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(n) + " " + many
}

// num writes a count with a thin space between thousands.
func num(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// safeClass makes a class name of any value: what is not a letter, digit or dash
// becomes a dash.
func safeClass(v any) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return '-'
	}, fmt.Sprint(v))
}

// initials are one or two letters that stand for an owner.
func initials(owner string) string {
	var out []rune
	for _, word := range strings.FieldsFunc(owner, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		r, _ := utf8.DecodeRuneInString(word)
		if out = append(out, unicode.ToUpper(r)); len(out) == 2 {
			break
		}
	}
	return string(out)
}

// sectionState finds how full the section under a heading is, "" for a heading
// that is not a section.
func sectionState(sections []task.Section, heading string) task.SectionState {
	for _, s := range sections {
		if s.Line > 0 && strings.EqualFold(s.Name, strings.TrimSpace(heading)) {
			return s.State
		}
	}
	return ""
}

// dirOf is the folder part of a path with its slash, "" at the root.
func dirOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i+1]
	}
	return ""
}

// sentence is a message of the program as a sentence of its own. What begins with a path
// or a name of code stays as it is: another letter would make it another file.
func sentence(s string) string {
	first, _, _ := strings.Cut(s, " ")
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || strings.ContainsAny(strings.TrimRight(first, ".:,;"), "/._:=") {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

var tags = lazy.Regexp(`<[^>]*>`)

// saysSame tells whether a rendered heading says the title and nothing else.
func saysSame(heading template.HTML, title string) bool {
	text := html.UnescapeString(tags().ReplaceAllString(string(heading), ""))
	return strings.EqualFold(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(title), " "))
}

// figure is one number of the status page.
type figure struct {
	Label string
	N     int
}

// figures picks what is worth a number of the projection's counts, in order. What
// is zero and not expected to be anything else is left out.
func figures(counts map[string]int) []figure {
	open := counts["total"] - counts[string(task.Completed)] - counts[string(task.Cancelled)]
	out := []figure{{"Open", open}, {"Queued", counts["run_queued"]}, {"Ready, not queued", counts["ready_not_queued"]}}
	for _, f := range []figure{
		{"Held up", counts["run_blocked"]},
		{"Running", counts["run_running"]},
		{"Waiting for review", counts["run_review"]},
		{"Broken", counts["broken"]},
		{"Completed", counts[string(task.Completed)]},
	} {
		if f.N > 0 {
			out = append(out, f)
		}
	}
	return out
}

// leadParts is a document taken apart at its first heading.
type leadParts struct{ Title, Rest template.HTML }

// lead takes a leading H1 off a rendered document, so that the quiet line can
// stand between the title and the text. Both parts stay what the renderer made.
func lead(doc template.HTML) leadParts {
	s := strings.TrimSpace(string(doc))
	if !strings.HasPrefix(s, "<h1") {
		return leadParts{Rest: doc}
	}
	i := strings.Index(s, "</h1>")
	if i < 0 {
		return leadParts{Rest: doc}
	}
	i += len("</h1>")
	return leadParts{Title: template.HTML(s[:i]), Rest: template.HTML(s[i:])}
}

// indent is the depth of a heading in an outline that begins at H2, at most 3.
func indent(level int) int { return min(max(level-2, 0), 3) }

func took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", max(d.Milliseconds(), 1))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// queueable tells whether a click may queue the task: its file parses, it is not
// over, and no run holds it.
func queueable(t *task.Task, r *RunView) bool {
	if t == nil || t.Broken != nil || t.Status == task.Completed || t.Status == task.Cancelled {
		return false
	}
	if r == nil {
		return true
	}
	switch run.State(r.State) {
	case run.Accepted, run.Rejected, run.Failed, run.Interrupted:
		return true
	}
	return false
}
