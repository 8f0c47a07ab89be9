package index

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tasks/internal/repo"
	"tasks/internal/tracker"
)

// house is a checkout with an index, and the same without one.
type house struct {
	t          testing.TB
	root       string
	with, scan *Index
	said       bytes.Buffer
}

func newHouse(t testing.TB) *house {
	h := &house{t: t, root: t.TempDir()}
	r, err := repo.Open(h.root, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	c := Config{Repo: r, Tracker: tracker.New(r), Dir: filepath.Join(t.TempDir(), "index"), Log: slog.New(slog.NewTextHandler(&h.said, nil))}
	h.with = New(c)
	c.Off = true
	h.scan = New(c)
	return h
}

func (h *house) put(name, text string) {
	h.t.Helper()
	at := filepath.Join(h.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// rest waits until what was written is older than the index asks for.
func (h *house) rest() { time.Sleep(h.with.racy + 15*time.Millisecond) }

func (h *house) find(r Request) *Result {
	h.t.Helper()
	got, err := h.with.Find(h.t.Context(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

func paths(r *Result) (out []string) {
	for _, f := range r.Files {
		out = append(out, f.Path)
	}
	return out
}

// TestSameAnswers changes files at random and asks with and without the index.
func TestSameAnswers(t *testing.T) {
	h := newHouse(t)
	h.with.racy = 20 * time.Millisecond
	dice := rand.New(rand.NewPCG(7, 11))
	words := strings.Fields("heron Heron pond PondLife água ÁGUA status:ready #title x ab abc TODO(k) ſtrange Kelvin \u212aelvin retry retries")
	text := func() string {
		var b strings.Builder
		if dice.IntN(4) == 0 {
			b.WriteString("---\ntype: task\nstatus: ready\n---\n")
		}
		for range dice.IntN(40) {
			b.WriteString(words[dice.IntN(len(words))])
			b.WriteByte(" \n"[dice.IntN(2)])
		}
		if dice.IntN(12) == 0 {
			b.WriteByte(0)
		}
		return b.String()
	}
	name := func() string {
		return []string{"docs/%d.md", "tasks/t%d.md", "src/heron%d.go", "%d/a/pond.md", ".env.%d", "out/%d.txt"}[dice.IntN(6)]
	}
	ruled := 0
	for turn := range 120 {
		for range 1 + dice.IntN(4) {
			at := fmt.Sprintf(name(), dice.IntN(9))
			switch dice.IntN(7) {
			case 0:
				os.Remove(filepath.Join(h.root, at))
			case 1:
				to := fmt.Sprintf(name(), dice.IntN(9))
				os.MkdirAll(filepath.Dir(filepath.Join(h.root, to)), 0o755)
				os.Rename(filepath.Join(h.root, at), filepath.Join(h.root, to))
			case 2:
				h.put(".gitignore", []string{"", "out/\n", "*.go\n", "docs/1.md\n"}[dice.IntN(4)])
			case 3: // of the same size, with the old time: only ctime tells
				full := filepath.Join(h.root, at)
				if info, err := os.Stat(full); err == nil && info.Size() > 6 {
					data, _ := os.ReadFile(full)
					copy(data, "zebra ")
					os.WriteFile(full, data, 0o644)
					os.Chtimes(full, info.ModTime(), info.ModTime())
				}
			default:
				h.put(at, text())
			}
		}
		if turn%10 == 0 {
			h.rest()
			if err := h.with.Fill(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		q := append(words, "zebra", "nothing", "heron pond", "her retr", "kind:doc heron", "path:docs ab", "água")[dice.IntN(len(words)+7)]
		r := Request{Text: q, Bare: true, Regex: dice.IntN(6) == 0, Kind: []string{"", "", "task", "code"}[dice.IntN(4)]}
		a, errA := h.with.Find(t.Context(), r)
		b, errB := h.scan.Find(t.Context(), r)
		if fmt.Sprint(errA) != fmt.Sprint(errB) || !reflect.DeepEqual(a, b) {
			t.Fatalf("turn %d, %+v:\nwith    %+v %v\nwithout %+v %v", turn, r, a, errA, b, errB)
		}
		if n, _ := h.with.Size(); n > 0 {
			ruled++
		}
	}
	if ruled < 60 {
		t.Errorf("the index knew something in %d turns only: this proves nothing", ruled)
	}
}

func TestRulesOutWithoutReading(t *testing.T) {
	h := newHouse(t)
	h.with.racy = 10 * time.Millisecond
	h.put("a.md", "heron\n")
	h.put("b.md", "pond\n")
	h.put("c.bin", "heron\x00")
	h.rest()
	if err := h.with.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a.md": true, "b.md": false, "c.bin": false} {
		if got := h.with.may(repo.Entry{Path: name, Name: name}, []byte("heron")); got != want {
			t.Errorf("%s may hold heron: %v", name, got)
		}
	}
	h.put("b.md", "heron now\n")
	if !h.with.may(repo.Entry{Path: "b.md", Name: "b.md"}, []byte("heron")) {
		t.Error("a file that changed is ruled out")
	}
	h.put("d.md", "fresh\n") // read at once, so not to be trusted
	h.with.racy = time.Hour
	h.find(Request{Text: "fresh"})
	if _, known := h.with.files["d.md"]; known {
		t.Error("a file that changed in the moment of its reading is trusted")
	}
}

func TestKeptOnDisk(t *testing.T) {
	h := newHouse(t)
	h.with.racy = 5 * time.Millisecond
	for i := range 20 {
		h.put(fmt.Sprintf("docs/%d.md", i), strings.Repeat(fmt.Sprintf("heron %d ", i), i))
	}
	h.rest()
	if err := h.with.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(h.with.Dir, h.with.fileName())
	good, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	again := New(h.with.Config)
	if err := again.Load(); err != nil || !reflect.DeepEqual(again.files, h.with.files) {
		t.Fatalf("what was kept is not what comes back: %v", err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, bad := range map[string][]byte{
		"cut": good[:len(good)/2], "empty": {}, "only its head": good[:len(fileMagic)], "a bit flipped": flipped,
		"newer": bytes.Replace(good, []byte("index 1"), []byte("index 2"), 1), "longer": append(bytes.Clone(good), 0),
	} {
		if err := os.WriteFile(at, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		x := New(h.with.Config)
		if err := x.Load(); err == nil || len(x.files) > 0 {
			t.Errorf("%s: %v, %d files taken", name, err, len(x.files))
		}
	}
	if left, _ := filepath.Glob(at + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRanking(t *testing.T) {
	h := newHouse(t)
	h.put("tasks/retry-limit.md", "---\ntype: task\nstatus: ready\ntitle: Bound retries\nowner: anna\n---\nSay how often.\nretry\n")
	h.put("docs/retry.md", "# Retry\nHow it is tried again.\n")
	h.put("docs/delivery.md", "# Delivery\n\n## When to retry\nretry\n")
	h.put("docs/long.md", "# Long\n"+strings.Repeat("word\n", 400)+"retry\n")
	h.put("src/retry.go", "package retry\n")
	h.put("src/z.go", "// retry\n// retry\n")
	h.put(".env", "retry\n")
	if got, want := paths(h.find(Request{Text: "retry"})), []string{"docs/retry.md", "src/retry.go", "tasks/retry-limit.md", "docs/delivery.md", "src/z.go", "docs/long.md"}; !reflect.DeepEqual(got, want) {
		t.Errorf("in the order %v, not %v", got, want)
	}
	for text, want := range map[string][]string{
		"retry often":              {"tasks/retry-limit.md"},
		"retry status:ready":       {"tasks/retry-limit.md"},
		"status:ready":             {"tasks/retry-limit.md"},
		"retry owner:Anna":         {"tasks/retry-limit.md"},
		"retry status:done":        nil,
		"retry kind:code path:src": {"src/retry.go", "src/z.go"},
		"path:**/d*.md retry":      {"docs/delivery.md"},
		`"package retry"`:          {"src/retry.go"},
		"package:retry":            nil,
	} {
		if got := paths(h.find(Request{Text: text, Bare: true})); !reflect.DeepEqual(got, want) {
			t.Errorf("%s finds %v, not %v", text, got, want)
		}
	}
	r := h.find(Request{Text: "retry", Kind: "code"})
	if len(r.Files) != 2 || r.Counts["task"] != 1 || r.Counts["doc"] != 3 || r.Counts["code"] != 2 {
		t.Errorf("code alone: %v, counts %v", paths(r), r.Counts)
	}
	if r := h.find(Request{Text: "retry owner:ana"}); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "anna") {
		t.Errorf("an owner that there is not: %q", r.Problems)
	}
	for _, bad := range []Request{{Text: "x status:nice"}, {Text: "(", Regex: true}, {Text: "x path:{a"}, {Text: "x kind:bird"}, {Text: strings.Repeat("a b1 c2 d3 ", 3) + "e f g h i j k l m n o"}} {
		if _, err := h.with.Find(t.Context(), bad); err == nil {
			t.Errorf("%+v is no error", bad)
		}
	}
}
