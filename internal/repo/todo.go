package repo

import "context"

// Query is a search over the text of the checkout.
type Query struct {
	Text  string // literal; case-insensitive unless it has an upper-case letter
	Regex bool   // Text is an RE2 expression
	Glob  string // **/*.md form; matches the path, or the name where it has no slash
	Dir   string // only below this folder
	Limit int    // hits; 0 means 200
}

// Hit is one line that matches.
type Hit struct {
	Path string
	Line int    // from 1
	Text string // the line, cut to 400 characters around the match, invalid UTF-8 replaced
	From int    // byte offsets of the first match within Text
	To   int
}

// Hits is the answer of a search, in path order.
type Hits struct {
	Hits      []Hit
	Truncated bool // more matched, or time (5 s) ran out
}

// Search scans the allowed text files; binary files and files over 8 MB are
// passed over. Ripgrep, where there is one, finds the candidates of large
// checkouts; the answer is the same without it. Invalid for a bad expression.
func (r *Repo) Search(ctx context.Context, q Query) (Hits, error) { panic("skeleton") }
