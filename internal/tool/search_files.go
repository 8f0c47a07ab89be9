package tool

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"tasks/internal/redact"
	"tasks/internal/repo"
)

//go:embed search_files.md
var searchFilesText string

const (
	maxHits     = 500
	defaultHits = 100
	maxSearch   = 64 << 10 // bytes of the answer
)

func searchFiles(d Deps, m redact.Masker) *form {
	return &form{
		name: "search_files", class: Read, description: searchFilesText,
		params: []param{
			{name: "query", kind: text, required: true, max: 1000, note: "What to look for, in one line. Case counts only where the query has an upper-case letter."},
			{name: "glob", kind: text, max: 1000, note: "Only files whose path matches, such as docs/**/*.md; without a slash it is matched against the file's name."},
			{name: "regex", kind: boolean, note: "The query is a regular expression (RE2). Without it the query is plain text."},
			{name: "max_results", kind: integer, max: maxHits, note: fmt.Sprintf("At most so many lines. Without it: %d.", defaultHits)},
		},
		prepare: func(ctx context.Context, s Session, a arguments) (*draft, error) {
			q := repo.Query{Text: a.text("query"), Regex: a.boolean("regex"), Glob: a.text("glob"), Limit: a.integer("max_results")}
			if q.Text == "" {
				return nil, invalid("%q is empty", "query")
			}
			if q.Glob == "" {
				delete(a, "glob")
			}
			if q.Limit == defaultHits {
				delete(a, "max_results")
			}
			if q.Limit == 0 {
				q.Limit = defaultHits
			}
			return &draft{
				sentence: "Search for " + line(q.Text),
				run: func(ctx context.Context) (Result, error) {
					found, err := d.Repo.Search(ctx, q)
					if err != nil {
						return Result{}, err
					}
					return hits(q, found, m), nil
				},
			}, nil
		},
	}
}

// hits writes what was found, one line a hit. Text of files is shown to the model
// by it, so it taints; a search without a hit shows nothing.
func hits(q repo.Query, found repo.Hits, m redact.Masker) Result {
	r := Result{Status: OK, Truncated: found.Truncated, Taints: len(found.Hits) > 0}
	var b strings.Builder
	shown := 0
	for _, h := range found.Hits {
		row := fmt.Sprintf("%s:%d: %s\n", line(h.Path), h.Line, m.Excerpt(line(h.Text)))
		if b.Len()+len(row) > maxSearch {
			r.Truncated = true
			break
		}
		b.WriteString(row)
		shown++
	}
	r.Summary = fmt.Sprintf("Searched for %s, %s", line(q.Text), plural(shown, "hit"))
	switch {
	case r.Truncated:
		r.Summary += ", cut"
		b.WriteString("[cut: there is more; narrow the query or give a glob]\n")
	case shown == 0:
		b.WriteString("No line matches.\n")
	}
	r.Content = b.String()
	return r
}
