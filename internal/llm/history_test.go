package llm_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tasks/internal/llm"
)

// history reads messages from words: u:text, a:text, a:text[id,id], t:id=text.
func history(words string) []llm.Message {
	var out []llm.Message
	for _, w := range strings.Fields(words) {
		kind, rest, _ := strings.Cut(w, ":")
		switch kind {
		case "u":
			out = append(out, llm.Message{Role: llm.User, Text: rest})
		case "a":
			text, ids, called := strings.Cut(strings.TrimSuffix(rest, "]"), "[")
			m := llm.Message{Role: llm.Assistant, Text: text}
			if called {
				for _, id := range strings.Split(ids, ",") {
					m.Calls = append(m.Calls, llm.Call{ID: id, Name: "f"})
				}
			}
			out = append(out, m)
		case "t":
			id, text, _ := strings.Cut(rest, "=")
			out = append(out, llm.Message{Role: llm.ToolRole, CallID: id, Text: text})
		}
	}
	return out
}

func words(messages []llm.Message) string {
	var out []string
	for _, m := range messages {
		text := strings.ReplaceAll(strings.ReplaceAll(m.Text, "\n\n", "+"), llm.CancelledResult, "cancelled")
		switch m.Role {
		case llm.User:
			out = append(out, "u:"+text)
		case llm.ToolRole:
			out = append(out, "t:"+m.CallID+"="+text)
		default:
			var ids []string
			for _, c := range m.Calls {
				ids = append(ids, c.ID)
			}
			if ids != nil {
				text += "[" + strings.Join(ids, ",") + "]"
			}
			out = append(out, "a:"+text)
		}
	}
	return strings.Join(out, " ")
}

func TestLegal(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"legal", "u:q a:[x,y] t:x=1 t:y=2 a:done", "u:q a:[x,y] t:x=1 t:y=2 a:done"},
		{"order of the calls", "u:q a:[x,y] t:y=2 t:x=1", "u:q a:[x,y] t:x=1 t:y=2"},
		{"missing result", "u:q a:[x,y] t:y=2 u:more", "u:q a:[x,y] t:x=cancelled t:y=2 u:more"},
		{"broken off at the end", "u:q a:text[x]", "u:q a:text[x] t:x=cancelled"},
		{"late result", "u:q a:[x] u:more t:x=1 a:ok", "u:q a:[x] t:x=1 u:more a:ok"},
		{"result of an earlier answer", "u:q a:[x] a:ok t:x=1", "u:q a:[x] t:x=cancelled a:ok"},
		{"second result", "u:q a:[x] t:x=1 t:x=2", "u:q a:[x] t:x=1"},
		{"orphan result", "t:z=0 u:q t:z=1 a:ok", "u:q a:ok"},
		{"one id twice in a message", "u:q a:[x,x] t:x=1 t:x=2", "u:q a:[x,x_2] t:x=1 t:x_2=2"},
		{"one id in two messages", "u:q a:[x] t:x=1 a:[x] t:x=2", "u:q a:[x] t:x=1 a:[x_2] t:x_2=2"},
		{"no ids", "u:q a:[,] t:=1 t:=2", "u:q a:[call_2,call_3] t:call_2=1 t:call_3=2"},
		{"empty messages", "u: a: u:q a:", "u:q"},
		{"two users", "u:a u:b a:c a:d", "u:a+b a:c+d"},
		{"talk, then calls", "u:a a:b a:c[x] t:x=1", "u:a a:b+c[x] t:x=1"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := history(test.in)
			got := llm.Legal(in)
			if words(got) != test.want {
				t.Errorf("got  %s\nwant %s", words(got), test.want)
			}
			if !reflect.DeepEqual(in, history(test.in)) {
				t.Error("the input was changed")
			}
		})
	}
}

// FuzzLegal builds a history from bytes and checks what servers check.
func FuzzLegal(f *testing.F) {
	f.Add([]byte("\x00\x11\x25\x32\x01\x25\x25"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var messages []llm.Message
		for _, b := range in[:min(len(in), 64)] {
			id := fmt.Sprint(b >> 4 & 3)
			if id == "0" {
				id = ""
			}
			m := llm.Message{Role: []llm.Role{llm.User, llm.Assistant, llm.ToolRole, "odd"}[b&3], CallID: id}
			if b&4 != 0 {
				m.Text = "text"
			}
			if m.Role == llm.Assistant {
				for range b >> 6 {
					m.Calls = append(m.Calls, llm.Call{ID: id, Name: "f"})
				}
			}
			messages = append(messages, m)
		}
		got := llm.Legal(messages)
		checkLegal(t, got)
		if again := llm.Legal(got); !reflect.DeepEqual(again, got) && len(got) > 0 {
			t.Errorf("not stable:\n%s\n%s", words(got), words(again))
		}
	})
}

func checkLegal(t *testing.T, messages []llm.Message) {
	t.Helper()
	var waiting []string
	seen := map[string]bool{}
	for i, m := range messages {
		if m.Role == llm.ToolRole {
			if len(waiting) == 0 || waiting[0] != m.CallID {
				t.Fatalf("message %d answers %q, waiting are %q: %s", i, m.CallID, waiting, words(messages))
			}
			waiting = waiting[1:]
			continue
		}
		if len(waiting) > 0 {
			t.Fatalf("message %d comes before the results of %q: %s", i, waiting, words(messages))
		}
		for _, c := range m.Calls {
			if c.ID == "" || seen[c.ID] || c.Arguments == "" {
				t.Fatalf("call %+v: %s", c, words(messages))
			}
			seen[c.ID] = true
			waiting = append(waiting, c.ID)
		}
	}
	if len(waiting) > 0 {
		t.Fatalf("no result for %q: %s", waiting, words(messages))
	}
}
