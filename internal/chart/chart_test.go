package chart_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tasks/internal/chart"
)

var update = flag.Bool("update", false, "write the golden drawings anew")

func on(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		panic(err)
	}
	return t
}

var today = on("2026-11-23")

// sound fails where a drawing is no well-formed XML, holds a number that is none,
// a style, a script or anything from outside, or draws far outside its box.
func sound(t *testing.T, name, drawing string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader("<root>" + drawing + "</root>"))
	d.Strict = true
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v in %.400s", name, err, drawing)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch strings.ToLower(start.Name.Local) {
		case "style", "script", "image", "use", "foreignobject", "iframe", "img", "object":
			t.Errorf("%s: holds <%s>", name, start.Name.Local)
		}
		for _, a := range start.Attr {
			key := strings.ToLower(a.Name.Local)
			if key == "style" || strings.HasPrefix(key, "on") || key == "src" {
				t.Errorf("%s: attribute %s", name, key)
			}
			if key == "href" && !strings.HasPrefix(a.Value, "#") && (!strings.HasPrefix(a.Value, "/") || strings.HasPrefix(a.Value, "//")) {
				t.Errorf("%s: leads to %s", name, a.Value)
			}
			for _, bad := range []string{"NaN", "Inf", "url("} {
				if key != "aria-label" && key != "href" && strings.Contains(a.Value, bad) {
					t.Errorf("%s: %s=%q", name, key, a.Value)
				}
			}
			if key == "x" || key == "width" || key == "x1" || key == "x2" || key == "cx" {
				inside(t, name, start.Name.Local, key, a.Value)
			}
		}
	}
}

// inside fails where a share is not from 0 to 100 percent.
func inside(t *testing.T, name, element, key, value string) {
	t.Helper()
	share, ok := strings.CutSuffix(value, "%")
	f, err := strconv.ParseFloat(share, 64)
	if err != nil || ok && (f < 0 || f > 100.01) {
		t.Errorf("%s: <%s %s=%q>", name, element, key, value)
	}
}

func golden(t *testing.T, name, drawing string) {
	t.Helper()
	sound(t, name, drawing)
	file := filepath.Join("testdata", name+".svg.html")
	pretty := strings.ReplaceAll(drawing, "><", ">\n<") + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(pretty), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != pretty {
		t.Errorf("%s is drawn otherwise than in %s; look at it, then run with -update:\n%s", name, file, pretty)
	}
}

var states = []chart.Part{
	{Class: "completed", Label: "Completed", N: 9, Href: "/tasks?status=completed"}, {Class: "in-progress", Label: "In progress", N: 2},
	{Class: "ready", Label: "Ready", N: 0}, {Class: "blocked", Label: "Blocked", N: 1}, {Class: "not-started", Label: "Not started", N: 5},
}

var grown = []chart.Point{
	{Day: on("2026-09-04"), Scope: 4}, {Day: on("2026-09-29"), Scope: 6, Done: 1}, {Day: on("2026-10-20"), Scope: 10, Done: 3},
	{Day: on("2026-11-12"), Scope: 17, Done: 8}, {Day: on("2026-11-20"), Scope: 16, Done: 9},
}

func TestGolden(t *testing.T) {
	golden(t, "stack", chart.Stack("Delivery by state", states)+chart.Legend(states))
	golden(t, "stack-empty", chart.Stack("Nothing", nil))
	golden(t, "bars", chart.Bars("Tasks by owner", "Owner", []chart.Bar{
		{Label: "ana-ruiz", Href: "/team/ana-ruiz", Parts: states}, {Label: "nobody", Note: "no owner", Parts: states[3:]}, {Label: "tom", Parts: nil},
	}, "completed"))
	golden(t, "burnup", chart.BurnUp(grown, chart.BurnOpts{Today: today, Due: on("2026-12-18"), Notes: []string{"3 tasks without a date."}}))
	golden(t, "burnup-overdue", chart.BurnUp(grown, chart.BurnOpts{Title: "Public beta", Today: today, Due: on("2026-11-13")}))
	golden(t, "burnup-one", chart.BurnUp(grown[:1], chart.BurnOpts{Today: on("2026-09-04")}))
	golden(t, "burnup-none", chart.BurnUp(nil, chart.BurnOpts{Today: today}))
	golden(t, "timeline", chart.Timeline("Milestones", []chart.Span{
		{Label: "Public beta", Href: "/milestones/beta", Start: on("2026-09-04"), Due: on("2026-11-13"), Words: "10 days over", Over: true, Done: 5, All: 6},
		{Label: "Version 1.0", Href: "/milestones/v1", Start: on("2026-10-01"), Due: on("2026-12-18"), Words: "due in 4 weeks", Done: 2, All: 9},
		{Label: "No date", Start: on("2026-10-01"), Words: "no due date", All: 2},
		{Label: "No task", Due: on("2027-02-15"), Words: "due in 12 weeks"},
		{Label: "Neither", Words: "no due date"},
	}, today))
	golden(t, "spark", chart.Spark("Changes a day", []int{0, 3, 1, 0, 7, 2, 4}))
}

