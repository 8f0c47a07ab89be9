package chart

import (
	"fmt"
	"math"
	"strings"
)

// Spark draws a row of numbers as a small line of bars, the last one marked. What
// they mean stands in the title: "Commits a day". "" for no numbers.
func Spark(title string, values []int) string {
	if len(values) == 0 {
		return ""
	}
	const most = 120
	if len(values) > most {
		values = values[len(values)-most:]
	}
	top, sum := 1, 0
	for _, v := range values {
		top = max(top, v)
		if v > 0 && sum < math.MaxInt-v {
			sum += v
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart-spark" xmlns="http://www.w3.org/2000/svg" role="img" direction="ltr" width="%d" height="24" viewBox="0 0 %[1]d 24"><title>%s</title><desc>%s in all, at most %s, the last %s.</desc>`,
		len(values)*6, esc(title), count(sum), count(max(top, 0)), count(max(values[len(values)-1], 0)))
	for i, v := range values {
		h := 2.0 // nothing is a foot
		name := "c-spark"
		if v > 0 {
			h = 3 + 21*float64(v)/float64(top)
		} else {
			name = "c-spark none"
		}
		if i == len(values)-1 {
			name += " last"
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%s" width="4" height="%s" rx="1"/>`, name, i*6+1, num(24-h), num(h))
	}
	b.WriteString(`</svg>`)
	return b.String()
}
