package worker

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"tasks/internal/process"
	"tasks/internal/runlog"
)

// program is any program, which the user named by its path: the prompt on its standard
// input, what it prints is the story, and its exit status is its word.
type program struct{ path string }

func (p *program) Name() string { return filepath.Base(p.path) }

func (p *program) Probe(context.Context) (Version, error) { return Version{Path: p.path}, nil }

func (p *program) Command(s Spec) (Command, error) {
	return Command{Path: p.path, Stdin: s.Prompt}, nil
}

func (p *program) Decoder(Spec) Decoder { return &plain{} }

// plain reads a program that speaks no protocol.
type plain struct{ last string }

func (d *plain) Line(line []byte) []runlog.Event {
	text := strings.ToValidUTF8(string(line), "\uFFFD")
	if s := strings.TrimSpace(text); s != "" {
		d.last = s
	}
	return []runlog.Event{{Type: runlog.Output, Name: "stdout", Text: text}}
}

func (d *plain) Result(end process.End) Result {
	if end.Cause == process.Exited && end.Code == 0 {
		return Result{Outcome: Finished, LastWords: d.last}
	}
	words := strings.TrimSpace(end.LastWords)
	if words == "" {
		words = d.last
	}
	return Result{Outcome: Failed, Code: "agent", Text: howEnded(end, words), LastWords: words, Retry: true}
}

// howEnded says how a tree ended, with the last line of its words.
func howEnded(end process.End, words string) string {
	text := ""
	switch end.Cause {
	case process.Exited:
		text = fmt.Sprintf("the agent ended with exit status %d", end.Code)
	case process.Signaled:
		text = "the agent was ended by a signal: " + end.Signal
	default:
		text = "the agent was ended: " + string(end.Cause)
	}
	words = strings.TrimSpace(words)
	if line := words[strings.LastIndexByte(words, '\n')+1:]; line != "" {
		if r := []rune(line); len(r) > 300 {
			line = string(r[:299]) + "…"
		}
		text += ": " + line
	}
	return text
}