// What is drawn must hold in every state that a plan can be in.
func TestEveryState(t *testing.T) {
	evil := `"><script>alert(1)</script>` + "\u202e\x00\xff" + strings.Repeat("w", 300)
	huge := []chart.Point{{Day: on("2026-01-01"), Scope: math.MaxInt, Done: 3}, {Day: on("2026-06-01"), Scope: math.MaxInt, Done: math.MaxInt}}
	var long []chart.Point
	for i := range 5000 {
		long = append(long, chart.Point{Day: on("2010-01-01").AddDate(0, 0, i), Scope: i + 10, Done: i})
	}
	for name, d := range map[string]string{
		"all cancelled":   chart.Stack("x", []chart.Part{{Class: "cancelled", Label: "Cancelled", N: 4}}),
		"below zero":      chart.Stack("x", []chart.Part{{Class: "a", N: -4}, {Class: "b", N: 2}}),
		"huge":            chart.Stack("x", []chart.Part{{Class: "a", N: math.MaxInt}, {Class: "b", N: math.MaxInt}, {Class: "c", N: 1}}),
		"evil stack":      chart.Stack(evil, []chart.Part{{Class: evil, Label: evil, N: 1, Href: "javascript:alert(1)"}}) + chart.Legend([]chart.Part{{Class: evil, Label: evil, N: 1, Href: "javascript:alert(1)"}}),
		"evil bars":       chart.Bars(evil, evil, []chart.Bar{{Label: evil, Href: "//evil.example", Note: evil, Parts: states}}, "completed"),
		"huge burn-up":    chart.BurnUp(huge, chart.BurnOpts{Today: today}),
		"long burn-up":    chart.BurnUp(long, chart.BurnOpts{Today: today, Due: on("2030-01-01")}),
		"falling":         chart.BurnUp([]chart.Point{{Day: today, Scope: 9, Done: 12}, {Day: on("2026-01-01"), Scope: -3, Done: -4}}, chart.BurnOpts{Today: today}),
		"due far off":     chart.BurnUp(grown, chart.BurnOpts{Today: today, Due: on("9999-12-31")}),
		"due long ago":    chart.BurnUp(grown, chart.BurnOpts{Today: today, Due: on("0001-01-02")}),
		"without today":   chart.BurnUp(grown, chart.BurnOpts{}),
		"evil burn-up":    chart.BurnUp(grown, chart.BurnOpts{Title: evil, Notes: []string{evil}}),
		"from the future": chart.BurnUp([]chart.Point{{Day: on("2027-01-01"), Scope: 1}}, chart.BurnOpts{Today: today}),
		"no task":         chart.BurnUp([]chart.Point{{Day: today}}, chart.BurnOpts{Today: today}),
		"one timeline":    chart.Timeline("x", []chart.Span{{Label: "a"}}, today),
		"evil timeline":   chart.Timeline(evil, []chart.Span{{Label: evil, Href: "javascript:x", Words: evil, Start: on("0001-01-01"), Due: on("9999-12-31"), Done: 9, All: 3, Over: true}}, today),
		"turned around":   chart.Timeline("x", []chart.Span{{Label: "a", Start: on("2026-12-01"), Due: on("2026-01-01"), Done: -1, All: -5}}, today),
		"no day at all":   chart.Timeline("x", []chart.Span{{Label: "a"}}, time.Time{}),
		"spark":           chart.Spark(evil, []int{math.MaxInt, -5, math.MaxInt}),
	} {
		sound(t, name, d)
		if len(d) > 400_000 {
			t.Errorf("%s: %d bytes", name, len(d))
		}
	}
	if got := chart.Bars("x", "x", nil, "completed") + chart.Timeline("x", nil, today) + chart.Spark("x", nil) + chart.Legend(states[2:3]); got != "" {
		t.Errorf("nothing draws %q", got)
	}
}

