package repo_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// outsideNames is the contract's list, as globs over folded names.
var outsideNames = []string{
	".git", "git~[0-9]*", ".worktrees", "worktr~[0-9]*",
	".env*", "env~[0-9]*", "*.pem", "*.key", "id_*", ".npmrc", "npmrc~[0-9]*", ".netrc", "netrc~[0-9]*", "*.sqlite*", "*.db",
	".tasks-*.tmp", "con", "prn", "aux", "nul", "conin$", "conout$", "com[0-9]", "lpt[0-9]", "",
}

// plainRefused is the policy on one component, written once more in the plainest way.
func plainRefused(part string) bool {
	s := cases.Fold().String(norm.NFKD.String(part))
	s, _, _ = strings.Cut(s, ":")
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return c
	}, s)
	s = strings.TrimRight(s, ". ")
	if s == ".env.example" {
		return false
	}
	for _, glob := range outsideNames {
		if ok, err := path.Match(glob, strings.ReplaceAll(s, "/", "_")); ok || err != nil {
			return true
		}
	}
	return false
}

// FuzzClean compares Clean with the plain policy, and with os.Root on what leads out.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a/b.md", "../x", ".GIT/config", "a/../../b", ".g\u200cit", "x.\u212aey", ".env.example", ".git::$DATA", "a//b/./c/", "id_", "C:x", "．env", "a\u0301.pem ", "ß.key", "ǆ.db"} {
		f.Add(s)
	}
	root, err := os.OpenRoot(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { root.Close() })
	f.Fuzz(func(t *testing.T, name string) {
		clean, err := repo.Clean(name)
		code := fault.CodeOf(err)
		if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\\") {
			if code != fault.Usage {
				t.Fatalf("Clean(%q) = %q, %v; want usage", name, clean, err)
			}
			return
		}
		if err == nil {
			if again, err := repo.Clean(clean); again != clean || err != nil {
				t.Fatalf("Clean(%q) = %q, and of that %q, %v", name, clean, again, err)
			}
			if clean != path.Clean(name) || !filepath.IsLocal(clean) {
				t.Fatalf("Clean(%q) = %q", name, clean)
			}
		}
		want := fault.Code("")
		// os.Root takes the name as it stands: nothing exists, so all it can say about is the way.
		// What it says is looked at without the name, which may hold the very word.
		_, rootErr := root.Stat(path.Clean(name))
		var why *fs.PathError
		escapes := errors.As(rootErr, &why) && strings.Contains(why.Err.Error(), "escapes")
		drive := len(name) > 1 && name[1] == ':' && unicode.IsLetter(rune(name[0])) && name[0] < 0x80
		switch {
		case escapes || drive:
			want = fault.Forbidden
		case path.Clean(name) == ".":
			want = fault.Usage
		default:
			for part := range strings.SplitSeq(path.Clean(name), "/") {
				if plainRefused(part) {
					want = fault.Forbidden
				}
			}
		}
		if code != want {
			t.Fatalf("Clean(%q) = %q, %v; want code %q", name, clean, err, want)
		}
	})
}

// TestNamesAtRandom compares what can be read with the plainest check there is: where
// the links of the whole path lead, and what the name there is.
func TestNamesAtRandom(t *testing.T) {
	both(t, func(t *testing.T, portable bool) {
		h := newHouse(t, "a.md", "d/a.md", "d/e/a.md", "d/e/.env", ".git/a.md", "e/id_a", "e/a.md")
		if portable {
			h.Portable()
		}
		os.WriteFile(filepath.Join(h.outside, "a.md"), []byte("outside"), 0o644)
		for name, target := range map[string]string{
			"l": "d", "d/up": "..", "d/e/up": "../..", "d/l": "e", "e/g": "../.git", "out": "../outside", "d/out": "../../outside", "x": "x", "d/s": "e/.env",
			"e/m": "../d/./e/../a.md", "e/h": "../.git/a.md", "e/o": "../out", "e/abs": "/etc", "d/e/n": "none",
		} {
			h.link(target, name)
		}
		if err := os.Link(h.path("e/a.md"), h.path("d/hard.md")); err != nil {
			t.Fatal(err)
		}
		parts := []string{"a.md", "a.md", "d", "d", "e", "e", "l", "up", "..", ".", "", "g", "out", "x", "s", "m", "h", "o", "abs", "n", ".env", ".git", "id_a", "hard.md", "none"}
		rnd := rand.New(rand.NewPCG(1, 2))
		read := 0
		for range 8000 {
			var p []string
			for range 1 + rnd.IntN(5) {
				p = append(p, parts[rnd.IntN(len(parts))])
			}
			name := strings.Join(p, "/")
			f, err := h.ReadFile(name, 0)
			want, ok := plainResolve(h, name)
			if (err == nil) != ok || err == nil && (f.Path != want || string(f.Data) != h.text(want)) {
				t.Fatalf("ReadFile(%q) = %q %q, %v; the plain check says %q, %v", name, f.Path, f.Data, err, want, ok)
			}
			if ok {
				read++
			}
		}
		if read < 100 {
			t.Errorf("only %d names could be read: the test says little", read)
		}
	})
}

func plainResolve(h *house, name string) (string, bool) {
	clean := path.Clean(name)
	real, err := filepath.EvalSymlinks(h.path(clean))
	if err != nil || strings.HasPrefix(name, "/") || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", false
	}
	rel, ok := strings.CutPrefix(real, h.root+"/")
	info, err := os.Lstat(real)
	if !ok || err != nil || !info.Mode().IsRegular() || info.Sys().(*syscall.Stat_t).Nlink > 1 {
		return "", false
	}
	for part := range strings.SplitSeq(clean+"/"+rel, "/") {
		if plainRefused(part) {
			return "", false
		}
	}
	return rel, true
}
