package chart

import (
	"fmt"
	"math"
	"strings"
)

// Part is one part of a whole.
type Part struct {
	Class string // of the element: a status with dashes, such as in-progress
	Label string
	N     int    // below zero counts as zero
	Href  string // where the legend's line leads; only a path of the site
}

// Sum is all parts together.
func Sum(parts []Part) int {
	sum := 0
	for _, p := range parts {
		if n := max(p.N, 0); sum > math.MaxInt-n {
			return math.MaxInt
		} else {
			sum += n
		}
	}
	return sum
}

// thin is the least share that a part is drawn with: one of ten thousand is seen too.
const thin = 0.008

// shares are the parts' shares of the whole as they are drawn; all zero for none.
func shares(parts []Part) []float64 {
	out := make([]float64, len(parts))
	whole := 0.0
	for i, p := range parts {
		out[i] = float64(max(p.N, 0))
		whole += out[i]
	}
	if whole == 0 {
		return out
	}
	drawn := 0.0
	for i := range out {
		if out[i] > 0 {
			out[i] = max(out[i]/whole, thin)
			drawn += out[i]
		}
	}
	for i := range out {
		out[i] /= drawn
	}
	return out
}

// described says the parts in words: "3 of 8 tasks: 2 ready, 1 blocked".
func described(parts []Part) string {
	var words []string
	for _, p := range parts {
		if p.N > 0 {
			words = append(words, count(p.N)+" "+strings.ToLower(p.Label))
		}
	}
	if len(words) == 0 {
		return "No tasks."
	}
	return tasksWord(Sum(parts)) + ": " + strings.Join(words, ", ") + "."
}

// Stack draws the parts of a whole as one bar over the width that it is given, as
// tall as its class says. Nothing at all is an empty bar that says so.
func Stack(title string, parts []Part) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart-stack" xmlns="http://www.w3.org/2000/svg" role="img" direction="ltr" width="100%%" height="10" preserveAspectRatio="none"><title>%s</title><desc>%s</desc>`,
		esc(title), esc(described(parts)))
	b.WriteString(`<rect class="c-track" width="100%" height="100%"/>`)
	x := 0.0
	for i, share := range shares(parts) {
		if share > 0 {
			fmt.Fprintf(&b, `<rect class="c-part c-%s" x="%s" width="%s" height="100%%"/>`, class(parts[i].Class), pct(x), pct(share))
			x += share
		}
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// Legend lists the parts with their numbers; those of none are left out, and where
// there are none at all it is "".
func Legend(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.N <= 0 {
			continue
		}
		label := fmt.Sprintf(`<span class="c-key c-%s" aria-hidden="true"></span><span>%s</span> <b>%s</b>`, class(p.Class), esc(p.Label), count(p.N))
		if local(p.Href) {
			label = fmt.Sprintf(`<a href="%s">%s</a>`, esc(p.Href), label)
		}
		fmt.Fprintf(&b, `<li>%s</li>`, label)
	}
	if b.Len() == 0 {
		return ""
	}
	return `<ul class="chart-legend">` + b.String() + `</ul>`
}

// Bar is one line of Bars.
type Bar struct {
	Label, Href string
	Note        string // in quiet words after the label
	Parts       []Part
}

// Bars draws one bar a line, all on one scale, as a table with the numbers: done of
// all. "" where there are none.
func Bars(caption, head string, bars []Bar, done string) string {
	if len(bars) == 0 {
		return ""
	}
	most := 1
	for _, bar := range bars {
		most = max(most, Sum(bar.Parts))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<table class="chart-bars"><caption class="vh">%s</caption><thead class="vh"><tr><th scope="col">%s</th><th scope="col">By state</th><th scope="col">Done</th></tr></thead><tbody>`, esc(caption), esc(head))
	for _, bar := range bars {
		label := "<bdi>" + esc(bar.Label) + "</bdi>"
		if local(bar.Href) {
			label = fmt.Sprintf(`<a href="%s">%s</a>`, esc(bar.Href), label)
		}
		if bar.Note != "" {
			label += ` <span class="quiet">` + esc(bar.Note) + `</span>`
		}
		all, finished := Sum(bar.Parts), 0
		for _, p := range bar.Parts {
			if p.Class == done {
				finished += max(p.N, 0)
			}
		}
		fmt.Fprintf(&b, `<tr><th scope="row">%s</th><td class="bar">%s</td><td class="n">%s<span class="quiet"> of %s</span></td></tr>`,
			label, bar.draw(all, most), count(finished), count(all))
	}
	b.WriteString(`</tbody></table>`)
	return b.String()
}

// draw is the bar of a line.
func (bar Bar) draw(all, most int) string {
	long := float64(all) / float64(most)
	if all > 0 {
		long = max(long, 0.02)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart-bar" xmlns="http://www.w3.org/2000/svg" role="img" direction="ltr" width="100%%" height="10" preserveAspectRatio="none"><title>%s</title><desc>%s</desc>`,
		esc(bar.Label), esc(described(bar.Parts)))
	x := 0.0
	for i, share := range shares(bar.Parts) {
		if share > 0 {
			fmt.Fprintf(&b, `<rect class="c-part c-%s" x="%s" width="%s" height="100%%"/>`, class(bar.Parts[i].Class), pct(x*long), pct(share*long))
			x += share
		}
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// class makes a class name of any word.
func class(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s)
}

// local tells a path of the site.
func local(href string) bool {
	return strings.HasPrefix(href, "#") || strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//")
}
