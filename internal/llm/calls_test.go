package llm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/llm"
)

var tools = []llm.Tool{{Name: "read_file"}, {Name: "search_files"}, {Name: "list"}, {Name: "read"}, {Name: "status"}}

// pieces reads chunks: elements of a chunk stand apart by " & ", fields of an
// element by blanks: #index @id name arguments (in any number, joined).
func pieces(chunk string) []llm.CallPiece {
	var out []llm.CallPiece
	for _, element := range strings.Split(chunk, " & ") {
		var p llm.CallPiece
		for _, field := range strings.Fields(element) {
			switch {
			case field[0] == '#':
				var n int
				fmt.Sscan(field[1:], &n)
				p.Index = &n
			case field[0] == '@':
				p.ID = field[1:]
			case field[0] == '=':
				p.Arguments = []byte(field[1:])
			default:
				p.Name = field
			}
		}
		out = append(out, p)
	}
	return out
}

func assemble(t *testing.T, chunks ...string) string {
	t.Helper()
	a := llm.NewAssembler(tools)
	for _, c := range chunks {
		if _, err := a.Add(pieces(c)); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for _, c := range a.Calls() {
		if c.ID == "" {
			t.Error("a call without an id")
		}
		if len(c.ID) == 9 && c.ID[0] == 'c' {
			c.ID = "made"
		}
		out = append(out, "@"+c.ID+" "+c.Name+" "+c.Arguments)
	}
	return strings.Join(out, " | ")
}

func TestAssembler(t *testing.T) {
	tests := []struct {
		name   string
		chunks []string
		want   string
	}{
		{"one call", []string{`#0 @a read_file`, `#0 ={"pa`, `#0 =th":1}`}, `@a read_file {"path":1}`},
		{"interleaved", []string{`#0 @a read_file & #1 @b list`, `#1 ={"x`, `#0 ={"y`, `#1 =":1} & #0 =":2}`}, `@a read_file {"y":2} | @b list {"x":1}`},
		{"sparse index from 1", []string{`#1 @a read_file ={}`, `#7 @b list ={"x":1}`}, `@a read_file {} | @b list {"x":1}`},
		{"index used again with a new id", []string{`#0 @a read_file ={"x":1}`, `#0 @b read_file ={"x":2}`}, `@a read_file {"x":1} | @b read_file {"x":2}`},
		{"index used again without ids", []string{`#0 read_file ={"x":1}`, `#0 list ={"x":2}`}, `@made read_file {"x":1} | @made list {"x":2}`},
		{"index and name used again", []string{`#0 read_file ={"x":1}`, `#0 read_file ={"x":2}`}, `@made read_file {"x":1} | @made read_file {"x":2}`},
		{"index and id used again", []string{`#0 @a read_file ={"x":1}`, `#0 @a list ={"x":2}`}, `@a read_file {"x":1} | @made list {"x":2}`},
		{"two calls without arguments at one index", []string{`#0 list`, `#0 status`}, `@made list {} | @made status {}`},
		{"no index, ids", []string{`@a read_file ={"x":1}`, `@b list ={"y":2}`}, `@a read_file {"x":1} | @b list {"y":2}`},
		{"no index, no ids, one chunk", []string{`read_file ={"x":1} & read_file ={"x":2}`}, `@made read_file {"x":1} | @made read_file {"x":2}`},
		{"no index, no ids, two chunks", []string{`read_file ={"x":1}`, `read_file ={"x":2}`}, `@made read_file {"x":1} | @made read_file {"x":2}`},
		{"no index, the same in one chunk", []string{`list & list`}, `@made list {} | @made list {}`},
		{"no index, by position", []string{`read_file & list`, `={"x & ={"y`, `=":1} & =":2}`}, `@made read_file {"x":1} | @made list {"y":2}`},
		{"arguments split with no id", []string{`@a read_file ={"pa`, `=th":1}`}, `@a read_file {"path":1}`},
		{"id in each chunk", []string{`#0 @a read_file ={"x`, `#0 @a =":1}`}, `@a read_file {"x":1}`},
		{"id and name in each chunk", []string{`#0 @a read_file ={"x`, `#0 @a read_file =":1}`}, `@a read_file {"x":1}`},
		{"a new id with each piece", []string{`#0 @a read_file`, `#0 @b ={"x`, `#0 @c =":1}`}, `@a read_file {"x":1}`},
		{"a new id with each piece, no index", []string{`@a read_file ={"x`, `@b =":1}`}, `@a read_file {"x":1}`},
		{"one id for parallel calls", []string{`#0 @a read_file ={"x":1}`, `#1 @a read_file ={"x":2}`}, `@a read_file {"x":1} | @made read_file {"x":2}`},
		{"index comes late", []string{`@a read_file`, `#0 ={"x":1}`}, `@a read_file {"x":1}`},
		{"split name", []string{`#0 @a read_`, `#0 file`, `#0 ={"x":1}`}, `@a read_file {"x":1}`},
		{"split name, its beginning a tool", []string{`#0 @a read`, `#0 _file`}, `@a read_file {}`},
		{"split name without index and id", []string{`read_`, `file`, `={"x":1}`}, `@made read_file {"x":1}`},
		{"growing name", []string{`#0 @a read_fi`, `#0 @a read_file`}, `@a read_file {}`},
		{"unknown name", []string{`#0 @a wipe_`, `#0 disk`, `#0 ={}`}, `@a wipe_disk {}`},
		{"name repeated", []string{`#0 @a read_file`, `#0 read_file`, `#0 read_file ={"x":1}`}, `@a read_file {"x":1}`},
		{"name after the id", []string{`#0 @a`, `#0 read_file`}, `@a read_file {}`},
		{"no arguments", []string{`#0 @a list`}, `@a list {}`},
		{"null as arguments", []string{`#0 @a list =null`}, `@a list {}`},
		{"a whole value, then more", []string{`#0 @a read_file ={}`, `#0 ={"x":1}`}, `@a read_file {"x":1}`},
		{"snapshots", []string{`#0 @a read_file ={"x":1}`, `#0 ={"x":1,"y":2}`}, `@a read_file {"x":1,"y":2}`},
		{"sent twice", []string{`#0 @a read_file ={"x":1}`, `#0 @a read_file ={"x":1}`}, `@a read_file {"x":1}`},
		{"sent twice without id and index", []string{`read_file ={"x":1}`, `read_file ={"x":1}`}, `@made read_file {"x":1}`},
		{"empty piece at the end", []string{`#0 @a read_file ={"x":1}`, `#0`, `#5`}, `@a read_file {"x":1}`},
		{"not JSON stays as it is", []string{`#0 @a read_file ={'path':'x',}`}, `@a read_file {'path':'x',}`},
		{"a brace too many stays", []string{`#0 @a read_file ={"x":1}}`}, `@a read_file {"x":1}}`},
		{"two objects are not guessed at", []string{`#0 @a read_file ={"x":1}{"x":2}`}, `@a read_file {"x":1}{"x":2}`},
		{"cut short stays", []string{`#0 @a read_file ={"path":"a`}, `@a read_file {"path":"a`},
		{"a call of nothing is none", []string{`#0 @a`}, ``},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := assemble(t, test.chunks...); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAssemblerTellsWhenACallBegins(t *testing.T) {
	a := llm.NewAssembler(tools)
	for _, step := range []struct{ chunk, want string }{
		{`#0 @a`, ""}, {`#0 read_`, "read_"}, {`#0 file`, ""}, {`#0 ={}`, ""}, {`#1 @b list & #2 @c status`, "list,status"},
	} {
		begun, err := a.Add(pieces(step.chunk))
		if got := strings.Join(begun, ","); got != step.want || err != nil {
			t.Errorf("%s: began %q, %v, want %q", step.chunk, got, err, step.want)
		}
	}
}

func TestAssemblerBounds(t *testing.T) {
	a := llm.NewAssembler(tools)
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		_, err = a.Add(pieces(fmt.Sprintf("#%d @id%d read_file", i, i)))
	}
	if fault.CodeOf(err) != fault.Unavailable || len(a.Calls()) != llm.MaxCalls {
		t.Errorf("a flood of calls: %v, %d calls", err, len(a.Calls()))
	}
	a, err = llm.NewAssembler(tools), nil
	piece := "#0 @a read_file =" + strings.Repeat("}", 1000)
	for i := 0; err == nil && i < 10_000; i++ {
		_, err = a.Add(pieces(piece))
	}
	if fault.CodeOf(err) != fault.Unavailable || a.Size() > 2*llm.MaxArguments {
		t.Errorf("a flood of arguments: %v, %d bytes", err, a.Size())
	}
}

func TestAssemblerKeepsExtraFields(t *testing.T) {
	a := llm.NewAssembler(tools)
	zero := 0
	a.Add([]llm.CallPiece{{Index: &zero, ID: "a", Name: "list", Extra: map[string]json.RawMessage{"s": []byte(`"1"`)}}})
	a.Add([]llm.CallPiece{{Index: &zero, Extra: map[string]json.RawMessage{"t": []byte(`2`)}}})
	calls := a.Calls()
	if len(calls) != 1 || string(calls[0].Extra["s"]) != `"1"` || string(calls[0].Extra["t"]) != `2` {
		t.Errorf("got %+v", calls)
	}
}

// FuzzAssembler sends calls in good form, cut and mixed as the input says, and
// wants them back; then the input itself as pieces, which must hold the promises.
func FuzzAssembler(f *testing.F) {
	f.Add([]byte("\x01\x72\x13\x54"), uint8(3))
	f.Fuzz(func(t *testing.T, in []byte, n uint8) {
		mixed(t, in, int(n%4)+1)
		anything(t, in)
	})
}

// mixed interleaves n calls, in steps that the input chooses.
func mixed(t *testing.T, in []byte, n int) {
	a := llm.NewAssembler(tools)
	want := make([]string, n)
	rest := make([]string, n)
	for i := range n {
		want[i] = fmt.Sprintf(`{"path":"file %d.md","text":"{\"a\":[1]} }{ %d"}`, i, i*i)
		rest[i] = want[i]
		a.Add([]llm.CallPiece{{Index: &i, ID: fmt.Sprint("id", i), Name: "read_file"}})
	}
	for _, b := range append(in, 0) {
		i := int(b>>4) % n
		k := min(int(b&15), len(rest[i]))
		a.Add([]llm.CallPiece{{Index: &i, Arguments: []byte(rest[i][:k])}})
		rest[i] = rest[i][k:]
	}
	for i := range n {
		a.Add([]llm.CallPiece{{Index: &i, ID: fmt.Sprint("id", i), Arguments: []byte(rest[i])}})
	}
	calls := a.Calls()
	if len(calls) != n {
		t.Fatalf("%d calls, want %d", len(calls), n)
	}
	for i, c := range calls {
		if c.Arguments != want[i] || c.ID != fmt.Sprint("id", i) || c.Name != "read_file" {
			t.Errorf("call %d: %+v", i, c)
		}
	}
}

// anything makes pieces of the input's bits.
func anything(t *testing.T, in []byte) {
	a := llm.NewAssembler(tools)
	for i, b := range in[:min(len(in), 500)] {
		var p llm.CallPiece
		if n := int(b & 3); n > 0 {
			p.Index = &n
		}
		p.ID = []string{"", "", "x", "y"}[b>>2&3]
		p.Name = []string{"", "", "read_file", "read_"}[b>>4&3]
		p.Arguments = []byte([]string{"", `{"a":`, `1}`, `{}`}[b>>6&3])
		if i%3 == 0 {
			p.Arguments = []byte{b}
		}
		if _, err := a.Add([]llm.CallPiece{p}); err != nil {
			return
		}
	}
	ids := map[string]bool{}
	for _, c := range a.Calls() {
		if c.ID == "" || ids[c.ID] || c.Arguments == "" || len(ids) > llm.MaxCalls {
			t.Errorf("call %+v", c)
		}
		ids[c.ID] = true
	}
}
