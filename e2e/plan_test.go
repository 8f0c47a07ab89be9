package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// planPages are the pages of plan, home and activity over the demo.
var planPages = map[string]string{
	"home": "", "activity": "activity", "activity-kind": "activity?kind=doc", "activity-none": "activity?kind=run&who=nobody",
	"workstreams": "workstreams", "workstream": "workstreams/delivery", "milestones": "milestones", "milestone": "milestones/beta", "milestone-v1": "milestones/v1",
	"initiative": "initiatives/storage/calm-disk", "team": "team", "owner": "team/ana-ruiz",
}

// oddPlan is a plan in the states that the demo is not in: overdue, broken, without
// files, all cancelled, very long names, right to left.
func oddPlan() map[string]string {
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format("2006-01-02") }
	files := map[string]string{
		"tasks/workstreams/storage/README.md":          "# " + strings.Repeat("A very long name of a workstream ", 6) + "\n",
		"tasks/milestones/late.md":                     "---\ntitle: إصدار ١٫٠ مع عنوان طويل جدا لا ينتهي أبدا\ndue: " + day(-12) + "\n---\n",
		"tasks/milestones/odd.md":                      "---\ntitle: Odd\ndue: when it is done\n---\n",
		"tasks/milestones/far.md":                      "---\ntitle: Far away\ndue: 2099-01-01\n---\n",
		"tasks/broken.md":                              "---\ntype: task\ntitle: [\n---\n",
		"tasks/workstreams/gone/tasks/cancelled.md":    "---\ntype: task\ntitle: Cancelled\nstatus: cancelled\nmilestone: nofile\n---\n",
		"tasks/workstreams/storage/tasks/long-name.md": "---\ntype: task\ntitle: " + strings.Repeat("Unbrokenword", 20) + "\nstatus: blocked\nmilestone: late\nowner: nobody-of-the-team\n---\n",
	}
	for i := range 130 {
		files[fmt.Sprintf("tasks/workstreams/storage/tasks/t%d.md", i)] = fmt.Sprintf("---\ntype: task\ntitle: Number %d\nstatus: %s\nmilestone: %s\nowner: owner-%d\ncreated_at: %s\ncompleted_at: %s\n---\n",
			i, []string{"ready", "completed", "not_started", "in_progress"}[i%4], []string{"late", "far"}[i%2], i%20, day(-200+i), day(-100+i/2))
	}
	return files
}

var oddPages = map[string]string{
	"odd-home": "", "odd-workstreams": "workstreams", "odd-workstream": "workstreams/storage", "odd-cancelled": "workstreams/gone", "odd-milestones": "milestones",
	"odd-late": "milestones/late", "odd-far": "milestones/far", "odd-broken": "milestones/odd", "odd-team": "team", "odd-activity": "activity", "odd-unknown": "team/nobody-at-all",
}

// look goes to a page, takes its picture, and fails where it scrolls sideways or axe
// finds something.
func (p *page) look(s *server, name, path, how string) {
	p.t.Helper()
	p.do(chromedp.Navigate(s.url + path))
	p.until(`document.documentElement.dataset.ready !== undefined`)
	p.painted()
	p.shot(fmt.Sprintf("plan-%s-%s", name, how))
	if over := js[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		p.t.Errorf("%s %s scrolls sideways by %d px", name, how, over)
	}
	// Words of a drawing that reach out of the page are cut off.
	if out := js[[]string](p, `[...document.querySelectorAll("main svg text")].filter(t => { const b = t.getBoundingClientRect(); return b.width && (b.left < 0 || b.right > document.documentElement.clientWidth); }).map(t => t.textContent)`); len(out) > 0 {
		p.t.Errorf("%s %s: words of a drawing are cut off: %q", name, how, out)
	}
	p.axe(name + " " + how)
}

// TestPlanForEverybody looks at every page of the plan, in both themes, wide and on a
// small screen, in the demo and in a plan that is in a bad state.
func TestPlanForEverybody(t *testing.T) {
	sweep(t)
	demo := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	odd := write(t, oddPlan())
	git(t, odd, "init", "-q")
	served := start(t, nil, "-C", odd, "serve", "--addr", "127.0.0.1:0")
	for _, size := range []struct{ w, h int64 }{{1440, 1000}, {390, 1200}} {
		p := open(t, demo, size.w, size.h)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for name, path := range planPages {
				p.look(demo, name, path, fmt.Sprintf("%d-%s", size.w, theme))
			}
		}
		p.quiet()
		q := open(t, served, size.w, size.h)
		q.theme("light")
		for name, path := range oddPages {
			q.look(served, name, path, fmt.Sprintf("%d", size.w))
		}
		q.quiet("404", "nobody-at-all")
	}
}

