package web

import (
	"cmp"
	"html/template"
	"strconv"
	"strings"

	"tasks/internal/markdown"
	"tasks/internal/runlog"
)

// add takes the next event in.
func (f *fold) add(e runlog.Event) {
	f.seq = e.Seq
	if e.Attempt > f.attempt {
		f.attempt = e.Attempt
		f.rule = f.push(&Step{Kind: "attempt", Verb: "Attempt " + strconv.Itoa(e.Attempt)}).at(e)
	}
	switch e.Type {
	case runlog.Session:
		f.session(e)
	case runlog.State:
		f.facts = e.Seq
	case runlog.Usage:
		f.facts = e.Seq
	case runlog.Prompt:
		f.push(told(e)).at(e)
	case runlog.Text:
		f.push(&Step{Kind: "words", HTML: wordsHTML(e.Text), Cut: e.Cut}).at(e)
	case runlog.Thought:
		f.push(&Step{Kind: "thought", Icon: "brain", Verb: "Thought", Note: firstLine(e.Text), Text: e.Text, Cut: e.Cut}).at(e)
	case runlog.Tool:
		f.tool(e)
	case runlog.ToolResult:
		f.result(e)
	case runlog.Output:
		f.output(e)
	case runlog.Ask:
		s := f.push(&Step{Kind: "ask", Icon: "shield-alert", Verb: "Asked for leave to use " + e.Name, Object: clip(e.Title), State: "warn", Parts: inputParts(e.Input)}).at(e)
		f.open["ask "+e.ID] = call{s, -1}
		f.facts = e.Seq
	case runlog.Answer:
		f.answer(e)
	case runlog.Hook, runlog.Verify, runlog.Commit, runlog.Notice, runlog.End:
		f.push(doneStep(e)).at(e)
		f.facts = e.Seq
		if e.Type == runlog.End {
			f.ended()
		}
	}
}

// at stamps a step with its first event.
func (s *Step) at(e runlog.Event) *Step {
	s.Key, s.Seq, s.Touched = "s"+strconv.FormatInt(e.Seq, 10), e.Seq, e.Seq
	s.Attempt, s.At, s.Cut = e.Attempt, e.At, s.Cut || e.Cut
	return s
}

// session says in the attempt's rule who is at work.
func (f *fold) session(e runlog.Event) {
	f.facts = e.Seq
	if f.rule == nil {
		return
	}
	f.rule.Note = strings.Join(strings.Fields(e.Name+" "+e.Title), " ")
	f.rule.Object, f.rule.Touched = e.ID, e.Seq
}

// toldMost is how long a message may be to stand open in the story, in bytes.
const toldMost = 3000

// told is what the agent was told.
func told(e runlog.Event) *Step {
	s := &Step{Kind: "told", Icon: "message-square", Text: e.Text, Open: true, Cut: e.Cut}
	switch e.Name {
	case "message":
		s.Verb = "You said"
	case "review":
		s.Verb = "Your review"
	case "verify":
		s.Verb, s.Open = "Told that verify failed", false
	case "conflict":
		s.Verb, s.Open = "Told of a conflict", false
	case "retry":
		s.Verb, s.Open = "Told to go on", false
	default:
		s.Verb, s.Open = "Told what to do", false
	}
	// An agent without a session of its own is told everything again, the message within it.
	if s.Open && len(e.Text) > toldMost {
		s.Verb, s.Open = map[string]string{"message": "Told again, with your message", "review": "Told again, with your review"}[e.Name], false
	}
	if !s.Open {
		s.Note = firstLine(e.Text)
	}
	return s
}

// tool begins a call. Reads that follow each other are one step.
func (f *fold) tool(e runlog.Event) {
	w := f.toolWords(e)
	if w.kind == "reads" {
		item := StepItem{ID: e.ID, Object: w.object, State: "busy"}
		if f.last != nil && f.last.Kind == "reads" && f.last.Attempt == e.Attempt {
			f.last.Items, f.last.Touched, f.last.State = append(f.last.Items, item), e.Seq, "busy"
		} else {
			f.push(&Step{Kind: "reads", Icon: w.icon, State: "busy", Items: []StepItem{item}}).at(e)
		}
		f.last.readWords()
		f.open[e.ID] = call{f.last, len(f.last.Items) - 1}
		return
	}
	s := f.push(&Step{Kind: w.kind, Icon: w.icon, Verb: cmp.Or(w.doing, w.verb), done: w.verb, Object: clip(w.object), State: "busy", Parts: w.parts}).at(e)
	f.open[e.ID] = call{s, -1}
}

// readWords says how many files a step of reads stands for.
func (s *Step) readWords() {
	s.Verb, s.Object = "Read", s.Items[0].Object
	if len(s.Items) > 1 {
		s.Verb, s.Object = "Read "+plural(len(s.Items), "file", "files"), ""
	} else if s.Items[0].State == "busy" {
		s.Verb = "Reading"
	}
}

