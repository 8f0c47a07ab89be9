package runlog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

func open(t *testing.T, dir string, attempt int) *Writer {
	t.Helper()
	w, err := Open(dir, attempt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func all(t *testing.T, dir string, after int64) []Event {
	t.Helper()
	var list []Event
	if err := Read(dir, after, func(e Event) bool { list = append(list, e); return true }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestNumbersGoOnOverAttempts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "x")
	if got := all(t, dir, 0); got != nil {
		t.Errorf("no log has %v", got)
	}
	for attempt := 1; attempt <= 3; attempt++ {
		w := open(t, dir, attempt)
		for range 2 {
			if _, err := w.Append(Event{Type: Text, Text: "words"}); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
	}
	got := all(t, dir, 2)
	if len(got) != 4 || got[0].Seq != 3 || got[3].Seq != 6 || got[3].Attempt != 3 || got[0].At.IsZero() {
		t.Errorf("%+v", got)
	}
	n := 0
	Read(dir, 0, func(Event) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("read %d after it was told to stop", n)
	}
}

// TestATornLineIsCutOff: whatever a crash left of the last line, the next one is whole.
func TestATornLineIsCutOff(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, FileName)
	w := open(t, dir, 1)
	w.Append(Event{Type: Text, Text: "one"})
	w.Append(Event{Type: Text, Text: "two"})
	w.Close()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for cut := first; cut < len(whole); cut++ {
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := all(t, dir, 0); len(got) != 1 {
			t.Fatalf("cut at %d: a reader sees %d", cut, len(got))
		}
		w := open(t, dir, 2)
		if e, err := w.Append(Event{Type: Text, Text: "three"}); err != nil || e.Seq != 2 {
			t.Fatalf("cut at %d: %+v, %v", cut, e, err)
		}
		w.Close()
		if got := all(t, dir, 0); len(got) != 2 || got[1].Text != "three" {
			t.Fatalf("cut at %d: %+v", cut, got)
		}
	}
	if err := os.WriteFile(name, []byte("no json at all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, 1); err == nil {
		t.Error("a file that is no log was appended to")
	}
}

// TestALogWhoseLastLineIsVeryLongGoesOn: control characters take six bytes each.
func TestALogWhoseLastLineIsVeryLongGoesOn(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 1)
	long := strings.Repeat("\x01", maxField)
	if _, err := w.Append(Event{Type: ToolResult, Text: long, Output: long, Title: long}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if e, err := open(t, dir, 2).Append(Event{Type: Text}); err != nil || e.Seq != 2 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestLongAndOddTextFits(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 1)
	for _, text := range []string{strings.Repeat("ż", maxField), strings.Repeat("a", maxField-1) + "żż", strings.Repeat("😀", maxField)} {
		e, err := w.Append(Event{Type: Text, Text: text, Input: json.RawMessage(`{"broken`)})
		if err != nil || len(e.Text) > maxField || !utf8.ValidString(e.Text) || !e.Cut || !json.Valid(e.Input) {
			t.Errorf("%d bytes, valid %v, cut %v, %v", len(e.Text), utf8.ValidString(e.Text), e.Cut, err)
		}
	}
	if e, err := w.Append(Event{Type: Tool, Input: json.RawMessage(`{"a":"` + strings.Repeat("b", maxField) + `"}`)}); err != nil || !json.Valid(e.Input) || !e.Cut {
		t.Errorf("%v, %v", e.Cut, err)
	}
	if got := all(t, dir, 0); len(got) != 4 {
		t.Errorf("%d events", len(got))
	}
}

// TestFollowSeesEachEventOnce: those that were there, and those that come, in order.
func TestFollowSeesEachEventOnce(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 1)
	for range 10 {
		w.Append(Event{Type: Text})
	}
	const most = 200
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			last := int64(4)
			err := Follow(ctx, dir, 4, func(e Event) bool {
				if e.Seq != last+1 {
					t.Errorf("%d after %d", e.Seq, last)
				}
				last = e.Seq
				return last < most
			})
			if err != nil || last != most {
				t.Errorf("ended at %d: %v", last, err)
			}
		})
	}
	for range most - 10 {
		if _, err := w.Append(Event{Type: Text, Text: fmt.Sprint("more")}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := Follow(ended, dir, 0, func(Event) bool { return true }); err != nil {
		t.Errorf("at its end: %v", err)
	}
}

func TestTailPassesOverATornFirstLine(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, 1)
	for i := range 100 {
		w.Append(Event{Type: Text, Text: fmt.Sprint(i)})
	}
	var got []string
	if err := Tail(dir, 400, func(e Event) { got = append(got, e.Text) }); err != nil || len(got) == 0 || len(got) > 6 || got[len(got)-1] != "99" {
		t.Errorf("%q, %v", got, err)
	}
	if err := Tail(t.TempDir(), 400, func(Event) { t.Error("of no log") }); err != nil {
		t.Error(err)
	}
}
