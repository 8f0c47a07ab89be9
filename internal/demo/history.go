package demo

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"tasks/internal/lazy"
	"tasks/internal/task"
)

// today is the day on which the sample was written; its dates are told from there.
var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// dated are the lines of front matter that hold a date.
var dated = lazy.Regexp(`(?m)^(created_at|updated_at|completed_at|due): (\d{4}-\d{2}-\d{2})`)

// read reads the sample, with its dates moved from today to now.
func read(files fs.FS, now time.Time) (map[string][]byte, error) {
	days := int(now.UTC().Truncate(24*time.Hour).Sub(today) / (24 * time.Hour))
	all := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		all[name] = dated().ReplaceAllFunc(data, func(line []byte) []byte {
			key, day, _ := bytes.Cut(line, []byte(": "))
			at, err := time.Parse(time.DateOnly, string(day))
			if err != nil {
				return line
			}
			return fmt.Appendf(nil, "%s: %s", key, at.AddDate(0, 0, days).Format(time.DateOnly))
		})
		return nil
	})
	return all, err
}

// commit is one step of the history.
type commit struct {
	at           time.Time
	who, message string
	files        map[string][]byte
}

// written are the documents that came after the first commit: how many days ago, by
// whom, and what was said of it.
var written = []struct {
	days               int
	name, who, message string
}{
	{61, "docs/operations/runbook.md", "Tom Okafor", "docs: what to do when the oldest message is old"},
	{34, "docs/guide/getting-started.md", "Tom Okafor", "docs: the first message in five minutes"},
	{5, "docs/guide/configuration.md", "Ana Ruiz", "docs: the retry settings in one table"},
	{1, "docs/guide/delivery.md", "Tom Okafor", "docs: the life of a message, drawn"},
}

// commits is the history that the files tell of themselves: a task is planned on the
// day it was created and done on the day it was completed.
func commits(all map[string][]byte, now time.Time) []commit {
	first := commit{at: now.AddDate(0, 0, -90), who: "Ana Ruiz", message: "lantern: one file, three loops", files: map[string][]byte{}}
	list := []commit{first}
	add := func(at time.Time, who, message, name string, data []byte) {
		if at.After(now) {
			at = now
		}
		list = append(list, commit{at, who, message, map[string][]byte{name: data}})
	}
	for name, data := range all {
		t, is := task.Read(name, data)
		if !is {
			first.files[name] = data
			continue
		}
		who := map[string]string{"tom-okafor": "Tom Okafor"}[t.Owner]
		if who == "" {
			who = "Ana Ruiz"
		}
		begun := data
		if !t.CompletedAt.IsZero() || !t.UpdatedAt.IsZero() {
			begun = asPlanned(data)
		}
		add(t.CreatedAt, who, t.Workstream+": plan to "+lower(t.Title), name, begun)
		if !t.CompletedAt.IsZero() {
			add(t.CompletedAt, who, t.Workstream+": "+lower(t.Title), name, data)
		} else if !t.UpdatedAt.IsZero() {
			add(t.UpdatedAt, who, t.Workstream+": what is to be done about "+t.Slug, name, data)
		}
	}
	for _, w := range written {
		delete(first.files, w.name)
		add(now.AddDate(0, 0, -w.days), w.who, w.message, w.name, all[w.name])
	}
	slices.SortStableFunc(list, func(a, b commit) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.message, b.message)
	})
	return list
}

// later are the lines that a worksheet did not have yet when it was planned.
var later = lazy.Regexp(`(?m)^(completed_at|completed_by|updated_at): .*\n`)

// asPlanned is a worksheet as it may have been when it was written: nothing done.
func asPlanned(data []byte) []byte {
	data = later().ReplaceAll(data, nil)
	data = bytes.Replace(data, []byte("\nstatus: completed\n"), []byte("\nstatus: not_started\n"), 1)
	data = bytes.Replace(data, []byte("\nstatus: ready\n"), []byte("\nstatus: not_started\n"), 1)
	return bytes.ReplaceAll(data, []byte("- [x]"), []byte("- [ ]"))
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// stream is the commits in the form of git fast-import.
func stream(list []commit) []byte {
	var b bytes.Buffer
	for _, c := range list {
		mail := strings.ToLower(strings.Fields(c.who)[0]) + "@lantern.invalid"
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter %s <%s> %d +0000\ndata %d\n%s\n", c.who, mail, c.at.Unix(), len(c.message), c.message)
		for _, name := range sorted(c.files) {
			fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n", path.Clean(name), len(c.files[name]))
			b.Write(c.files[name])
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func sorted(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
