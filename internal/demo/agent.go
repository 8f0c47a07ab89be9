package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/internal/fault"
	"tasks/internal/git"
	"tasks/internal/task"
)

// Agent is the demo's scripted agent: it stands where a coding agent would, thinks
// nothing and asks no model. It goes through the plan of the worksheet in the work tree
// dir, a step each pace, says what it does, ticks the boxes, changes what the sample's
// story needs, and commits each step. A prompt that brings a person's message is answered
// in the worksheet.
func Agent(ctx context.Context, dir, slug string, prompt io.Reader, out io.Writer, pace time.Duration) error {
	told, err := io.ReadAll(io.LimitReader(prompt, 1<<20))
	if err != nil {
		return err
	}
	c, err := git.Find(ctx, dir)
	if err != nil {
		return err
	}
	sheet, err := find(dir, slug)
	if err != nil {
		return err
	}
	a := &agent{ctx: ctx, git: c, dir: dir, slug: slug, sheet: sheet, out: out, pace: pace}
	a.say("I am the scripted agent of the demo: what I do here is known beforehand, and no model is asked.")
	if words := message(string(told)); words != "" {
		return a.answer(words)
	}
	return a.work()
}

type agent struct {
	ctx       context.Context
	git       *git.Checkout
	dir, slug string
	sheet     string // absolute
	out       io.Writer
	pace      time.Duration
}

// say prints a line and waits a pace, as somebody who thinks would.
func (a *agent) say(format string, args ...any) error {
	fmt.Fprintf(a.out, format+"\n", args...)
	select {
	case <-a.ctx.Done():
		return a.ctx.Err()
	case <-time.After(a.pace):
		return nil
	}
}

func (a *agent) work() error {
	src, err := os.ReadFile(a.sheet)
	if err != nil {
		return err
	}
	steps := task.PlanBoxes(src)
	if err := a.say("I read the worksheet: %d steps.", len(steps)); err != nil {
		return err
	}
	var done []string
	for i, step := range steps {
		if step.Done {
			continue
		}
		if err := a.say("Step %d of %d: %s", i+1, len(steps), step.Text); err != nil {
			return err
		}
		if err := a.change(i); err != nil {
			return err
		}
		if err := a.tick(step.Line); err != nil {
			return err
		}
		if err := a.commit(fmt.Sprintf("step %d: %s", i+1, short(step.Text))); err != nil {
			return err
		}
		done = append(done, fmt.Sprintf("- Step %d, %s: done by the demo's scripted agent.", i+1, short(step.Text)))
	}
	if len(done) > 0 {
		if err := a.note("Implementation Progress", strings.Join(done, "\n")); err != nil {
			return err
		}
		if err := a.commit("what was done"); err != nil {
			return err
		}
	}
	return a.say("Done: each step has a commit, and the worksheet says so. Look at the change and accept it, or send me a comment.")
}

// change does what the sample's story needs for a step.
func (a *agent) change(step int) error {
	if a.slug != "spread-retries-with-jitter" || step != 0 {
		return nil
	}
	name := filepath.Join(a.dir, "docs", "guide", "configuration.md")
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(src), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "| `retry.longest`") {
			row := "| `retry.jitter` | `full` | `full`: wait a random time up to the computed one; `none`: the computed one |\n"
			return os.WriteFile(name, []byte(strings.Join(lines[:i+1], "")+row+strings.Join(lines[i+1:], "")), 0o644)
		}
	}
	return nil
}

// answer takes a person's message up.
func (a *agent) answer(words string) error {
	if err := a.say("You said: %s", short(words)); err != nil {
		return err
	}
	if err := a.note("Implementation Progress", "- A person said: "+short(words)+" The demo's scripted agent can only write it down."); err != nil {
		return err
	}
	if err := a.commit("a person's message is written down"); err != nil {
		return err
	}
	return a.say("I have written it into the worksheet; a real agent would have acted on it.")
}

func (a *agent) tick(line int) error {
	return a.rewrite(func(src []byte) ([]byte, error) { return task.SetBox(src, line, true) })
}

// note adds lines to a section of the worksheet.
func (a *agent) note(section, text string) error {
	return a.rewrite(func(src []byte) ([]byte, error) {
		for _, s := range task.Worksheet(src) {
			if s.Name != section {
				continue
			}
			if s.State != task.Empty && s.Text != "" {
				text = strings.TrimSpace(s.Text) + "\n" + text
			}
			return task.SetSection(src, section, s.Line, text)
		}
		return src, nil
	})
}

func (a *agent) rewrite(change func([]byte) ([]byte, error)) error {
	src, err := os.ReadFile(a.sheet)
	if err == nil {
		src, err = change(src)
	}
	if err == nil {
		err = os.WriteFile(a.sheet, src, 0o644)
	}
	return err
}

func (a *agent) commit(subject string) error {
	if _, err := a.git.Write(a.ctx, git.Call{Args: []string{"add", "--all", "--", "."}}); err != nil {
		return err
	}
	_, err := a.git.Write(a.ctx, git.Call{
		Args: []string{"commit", "--quiet", "--allow-empty", "-F", "-"}, Stdin: strings.NewReader(a.slug + ": " + subject + "\n\nTask: " + a.slug + "\n"),
	})
	return err
}

// find is the worksheet of a slug below dir.
func find(dir, slug string) (string, error) {
	for _, pattern := range []string{"tasks/" + slug + ".md", "tasks/workstreams/*/tasks/" + slug + ".md"} {
		found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fault.New(fault.NotFound, "the demo's agent finds no worksheet of %s", slug)
}

// message is a person's words in a prompt that goes on with the work, "" where it has none.
// The prompt puts them between marks of its own: "<<<<<<<< KEY message".
func message(prompt string) string {
	if !strings.Contains(prompt, " goes on\n") {
		return ""
	}
	var words []string
	in := false
	for _, line := range strings.Split(prompt, "\n") {
		switch {
		case strings.HasPrefix(line, "<<<<<<<< "):
			f := strings.Fields(line)
			in = len(f) > 2 && (f[2] == "message" || f[2] == "review")
		case strings.HasPrefix(line, ">>>>>>>> "):
			in = false
		case in:
			words = append(words, line)
		}
	}
	return strings.TrimSpace(strings.Join(words, "\n"))
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 120 {
		s = string(r[:119]) + "…"
	}
	return s
}
