package markdown_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"tasks/internal/markdown"
)

// stream feeds the pieces and returns all blocks.
func stream(pieces ...string) []markdown.Block {
	s := markdown.NewStream(site{})
	var out []markdown.Block
	for _, p := range pieces {
		out = append(out, s.Write(p)...)
	}
	return append(out, s.Close()...)
}

const answerText = "# Title\nFirst *para*\nwith two lines.\n\nSecond [link](docs/a.md)\n\n- one\n- two\n\n  more of two\n\n- three\n\nAfter the list.\n" +
	"```go\nfunc main() {}\n\n- not a list\n```\nRight after.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\nlazy\n\n> another\n\n---\n    code\n\n    more code\n\n" +
	"Setext\n======\n\n1. x\n   ```\n   in item\n\n   still\n   ```\n2. y\n\n<div>\nraw\n\nafter raw\n\n[ref]: https://example.com\n\"title\"\n\nuses [ref].\n\n[^1]: note text\n\n```\nopen to the end\n"

func TestStreamIsTheSameForAnyCut(t *testing.T) {
	want := fmt.Sprint(stream(answerText))
	for i := range answerText {
		if got := fmt.Sprint(stream(answerText[:i], answerText[i:])); got != want {
			t.Fatalf("cut at %d:\n got %s\nwant %s", i, got, want)
		}
	}
	if got := fmt.Sprint(stream(strings.Split(answerText, "")...)); got != want {
		t.Errorf("one character at a time:\n got %s\nwant %s", got, want)
	}
}

func TestStreamCoversTheAnswer(t *testing.T) {
	blocks := stream(answerText)
	at := 0
	for i, b := range blocks {
		if b.Index != i {
			t.Errorf("block %d has index %d", i, b.Index)
		}
		if b.End <= at {
			t.Errorf("block %d ends at %d, the one before at %d", i, b.End, at)
		}
		if b.End < len(answerText) && answerText[b.End-1] != '\n' {
			t.Errorf("block %d ends inside a line, at %d", i, b.End)
		}
		at = b.End
	}
	if at != len(answerText) {
		t.Errorf("covered %d of %d bytes", at, len(answerText))
	}
	if n := len(blocks); n < 15 {
		t.Errorf("only %d blocks", n)
	}
}

// What is open is not shown; what is closed is shown at once.
func TestStreamShowsFinishedBlocksOnly(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
	}{
		{"half a line", 0},
		{"a line\n", 0},
		{"a line\n\n", 1},
		{"# heading\n", 1},
		{"# heading", 0},
		{"---\n", 1},
		{"```\ncode\n", 0},
		{"```\ncode\n\n```", 0},
		{"```\ncode\n\n```\n", 1},
		{"~~~~\n```\n\n```\n~~~\n", 0},
		{"| a |\n|---|\n| 1 |\n", 0},
		{"| a |\n|---|\n| 1 |\n\n", 1},
		{"- a\n\n", 0},
		{"- a\n\nb\n", 1},
		{"- a\n\n  b\n", 0},
		{"- a\n# h\n", 2},
		{"> a\n", 0},
		{"> a\n\n", 1},
		{"    code\n\n", 0},
		{"[see](https://exam", 0},
		{"[see](https://exam\n", 0},
		{"[a]: https://x\n", 0},
		{"[a]: https://x\n'half\n", 0},
		{"para\n===\n", 1},
		{"<div>\nx\n", 0},
		{"<div>\nx\n\n", 1},
		{"<!-- a\n\nb\n", 0},
	} {
		s := markdown.NewStream(nil)
		got := 0
		for _, c := range tt.text {
			got += len(s.Write(string(c)))
		}
		if got != tt.want {
			t.Errorf("%q: %d blocks before the end, want %d", tt.text, got, tt.want)
		}
	}
}

func TestStreamUsesEarlierReferencesOnly(t *testing.T) {
	blocks := stream("[a] before\n\n[a]: https://example.com\n\n[a] after\n")
	if len(blocks) != 3 {
		t.Fatalf("blocks: %v", blocks)
	}
	if strings.Contains(blocks[0].HTML, "href") || !strings.Contains(blocks[2].HTML, `href="https://example.com"`) {
		t.Errorf("blocks: %v", blocks)
	}
	if blocks[1].HTML != "" {
		t.Errorf("a definition shows %q", blocks[1].HTML)
	}
}

// Its ids would stand beside those of the page that the answer is about.
func TestStreamMakesNoIDs(t *testing.T) {
	for _, b := range stream(answerText) {
		if strings.Contains(b.HTML, ` id="`) {
			t.Errorf("block %d: %s", b.Index, b.HTML)
		}
	}
}

func TestStreamNamesFilesInCodeSpans(t *testing.T) {
	html := stream("See `docs/a.md:12`, `docs/none.md`, `a b` and [`docs/a.md`](docs/b.md).\n")[0].HTML
	want := `<p>See <a href="/browse/docs/a.md"><code>docs/a.md:12</code></a>, <code>docs/none.md</code>, <code>a b</code> and <a href="/browse/docs/b.md"><code>docs/a.md</code></a>.</p>` + "\n"
	if html != want {
		t.Errorf("\n got %s\nwant %s", html, want)
	}
}

func FuzzStreamCuts(f *testing.F) {
	f.Add(answerText, int64(1))
	f.Add("a\n\n- b\n   \n\n\n  c\n***\n", int64(2))
	f.Add("[a]: x\n\"t\na | b\n--|--\n1\n\n\t- x\r\n\r\n1)\n2)", int64(3))
	f.Add(">- a\n>\n> ```\n\n```\n`````\n\x00", int64(4))
	f.Fuzz(func(t *testing.T, answer string, seed int64) {
		if len(answer) > 4000 {
			return
		}
		want := fmt.Sprint(stream(answer))
		rnd := rand.New(rand.NewSource(seed))
		var pieces []string
		for rest := answer; rest != ""; {
			n := 1 + rnd.Intn(min(len(rest), 12))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if got := fmt.Sprint(stream(pieces...)); got != want {
			t.Errorf("cut as %q:\n got %s\nwant %s", pieces, got, want)
		}
		if got := fmt.Sprint(stream(strings.Split(answer, "")...)); got != want {
			t.Errorf("one character at a time:\n got %s\nwant %s", got, want)
		}
	})
}

// The cost of an answer of one huge open block, in pieces of one character.
func BenchmarkStream(b *testing.B) {
	for name, line := range map[string]string{
		"paragraphs": "Some words of *prose* with a [link](docs/a.md) in it.\n\n",
		"fence":      "x := map[string]int{}\n",
		"list":       "- an item of a list that never ends\n",
		"paragraph":  "one line of a paragraph that never ends\n",
	} {
		text := strings.Repeat(line, 100<<10/len(line))
		if name == "fence" {
			text = "```go\n" + text
		}
		pieces := strings.Split(text, "")
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				stream(pieces...)
			}
		})
	}
}
