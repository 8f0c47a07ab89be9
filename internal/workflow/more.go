package workflow

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// writer makes a prompt.
type writer struct {
	strings.Builder
	key string // of the run: what others wrote cannot know it
}

func (p *writer) line(format string, args ...any) {
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

// more is what is new to an agent that has been at the task.
func (p *writer) more(in Input) {
	if p.Len() > 0 {
		p.line("")
	}
	p.line("# The task %s goes on", in.Run.Slug)
	p.line("")
	p.line("You are in the same work tree, on the branch %s. What was done so far is in its commits and files: look at `git log` and `git status`, and go on from there. The rules are the same: small commits with the trailer `Task: %s`, the worksheet %s kept up, nothing pushed.", name(in.Run.Branch), in.Run.Slug, name(in.Run.Path))
	if in.Kind == Retry || in.Why != "" {
		p.line("")
		p.line("## The attempt before ended early")
		p.line("")
		if in.Why != "" {
			p.fence("reason", in.Why, 2<<10)
		}
		p.line("Do not begin anew, and do not repeat what is done.")
	}
	if in.Kind == Again {
		p.line("")
		p.line("## A person asks for another attempt")
		p.line("")
		p.line("You had ended, and the person who looked at the work wants you to go over it once more. Hold it against the worksheet, step by step, and add what is missing or wrong.")
	}
	p.failed(in.Failed)
	p.conflict(in)
	p.said(in.Said)
	p.line("")
	p.line("When it is done, commit everything and end with a short summary of what changed in this round.")
}

func (p *writer) failed(list []Failure) {
	if len(list) == 0 {
		return
	}
	p.line("")
	p.line("## A check failed")
	p.line("")
	p.line("After your last word these commands were run in this folder, and failed. Find the cause and mend it in the work; do not weaken the check. Run them yourself before you end.")
	for _, f := range list {
		how := "it did not end by itself"
		if f.Exit >= 0 {
			how = fmt.Sprintf("exit status %d", f.Exit)
		}
		p.line("")
		p.fence("command", f.Command, 4<<10)
		p.fence("output, "+how, f.Output, maxOutput)
	}
}

func (p *writer) conflict(in Input) {
	if in.Kind != Conflict && len(in.Paths) == 0 {
		return
	}
	p.line("")
	p.line("## The work no longer fits on %s", name(in.Run.Base))
	p.line("")
	p.line("%s has moved on, and both sides changed the same places. Merge it into this branch (`git merge %s`), solve each conflict so that what both sides meant still holds, run the checks, and commit the merge. Do not rebase, and drop no change of either side only to be done.", name(in.Run.Base), in.Run.Base)
	if len(in.Paths) > 0 {
		p.line("")
		p.fence("paths in conflict", strings.Join(in.Paths, "\n"), 4<<10)
	}
}

func (p *writer) said(list []Said) {
	for _, s := range list {
		p.line("")
		if s.Review {
			p.line("## A person has reviewed the work")
			p.line("")
			p.line("Each comment names a file and a line, with the line as it was quoted under it. Do what each one asks, or say in your summary why not; one line for each.")
			p.fence("review", s.Text, maxSaid)
			continue
		}
		p.line("## A person says")
		p.line("")
		p.fence("message", s.Text, maxSaid)
	}
}

// fence puts text between two marks that it cannot hold: they have a part that is made
// from the run's id, which nobody else knows, and from the text.
func (p *writer) fence(what, text string, limit int) {
	text = clean(text)
	if len(text) > limit {
		half := limit / 2
		text = strings.ToValidUTF8(text[:half], "") + fmt.Sprintf("\n… %d bytes left out …\n", len(text)-2*half) + strings.ToValidUTF8(text[len(text)-half:], "")
	}
	mark := ""
	for n := 0; mark == "" || strings.Contains(text, mark); n++ {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%s\x00%s\x00%d\x00%s", p.key, what, n, text)))
		mark = hex.EncodeToString(sum[:6])
	}
	p.line("<<<<<<<< %s %s", mark, what)
	p.line("%s", strings.TrimRight(text, "\n"))
	p.line(">>>>>>>> %s", mark)
}

// clean is text without what a terminal or a model would not see as it is: control
// characters aside from line and tab, and marks that turn the direction of writing.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r >= 0x7f && r < 0xa0,
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069,
			r >= 0xe0000 && r <= 0xe007f, r == 0xfeff:
			return -1
		}
		return r
	}, s)
}
