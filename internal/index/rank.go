package index

import (
	"bytes"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"tasks/internal/markdown"
	"tasks/internal/repo"
)

// judge says how well a file answers. What counts, most first: the name, the title,
// headings, tasks and documents before code, how dense the hits are, and a little how
// new the file is.
type judge struct {
	words []string // in lower case; none for an expression
	today time.Time
}

func newJudge(words []string, regex bool, today time.Time) *judge {
	j := &judge{today: today}
	if !regex {
		for _, w := range words {
			j.words = append(j.words, strings.ToLower(w))
		}
	}
	return j
}

// The weights. A name that is the word outweighs all that may stand in a text.
const (
	nameIs, nameBegins, nameHolds, pathHolds = 60, 34, 24, 6
	titleIs, titleWord, titleHolds           = 44, 26, 16
	heading, headings                        = 8, 2
	together                                 = 14 // the words one behind the other
	dense, frequent                          = 8, 10
)

var kindWeight = map[string]float64{"task": 10, "doc": 8, "code": 0}

func (j *judge) score(f File, raw [][]byte, version string, data []byte) float64 {
	s := kindWeight[f.Kind]
	title := strings.ToLower(f.Title)
	base := strings.ToLower(path.Base(f.Path))
	name := strings.TrimSuffix(base, path.Ext(base))
	whole := strings.Join(j.words, " ")
	names, titles := 0.0, 0.0
	for _, w := range j.words {
		names += nameScore(w, base, name, strings.ToLower(f.Path))
		titles += titleScore(w, title)
	}
	if n := float64(len(j.words)); n > 0 {
		s += (names + titles) / n
	}
	if len(j.words) > 1 {
		if title == whole {
			s += titleIs
		}
		if slices.ContainsFunc(raw, func(line []byte) bool { return bytes.Contains(bytes.ToLower(line), []byte(whole)) }) {
			s += together
		}
	}
	if f.Kind != "code" {
		n := 0
		for _, line := range raw {
			if n < headings && bytes.HasPrefix(line, []byte("#")) {
				n++
			}
		}
		s += float64(heading * n)
	}
	if f.Lines > 0 {
		lines := float64(bytes.Count(data, []byte("\n")) + 1)
		s += dense*min(1, 4*float64(f.Lines)/lines) + min(frequent, 2*math.Log2(1+float64(f.Lines)))
	}
	return s + j.fresh(version)
}

func nameScore(w, base, name, full string) float64 {
	switch {
	case name == w || base == w || full == w:
		return nameIs
	case strings.HasPrefix(name, w):
		return nameBegins
	case strings.Contains(base, w):
		return nameHolds
	case strings.Contains(full, w):
		return pathHolds
	}
	return 0
}

func titleScore(w, title string) float64 {
	switch at := strings.Index(title, w); {
	case title == w:
		return titleIs
	case at == 0 || at > 0 && strings.Contains(title, " "+w):
		return titleWord
	case at > 0:
		return titleHolds
	}
	return 0
}

// fresh is a little for what was written lately.
func (j *judge) fresh(version string) float64 {
	_, written, ok := repo.TouchedAt(version)
	switch age := j.today.Sub(written); {
	case !ok || age > 30*24*time.Hour:
		return 0
	case age > 7*24*time.Hour:
		return 1
	}
	return 2
}

// choose are the n lines that hold most of the words, in their order.
func (j *judge) choose(hits []repo.LineHit, n int) []repo.LineHit {
	if len(hits) <= n {
		return hits
	}
	held := func(h repo.LineHit) (k int) {
		text := strings.ToLower(h.Text)
		for _, w := range j.words {
			if strings.Contains(text, w) {
				k++
			}
		}
		return k
	}
	best := slices.Clone(hits)
	if len(j.words) > 1 {
		slices.SortStableFunc(best, func(a, b repo.LineHit) int { return held(b) - held(a) })
	}
	best = best[:n]
	slices.SortFunc(best, func(a, b repo.LineHit) int { return a.Line - b.Line })
	return best
}

// titleOf is what a file calls itself: a task by its title, a document by its front
// matter or first heading; "" where it says nothing.
func titleOf(f File, data []byte) string {
	if f.Task != nil {
		return f.Task.Name()
	}
	if f.Kind != "doc" {
		return ""
	}
	head := data[:min(len(data), 8<<10)]
	front := bytes.HasPrefix(head, []byte("---"))
	for i := 0; len(head) > 0; i++ {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		text := string(bytes.TrimSpace(line))
		head = rest
		switch {
		case front && i > 0 && (text == "---" || text == "..."):
			front = false
		case front:
			if value, ok := strings.CutPrefix(text, "title:"); ok && strings.Trim(value, ` "'`) != "" {
				return strings.Trim(value, ` "'`)
			}
		case strings.HasPrefix(text, "# "):
			return markdown.PlainText(strings.TrimSpace(strings.Trim(text, "#")))
		}
	}
	return ""
}
