package manager

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

var update = flag.Bool("update", false, "write what the plans say into testdata/plan")

var planTime = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

// Each archive in testdata/plan is a world in lines of words and the plan of it:
//
//	owner ann, away, blind, untrusted, starts=no, runs=2, workstream=1, perowner=1
//	task SLUG STATUS key=value…   deps=a,b priority=p0 stream=s owner=o touches=g,h broken=yes
//	run SLUG STATE key=value…     due, lease, word: seconds after noon; age: before it
//	team NAME person|role key=value…
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range files {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed := false
		for i := 0; i+1 < len(ar.Files); i += 2 {
			world, plan := ar.Files[i], &ar.Files[i+1]
			if plan.Name != "plan" {
				t.Fatalf("%s: after a world comes its plan, not %s", name, plan.Name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(name), ".txt")+"/"+world.Name, func(t *testing.T) {
				w := readWorld(t, string(world.Data))
				var b strings.Builder
				keys := map[string]bool{}
				for _, a := range Plan(w) {
					fmt.Fprintf(&b, "%s: %s\n", strings.Join(strings.Fields(a.Verb+" "+a.Slug), " "), a.Reason)
					if keys[a.Key] || a.Key == "" {
						t.Errorf("the key %q is not its own", a.Key)
					}
					keys[a.Key] = true
				}
				if got := b.String(); got != string(plan.Data) {
					if *update {
						plan.Data, changed = []byte(got), true
						return
					}
					t.Errorf("plan\ngot\n%swant\n%s", got, plan.Data)
				}
				if again := Plan(w); len(again) != len(keys) {
					t.Error("the same world gives another plan")
				}
			})
		}
		if changed {
			if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// readWorld makes a world of its lines.
func readWorld(t *testing.T, text string) World {
	w := World{
		Root: "/r", Branch: "main", At: planTime, Runs: map[string]*run.Run{}, Edits: map[string]Edit{}, Missing: map[string]time.Duration{}, Lives: map[string]Life{},
		Merged: map[string]string{}, Landings: map[string]bool{}, Trees: map[string]Tree{}, Starts: true,
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		v := map[string]string{}
		var words []string
		for _, x := range f {
			if key, value, is := strings.Cut(x, "="); is {
				v[key] = value
			} else {
				words = append(words, x)
			}
		}
		arg := func(i int) string {
			if i < len(words) {
				return words[i]
			}
			return ""
		}
		number := func(key string) int {
			n, err := strconv.Atoi(cmp.Or(v[key], "0"))
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return n
		}
		list := func(key string) []string {
			return strings.FieldsFunc(v[key], func(r rune) bool { return r == ',' })
		}
		at := func(key string) time.Time {
			if v[key] == "" {
				return time.Time{}
			}
			return planTime.Add(time.Duration(number(key)) * time.Second)
		}
		switch arg(0) {
		case "limits":
			w.Limits = Limits{Runs: number("runs"), Workstream: number("workstream"), PerOwner: number("perowner")}
		case "owner":
			w.Owner = arg(1)
		case "away":
			w.Branch = "other"
		case "blind":
			w.Unreadable = "the disk does not answer"
		case "untrusted":
			w.Untrusted = &run.Reason{Code: run.Untrusted, Text: "not trusted"}
		case "nostarts":
			w.Starts = false
		case "team":
			if w.Team == nil {
				w.Team = map[string]tracker.Object{}
			}
			w.Team[arg(1)] = tracker.Object{Name: arg(1), Kind: tracker.Kind(arg(2)), FilledBy: v["filled_by"], Owner: v["owner"]}
		case "tree":
			w.Trees["/r/.worktrees/"+arg(1)] = Tree{Branch: "task/" + arg(1), Missing: arg(2) == "missing"}
		case "task":
			k := &task.Task{Slug: arg(1), ID: arg(1), Path: "tasks/" + arg(1) + ".md", Status: task.Status(arg(2)), Hash: "h",
				DependsOn: list("deps"), Workstream: v["stream"], Owner: v["owner"], Touches: list("touches")}
			if v["broken"] != "" {
				k.Broken = &task.Broken{Line: 2, Reason: "bad"}
			}
			w.Tasks = append(w.Tasks, k)
		case "run":
			r := &run.Run{ID: "r-" + arg(1), Slug: arg(1), Path: "tasks/" + arg(1) + ".md", State: run.State(arg(2)), Hash: "h", Base: "main",
				Priority: v["priority"], QueuedAt: planTime.Add(-time.Duration(number("age")) * time.Second), RetryAt: at("due"), EventAt: at("word"),
				LeaseUntil: at("lease"), Attempt: number("attempt"), Crashes: number("crashes"), PID: number("pid"), Stop: v["stop"]}
			if v["tree"] != "" {
				r.Worktree = "/r/.worktrees/" + r.Slug
			}
			if v["reason"] != "" {
				code, text, _ := strings.Cut(v["reason"], ":")
				r.Reason = &run.Reason{Code: code, Text: strings.ReplaceAll(text, "_", " ")}
			}
			if r.State.Leased() {
				r.Lease = "token"
				w.Lives[r.ID] = Life{Alive: v["alive"] != "no", Silent: time.Duration(number("silent")) * time.Second}
			}
			if v["edit"] != "" || v["was"] != "" || v["invalid"] != "" {
				w.Edits[r.ID] = Edit{What: v["edit"], Was: task.Status(v["was"]), Invalid: v["invalid"]}
			}
			w.Missing[r.ID] = time.Duration(number("gone")) * time.Second
			if v["merged"] != "" {
				w.Merged[r.ID] = "its branch was merged"
			}
			if v["landing"] != "" {
				w.Landings[r.ID] = v["landing"] == "alive"
			}
			w.Runs[r.Slug] = r
		default:
			t.Fatalf("what is %q?", line)
		}
	}
	return w
}
