package forge

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/lazy"
)

// Probed is what there is to work with.
type Probed struct {
	Program string // gh, absolute
	Version string
	Remote  Remote
}

// Installed tells whether gh is there to be asked.
func (f *Forge) Installed() bool {
	_, err := f.look("gh")
	return err == nil
}

var versionOf = lazy.Regexp(`gh version ([0-9]+\.[0-9]+\.[0-9]+)`)

// Probe finds gh and asks whether it is logged in to the remote's host. Unavailable, as
// NoForge, where one is missing.
func (f *Forge) Probe(ctx context.Context, r Remote) (Probed, error) {
	p := Probed{Remote: r}
	var err error
	if r.Repository() == "" {
		return p, NoForge("the remote %s (%s) is no address of the form HOST/OWNER/NAME", r.Name, r.Shown())
	}
	if p.Program, err = f.look("gh"); err != nil {
		if fault.CodeOf(err) == fault.Forbidden {
			return p, err
		}
		return p, NoForge("gh, which asks for pull requests, is not installed")
	}
	got, err := f.gh(ctx, p.Program, "", "--version")
	if err != nil {
		return p, err
	}
	m := versionOf().FindStringSubmatch(got.out)
	if got.code != 0 || m == nil {
		return p, NoForge("gh does not tell its version: %s", oneLine(got.said+got.out))
	}
	p.Version = m[1]
	if got, err = f.gh(ctx, p.Program, "", "auth", "status", "--hostname", r.Host); err != nil {
		return p, err
	}
	if got.code != 0 {
		return p, fault.New(fault.Unavailable, "there is no forge: gh is not logged in to %s", r.Host).WithHint("gh auth login --hostname %s", r.Host)
	}
	return p, nil
}

// gh runs gh in a folder that is no repository.
func (f *Forge) gh(ctx context.Context, program, stdin string, args ...string) (found, error) {
	dir := "/"
	if home, ok := f.Getenv("HOME"); ok && home != "" && !within(home, f.Git.Root) {
		if info, err := os.Stat(home); err == nil && info.IsDir() {
			dir = home
		}
	}
	return f.run(ctx, program, dir, f.env(), askTime, stdin, args...)
}

// Checks is how the checks of a pull request stand.
type Checks string

// The standings.
const (
	None    Checks = ""
	Passing Checks = "passing"
	Failing Checks = "failing"
	Pending Checks = "pending"
)

// Pull is a pull request as it was asked for.
type Pull struct {
	Number    int
	URL       string
	State     string // open, merged, closed
	Head      string // the commit it stands at
	Base      string
	Checks    Checks
	Failed    []string // the names of the checks that failed
	Conflicts bool
	Known     bool   // the forge has reckoned whether it can be merged
	Merged    string // the commit that it became, "" for none
}

// Signal is what of a pull request wants attention: pr_merged, pr_closed, pr_conflict or
// pr_ci_failed, with what is seen; "" for nothing.
func (p Pull) Signal() (code, evidence string) {
	switch {
	case p.State == "merged":
		return "pr_merged", p.URL + " was merged"
	case p.State == "closed":
		return "pr_closed", p.URL + " was closed without a merge"
	case p.Conflicts:
		return "pr_conflict", p.URL + " conflicts with its base"
	case p.Checks == Failing:
		return "pr_ci_failed", "checks of " + p.URL + " fail: " + strings.Join(p.Failed, ", ")
	}
	return "", ""
}

const fields = "number,url,state,headRefOid,headRefName,baseRefName,mergeable,mergeCommit,statusCheckRollup"

// wire is a pull request in gh's words.
type wire struct {
	Number      int    `json:"number"`
	URL         string `json:"url"`
	State       string `json:"state"`
	Head        string `json:"headRefOid"`
	Branch      string `json:"headRefName"`
	Base        string `json:"baseRefName"`
	Mergeable   string `json:"mergeable"`
	MergeCommit *struct {
		OID string `json:"oid"`
	} `json:"mergeCommit"`
	Checks []struct {
		Name       string `json:"name"`
		Context    string `json:"context"`
		Status     string `json:"status"`     // of a check run
		Conclusion string `json:"conclusion"` // of one that is completed
		State      string `json:"state"`      // of a commit status
	} `json:"statusCheckRollup"`
}

func (w wire) pull() Pull {
	p := Pull{
		Number: w.Number, URL: webAddress(w.URL), State: strings.ToLower(w.State), Head: w.Head, Base: w.Base,
		Conflicts: w.Mergeable == "CONFLICTING", Known: w.Mergeable == "CONFLICTING" || w.Mergeable == "MERGEABLE",
	}
	if w.MergeCommit != nil {
		p.Merged = w.MergeCommit.OID
	}
	pending := false
	for _, c := range w.Checks {
		switch verdict := strings.ToUpper(c.Conclusion + c.State); {
		case c.State == "" && c.Status != "" && c.Status != "COMPLETED", verdict == "PENDING", verdict == "EXPECTED", verdict == "":
			pending = true
		case verdict == "SUCCESS", verdict == "NEUTRAL", verdict == "SKIPPED", verdict == "STALE":
		default:
			p.Failed = append(p.Failed, oneLine(c.Name+c.Context))
		}
	}
	switch {
	case len(p.Failed) > 0:
		p.Checks = Failing
	case pending:
		p.Checks = Pending
	case len(w.Checks) > 0:
		p.Checks = Passing
	}
	return p
}

// webAddress is an address for a link, "" where it is none of the web.
func webAddress(s string) string {
	if (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return s
	}
	return ""
}

func decode(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fault.New(fault.Unavailable, "gh answered something that is not of the form: %w", err)
	}
	return nil
}
