package landing

import "context"

// Diff is what changed between two commits. Bounded: files beyond the bound are counted,
// and of files too long only the counts of their lines are told.
type Diff struct {
	Files   []File `json:"files"`
	More    int    `json:"more"` // files beyond the bound
	Added   int    `json:"added"`
	Deleted int    `json:"deleted"`
}

// File is one changed file. Status is added, deleted, modified, renamed, copied or type.
type File struct {
	Path     string `json:"path"`
	Old      string `json:"old,omitempty"` // the path before, of a renamed or copied one
	Status   string `json:"status"`
	OldMode  string `json:"old_mode,omitempty"` // as in git, 100644; where the modes differ
	NewMode  string `json:"new_mode,omitempty"`
	Added    int    `json:"added"`
	Deleted  int    `json:"deleted"`
	Binary   bool   `json:"binary,omitempty"`
	TooLarge bool   `json:"too_large,omitempty"` // no hunks for that reason
	Hunks    []Hunk `json:"hunks,omitempty"`
}

// Hunk is a stretch of changed lines with what stands around them.
type Hunk struct {
	OldStart int    `json:"old_start"`
	OldLines int    `json:"old_lines"`
	NewStart int    `json:"new_start"`
	NewLines int    `json:"new_lines"`
	Section  string `json:"section,omitempty"` // what git found it to stand in
	Lines    []Line `json:"lines"`
}

// Line is one line. Kind is " ", "+" or "-"; Old and New are its numbers on the two sides,
// 0 where it is not on one. Text is without its line feed, a carriage return included,
// invalid UTF-8 replaced.
type Line struct {
	Kind      string `json:"kind"`
	Old       int    `json:"old,omitempty"`
	New       int    `json:"new,omitempty"`
	Text      string `json:"text"`
	NoNewline bool   `json:"no_newline,omitempty"` // the file ends here without a line feed
}

// Diff compares two commits, base being an ancestor or not.
func (l *Lander) Diff(ctx context.Context, base, head string) (*Diff, error) { return nil, errLater }

// Stat is Diff without hunks.
func (l *Lander) Stat(ctx context.Context, base, head string) (*Diff, error) { return nil, errLater }
