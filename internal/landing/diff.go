package landing

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

const (
	maxFiles = 3000     // of a Diff
	maxLines = 20_000   // changed lines of a file whose hunks are told
	maxText  = 32 << 20 // bytes of all hunks
	maxLine  = 64 << 10 // bytes of a line
)

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

// errEnough ends a git whose answer is long enough.
var errEnough = errors.New("enough")

// Diff compares two commits.
func (l *Lander) Diff(ctx context.Context, base, head string) (*Diff, error) {
	d, err := l.Stat(ctx, base, head)
	if err != nil || len(d.Files) == 0 {
		return d, err
	}
	gw, err := l.Git.Writer(ctx)
	if err != nil {
		return nil, err
	}
	p := &patch{files: d.Files}
	err = gw.Pour(ctx, nil, p, append(append([]string{"diff-tree"}, diffing...), "-p", "-U3", "--no-color", "--full-index",
		"--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--end-of-options", base, head)...)
	if err == nil {
		err = p.finish()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return d, nil
}

// diffing is how trees are compared: the same for all, whatever is configured.
var diffing = []string{"-r", "-M", "-l1000", "--no-ext-diff", "--no-textconv", "--no-relative", "-O/dev/null"}

// Stat is Diff without hunks.
func (l *Lander) Stat(ctx context.Context, base, head string) (*Diff, error) {
	for _, c := range []string{base, head} {
		if at, err := l.Git.Resolve(ctx, c); err != nil || at == "" || strings.HasPrefix(c, "-") {
			return nil, errors.Join(err, fault.New(fault.NotFound, "there is no commit %q to compare", c))
		}
	}
	gw, err := l.Git.Writer(ctx)
	if err != nil {
		return nil, err
	}
	out, err := gw.Run(ctx, append(append([]string{"diff-tree"}, diffing...), "-z", "--raw", "--numstat", "--end-of-options", base, head)...)
	if err != nil {
		return nil, err
	}
	return readStat(fields(out))
}

func fields(out []byte) []string {
	s := strings.TrimSuffix(string(out), "\x00")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\x00")
}

var statuses = map[byte]string{'A': "added", 'D': "deleted", 'M': "modified", 'R': "renamed", 'C': "copied", 'T': "type"}

// readStat reads what --raw --numstat -z say: all records of the one, then of the other,
// in the same order.
func readStat(f []string) (*Diff, error) {
	d := &Diff{Files: []File{}}
	bad := fault.New(fault.Internal, "git diff-tree: an answer that is not understood")
	i := 0
	var all []File
	for ; i < len(f) && strings.HasPrefix(f[i], ":"); i++ {
		w := strings.Fields(f[i][1:])
		if len(w) != 5 || i+1 >= len(f) || statuses[w[4][0]] == "" {
			return nil, bad
		}
		file := File{Status: statuses[w[4][0]], Path: f[i+1]}
		i++
		if w[4][0] == 'R' || w[4][0] == 'C' {
			if i+1 >= len(f) {
				return nil, bad
			}
			file.Old, file.Path = file.Path, f[i+1]
			i++
		}
		if w[0] != w[1] {
			file.OldMode, file.NewMode = mode(w[0]), mode(w[1])
		}
		all = append(all, file)
	}
	for n := range all {
		if i >= len(f) {
			return nil, bad
		}
		w := strings.SplitN(f[i], "\t", 3)
		if len(w) != 3 {
			return nil, bad
		}
		if i++; w[2] == "" {
			i += 2
		}
		if w[0] == "-" {
			all[n].Binary = true
			continue
		}
		var e1, e2 error
		all[n].Added, e1 = strconv.Atoi(w[0])
		all[n].Deleted, e2 = strconv.Atoi(w[1])
		if e1 != nil || e2 != nil {
			return nil, bad
		}
		d.Added, d.Deleted = d.Added+all[n].Added, d.Deleted+all[n].Deleted
		all[n].TooLarge = all[n].Added+all[n].Deleted > maxLines
	}
	d.Files = append(d.Files, all[:min(len(all), maxFiles)]...)
	d.More = len(all) - len(d.Files)
	return d, nil
}

// mode is a file's mode, "" where there is no file.
func mode(s string) string {
	if s == "000000" {
		return ""
	}
	return s
}
