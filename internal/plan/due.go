package plan

import (
	"fmt"
	"time"
)

// DaysLeft is how many days there are from the day of now to the day of due, as
// people count: 0 is today, -1 yesterday. due is a day and has no zone.
func DaysLeft(due, now time.Time) int {
	day := func(t time.Time) int64 {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	}
	return int(day(due) - day(now))
}

// Overdue tells whether the date has passed with work still open.
func Overdue(due, now time.Time, open int) bool {
	return !due.IsZero() && open > 0 && DaysLeft(due, now) < 0
}

// DueWords says how a date to hold stands: "due in 3 weeks", "10 days overdue". With
// nothing open a date that has passed is "was due" and no reproach. "" for no date.
func DueWords(due, now time.Time, open int) string {
	if due.IsZero() {
		return ""
	}
	left := DaysLeft(due, now)
	switch {
	case left < 0 && open > 0:
		return span(-left) + " overdue"
	case left < 0:
		return "was due " + due.Format("2 Jan 2006")
	case left == 0:
		return "due today"
	case left == 1:
		return "due tomorrow"
	}
	return "due in " + span(left)
}

// span is a number of days in words.
func span(days int) string {
	switch {
	case days == 1:
		return "1 day"
	case days < 21:
		return fmt.Sprintf("%d days", days)
	case days < 7*15:
		return fmt.Sprintf("%d weeks", (days+3)/7)
	case days < 365*2:
		return fmt.Sprintf("%d months", (days+15)/30)
	}
	return fmt.Sprintf("%d years", (days+182)/365)
}
