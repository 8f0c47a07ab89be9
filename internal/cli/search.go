package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tasks/internal/docs"
	"tasks/internal/fault"
	"tasks/internal/index"
	"tasks/internal/query"
	"tasks/internal/repo"
	"tasks/internal/task"
)

// hitJSON is one line that was found.
type hitJSON struct {
	Path string `json:"path"`
	Line int    `json:"line"`
	Text string `json:"text"`
	Kind string `json:"kind"` // task, doc or code
}

// searchOptions are the flags of search.
type searchOptions struct {
	regex bool
	glob  string
	limit int
}

// maxHits is what may be asked for; no person reads more.
const maxHits = 10000

func newSearch(a *app) *cobra.Command {
	var o searchOptions
	cmd := &cobra.Command{
		Use:        "search QUERY [--regex] [--glob G] [--limit N] [--json]",
		Short:      "Search the text of the repository",
		SuggestFor: []string{"grep", "find"},
		Long: `Search the text of all files that git does not ignore, secrets left out. QUERY is
searched for as it stands, in any case unless it has an upper-case letter; with
--regex it is an RE2 expression. Each line that holds it is printed as
path:line: text.

Filters before or behind the text narrow it: status: owner: workstream: milestone:
priority: label: (tasks only), path: (a prefix or a glob), kind: (task, doc, code).
Several values: status:ready,blocked. Among the words, alone, or with --regex, they
are text like any other.`,
		Example: `  tasks search "dead letter"
  tasks search 'dead letter status:ready,blocked'
  tasks search --glob 'docs/**/*.md' retry
  tasks search --regex 'TODO|FIXME' --json`,
		Args: one("QUERY"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.search(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.regex, "regex", false, "QUERY is a regular expression (RE2)")
	f.StringVar(&o.glob, "glob", "", "only files that match `G`, such as 'docs/**/*.md'")
	f.IntVar(&o.limit, "limit", 200, "at most `N` lines")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) search(ctx context.Context, text string, o searchOptions) error {
	if o.limit < 1 || o.limit > maxHits {
		return fault.New(fault.Usage, "--limit %d is not between 1 and %d", o.limit, maxHits)
	}
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	q := repo.Query{Text: text, Regex: o.regex, Glob: o.glob, Limit: o.limit}
	if !o.regex {
		if err := a.narrow(ctx, h, &q); err != nil {
			return err
		}
	}
	found, err := h.repo.Search(ctx, q)
	if err != nil {
		return err
	}
	if a.json {
		kinds := map[string]string{}
		out := struct {
			Hits      []hitJSON `json:"hits"`
			Truncated bool      `json:"truncated"`
		}{[]hitJSON{}, found.Truncated}
		for _, x := range found.Hits {
			if kinds[x.Path] == "" {
				kinds[x.Path] = h.kind(x.Path)
			}
			out.Hits = append(out.Hits, hitJSON{x.Path, x.Line, x.Text, kinds[x.Path]})
		}
		return a.emit("search", out)
	}
	if len(found.Hits) == 0 {
		a.say("Nothing holds %q.", oneLine(text))
		return nil
	}
	if err := a.write(func(w io.Writer) {
		for _, x := range found.Hits {
			fmt.Fprintf(w, "%s:%d: %s\n", oneLine(x.Path), x.Line, printable(x.Text))
		}
	}); err != nil {
		return err
	}
	if found.Truncated {
		a.say("There is more than these %d lines: --limit shows more of it.", len(found.Hits))
	}
	return nil
}

// narrow takes the filters off the text. A value that no task has is said.
func (a *app) narrow(ctx context.Context, h *house, q *repo.Query) error {
	text, filters := query.Ends(q.Text)
	if len(filters) == 0 {
		return nil
	}
	scope, err := index.New(index.Config{Repo: h.repo, Tracker: h.tracker}).Scope(ctx, filters)
	if err != nil {
		return err
	}
	for _, p := range scope.Problems {
		a.say("%s", p)
	}
	q.Text, q.Want = text, scope.Want
	return nil
}

// kind tells a task, a document and anything else apart.
func (h *house) kind(name string) string {
	if !docs.IsMarkdown(name) {
		return "code"
	}
	if f, err := h.repo.ReadFile(name, 0); err == nil {
		if _, is := task.Read(name, f.Data); is {
			return "task"
		}
	}
	return "doc"
}
