package plan_test

import (
	"testing"
	"time"

	"tasks/internal/plan"
)

func TestDueWords(t *testing.T) {
	on := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	now := on("2026-11-23").Add(15 * time.Hour)
	for due, want := range map[string]string{
		"2026-11-23": "due today", "2026-11-24": "due tomorrow", "2026-12-01": "due in 8 days", "2026-12-18": "due in 4 weeks",
		"2026-11-22": "1 day overdue", "2026-11-13": "10 days overdue", "2027-11-23": "due in 12 months", "2036-01-01": "due in 9 years",
	} {
		if got := plan.DueWords(on(due), now, 3); got != want {
			t.Errorf("due %s: %q, want %q", due, got, want)
		}
	}
	if got := plan.DueWords(on("2026-11-13"), now, 0); got != "was due 13 Nov 2026" {
		t.Errorf("with nothing open: %q", got)
	}
	if plan.DueWords(time.Time{}, now, 1) != "" || plan.Overdue(time.Time{}, now, 1) || plan.Overdue(on("2026-11-23"), now, 1) || plan.Overdue(on("2026-11-22"), now, 0) || !plan.Overdue(on("2026-11-22"), now, 1) {
		t.Error("Overdue")
	}
	// Whatever the zone of the reader, a day is that day.
	if got := plan.DueWords(on("2026-11-23"), now.In(time.FixedZone("", -11*3600)), 1); got != "due today" {
		t.Errorf("in the west: %q", got)
	}
}