// TestEmptyPlanForEverybody looks at the pages of a repository with nothing in it, and
// at the drawings in high contrast.
func TestEmptyPlanForEverybody(t *testing.T) {
	root := write(t, map[string]string{"main.c": "int x;\n"})
	git(t, root, "init", "-q")
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0")
	p := open(t, s, 1024, 800)
	p.theme("light")
	p.do(chromedp.Navigate(s.url))
	p.until(`document.querySelector(".home-side").textContent.includes("A README.md is a good first page")`) // git was asked after the first page
	for _, path := range []string{"", "workstreams", "milestones", "team", "activity"} {
		p.look(s, "empty-"+path, path, "1024")
	}
	p.quiet()
	demo := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	q := open(t, demo, 1024, 900)
	for _, theme := range []string{"light", "dark"} {
		q.theme(theme)
		q.do(chromedp.Navigate(demo.url + "workstreams/delivery"))
		q.until(`document.documentElement.dataset.ready !== undefined`)
		q.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.contrast = "more"`))
		q.painted()
		q.shot("plan-workstream-contrast-" + theme)
		q.axe("high contrast " + theme)
	}
	q.quiet()
}

// TestPlanWithForcedColours looks at the drawings where the system chooses the colours,
// and from right to left.
func TestPlanWithForcedColours(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	p := open(t, s, 1024, 1000)
	features := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"workstream": "workstreams/delivery", "milestones": "milestones", "home": ""} {
		p.look(s, name, path, "forced")
		p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dir = "rtl"`))
		p.painted()
		p.shot("plan-" + name + "-rtl")
		if out := js[bool](p, `[...document.querySelectorAll(".chart-plot text")].some(t => t.getBoundingClientRect().right > document.querySelector("main").getBoundingClientRect().right)`); out {
			t.Errorf("%s from right to left: a drawing reaches out of the page", name)
		}
		if over := js[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			t.Errorf("%s from right to left scrolls sideways by %d px", name, over)
		}
	}
	p.quiet()
}

// TestPlanFollowsItsFiles: the page of a milestone, which has a file of its own, follows
// the files of its tasks too; what was unfolded stays so.
func TestPlanFollowsItsFiles(t *testing.T) {
	root := write(t, oddPlan())
	git(t, root, "init", "-q")
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0")
	p := open(t, s, 1280, 900)
	p.do(chromedp.Navigate(s.url + "milestones/late"))
	p.until(`document.documentElement.dataset.ready !== undefined && document.documentElement.dataset.live === "live"`)
	p.until(`document.querySelector(".plan-big").textContent.includes("0 of 66")`)
	p.click(".chart-data summary")
	p.until(`document.querySelector(".chart-data").open`)
	name := filepath.Join(root, "tasks/workstreams/storage/tasks/t0.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(data), "status: ready", "status: completed", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector(".plan-big").textContent.includes("1 of 66")`)
	if !js[bool](p, `document.querySelector(".chart-data").open`) {
		t.Error("the numbers of the drawing were folded away by the change")
	}
	if got := js[string](p, `document.querySelector(".burnup desc").textContent`); !strings.HasPrefix(got, "1 of 66 tasks done") {
		t.Errorf("the drawing says %q", got)
	}
	p.quiet()
}

// TestPagesAndCommandsSayTheSame: the numbers of the pages are those of the commands.
func TestPagesAndCommandsSayTheSame(t *testing.T) {
	root := write(t, oddPlan())
	git(t, root, "init", "-q")
	s := start(t, nil, "-C", root, "serve", "--addr", "127.0.0.1:0")
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []struct{ word, key, page string }{{"workstream", "workstreams", "workstreams"}, {"milestone", "milestones", "milestones"}, {"team", "team", "team"}} {
		cmd := exec.Command(path, "-C", root, list.word, "list", "--json")
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var said map[string]json.RawMessage
		var lines []struct {
			Name, Title string
			Progress    struct{ Total, Done, Open, Percent int }
		}
		if err := errors.Join(json.Unmarshal(out, &said), json.Unmarshal(said[list.key], &lines)); err != nil || len(lines) == 0 {
			t.Fatalf("%s: %v in %.300s", list.word, err, out)
		}
		for _, l := range lines {
			resp, err := http.Get(s.url + list.page + "/" + url.PathEscape(l.Name))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("%s %s: %d, %v", list.word, l.Name, resp.StatusCode, err)
			}
			p := l.Progress
			want := fmt.Sprintf("<b>%d %%</b> <span>%d of %d ", p.Percent, p.Done, p.Done+p.Open)
			if p.Done+p.Open == 0 {
				want = "nothing is in scope"
				if p.Total == 0 {
					want = "No task belongs to it yet."
				}
			}
			if !strings.Contains(string(body), want) {
				t.Errorf("%s %s: the command says %+v, the page does not say %q", list.word, l.Name, p, want)
			}
		}
	}
}
