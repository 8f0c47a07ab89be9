package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Point is how things stood at the end of a day.
type Point struct {
	Day         time.Time
	Scope, Done int // how many there were, and how many of them were done
}

// BurnOpts say what belongs to a burn-up beside its points.
type BurnOpts struct {
	Title string    // "": Burn-up
	Today time.Time // zero: no line for it
	Due   time.Time // zero: no date to hold
	Notes []string  // sentences about what the points do not know, such as a date that is missing
}

// The measures of a burn-up, in pixels; its width is what it is given.
const (
	burnTop    = 34.0 // room for the words of the lines
	burnHeight = 150.0
	burnBase   = 24.0
	burnGutter = 40.0
	maxPoints  = 400 // that are drawn
	maxRows    = 60  // of the table
)

// BurnUp draws how scope and done grew, with a line for today and one for the date
// to hold, and the numbers as a table. The points may come in any order; of two of a
// day the last counts. Without points it says why there is nothing to draw.
func BurnUp(points []Point, o BurnOpts) string {
	if o.Title == "" {
		o.Title = "Burn-up"
	}
	points = tidy(points)
	var b strings.Builder
	b.WriteString(`<figure class="chart burnup">`)
	if len(points) == 0 {
		b.WriteString(`<p class="chart-none">Nothing to draw yet: there are no tasks in scope.</p></figure>`)
		return b.String()
	}
	days := []time.Time{o.Today, o.Due}
	for _, p := range points {
		days = append(days, p.Day)
	}
	s, _ := newScale(days...)
	s = capped(s, points, o)
	burnDraw(&b, points, s, o)
	last := points[len(points)-1]
	b.WriteString(`<figcaption><ul class="chart-legend">`)
	fmt.Fprintf(&b, `<li><span class="c-key c-scope" aria-hidden="true"></span><span>Scope</span> <b>%s</b></li><li><span class="c-key c-done" aria-hidden="true"></span><span>Done</span> <b>%s</b></li>`, count(last.Scope), count(last.Done))
	b.WriteString(`</ul>`)
	for _, note := range o.Notes {
		fmt.Fprintf(&b, `<p class="quiet">%s</p>`, esc(note))
	}
	b.WriteString(`</figcaption>`)
	burnTable(&b, points, o)
	b.WriteString(`</figure>`)
	return b.String()
}

