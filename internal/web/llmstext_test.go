package web

import (
	"strings"
	"testing"
)

func TestNamesInLLMsTextHoldNothingThatATerminalObeys(t *testing.T) {
	if got := inline("a\x1b[31m\u202eb\u009bc\nd"); got != `a \[31m b c d` {
		t.Errorf("%q", got)
	}
	if got := inline(strings.Repeat("é", 9999)); len(got) > maxLLMsText+3 || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestAListIsChangedByKeysThatStandOnce(t *testing.T) {
	if _, err := delta("labels", []byte(`{"add":["a"],"add":["b"]}`)); err == nil {
		t.Error("a key may stand twice")
	}
	if _, err := delta("labels", []byte(`{"add":["a"],"drop":["b"]}`)); err != nil {
		t.Error(err)
	}
}
