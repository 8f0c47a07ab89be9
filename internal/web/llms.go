package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"tasks/internal/docs"
	"tasks/internal/task"
)

const (
	// maxLLMs bounds /llms.txt: further pages are counted, not named.
	maxLLMs = 2000
	// maxLLMsTasks bounds its tasks.
	maxLLMsTasks = 500
	// maxLLMsText bounds one title, in bytes.
	maxLLMsText = 300
)

// llms is /llms.txt: what is here, for programs that read the site, in the form of
// llmstxt.org: a title, a sentence, sections of links to the markdown itself, in the
// order of the navigation. It names what the pages show and nothing else.
func (s *Server) llms(w http.ResponseWriter, r *request) error {
	ctx := r.Context()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n> Documents and tasks of the repository %s, as markdown. Each link gives the source of a page.\n", inline(s.repoName), inline(s.repoName))
	pages, more, err := s.Docs.Pages(ctx, maxLLMs)
	if err != nil {
		return err
	}
	section := ""
	for _, p := range pages {
		if p.Section != section || section == "" {
			section = p.Section
			fmt.Fprintf(&b, "\n## %s\n\n", inline(section))
		}
		b.WriteString(llmsLink(p.Title, docs.Href(p.Path), p.Path))
	}
	if more > 0 {
		fmt.Fprintf(&b, "\nAnd %d more documents: see /browse/.\n", more)
	}
	if err := s.llmsTasks(ctx, &b); err != nil {
		return err
	}
	return send(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte(b.String()))
}

// llmsTasks lists the tasks, those that are open first.
func (s *Server) llmsTasks(ctx context.Context, b *strings.Builder) error {
	_, rows, err := s.project(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	b.WriteString("\n## Tasks\n\n")
	n := 0
	for _, over := range []bool{false, true} {
		for _, row := range rows {
			if (row.Status == task.Completed || row.Status == task.Cancelled) != over {
				continue
			}
			if n++; n > maxLLMsTasks {
				continue
			}
			title := row.Title
			if title == "" {
				title = row.Slug
			}
			b.WriteString(llmsLink(title, row.Href, strings.ToLower(statusLabel(row.Status))))
		}
	}
	if n > maxLLMsTasks {
		fmt.Fprintf(b, "\nAnd %d more tasks: see /tasks.json.\n", n-maxLLMsTasks)
	}
	return nil
}

func llmsLink(title, href, note string) string {
	return "- [" + inline(title) + "](" + href + "?raw): " + inline(note) + "\n"
}

var inlineEscapes = strings.NewReplacer("[", `\[`, "]", `\]`, "\n", " ", "\r", " ", "`", "'", "<", "&lt;")

// inline is text that stays on its line and within its brackets.
func inline(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) { // a terminal would obey
			return ' '
		}
		return r
	}, s)
	if len(s) > maxLLMsText {
		s = strings.ToValidUTF8(s[:maxLLMsText], "") + "…"
	}
	return inlineEscapes.Replace(s)
}
