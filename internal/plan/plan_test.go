package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tasks/internal/plan"
	"tasks/internal/task"
)

func day(n int) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

// t makes a task from words: slug, status, and then key=value.
func t(slug string, status task.Status, more ...string) *task.Task {
	x := &task.Task{Slug: slug, ID: slug, Path: "tasks/" + slug + ".md", Status: status}
	for _, m := range more {
		key, value, _ := strings.Cut(m, "=")
		switch key {
		case "p":
			x.Priority = value
		case "owner":
			x.Owner = value
		case "id":
			x.ID = value
		case "m":
			x.Milestone = value
		case "needs":
			x.DependsOn = strings.Split(value, ",")
		case "made":
			x.CreatedAt = at(value)
		case "done":
			x.CompletedAt = at(value)
		case "broken":
			x.Broken = &task.Broken{Line: 2, Reason: value}
		}
	}
	return x
}

func at(s string) time.Time {
	var n int
	fmt.Sscan(s, &n)
	return day(n)
}

func TestNext(tt *testing.T) {
	for _, c := range []struct {
		name  string
		tasks []*task.Task
		q     plan.Question
		want  string // slug, or "" for none
		why   string
	}{
		{"nothing", nil, plan.Question{}, "", "there is no task"},
		{"all done", []*task.Task{t("a", task.Completed), t("b", task.Cancelled)}, plan.Question{}, "", "every task is completed or cancelled"},
		{"the one that does not wait", []*task.Task{t("c", task.Ready, "needs=b"), t("b", task.NotStarted, "needs=a"), t("a", task.Completed)}, plan.Question{}, "b", "its dependency is completed, one open task waits for it"},
		{"ready before priority", []*task.Task{t("a", task.NotStarted, "p=p0"), t("b", task.Ready, "p=p3")}, plan.Question{}, "b", "ready, p3"},
		{"priority before age", []*task.Task{t("a", task.Ready, "p=p2", "made=0"), t("b", task.Ready, "p=p1", "made=9")}, plan.Question{}, "b", ""},
		{"no priority is last", []*task.Task{t("a", task.Ready), t("b", task.Ready, "p=p3")}, plan.Question{}, "b", ""},
		{"who is waited for", []*task.Task{t("a", task.Ready), t("b", task.Ready), t("c", task.NotStarted, "needs=b"), t("d", task.NotStarted, "needs=c")}, plan.Question{}, "b", "2 open tasks wait for it"},
		{"due first", []*task.Task{t("a", task.Ready, "m=late"), t("b", task.Ready, "m=soon")}, plan.Question{Due: map[string]time.Time{"late": day(9), "soon": day(2)}}, "b", "soon is due on 2026-03-03"},
		{"oldest first", []*task.Task{t("a", task.Ready, "made=3"), t("b", task.Ready, "made=2"), t("c", task.Ready)}, plan.Question{}, "b", ""},
		{"a queued one is taken", []*task.Task{t("a", task.Ready)}, plan.Question{On: map[string]string{"a": "queued"}}, "", "a has a run (queued)"},
		{"a cancelled dependency never comes", []*task.Task{t("a", task.Ready, "needs=b"), t("b", task.Cancelled)}, plan.Question{}, "", "a waits for b (cancelled)"},
		{"a missing one neither", []*task.Task{t("a", task.Ready, "needs=x")}, plan.Question{}, "", "a waits for x (no such task)"},
		{"a dependency by id", []*task.Task{t("a", task.Ready, "needs=T-7"), t("b", task.Completed, "id=T-7")}, plan.Question{}, "a", ""},
		{"a cycle", []*task.Task{t("a", task.Ready, "needs=b"), t("b", task.Ready, "needs=a")}, plan.Question{}, "", "a waits for b (ready)"},
		{"broken", []*task.Task{t("a", task.Ready, "broken=tab")}, plan.Question{}, "", "a does not parse"},
		{"one of two with a slug", []*task.Task{t("a", task.Ready), t("a", task.Completed), t("b", task.NotStarted)}, plan.Question{}, "b", ""},
		{"a slug that is another's id", []*task.Task{t("a", task.Ready), t("b", task.Completed, "id=a")}, plan.Question{}, "", "a shares its name with another task"},
		{"in progress is somebody's", []*task.Task{t("a", task.InProgress), t("b", task.Blocked)}, plan.Question{}, "", "a is in progress; b is blocked"},
		{"but first for its owner", []*task.Task{t("a", task.Ready, "p=p0", "owner=kim"), t("b", task.InProgress, "p=p3", "owner=kim")}, plan.Question{Owner: "kim"}, "b", "begun already"},
		{"another's", []*task.Task{t("a", task.Ready, "owner=ana")}, plan.Question{Owner: "kim"}, "", "there is no task of kim"},
		{"a foreign word", []*task.Task{t("a", "later")}, plan.Question{}, "", `a has the status "later"`},
	} {
		tt.Run(c.name, func(tt *testing.T) {
			got := plan.Next(c.tasks, c.q)
			slug := ""
			if got.Task != nil {
				slug = got.Task.Slug
			}
			if slug != c.want || !strings.Contains(got.Reason, c.why) {
				tt.Errorf("took %q: %s", slug, got.Reason)
			}
		})
	}
}

