package llm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

// frames reads all frames, each as event|data.
func frames(r io.Reader) ([]string, error) {
	var got []string
	f := llm.NewFrames(r)
	for {
		frame, err := f.Next()
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, frame.Event+"|"+string(frame.Data))
	}
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"LF", "data: a\n\ndata: b\n\n", []string{"|a", "|b"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"|a", "|b"}},
		{"CR", "data: a\r\rdata: b\r\r", []string{"|a", "|b"}},
		{"mixed ends", "data: a\r\n\ndata: b\n\r\n\rdata: c\r\n\r", []string{"|a", "|b", "|c"}},
		{"byte order mark", "\ufeffdata: a\n\n", []string{"|a"}},
		{"mark only at the start", "data: a\n\n\ufeffdata: b\n\n", []string{"|a"}},
		{"no blank", "data:a\n\n", []string{"|a"}},
		{"only one blank is taken", "data:  a \n\n", []string{"| a "}},
		{"many lines", "data: {\ndata: }\n\n", []string{"|{\n}"}},
		{"empty line of data", "data: a\ndata\ndata:\n\n", []string{"|a\n\n"}},
		{"comments and unknown fields", ": hi\nid: 7\nretry: 1\nfoo\ndata: a\n: x\n\n", []string{"|a"}},
		{"event", "event: error\ndata: a\n\ndata: b\n\n", []string{"error|a", "|b"}},
		{"event without data is nothing", "event: ping\n\ndata: b\n\n", []string{"|b"}},
		{"no blank line at the end", "data: a\n\ndata: b", []string{"|a", "|b"}},
		{"bare object", "data: a\n\n{\"error\":1}\ndata: b\n\n", []string{"|a", "|{\"error\":1}", "|b"}},
		{"nothing", "", nil},
		{"only comments", ": a\n\n: b\n\n", nil},
		{"NUL and bytes that are no text", "data: \x00\xff\n\n", []string{"|\x00\xff"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := frames(strings.NewReader(test.in))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			byByte, err := frames(iotest.OneByteReader(strings.NewReader(test.in)))
			if err != nil || !slices.Equal(byByte, test.want) {
				t.Errorf("byte by byte: got %q, %v, want %q", byByte, err, test.want)
			}
		})
	}
}

func TestFramesGiveALineBeforeItsLFArrives(t *testing.T) {
	pr, pw := io.Pipe()
	go pw.Write([]byte("data: a\r\n\r"))
	frame, err := llm.NewFrames(pr).Next()
	if err != nil || string(frame.Data) != "a" {
		t.Fatalf("got %q, %v", frame.Data, err)
	}
}

func TestFramesLongLines(t *testing.T) {
	long := strings.Repeat("x", llm.MaxLine-100)
	got, err := frames(strings.NewReader("data: " + long + "\n\ndata: b\n\n"))
	if err != nil || len(got) != 2 || len(got[0]) != len(long)+1 || got[1] != "|b" {
		t.Fatalf("a line under the cap: %d frames, %v", len(got), err)
	}
	for name, in := range map[string]io.Reader{
		"line":    io.MultiReader(strings.NewReader("data: "), endless('x')),
		"frame":   &cycle{text: "data: " + strings.Repeat("y", 1<<20) + "\n"},
		"comment": io.MultiReader(strings.NewReader(": "), endless('x')),
	} {
		if _, err := frames(in); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "8 MB") {
			t.Errorf("endless %s: got %v", name, err)
		}
	}
}

func TestFramesDropWhatAnErrorCut(t *testing.T) {
	broken := errors.New("reset")
	got, err := frames(io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !slices.Equal(got, []string{"|a"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// cycle repeats its text for ever.
type cycle struct {
	text string
	at   int
}

func (c *cycle) Read(p []byte) (int, error) {
	n := copy(p, c.text[c.at:])
	c.at = (c.at + n) % len(c.text)
	return n, nil
}

// reference reads frames the slow and plain way, from the whole input.
func reference(in string) []string {
	in = strings.TrimPrefix(in, "\ufeff")
	in = strings.ReplaceAll(strings.ReplaceAll(in, "\r\n", "\n"), "\r", "\n")
	var got []string
	var event string
	var data []string
	for _, line := range append(strings.Split(in, "\n"), "") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != nil {
				got = append(got, event+"|"+strings.Join(data, "\n"))
			}
			event, data = "", nil
		case line[0] == '{' && data == nil:
			got = append(got, event+"|"+line)
			event = ""
		case name == "event":
			event = strings.TrimSpace(value)
		case name == "data":
			data = append(data, value)
		}
	}
	return got
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("data: a\r\n\r\n: c\revent: x\rdata:b\r\r"), uint8(3))
	f.Add([]byte("\ufeffdata: \xe2\x82\xac\n\n{\"a\":1}\ndata\n\n"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		want := reference(string(in))
		got, err := frames(&chunked{in, int(size%16) + 1})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}

// chunked gives n bytes a read.
type chunked struct {
	rest []byte
	n    int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(c.n, len(p))], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func BenchmarkFrames(b *testing.B) {
	chunk := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n"
	const count = 1000
	stream := []byte(strings.Repeat(chunk, count))
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		f := llm.NewFrames(bytes.NewReader(stream))
		n := 0
		for {
			if _, err := f.Next(); err != nil {
				break
			}
			n++
		}
		if n != count {
			b.Fatal(fmt.Sprint("frames: ", n))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/chunk")
}
