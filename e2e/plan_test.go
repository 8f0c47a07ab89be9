package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// planPages are the pages of plan, home and activity, each with its states.
var planPages = map[string]string{
	"home": "", "activity": "activity", "activity-kind": "activity?kind=doc", "activity-none": "activity?kind=run&who=nobody",
	"workstreams": "workstreams", "workstream": "workstreams/delivery", "milestones": "milestones", "milestone": "milestones/beta", "milestone-v1": "milestones/v1",
	"initiative": "initiatives/storage/calm-disk", "team": "team", "owner": "team/ana-ruiz",
}

// TestPlanForEverybody runs axe over every page of the plan, in both themes and on a
// small screen, takes its picture, and fails where it scrolls sideways.
func TestPlanForEverybody(t *testing.T) {
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, size := range []struct{ w, h int64 }{{1440, 1000}, {390, 1200}} {
		p := open(t, s, size.w, size.h)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			for name, path := range planPages {
				p.do(chromedp.Navigate(s.url + path))
				p.until(`document.documentElement.dataset.ready !== undefined`)
				p.painted()
				p.shot(fmt.Sprintf("plan-%s-%d-%s", name, size.w, theme))
				if over := js[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s at %d wide scrolls sideways by %d px", name, size.w, over)
				}
				p.axe(fmt.Sprintf("%s %s at %d", theme, name, size.w))
			}
		}
		p.quiet()
	}
}