// result gives a call its end.
func (f *fold) result(e runlog.Event) {
	c, ok := f.open[e.ID]
	if !ok {
		return
	}
	delete(f.open, e.ID)
	state := "ok"
	if e.Status == "error" {
		state = "error"
	}
	s := c.step
	s.Touched = e.Seq
	if s.Kind != "reads" { // what it has done may show in the changes
		f.facts = e.Seq
	}
	if c.item >= 0 {
		s.Items[c.item].State = state
		if state == "error" {
			s.Items[c.item].Note = firstLine(e.Output)
		}
		s.State = "ok"
		for _, it := range s.Items {
			if it.State != "ok" && s.State != "busy" {
				s.State = it.State
			}
		}
		s.readWords()
		return
	}
	s.Verb = cmp.Or(s.done, s.Verb)
	s.State, s.Took, s.Cut = state, cmp.Or(e.Took, e.At.Sub(s.At)), s.Cut || e.Cut
	if e.Exit != nil && (s.Kind == "command" || *e.Exit != 0) {
		s.Note = "exit " + strconv.Itoa(*e.Exit)
	}
	if out := strings.TrimRight(e.Output, "\n"); out != "" {
		s.Parts = append(s.Parts, StepPart{"Output", out})
	}
}

// answer tells how a question was answered.
func (f *fold) answer(e runlog.Event) {
	f.facts = e.Seq
	c, ok := f.open["ask "+e.ID]
	if !ok {
		return
	}
	delete(f.open, "ask "+e.ID)
	c.step.Touched = e.Seq
	switch e.Status {
	case "allow":
		c.step.State, c.step.Note = "ok", "allowed"
	case "deny":
		c.step.State, c.step.Note = "error", "denied"
	default:
		c.step.State, c.step.Note = "error", "nobody answered: no"
	}
	if e.Text != "" {
		c.step.Parts = append(c.step.Parts, StepPart{"Why", e.Text})
	}
}

// outputMost is how much of a program's output one step holds, in bytes.
const outputMost = 16 << 10

// output takes lines of a program that speaks no protocol.
func (f *fold) output(e runlog.Event) {
	f.facts = e.Seq // a program that tells no more than this may have changed files
	text := e.Text + e.Output
	if s := f.last; s != nil && s.Kind == "output" && s.Attempt == e.Attempt && (s.State == "error") == (e.Name == "stderr") && len(s.Text)+len(text) < outputMost {
		if !strings.HasSuffix(s.Text, "\n") {
			s.Text += "\n"
		}
		s.Text, s.Touched = s.Text+strings.TrimRight(text, "\n"), e.Seq
		return
	}
	s := &Step{Kind: "output", Icon: "terminal", Verb: "Output", Text: strings.TrimRight(text, "\n"), Open: true}
	if e.Name == "stderr" {
		s.Verb, s.State = "Errors", "error"
	}
	f.push(s).at(e)
}

// ended closes what an attempt left open.
func (f *fold) ended() {
	for id, c := range f.open {
		if c.item >= 0 {
			c.step.Items[c.item].State = "warn"
		} else {
			c.step.Verb = cmp.Or(c.step.done, c.step.Verb)
			c.step.Note = cmp.Or(c.step.Note, "not ended")
		}
		c.step.State, c.step.Touched = "warn", f.seq
		delete(f.open, id)
	}
}

// doneStep is a step of what the manager did itself.
func doneStep(e runlog.Event) *Step {
	s := &Step{Kind: string(e.Type), Took: e.Took, State: "ok"}
	if e.Status == "error" || e.Status == "bad" || e.Status == "failed" {
		s.State = "error"
	}
	if out := strings.TrimRight(e.Output, "\n"); out != "" {
		s.Parts = []StepPart{{"Output", out}}
	}
	switch e.Type {
	case runlog.Hook:
		s.Icon, s.Verb, s.Object = "link", "Hook", e.Name
	case runlog.Verify:
		s.Icon, s.Verb, s.Object = "list-checks", "Verify", clip(e.Title)
		s.Open = s.State == "error"
	case runlog.Commit:
		s.Icon, s.Verb, s.Object, s.Note = "git-commit", "Committed", e.ID[:min(len(e.ID), 8)], e.Title
		if e.Text != "" {
			s.Parts = []StepPart{{"Files", e.Text}}
		}
	case runlog.Notice:
		s.Icon, s.Text = "info", e.Text
		if e.Status == "warn" {
			s.State = "warn"
		}
		if s.State != "ok" {
			s.Icon = "triangle-alert"
		}
	case runlog.End:
		s.Icon, s.Verb, s.Text = "circle-check", "Attempt "+strconv.Itoa(e.Attempt)+" "+endWord(e.Status), e.Text
		if e.Status != "finished" {
			s.Icon = "circle-x"
		}
		if e.Status == "stopped" {
			s.Icon, s.State = "square", "warn"
		}
	}
	if e.Exit != nil {
		s.Note = strings.TrimSpace(s.Note + " exit " + strconv.Itoa(*e.Exit))
	}
	return s
}

func endWord(status string) string {
	switch status {
	case "finished":
		return "finished"
	case "stopped":
		return "was stopped"
	}
	return "failed"
}

// wordsHTML is an agent's words, rendered and sanitised, without ids of their own.
func wordsHTML(text string) template.HTML {
	st := markdown.NewStream(nil)
	var b strings.Builder
	for _, blocks := range [][]markdown.Block{st.Write(text), st.Close()} {
		for _, block := range blocks {
			b.WriteString(block.HTML)
		}
	}
	return template.HTML(b.String())
}

// firstLine is the beginning of a text for one line.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return clip(line)
}

// clip is a text of at most so many characters on one line.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 240 {
		return string(r[:239]) + "…"
	}
	return s
}
