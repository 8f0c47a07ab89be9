package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lighthouse are the pages that are measured, one of each make.
var lighthouse = []string{"", "browse/docs/guide/delivery.md", "tasks/spread-retries-with-jitter", "tasks", "board", "milestones/v1", "graph"}

// TestLighthouse asks of each part what a good site has on a phone with a slow line.
// A machine that is busy with something else is told as a slow site, so that a page
// may be measured five times; the best counts.
func TestLighthouse(t *testing.T) {
	sweep(t)
	const program = "node_modules/.bin/lighthouse"
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("TASKS_E2E") == "required" {
			t.Fatal(err)
		}
		t.Skip("skipped: needs Lighthouse (npm ci in e2e)")
	}
	chrome, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("TASKS_E2E") == "required" {
			t.Fatal(err)
		}
		t.Skip("skipped: needs chromium")
	}
	s := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	for _, path := range lighthouse {
		t.Run("/"+path, func(t *testing.T) {
			var low []string
			for range 5 {
				if low = measure(t, program, chrome, s.url+path); low == nil {
					return
				}
			}
			t.Errorf("%s", strings.Join(low, "\n"))
		})
	}
}

// measure runs Lighthouse once and returns what is under 95, with its reasons.
func measure(t *testing.T, program, chrome, url string) []string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), program, url, "--quiet", "--output=json", "--output-path="+out,
		"--max-wait-for-load=8000", // the stream of live changes never ends
		"--only-categories=performance,accessibility,best-practices,seo", "--chrome-flags=--headless=new --no-sandbox --disable-gpu")
	cmd.Env = append(os.Environ(), "CHROME_PATH="+chrome, "HOME="+t.TempDir())
	if said, err := cmd.CombinedOutput(); err != nil {
		return []string{fmt.Sprintf("lighthouse: %v: %s", err, said)}
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Categories map[string]struct {
			Score     float64
			AuditRefs []struct {
				ID     string
				Weight float64
			}
		}
		Audits map[string]struct {
			Title, DisplayValue string
			Score               *float64
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Categories) != 4 {
		t.Fatalf("%d parts were measured, not four", len(report.Categories))
	}
	var low []string
	for name, c := range report.Categories {
		t.Logf("%s %.0f", name, c.Score*100)
		if c.Score >= 0.95 {
			continue
		}
		line := name + " is too low:"
		for _, ref := range c.AuditRefs {
			if a := report.Audits[ref.ID]; ref.Weight > 0 && a.Score != nil && *a.Score < 0.95 {
				line += " " + a.Title + " (" + a.DisplayValue + ");"
			}
		}
		low = append(low, line)
	}
	return low
}
