package tool

import (
	"encoding/json"
	"strings"
	"testing"

	"tasks/internal/fault"
)

var testParams = []param{
	{name: "path", kind: text, required: true, max: 20},
	{name: "start_line", kind: integer, max: 100},
	{name: "create", kind: boolean},
	{name: "sections", kind: texts, names: []string{"Problem", "Plan"}, max: 20},
}

func TestDecodeRefusesWhatIsNotStrictlyOfTheForm(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"nothing", ``, "not one JSON object"},
		{"null", `null`, "not a JSON object"},
		{"list", `["a"]`, "not a JSON object"},
		{"string", `"{\"path\":\"a\"}"`, "not a JSON object"},
		{"number", `1`, "not a JSON object"},
		{"cut", `{"path":"a"`, "not one JSON object"},
		{"trailing text", `{"path":"a"} then`, "not one JSON object"},
		{"two objects", `{"path":"a"}{"path":"b"}`, "not one JSON object"},
		{"trailing comma", `{"path":"a",}`, "not one JSON object"},
		{"comment", `{"path":"a"/**/}`, "not one JSON object"},
		{"single quotes", `{'path':'a'}`, "not one JSON object"},
		{"fenced", "```json\n{\"path\":\"a\"}\n```", "not one JSON object"},
		{"missing", `{}`, `"path" is missing`},
		{"unknown", `{"path":"a","mode":"w"}`, `"mode" is not known`},
		{"prototype", `{"path":"a","__proto__":{}}`, `"__proto__" is not known`},
		{"empty key", `{"path":"a","":1}`, `"" is not known`},
		{"doubled", `{"path":"a","path":"b"}`, `"path" is given twice`},
		{"doubled, equal", `{"path":"a","path":"a"}`, `"path" is given twice`},
		{"doubled by escape", `{"path":"a","p\u0061th":"b"}`, `"path" is given twice`},
		{"other case", `{"Path":"a"}`, `"Path" is not known`},
		{"other case beside", `{"path":"a","PATH":"b"}`, `"PATH" is not known`},
		{"long s", "{\"path\":\"a\",\"\u017fections\":{}}", "is not known"},
		{"kelvin sign", "{\"path\":\"a\",\"\u212a\":1}", "is not known"},
		{"number as string", `{"path":"a","start_line":"3"}`, `"start_line" must be a whole number`},
		{"fraction", `{"path":"a","start_line":1.5}`, `"start_line" must be a whole number`},
		{"exponent", `{"path":"a","start_line":1e1}`, `"start_line" must be a whole number`},
		{"zero", `{"path":"a","start_line":0}`, "from 1 to 100"},
		{"negative", `{"path":"a","start_line":-1}`, "from 1 to 100"},
		{"too large", `{"path":"a","start_line":101}`, "from 1 to 100"},
		{"overflow", `{"path":"a","start_line":99999999999999999999}`, `must be a whole number`},
		{"bool as string", `{"path":"a","create":"true"}`, `"create" must be true or false`},
		{"bool as number", `{"path":"a","create":1}`, `"create" must be true or false`},
		{"string as number", `{"path":7}`, `"path" must be a string`},
		{"string as list", `{"path":["a"]}`, `"path" must be a string`},
		{"string as object", `{"path":{"a":1}}`, `"path" must be a string`},
		{"null value", `{"path":"a","create":null}`, `"create" must be true or false`},
		{"null for required", `{"path":null}`, `"path" must be a string`},
		{"NUL", `{"path":"a\u0000.md"}`, "NUL"},
		{"not UTF-8", "{\"path\":\"\xff\"}", "not UTF-8"},
		{"lone high surrogate", `{"path":"\ud800"}`, "surrogate"},
		{"lone high before text", `{"path":"\ud800abcdefgh"}`, "surrogate"},
		{"lone low surrogate", `{"path":"\udc00"}`, "surrogate"},
		{"two high", `{"path":"\ud83d\ud83d"}`, "surrogate"},
		{"lone surrogate in a key", `{"path":"a","\udead":1}`, "surrogate"},
		{"too long", `{"path":"` + strings.Repeat("a", 21) + `"}`, "21 bytes long"},
		{"sections as text", `{"path":"a","sections":"x"}`, `"sections" must be an object`},
		{"sections as list", `{"path":"a","sections":[]}`, `"sections" must be an object`},
		{"unknown section", `{"path":"a","sections":{"problem":"x"}}`, `"sections.problem" is not known`},
		{"doubled section", `{"path":"a","sections":{"Plan":"x","Plan":"y"}}`, `"sections.Plan" is given twice`},
		{"section of objects", `{"path":"a","sections":{"Plan":{"a":1}}}`, `"sections.Plan" must be a string`},
		{"NUL in a section", `{"path":"a","sections":{"Plan":"\u0000"}}`, "NUL"},
		{"deep", `{"path":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, `"path" must be a string`},
		{"huge", `{"path":"` + strings.Repeat("a", maxArguments) + `"}`, "over 4 MB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := decode(test.src, testParams)
			if err == nil {
				t.Fatalf("decoded %v, want an error with %q", a, test.want)
			}
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q (%s), want invalid with %q", err, fault.CodeOf(err), test.want)
			}
		})
	}
}

func TestDecodeHintsAtTheKeyThatWasMeant(t *testing.T) {
	_, err := decode(`{"path":"a","startLine":1}`, testParams)
	if got := fault.HintOf(err); !strings.Contains(got, `"start_line"`) {
		t.Errorf("hint %q, want start_line named", got)
	}
}

func TestCanonicalIsOneSpelling(t *testing.T) {
	tests := []struct{ src, want string }{
		{`{"path":"a"}`, `{"path":"a"}`},
		{"{ \"create\" : true,\n\t\"path\":\"\\u0061\" }", `{"create":true,"path":"a"}`},
		{`{"path":"a","create":false,"sections":{}}`, `{"path":"a"}`},
		{`{"path":"a","start_line":3.0}`, `{"path":"a","start_line":3}`},
		{`{"path":"<&>\u2028","sections":{"Plan":"b","Problem":"\ud83d\ude00"}}`, `{"path":"<&>\u2028","sections":{"Plan":"b","Problem":"😀"}}`},
		{`{"path":"\\ud800"}`, `{"path":"\\ud800"}`},
	}
	for _, test := range tests {
		a, err := decode(test.src, testParams)
		if err != nil {
			t.Errorf("%s: %v", test.src, err)
			continue
		}
		if got := string(a.canonical()); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.src, got, test.want)
		}
	}
}

func TestDigestKeepsPartsApart(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{
		{"a", "bc"}, {"ab", "c"}, {"a", "b", "c"}, {"a", "bc", ""}, {"a", "b\x00c"}, {"a\x00b", "c"}, {"a", "b", "", "c"}, {"", "abc"},
	} {
		d := Digest(parts[0], json.RawMessage(parts[1]), parts[2:]...)
		if other, twice := seen[d]; twice {
			t.Errorf("%q and %q have one digest", parts, other)
		}
		seen[d] = parts
	}
}

func TestSchemaIsJSONSchemaOfTheParameters(t *testing.T) {
	f := &form{params: testParams}
	var got struct {
		Type                 string
		Properties           map[string]map[string]any
		Required             []string
		AdditionalProperties *bool
	}
	if err := json.Unmarshal(f.Schema(), &got); err != nil {
		t.Fatalf("%v: %s", err, f.Schema())
	}
	if got.Type != "object" || len(got.Properties) != 4 || len(got.Required) != 1 || got.AdditionalProperties == nil || *got.AdditionalProperties {
		t.Errorf("schema %s", f.Schema())
	}
	if none := string((&form{}).Schema()); none != `{"type":"object","properties":{},"required":[],"additionalProperties":false}` {
		t.Errorf("schema of none: %s", none)
	}
}

// FuzzDecode: what is decoded holds only known keys, and its canonical form decodes
// to the same canonical form.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"path":"a"}`, `{"path":"\ud83d\ude00","create":true,"start_line":7,"sections":{"Plan":"x"}}`, `{"path":"\ud800"}`, `{"path":"\\u"}`, `[]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		a, err := decode(src, testParams)
		if err != nil {
			return
		}
		var loose map[string]any
		if err := json.Unmarshal([]byte(src), &loose); err != nil {
			t.Fatalf("decoded %q, which the reader of the standard library refuses: %v", src, err)
		}
		if loose["path"] != a.text("path") || len(loose) != len(a) {
			t.Fatalf("decoded %v, the standard library %v", a, loose)
		}
		again, err := decode(string(a.canonical()), testParams)
		if err != nil || string(again.canonical()) != string(a.canonical()) {
			t.Fatalf("canonical %s reads back as %v, %v", a.canonical(), again, err)
		}
	})
}