// tidy sorts the points, drops what cannot be and keeps one a day.
func tidy(points []Point) []Point {
	list := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return day(p.Day).IsZero() || p.Day.Year() < 1 || p.Day.Year() > 9999 })
	slices.SortStableFunc(list, func(a, b Point) int { return day(a.Day).Compare(day(b.Day)) })
	out := list[:0]
	for _, p := range list {
		p.Day, p.Done = day(p.Day), max(p.Done, 0)
		p.Scope = max(p.Scope, p.Done, 0)
		if n := len(out); n > 0 && out[n-1].Day.Equal(p.Day) {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}

// capped keeps a date to hold that lies very far off from squeezing what happened
// into a corner: the drawing goes on for at most as long again as it has gone.
func capped(s scale, points []Point, o BurnOpts) scale {
	now := points[len(points)-1].Day
	if !o.Today.IsZero() && day(o.Today).After(now) {
		now = day(o.Today)
	}
	gone := max(now.Unix()-s.from.Unix(), 30*86400)
	if s.to.Unix()-now.Unix() > 2*gone {
		s.to = day(time.Unix(now.Unix()+2*gone, 0).UTC())
	}
	if first := points[0].Day; !o.Due.IsZero() && day(o.Due).Before(first) {
		if span := max(s.to.Unix()-first.Unix(), 30*86400); first.Unix()-s.from.Unix() > span {
			s.from = day(time.Unix(first.Unix()-span, 0).UTC())
		}
	}
	return s
}

func burnDraw(b *strings.Builder, points []Point, s scale, o BurnOpts) {
	top := nice(maxScope(points))
	y := func(n int) float64 { return burnHeight * (1 - float64(n)/float64(top)) }
	fmt.Fprintf(b, `<svg class="chart-plot" xmlns="http://www.w3.org/2000/svg" role="img" direction="ltr" width="100%%" height="%s"><title>%s</title><desc>%s</desc>`,
		num(burnTop+burnHeight+burnBase), esc(o.Title), esc(burnWords(points, o)))
	// The inner drawing is as wide as the outer one and stands beside the numbers of
	// the axis: the style sheet leaves it the room.
	fmt.Fprintf(b, `<g aria-hidden="true"><svg x="%s" width="100%%" height="%s" overflow="visible">`, num(burnGutter), num(burnTop+burnHeight+burnBase))
	for _, n := range []int{0, top / 2, top} {
		at := num(burnTop + y(n))
		fmt.Fprintf(b, `<line class="c-grid" x1="0" x2="100%%" y1="%s" y2="%s"/><text class="c-axis" x="-8" y="%s" text-anchor="end">%s</text>`, at, at, num(burnTop+y(n)+4), short(n))
	}
	fmt.Fprintf(b, `<svg y="%s" width="100%%" height="%s" viewBox="0 0 1000 %s" preserveAspectRatio="none" overflow="visible">`, num(burnTop), num(burnHeight), num(burnHeight))
	drawn := thinned(points)
	end := s.at(points[len(points)-1].Day)
	if !o.Today.IsZero() {
		end = max(end, s.at(o.Today)) // it still stands so today
	}
	scope, done := steps(drawn, s, end, func(p Point) float64 { return y(p.Scope) }), steps(drawn, s, end, func(p Point) float64 { return y(p.Done) })
	first := num(1000 * s.at(drawn[0].Day))
	fmt.Fprintf(b, `<path class="c-area c-done" d="M%s %sV%s%sV%sZ"/>`, first, num(burnHeight), num(y(drawn[0].Done)), done, num(burnHeight))
	fmt.Fprintf(b, `<path class="c-line c-scope" d="M%s %s%s"/>`, first, num(y(drawn[0].Scope)), scope)
	fmt.Fprintf(b, `<path class="c-line c-done" d="M%s %s%s"/></svg>`, first, num(y(drawn[0].Done)), done)
	last := points[len(points)-1]
	fmt.Fprintf(b, `<circle class="c-dot c-scope" cx="%[1]s" cy="%[2]s" r="3"/><circle class="c-dot c-done" cx="%[1]s" cy="%[3]s" r="3"/>`, pct(end), num(burnTop+y(last.Scope)), num(burnTop+y(last.Done)))
	burnMarks(b, s, o, last.Done < last.Scope)
	b.WriteString(`</svg></g></svg>`)
}

// burnMarks draws the lines of today and of the date to hold, each with its words in
// a row of its own, and the days at both ends.
func burnMarks(b *strings.Builder, s scale, o BurnOpts, open bool) {
	mark := func(name string, at time.Time, words string, row float64) {
		f := s.at(at)
		fmt.Fprintf(b, `<line class="c-mark %[1]s" x1="%[2]s" x2="%[2]s" y1="%[3]s" y2="%[4]s"/><text class="c-word %[1]s" x="%[2]s" y="%[5]s" text-anchor="%[6]s">%[7]s</text>`,
			name, pct(f), num(row+4), num(burnTop+burnHeight), num(row), anchor(f), esc(words))
	}
	if !o.Today.IsZero() {
		mark("today", o.Today, "Today", burnTop-7)
	}
	if !o.Due.IsZero() {
		name, words := "due", "Due "+date(o.Due, o.Due.Year() != o.Today.Year())
		if !o.Today.IsZero() && day(o.Due).Before(day(o.Today)) {
			name, words = "due", "Was due "+date(o.Due, o.Due.Year() != o.Today.Year())
		}
		if open && strings.HasPrefix(words, "Was") {
			name = "due over"
		}
		if d := day(o.Due); d.After(s.to) {
			words += " →"
		} else if d.Before(s.from) {
			words = "← " + words
		}
		mark(name, o.Due, words, burnTop-22)
	}
	long := s.from.Year() != s.to.Year()
	base := num(burnTop + burnHeight + 18)
	fmt.Fprintf(b, `<text class="c-axis" x="0" y="%[1]s">%[2]s</text><text class="c-axis" x="100%%" y="%[1]s" text-anchor="end">%[3]s</text>`, base, date(s.from, long), date(s.to, long))
}

// steps is the path from one point to the next: things stand as they stood until
// they change. It goes on to the end.
func steps(points []Point, s scale, end float64, y func(Point) float64) string {
	var b strings.Builder
	for _, p := range points[1:] {
		fmt.Fprintf(&b, "H%sV%s", num(1000*s.at(p.Day)), num(y(p)))
	}
	fmt.Fprintf(&b, "H%s", num(1000*end))
	return b.String()
}

// thinned leaves out points where there are more than can be seen; first and last stay.
func thinned(points []Point) []Point {
	if len(points) <= maxPoints {
		return points
	}
	out := make([]Point, 0, maxPoints)
	for i := range maxPoints {
		out = append(out, points[i*(len(points)-1)/(maxPoints-1)])
	}
	return out
}

func maxScope(points []Point) int {
	most := 0
	for _, p := range points {
		most = max(most, p.Scope)
	}
	return most
}

// burnWords says what the drawing shows.
func burnWords(points []Point, o BurnOpts) string {
	first, last := points[0], points[len(points)-1]
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s done, %d percent", count(last.Done), tasksWord(last.Scope), percent(last.Done, last.Scope))
	if first.Day.Equal(last.Day) {
		fmt.Fprintf(&b, ", on %s.", date(last.Day, true))
	} else {
		fmt.Fprintf(&b, ", by %s; on %s it was %s of %s.", date(last.Day, true), date(first.Day, true), count(first.Done), count(first.Scope))
	}
	switch {
	case o.Due.IsZero():
	case !o.Today.IsZero() && day(o.Due).Before(day(o.Today)):
		fmt.Fprintf(&b, " It was due on %s.", date(o.Due, true))
	default:
		fmt.Fprintf(&b, " It is due on %s.", date(o.Due, true))
	}
	for _, note := range o.Notes {
		b.WriteString(" " + note)
	}
	return b.String()
}

// burnTable is the same as numbers.
func burnTable(b *strings.Builder, points []Point, o BurnOpts) {
	rows := points
	if len(rows) > maxRows {
		rows = make([]Point, 0, maxRows)
		for i := range maxRows {
			rows = append(rows, points[i*(len(points)-1)/(maxRows-1)])
		}
	}
	fmt.Fprintf(b, `<details class="chart-data"><summary>Numbers</summary><div class="chart-table" tabindex="0" role="region" aria-label="%s as numbers"><table><thead><tr><th scope="col">Day</th><th scope="col">Scope</th><th scope="col">Done</th></tr></thead><tbody>`, esc(o.Title))
	for i := len(rows) - 1; i >= 0; i-- {
		fmt.Fprintf(b, `<tr><th scope="row">%s</th><td>%s</td><td>%s</td></tr>`, date(rows[i].Day, true), count(rows[i].Scope), count(rows[i].Done))
	}
	b.WriteString(`</tbody></table></div>`)
	if len(rows) < len(points) {
		fmt.Fprintf(b, `<p class="quiet">%s of %s days.</p>`, count(len(rows)), count(len(points)))
	}
	b.WriteString(`</details>`)
}
