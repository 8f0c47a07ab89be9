package chart

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// count writes a number for people, with a narrow space between thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// short writes a number for an axis, in at most five letters.
func short(n int) string {
	for _, u := range []struct {
		size float64
		unit string
	}{{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if f := float64(n) / u.size; f >= 1 && n >= 10_000 {
			if f < 10 {
				return strings.TrimSuffix(strconv.FormatFloat(math.Floor(f*10)/10, 'f', 1, 64), ".0") + u.unit
			}
			return strconv.Itoa(int(f)) + u.unit
		}
	}
	return strconv.Itoa(n)
}

// tasksWord counts tasks.
func tasksWord(n int) string {
	if n == 1 {
		return "1 task"
	}
	return count(n) + " tasks"
}

// date writes a day; long ones have their year.
func date(t time.Time, long bool) string {
	if long {
		return t.Format("2 Jan 2006")
	}
	return t.Format("2 Jan")
}

// percent is how many of 100, rounded down, so that only all is 100; 0 of nothing.
func percent(part, whole int) int {
	if whole <= 0 || part <= 0 {
		return 0
	}
	return min(int(float64(part)/float64(whole)*100), 100)
}

// day is the day a moment lies in.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// scale places days between two days.
type scale struct{ from, to time.Time }

// newScale spans the days; those that are zero do not count. False where none does.
func newScale(days ...time.Time) (scale, bool) {
	var s scale
	for _, d := range days {
		if d = day(d); d.IsZero() {
			continue
		}
		if s.from.IsZero() || d.Before(s.from) {
			s.from = d
		}
		if s.to.IsZero() || d.After(s.to) {
			s.to = d
		}
	}
	if s.from.IsZero() {
		return s, false
	}
	if s.from.Equal(s.to) { // one day: it stands in the middle
		s.from, s.to = s.from.AddDate(0, 0, -1), s.to.AddDate(0, 0, 1)
	}
	return s, true
}

// at is where a day stands, from 0 to 1; what lies outside stands at the edge.
// It counts seconds: a time.Duration ends after 292 years.
func (s scale) at(t time.Time) float64 {
	f := float64(day(t).Unix()-s.from.Unix()) / float64(s.to.Unix()-s.from.Unix())
	return min(max(f, 0), 1)
}

// pct writes a share from 0 to 1 as a percentage of the drawing.
func pct(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e4)/100, 'f', -1, 64) + "%"
}

// anchor is how text at a share is to be set so that it stays inside.
func anchor(f float64) string {
	switch {
	case f < 0.2:
		return "start"
	case f > 0.8:
		return "end"
	}
	return "middle"
}

// nice is the smallest of 1, 2, 5, 10, 20 … times two that is not below n, so that
// an axis has whole numbers at its middle and its end.
func nice(n int) int {
	if n <= 2 {
		return 2
	}
	for step := 1.0; ; step *= 10 {
		for _, m := range []float64{2, 4, 6, 8, 10, 12, 16} {
			if top := step * m; top >= float64(n) {
				if top > math.MaxInt64/2 {
					return n
				}
				return int(top)
			}
		}
	}
}
