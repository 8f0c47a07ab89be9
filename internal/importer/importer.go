// Package importer reads the tasks that other tools keep and makes worksheets of
// them. Nothing of theirs is changed, and nothing of ours is overwritten.
//
// One reader for each tool makes records: what every task has under our names, and
// all that is left under theirs. What has no place of its own is kept as front
// matter (`imported`) or in the section Context; what could not be carried over is
// said in the notes of the item. A worksheet tells where it is from (`imported_from`),
// so a second import passes it over, wherever below tasks/ it lies by then.
//
// What is read was written by strangers: files are opened below one folder, links
// and anything but regular files are passed over, sizes, counts and depths are
// bounded, and no command of theirs becomes one of ours (`verify` is never written).
package importer

import (
	"context"
	"slices"
	"strings"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/task"
	"tasks/internal/tracker"
)

// Results of an item.
const (
	Imported = "imported"
	Skipped  = "skipped"
	Failed   = "failed"
)

// Options say what to import.
type Options struct {
	From       string // one of Tools
	Path       string // absolute: a project, the tool's folder in it, or its file; "" is the root
	Workstream string // of all that is imported; "" for none
	DryRun     bool   // plan everything, write nothing
}

// Item is one task of the other tool. ID is theirs; Slug and Path are ours, "" where
// there is no worksheet.
type Item struct {
	ID, Slug, Path string
	Source         string // where it stands, below the folder that was read
	Result         string
	Notes          []string // what was not carried over as it was, or why it failed
	Content        []byte   // of the worksheet that is, or would be, written
}

// Report is what came of an import, in the order of the source.
type Report struct {
	From   string
	DryRun bool
	Items  []Item
}

// Count is how many items have the result.
func (r *Report) Count(result string) int {
	n := 0
	for _, i := range r.Items {
		if i.Result == result {
			n++
		}
	}
	return n
}

// readers are the tools, in the order of the help.
var readers = []struct {
	name string
	read func(*source) error
}{
	{"backlog", readBacklog},
	{"taskmd", readTaskmd},
	{"beads", readBeads},
	{"taskmaster", readTaskmaster},
	{"openspec", readOpenSpec},
}

// Tools are the names of the tools that are read.
func Tools() []string {
	var names []string
	for _, r := range readers {
		names = append(names, r.name)
	}
	return names
}

// Import reads the tasks of another tool and writes a worksheet for each that was not
// imported before. NotFound where the tool keeps nothing there, Invalid for a bad
// workstream. A task that cannot be read is a failed item, no error. Each worksheet
// is written whole or not at all, dependencies first: an import that was cut short is
// completed by the next.
func Import(ctx context.Context, r *repo.Repo, t *tracker.Tracker, o Options) (*Report, error) {
	i := slices.Index(Tools(), o.From)
	if i < 0 {
		return nil, fault.New(fault.Usage, "there is no import from %q", o.From).WithHint("it is one of %s", strings.Join(Tools(), ", "))
	}
	if o.Workstream != "" && !task.ValidSlug(o.Workstream) {
		return nil, fault.New(fault.Invalid, "%q is not the name of a workstream: small letters, digits and hyphens", o.Workstream)
	}
	src, err := open(ctx, r.Root(), o)
	if err != nil {
		return nil, err
	}
	defer src.close()
	if err := readers[i].read(src); err != nil {
		return nil, err
	}
	p, err := newPlan(ctx, r, t, o, src)
	if err != nil {
		return nil, err
	}
	if err := p.write(ctx); err != nil {
		return nil, err
	}
	return p.report(), nil
}