// A chain of thousands that wait for each other is one walk, not one for each.
func TestNextOfALongChain(tt *testing.T) {
	tasks := []*task.Task{t("t0", task.Ready)}
	for i := 1; i < 20000; i++ {
		tasks = append(tasks, t(fmt.Sprintf("t%d", i), task.NotStarted, fmt.Sprintf("needs=t%d", i-1)))
	}
	if got := plan.Next(tasks, plan.Question{}); got.Task != tasks[0] || !strings.Contains(got.Reason, "19999 open tasks") {
		tt.Errorf("%+v", got)
	}
}

func TestProgress(tt *testing.T) {
	p := plan.Of([]*task.Task{
		t("a", task.Completed, "owner=kim"), t("b", task.Ready, "owner=kim"), t("c", task.Cancelled, "owner=kim"),
		t("d", task.Completed), t("e", "later", "owner=ana", "broken=x"), t("f", task.Ready, "owner=ana"),
	})
	if p.Total != 6 || p.Done != 2 || p.Open != 3 || p.Cancelled != 1 || p.Broken != 1 || p.Counted() != 5 || p.Percent() != 40 {
		tt.Errorf("%+v, %d %%", p, p.Percent())
	}
	if got := fmt.Sprint(p.ByOwner); got != "[{ana 0 2} {kim 1 1} { 1 0}]" {
		tt.Error(got)
	}
	if got := fmt.Sprint(p.ByStatus); got != "[{not_started 0} {ready 2} {in_progress 0} {blocked 0} {completed 2} {cancelled 1} {later 1}]" {
		tt.Error(got)
	}
	if p := plan.Of(nil); p.Percent() != 0 || len(p.ByStatus) != 6 {
		tt.Errorf("of nothing: %+v", p)
	}
	if p := plan.Of(append(make([]*task.Task, 0), t("a", task.Ready), t("b", task.Cancelled))); p.Percent() != 0 {
		tt.Errorf("%+v", p)
	}
}

func TestBurnUp(tt *testing.T) {
	tasks := []*task.Task{
		t("a", task.Completed, "made=0", "done=2"), t("b", task.Ready, "made=1"), t("c", task.Cancelled, "made=0"),
		t("d", task.Completed), t("e", task.Completed, "made=3", "done=1"),
	}
	b := plan.BurnUp(tasks, day(0), day(4), 24*time.Hour)
	var got []string
	for _, p := range b.Points {
		got = append(got, fmt.Sprintf("%d/%d", p.Done, p.Scope))
	}
	if strings.Join(got, " ") != "0/2 0/3 1/3 2/4 3/4" || b.Undated != 1 || b.UndatedDone != 1 {
		tt.Errorf("%v %+v", got, b)
	}
	for name, b := range map[string]plan.Burn{
		"no time": plan.BurnUp(tasks, day(1), day(1), time.Hour),
		"nothing": plan.BurnUp(nil, day(0), day(1), time.Hour),
	} {
		if len(b.Points) != 0 {
			tt.Errorf("%s: %d points", name, len(b.Points))
		}
	}
	if b := plan.BurnUp(tasks, day(0), day(9000), time.Second); len(b.Points) > 402 || b.Points[len(b.Points)-1].At != day(9000) {
		tt.Errorf("%d points", len(b.Points))
	}
}
