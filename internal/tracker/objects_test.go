package tracker_test

import (
	"strings"
	"testing"

	"tasks/internal/tracker"
)

func TestObjects(t *testing.T) {
	_, tr := house(t, map[string]string{
		"tasks/team/README.md":                       "# Team\n",
		"tasks/team/Kim_Lee.md":                      "---\ntype: person\nname: Kim Lee\n---\n",
		"tasks/team/maintainer.md":                   "---\ntype: role\nfilled_by: Kim Lee\n---\n# The maintainer\n",
		"tasks/team/broken.md":                       "---\nname: [\n---\n# Still named\n",
		"tasks/milestones/late.md":                   "---\ntype: milestone\ntitle: Late\ndue: 2027-05-01\n---\n",
		"tasks/milestones/soon.md":                   "\ufeff---\r\ntype: milestone\r\ndue: \"2027-01-31\"\r\n---\r\n# Soon\r\n",
		"tasks/milestones/never.md":                  "# Some day\n",
		"tasks/milestones/wrong.md":                  "---\ntype: milestone\ndue: next week\n---\n",
		"tasks/workstreams/core/README.md":           "# The core\n",
		"tasks/workstreams/core/initiatives/fast.md": "---\ntype: initiative\ntitle: Fast\nstatus: in_progress\nowner: Kim Lee\n---\n",
		"tasks/workstreams/core/tasks/a.md":          "---\ntype: task\nstatus: ready\nowner: Nobody Known\nmilestone: ghost\nworkstream: core\ninitiative: slow\n---\n",
		"tasks/workstreams/empty/notes.txt":          "",
	})
	o, err := tr.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"team": `person broken "Still named" broken:2 | person kim-lee "Kim Lee" | role maintainer "The maintainer" filled:kim-lee | person nobody-known "nobody-known" nofile`,
		"milestones": `milestone soon "Soon" due:2027-01-31 | milestone late "Late" due:2027-05-01 | milestone ghost "ghost" nofile | ` +
			`milestone never "Some day" | milestone wrong "wrong" broken:3`,
		"workstreams": `workstream core "The core" | workstream empty "empty" nofile`,
		"initiatives": `initiative fast "Fast" of:core | initiative slow "slow" of:core nofile`,
	}
	for name, list := range map[string][]tracker.Object{"team": o.Team, "milestones": o.Milestones, "workstreams": o.Workstreams, "initiatives": o.Initiatives} {
		var got []string
		for _, x := range list {
			s := string(x.Kind) + " " + x.Name + ` "` + x.Title + `"`
			if x.Workstream != "" {
				s += " of:" + x.Workstream
			}
			if x.FilledBy != "" {
				s += " filled:" + x.FilledBy
			}
			if !x.Due.IsZero() {
				s += " due:" + x.Due.Format("2006-01-02")
			}
			if x.Broken != nil {
				s += " broken:" + string(rune('0'+x.Broken.Line))
			}
			if x.Path == "" {
				s += " nofile"
			}
			got = append(got, s)
		}
		if strings.Join(got, " | ") != want[name] {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, " | "), want[name])
		}
	}
}

func TestObjectsOfNothing(t *testing.T) {
	_, tr := house(t, map[string]string{"README.md": "# x\n", "tasks/team": "a file of that name\n"})
	o, err := tr.Objects(t.Context())
	if err != nil || len(o.Team)+len(o.Milestones)+len(o.Workstreams)+len(o.Initiatives) != 0 {
		t.Errorf("%+v %v", o, err)
	}
}
