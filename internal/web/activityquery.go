package web

import (
	"net/url"
	"strconv"
	"time"

	"tasks/internal/fault"
	"tasks/internal/history"
	"tasks/internal/task"
)

// activityQuery is what the address of the page says.
type activityQuery struct {
	ask  history.Ask
	kind history.Kind // "" for all
	who  string       // canonical; "" for all
}

var activityKinds = []struct {
	kind  history.Kind
	label string
}{{"", "Everything"}, {history.Task, "Tasks"}, {history.Doc, "Documents"}, {history.Run, "Runs"}, {history.Code, "Code"}}

// readActivityQuery reads and checks it. Usage for what is none.
func readActivityQuery(v url.Values) (q activityQuery, err error) {
	if kind := v.Get("kind"); kind != "" {
		if q.kind = history.Kind(kind); !q.kind.Known() {
			return q, fault.New(fault.Usage, "%q is no kind of activity", kind).WithHint("one of: task, doc, run, code")
		}
	}
	q.who = task.Owner(v.Get("who"))
	if until := v.Get("until"); until != "" {
		if q.ask.Until, err = time.Parse(time.RFC3339, until); err != nil || q.ask.Until.Year() < 1970 || q.ask.Until.Year() > 9999 {
			return q, fault.New(fault.Usage, "%q is not a time", until).WithHint("such as 2026-01-31T12:00:00Z")
		}
	}
	if skip := v.Get("skip"); skip != "" {
		if q.ask.Skip, err = strconv.Atoi(skip); err != nil || q.ask.Skip < 0 || q.ask.Skip > 1_000_000 || q.ask.Until.IsZero() {
			return q, fault.New(fault.Usage, "%q is not a number of commits to pass over", skip).WithHint("follow the links of the page")
		}
	}
	return q, nil
}

// href is the address of the page with this query.
func (q activityQuery) href() string {
	v := url.Values{}
	if q.kind != "" {
		v.Set("kind", string(q.kind))
	}
	if q.who != "" {
		v.Set("who", q.who)
	}
	if !q.ask.Until.IsZero() {
		v.Set("until", q.ask.Until.UTC().Format(time.RFC3339))
	}
	if q.ask.Skip > 0 {
		v.Set("skip", strconv.Itoa(q.ask.Skip))
	}
	if len(v) == 0 {
		return "/activity"
	}
	return "/activity?" + v.Encode()
}

// fits tells whether an item is asked for.
func (q activityQuery) fits(it *history.Item) bool {
	return (q.kind == "" || it.Has(q.kind)) && (q.who == "" || it.Owner == q.who)
}
