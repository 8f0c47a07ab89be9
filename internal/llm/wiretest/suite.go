package wiretest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// files are the fixtures of a package.
func files(t T) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/odd/*.txtar")
	if err != nil || len(all) < 40 {
		t.Fatalf("fixtures: %d, %v", len(all), err)
	}
	return all
}

func name(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txtar") }

// OddStreams plays every fixture of testdata/odd over HTTP; update has what came out
// written into them.
func OddStreams[S Tests[S]](t S, api API, update bool) {
	for _, file := range files(t) {
		t.Run(name(file), func(t S) {
			t.Parallel()
			f := read(t, file)
			got := f.play(t, api, f.replies)
			CheckCanary(t, got)
			want := f.want()
			if update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(f.archive), 0o644); err != nil {
					t.Fatalf("%v", err)
				}
				return
			}
			if got != string(want.Data) {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", f.archive.Comment, got, want.Data)
			}
		})
	}
}

// OddStreamsInTwoPackets sends each body in two packets, cut where it hurts most:
// around every character that is not ASCII, and at places spread over the whole.
func OddStreamsInTwoPackets[S Tests[S]](t S, api API) {
	for _, file := range files(t) {
		f := read(t, file)
		if len(f.replies) != 1 || f.replies[0].hang || f.replies[0].cut != "" || len(f.replies[0].body) > 20_000 ||
			bytes.Contains(f.replies[0].body, []byte("%pause")) {
			continue
		}
		t.Run(name(file), func(t S) {
			t.Parallel()
			body := f.replies[0].body
			step := max(len(body)/8, 1)
			for i := 1; i < len(body); i++ {
				if i%step != 0 && body[i] < 0x80 {
					continue
				}
				r := f.replies[0]
				r.splitAt, r.delay = i, time.Millisecond
				if got, want := f.play(t, api, []Reply{r}), string(f.want().Data); got != want {
					t.Fatalf("cut at %d (%q):\ngot:\n%s\nwant:\n%s", i, body[max(0, i-10):min(len(body), i+10)], got, want)
				}
			}
		})
	}
}

// CheckCanary looks for the key in any form that a person could turn back.
func CheckCanary(t T, s string) {
	t.Helper()
	for _, form := range []string{Canary, Canary[3:], "canary", "sk-canary%2F7", "%63anary", "c2stY2FuYXJ5", "stY2FuYXJ5", "rLWNhbmFyeS", "zay1jYW5hcn"} {
		if strings.Contains(s, form) {
			t.Errorf("the key comes out as %q:\n%s", form, s)
		}
	}
}

// Play asks the question against these replies and gives the transcript, where prefix,
// that of the API's settings, reads PREFIX. What was sent is left out.
func Play(t T, api API, prefix string, replies ...string) string {
	t.Helper()
	f := &fixture{archive: &txtar.Archive{}}
	for _, r := range replies {
		f.replies = append(f.replies, ParseReply(t, r))
	}
	out, _, _ := strings.Cut(f.play(t, api, f.replies), "\n> request")
	return strings.ReplaceAll(out, prefix, "PREFIX")
}
