package chart

import (
	"fmt"
	"strings"
	"time"
)

// Span is one line of a timeline.
type Span struct {
	Label, Href string
	Start       time.Time // zero: not known
	Due         time.Time // zero: no date to hold
	Words       string    // about the date: "due in 3 weeks", "10 days over"
	Over        bool      // the date has passed and it is not done
	Done, All   int
}

// Timeline draws from when to when things go and how far they are, a line each on
// one scale of months, with today across all of them. The words stand beside the
// drawings as text. "" where there are none.
func Timeline(caption string, spans []Span, today time.Time) string {
	if len(spans) == 0 {
		return ""
	}
	days := []time.Time{today}
	for _, sp := range spans {
		days = append(days, plausible(sp.Start, today), plausible(sp.Due, today))
	}
	s, ok := newScale(days...)
	if !ok {
		return ""
	}
	pad := max(int64(float64(s.to.Unix()-s.from.Unix())*0.03), 86400)
	s.from, s.to = day(time.Unix(s.from.Unix()-pad, 0).UTC()), day(time.Unix(s.to.Unix()+pad, 0).UTC())
	months := ticks(s)
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="chart timeline"><ol aria-label="%s">`, esc(caption))
	for _, sp := range spans {
		sp.draw(&b, s, months, today)
	}
	b.WriteString(`</ol><svg class="chart-months" xmlns="http://www.w3.org/2000/svg" aria-hidden="true" direction="ltr" width="100%" height="20">`)
	for i, m := range months {
		f := s.at(m)
		if f > 0.93 {
			continue // its name would not fit
		}
		words := m.Format("Jan")
		if i == 0 || m.Month() == time.January {
			words = m.Format("Jan 2006")
		}
		fmt.Fprintf(&b, `<text class="c-axis" x="%s" y="14">%s</text>`, pct(f), words)
	}
	b.WriteString(`</svg></div>`)
	return b.String()
}

// plausible is t, or the zero time where it lies so far off that it would squeeze
// everything else: 20 years.
func plausible(t, today time.Time) time.Time {
	if t.IsZero() || !today.IsZero() && max(t.Unix()-today.Unix(), today.Unix()-t.Unix()) > 20*366*86400 {
		return time.Time{}
	}
	return t
}

// ticks are the first days of months, so few that their names fit on a small screen.
func ticks(s scale) []time.Time {
	months := (s.to.Year()-s.from.Year())*12 + int(s.to.Month()) - int(s.from.Month())
	step := 240
	for _, n := range []int{1, 2, 3, 6, 12, 24, 60, 120} {
		if months/n <= 4 {
			step = n
			break
		}
	}
	var out []time.Time
	at := time.Date(s.from.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)
	for ; !at.After(s.to) && len(out) < 12; at = at.AddDate(0, step, 0) {
		if !at.Before(s.from) {
			out = append(out, at)
		}
	}
	return out
}

func (sp Span) draw(b *strings.Builder, s scale, months []time.Time, today time.Time) {
	label := "<bdi>" + esc(sp.Label) + "</bdi>"
	if local(sp.Href) {
		label = fmt.Sprintf(`<a href="%s">%s</a>`, esc(sp.Href), label)
	}
	over := ""
	if sp.Over {
		over = " over"
	}
	fmt.Fprintf(b, `<li><p class="timeline-words"><span class="timeline-name">%s</span><span class="timeline-due%s">%s</span><span class="timeline-n">%s</span></p>`,
		label, over, esc(sp.Words), sp.ofAll())
	fmt.Fprintf(b, `<svg class="chart-span" xmlns="http://www.w3.org/2000/svg" role="img" direction="ltr" width="100%%" height="26"><title>%s</title><desc>%s</desc>`, esc(sp.Label), esc(sp.words()))
	for _, m := range months {
		fmt.Fprintf(b, `<line class="c-grid" x1="%[1]s" x2="%[1]s" y1="0" y2="100%%"/>`, pct(s.at(m)))
	}
	from, to, open := sp.ends(today)
	if !from.IsZero() {
		x, w := s.at(from), max(s.at(to)-s.at(from), 0.006)
		x = min(x, 1-w)
		name := "c-bar" + over
		if open {
			name += " open"
		}
		fmt.Fprintf(b, `<rect class="%s" x="%s" y="8" width="%s" height="10" rx="3"/>`, name, pct(x), pct(w))
		if part := w * float64(percent(sp.Done, sp.All)) / 100; part > 0 {
			fmt.Fprintf(b, `<rect class="c-fill%s" x="%s" y="8" width="%s" height="10" rx="3"/>`, over, pct(x), pct(part))
		}
	}
	if due := plausible(sp.Due, today); !due.IsZero() {
		fmt.Fprintf(b, `<line class="c-due%s" x1="%[2]s" x2="%[2]s" y1="4" y2="22"/>`, over, pct(s.at(due)))
	}
	if !today.IsZero() {
		fmt.Fprintf(b, `<line class="c-mark today" x1="%[1]s" x2="%[1]s" y1="0" y2="100%%"/>`, pct(s.at(today)))
	}
	b.WriteString(`</svg></li>`)
}

// ofAll is how many of how many, as markup.
func (sp Span) ofAll() string {
	if sp.All <= 0 {
		return `<span class="quiet">no tasks</span>`
	}
	return fmt.Sprintf(`<b>%s</b><span class="quiet"> of %s</span>`, count(max(sp.Done, 0)), count(sp.All))
}

// ends are where the bar of a span begins and ends, zero where there is none; open
// says that nothing says when it ends.
func (sp Span) ends(today time.Time) (from, to time.Time, open bool) {
	from, to = plausible(sp.Start, today), plausible(sp.Due, today)
	switch {
	case from.IsZero() && to.IsZero():
		return from, to, true
	case from.IsZero():
		return to, to, false
	case to.IsZero():
		to, open = today, true
	case sp.Over && today.After(to):
		to = today // it goes on past its date
	}
	if to.Before(from) {
		from, to = to, from
	}
	return from, to, open
}

func (sp Span) words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s done, %d percent.", count(max(sp.Done, 0)), tasksWord(max(sp.All, 0)), percent(sp.Done, sp.All))
	if !sp.Start.IsZero() {
		fmt.Fprintf(&b, " Begun on %s.", date(sp.Start, true))
	}
	if !sp.Due.IsZero() {
		fmt.Fprintf(&b, " Due on %s.", date(sp.Due, true))
	}
	if sp.Words != "" {
		b.WriteString(" " + sp.Words + ".")
	}
	return b.String()
}
