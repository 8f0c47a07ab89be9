package chart

import (
	"cmp"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode"
)

// shapes are the signs of the statuses, in a square of 16: no two look the same
// without colour.
var shapes = map[string]string{
	"not_started": `<circle cx="8" cy="8" r="6" stroke-dasharray="2.4 2.3"/>`,
	"ready":       `<circle cx="8" cy="8" r="6"/>`,
	"in_progress": `<circle cx="8" cy="8" r="6"/><path d="M8 4.5a3.5 3.5 0 0 1 0 7z" fill="currentColor"/>`,
	"blocked":     `<path d="M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4z"/><path d="M8 5v3.4M8 10.9v.1"/>`,
	"completed":   `<circle cx="8" cy="8" r="6" fill="currentColor"/><path class="g-tick" d="m5.4 8.2 1.8 1.8 3.5-3.7"/>`,
	"cancelled":   `<circle cx="8" cy="8" r="6"/><path d="m3.8 12.2 8.4-8.4"/>`,
	missing:       `<path d="m3.5 3.5 9 9m0-9-9 9"/>`,
	"broken":      `<path d="M8 2.2 14.3 13.4H1.7z"/><path d="M8 6.4v3M8 11.5v.1"/>`,
}

// drawNode draws a box: a link where the node has an address.
func (l *drawn) drawNode(b *strings.Builder, i int, oneLine bool) {
	n := l.nodes[i]
	status := n.Status
	if _, known := shapes[status]; !known || status == "broken" {
		status = "not_started"
	}
	sign, word := status, cmp.Or(n.Word, n.Status)
	if n.Broken {
		sign, word = "broken", strings.TrimPrefix(word+", does not parse", ", ")
	}
	label := cmp.Or(n.Label, n.ID)
	name := label
	if word != "" {
		name += " (" + word + ")"
	}
	class := "g-node " + strings.ReplaceAll(status, "_", "-")
	for _, more := range []struct {
		on   bool
		name string
	}{{n.Focus, " focus"}, {n.Broken, " broken"}} {
		if more.on {
			class += more.name
		}
	}
	link := strings.HasPrefix(n.Href, "#") || strings.HasPrefix(n.Href, "/") && !strings.HasPrefix(n.Href, "//")
	open, shut := fmt.Sprintf(`<g class="%s" role="img" aria-label="%s" data-node="%s"`, class, esc(name), esc(n.ID)), `</g>`
	if link {
		open, shut = fmt.Sprintf(`<a class="%s" href="%s" data-node="%s"`, class, esc(n.Href), esc(n.ID)), `</a>`
		if n.Focus {
			open += ` aria-current="true"`
		}
	}
	fmt.Fprintf(b, `%s transform="translate(%s %s)"><title>%s</title><rect width="%s" height="%s" rx="6"/>`,
		open, num(l.x[i]), num(l.y[i]), esc(name), num(l.w), num(l.h))
	fmt.Fprintf(b, `<g class="g-sign" transform="translate(9 %s)" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">%s</g>`, num(l.h/2-8), shapes[sign])
	const textX = 32.0
	room := l.w - textX - 8
	if oneLine || label == n.ID {
		line(b, "g-label", l.h/2+4.5, cut(label, room, 13, proportional), 13)
	} else {
		line(b, "g-label", l.h/2-3, cut(label, room, 13, proportional), 13)
		line(b, "g-id", l.h/2+13, cut(n.ID, room, 11.5, even), 11.5)
	}
	b.WriteString(shut)
}

// line is one line of text in a box.
func line(b *strings.Builder, class string, y float64, text string, size float64) {
	fmt.Fprintf(b, `<text class="%s" aria-hidden="true" x="32" y="%s" font-size="%s" stroke="none" fill="currentColor">%s</text>`, class, num(y), num(size), isolate(text))
}

// drawEdge draws an arrow through its turning points.
func (l *drawn) drawEdge(b *strings.Builder, r route) {
	mid := l.h / 2
	if r.self {
		i := r.through[0]
		x, y := l.x[i]+l.w, l.y[i]+mid
		fmt.Fprintf(b, `<path class="g-edge back self" stroke-dasharray="4 3" d="M%s %sc18 -4 18 -16 0 -%s"/>`, num(x), num(y), num(mid-6))
		return
	}
	class, dash := "g-edge", ""
	if r.back { // beside the way there, where two wait for each other
		mid += l.h / 5
		class, dash = "g-edge back", ` stroke-dasharray="4 3"`
	}
	var d strings.Builder
	first := r.through[0]
	x, y := l.x[first]+l.w, l.y[first]+mid
	startX, startY := x, y
	fmt.Fprintf(&d, "M%s %s", num(x), num(y))
	for k, i := range r.through[1:] {
		toX, toY := l.x[i], l.y[i]+mid
		bend := (toX - x) / 2
		fmt.Fprintf(&d, "C%s %s %s %s %s %s", num(x+bend), num(y), num(toX-bend), num(toY), num(toX), num(toY))
		if x, y = toX, toY; k < len(r.through)-2 {
			x += l.w
			fmt.Fprintf(&d, "H%s", num(x))
		}
	}
	fmt.Fprintf(b, `<path class="%s"%s d="%s"/>`, class, dash, d.String())
	if r.back {
		fmt.Fprintf(b, `<path class="g-head back" stroke="none" fill="currentColor" d="M%s %sl7 -4v8z"/>`, num(startX), num(startY))
		return
	}
	fmt.Fprintf(b, `<path class="g-head" stroke="none" fill="currentColor" d="M%s %sl-7 -4v8z"/>`, num(x), num(y))
}

// cut shortens text to room pixels, by an estimate of its letters' widths that is
// rather too wide, and never between a letter and its marks.
func cut(text string, room, size float64, width func(rune) float64) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	used, fits := 0.0, 0
	for i, r := range text {
		w := width(r) * size
		if used+w > room {
			return strings.TrimSpace(text[:fits]) + "…"
		}
		used += w
		if used+size*0.8 <= room && !joins(text[i+len(string(r)):]) {
			fits = i + len(string(r))
		}
	}
	return text
}

// joins tells whether what follows belongs to the letter before it.
func joins(rest string) bool {
	for _, r := range rest {
		return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc, unicode.Cf)
	}
	return false
}

// even is a letter's width in a type that has one width for all.
func even(r rune) float64 {
	if w := proportional(r); w == 0 || w > 1 {
		return 2 * 0.62 * min(w, 1)
	}
	return 0.62
}

// proportional is a letter's width in parts of the size of the type.
func proportional(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case strings.ContainsRune("iljtfI.,:;'|!()[] ", r):
		return 0.32
	case strings.ContainsRune("mwMW@%", r):
		return 0.9
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || r >= 0x1F000:
		return 1.05
	case unicode.IsUpper(r):
		return 0.68
	}
	return 0.56
}

// isolate escapes text and keeps its direction of writing to itself.
func isolate(s string) string { return "\u2068" + esc(s) + "\u2069" }

// esc makes text fit for a text node or a quoted attribute.
func esc(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case r == 0xFFFE || r == 0xFFFF: // no characters, and none that XML has a place for
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return html.EscapeString(s)
}

// num writes a measure shortly.
func num(f float64) string {
	return strconv.FormatFloat(float64(int64(f*10+0.5))/10, 'f', -1, 64)
}