// A drawing says its numbers to those who do not see it.
func TestDrawingsSayTheirNumbers(t *testing.T) {
	for name, tt := range map[string]struct{ drawing, want string }{
		"stack":   {chart.Stack("By state", states), "17 tasks: 9 completed, 2 in progress, 1 blocked, 5 not started."},
		"empty":   {chart.Stack("By state", nil), "No tasks."},
		"burn-up": {chart.BurnUp(grown, chart.BurnOpts{Today: today, Due: on("2026-12-18"), Notes: []string{"1 task without a date."}}), "9 of 16 tasks done, 56 percent, by 20 Nov 2026; on 4 Sep 2026 it was 0 of 4. It is due on 18 Dec 2026. 1 task without a date."},
		"overdue": {chart.BurnUp(grown, chart.BurnOpts{Today: today, Due: on("2026-11-22")}), "It was due on 22 Nov 2026."},
		"today":   {chart.BurnUp(grown, chart.BurnOpts{Today: today, Due: today}), "It is due on 23 Nov 2026."},
		"bar":     {chart.Bars("Owners", "Owner", []chart.Bar{{Label: "ana", Parts: states}}, "completed"), `9<span class="quiet"> of 17</span>`},
		"span":    {chart.Timeline("M", []chart.Span{{Label: "a", Start: on("2026-01-01"), Due: on("2026-02-01"), Done: 99, All: 100, Over: true, Words: "9 days over"}}, today), "99 of 100 tasks done, 99 percent. Begun on 1 Jan 2026. Due on 1 Feb 2026. 9 days over."},
		"nearly":  {chart.BurnUp([]chart.Point{{Day: today, Scope: 1000, Done: 999}}, chart.BurnOpts{}), "99 percent"},
	} {
		if !strings.Contains(tt.drawing, tt.want) {
			t.Errorf("%s does not say %q:\n%s", name, tt.want, tt.drawing)
		}
	}
}

// Every part that is there is seen, however small, and the parts fill the bar.
func TestStackIsFull(t *testing.T) {
	d := chart.Stack("x", []chart.Part{{Class: "a", N: 100_000}, {Class: "b", N: 1}, {Class: "c", N: 0}})
	var sum float64
	n := 0
	for _, m := range regexp.MustCompile(`c-part c-\w+" x="[^"]*" width="([0-9.]+)%"`).FindAllStringSubmatch(d, -1) {
		f, err := strconv.ParseFloat(m[1], 64)
		if err != nil || f < 0.5 {
			t.Errorf("a part of %s", m[1])
		}
		sum += f
		n++
	}
	if n != 2 || math.Abs(sum-100) > 0.05 {
		t.Errorf("%d parts, %v percent together", n, sum)
	}
}

func FuzzBurnUp(f *testing.F) {
	f.Add(int64(1764000000), 3, 1, int64(86400*9), 8, 2, int64(1780000000), 0, "t")
	f.Add(int64(0), -1, 5, int64(-1), math.MaxInt, math.MaxInt, int64(-62135596800), 9, "\x00<")
	f.Add(int64(-62135596801), 7, 3, int64(3), 7, 7, int64(2), 0, "\ufffe\uffff") // on the first day there is
	f.Fuzz(func(t *testing.T, at int64, scope, done int, later int64, scope2, done2 int, due int64, undated int, title string) {
		points := []chart.Point{{Day: time.Unix(at, 0), Scope: scope, Done: done}, {Day: time.Unix(at+later, 0), Scope: scope2, Done: done2}, {}}
		for _, o := range []chart.BurnOpts{{Title: title}, {Today: time.Unix(due, 0), Due: time.Unix(at, 0)}, {Today: today, Due: time.Unix(due, 0), Notes: []string{title}}} {
			sound(t, "burn-up", chart.BurnUp(points, o))
		}
		sound(t, "timeline", chart.Timeline(title, []chart.Span{
			{Label: title, Href: title, Start: time.Unix(at, 0), Due: time.Unix(due, 0), Done: done, All: scope, Words: title, Over: undated > 0},
			{Label: title, Start: time.Unix(due, 0)},
		}, time.Unix(at+later, 0)))
		parts := []chart.Part{{Class: title, Label: title, N: scope, Href: title}, {N: done}, {N: scope2}}
		sound(t, "stack", chart.Stack(title, parts)+chart.Legend(parts)+chart.Bars(title, title, []chart.Bar{{Label: title, Href: title, Parts: parts}, {Parts: parts[1:]}}, title))
		sound(t, "spark", chart.Spark(title, []int{scope, done, scope2, done2, undated}))
	})
}

func BenchmarkBurnUp(b *testing.B) {
	var long []chart.Point
	for i := range 2000 {
		long = append(long, chart.Point{Day: on("2020-01-01").AddDate(0, 0, i), Scope: i + 10, Done: i})
	}
	for b.Loop() {
		if len(chart.BurnUp(long, chart.BurnOpts{Today: today})) < 1000 {
			b.Fatal(fmt.Errorf("nothing is drawn"))
		}
	}
}
