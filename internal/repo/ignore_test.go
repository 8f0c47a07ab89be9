package repo

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// oracle asks git itself which of the names it ignores.
type oracle struct{ dir string }

func newOracle(t testing.TB) oracle {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	o := oracle{t.TempDir()}
	o.git(t, "init", "-q")
	return o
}

func (o oracle) git(t testing.TB, args ...string) string {
	t.Helper()
	return o.gitInput(t, "", args...)
}

func (o oracle) gitInput(t testing.TB, input string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.excludesFile=" + filepath.Join(o.dir, ".git", "user")}, args...)...)
	cmd.Dir = o.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + o.dir, "GIT_CONFIG_NOSYSTEM=1"}
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() != 1 || err != nil && !ok {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// clear empties the checkout for the next case: making a repository takes longer
// than the case itself.
func (o oracle) clear(t testing.TB) {
	t.Helper()
	list, err := os.ReadDir(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Name() == ".git" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(o.dir, d.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// ignored is what git ignores of names.
func (o oracle) ignored(t testing.TB, names []string) map[string]bool {
	t.Helper()
	out := o.gitInput(t, strings.Join(names, "\x00"), "check-ignore", "--no-index", "--stdin", "-z")
	set := map[string]bool{}
	for _, n := range strings.Split(out, "\x00") {
		set[n] = true
	}
	return set
}

func (o oracle) put(t testing.TB, name, text string) {
	t.Helper()
	full := filepath.Join(o.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// open opens the oracle's checkout as ours.
func (o oracle) open(t testing.TB) *Repo {
	t.Helper()
	r, err := Open(o.dir, Options{
		ExcludesFile: filepath.Join(o.dir, ".git", "user"),
		InfoExclude:  filepath.Join(o.dir, ".git", "info", "exclude"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestIgnoreAsGitDoes(t *testing.T) {
	files := []string{
		"a", "a.log", "b.txt", "build/x", "build/keep/y", "src/a.log", "src/build", "src/deep/a", "src/deep/b.txt", "docs/a/b/c/d.md",
		"docs/a.md", "foo", "foobar", "foo/bar", "x/foo/bar/y", "sp ace", "trail ", "#hash", "!bang", "[ab]", "a]b", "q?", "st*r", "back\\slash",
		"ü.md", "UPPER", "upper", "1", "z9", "dir/sub/dir/f", "-dash", "tab\tname", "a/b", "deep/1/2/3/4/5/6/f.tmp", "star/xx/end", "star/end",
	}
	o := newOracle(t)
	for _, rules := range []string{
		"*.log\n!src/a.log\n", "build/\n!build/keep/\n", "build/*\n!build/keep/\n", "/a\n", "a\n", "/src/*\n!/src/deep\n", "docs/**/d.md", "**/foo", "foo/**",
		"**/build", "star/**/end", "docs/a/**\n!docs/a/b/", "sp\\ ace\ntrail\\ \n", "trail ", "\\#hash\n\\!bang\n", "#hash", "[[]ab]", "[a]", "[!a]", "[^a]*", "a[]]b",
		"q\\?", "st\\*r", "q?", "[a-c].txt", "[z-a]", "[z-a]9", "[!z-a]9", "[f-a]oo", "[[:upper:]]*", "[[:digit:]]", "[[:nope:]]", "[[:alpha:]][[:digit:]]", "[", "a\\", "\\a", "*", "**", "/", "//", "!", "!*",
		"*\n!*/\n!*.md\n", "foo*/bar", "f**bar", "f**/bar", "foo**/bar", "***/foo", "/**/foo", "foo/", "foo//", "/foo/", "src/deep/", "*/deep", "*/*/a", "deep/**/*.tmp", "dir/**/dir/**",
		"\xef\xbb\xbfa.log", "a.log\r\nb.txt\r\n", "a.log \t", "ü.md", "?.md", "??.md", "[ü].md", "UPPER", "-dash", "tab\tname", "back\\\\slash", "?*", "a/b/", "a?b", "docs/a[/]b", "[[:space:]]", "*[[:space:]]*",
		"[\\]]b", "a[\\]]b", "[a-]", "[!-~]", "[[.a.]]", "[[=a=]]", "x/**y/z", "src/**", "src/**/", "**/deep/", "!foo\nfoo", "foo\n!foo/bar",
	} {
		t.Run(rules, func(t *testing.T) {
			o.clear(t)
			for _, f := range files {
				// a is a file in one list and a folder in the other: whoever comes first stays.
				full := filepath.Join(o.dir, filepath.FromSlash(f))
				if os.MkdirAll(filepath.Dir(full), 0o755) == nil {
					if _, err := os.Stat(full); err != nil {
						os.WriteFile(full, nil, 0o644)
					}
				}
			}
			o.put(t, ".gitignore", rules)
			compareAll(t, o)
		})
	}
}

func TestIgnoreFilesInOrder(t *testing.T) {
	o := newOracle(t)
	for _, f := range []string{"a.log", "b.log", "c.log", "sub/a.log", "sub/b.log", "sub/deep/a.log", "sub/deep/b.log", "sub/deep/x", "other/x", "linked/x"} {
		o.put(t, f, "")
	}
	o.put(t, ".git/user", "*.log\nx\n")
	o.put(t, ".git/info/exclude", "!b.log\n/c.log\n")
	o.put(t, ".gitignore", "/a.log\n/sub/deep/x\n!c.log\n")
	o.put(t, "sub/.gitignore", "!a.log\n/deep/b.log\n")
	o.put(t, "sub/deep/.gitignore", "a.log\n!b.log\n!x\n")
	if err := os.Symlink("../.gitignore", filepath.Join(o.dir, "linked/.gitignore")); err != nil {
		t.Fatal(err)
	}
	compareAll(t, o)
}

// compareAll compares our answer with git's for every file and folder there is.
func compareAll(t testing.TB, o oracle) {
	t.Helper()
	r := o.open(t)
	names, dirs := tree(t, o.dir)
	want := o.ignored(t, names)
	for _, n := range names {
		if got := r.matched(n, dirs[n]); got != want[n] {
			rules, _ := os.ReadFile(filepath.Join(o.dir, ".gitignore"))
			t.Errorf("%q (folder %v) under\n%s: ignored %v, git says %v", n, dirs[n], rules, got, want[n])
		}
	}
}

func tree(t testing.TB, dir string) (names []string, dirs map[string]bool) {
	t.Helper()
	dirs = map[string]bool{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, p)
		switch {
		case err != nil:
			return err
		case rel == ".git":
			return filepath.SkipDir
		case rel != ".":
			rel = filepath.ToSlash(rel)
			names = append(names, rel)
			dirs[rel] = d.IsDir()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, dirs
}

// TestIgnoreAtRandom draws rules and names from a small alphabet, so that they meet.
func TestIgnoreAtRandom(t *testing.T) {
	const seed = 7 // a new one finds more, by hand
	rnd := rand.New(rand.NewPCG(seed, seed))
	atoms := []string{"a", "b", "ab", "*", "**", "?", "[ab]", "[!a]", "[a-c]", "/", "/", "/", "\\a", "a*", "*b", ".", "[", "]", "**/", "/**", "\\", "*/", " "}
	parts := []string{"a", "b", "ab", "c", "aab", "a.b", "[", "abc", "]", "a b"}
	o := newOracle(t)
	for range 60 {
		o.clear(t)
		for range 14 {
			var name []string
			for range 1 + rnd.IntN(4) {
				name = append(name, parts[rnd.IntN(len(parts))])
			}
			full := filepath.Join(append([]string{o.dir}, name...)...)
			if os.MkdirAll(filepath.Dir(full), 0o755) == nil {
				os.Mkdir(full, 0o755) // a folder where it can be, or one above is a file
				if rnd.IntN(2) == 0 && os.Remove(full) == nil {
					os.WriteFile(full, nil, 0o644)
				}
			}
		}
		for _, at := range []string{".gitignore", "a/.gitignore"} {
			var rules strings.Builder
			for range 1 + rnd.IntN(4) {
				if rnd.IntN(4) == 0 {
					rules.WriteByte('!')
				}
				for range 1 + rnd.IntN(5) {
					rules.WriteString(atoms[rnd.IntN(len(atoms))])
				}
				rules.WriteByte('\n')
			}
			if info, err := os.Stat(filepath.Dir(filepath.Join(o.dir, at))); err == nil && info.IsDir() {
				o.put(t, at, rules.String())
			}
		}
		compareAll(t, o)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzIgnore compares one line and one path with git.
func FuzzIgnore(f *testing.F) {
	for _, s := range [][2]string{{"*.log", "a/b.log"}, {"a/**/b", "a/x/b"}, {"[[:alpha:]]", "q"}, {"!a", "a"}, {"foo**/bar", "foobar"}, {"[b-a]", "b"}} {
		f.Add(s[0], s[1])
	}
	o := newOracle(f)
	f.Fuzz(func(t *testing.T, line, name string) {
		clean, err := Clean(name)
		if err != nil || len(line) > 200 || len(clean) > 200 || strings.ContainsAny(line, "\x00") || strings.Contains(clean, "//") {
			t.Skip()
		}
		if err := os.WriteFile(filepath.Join(o.dir, ".gitignore"), []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
		// The name is only asked about: git takes what is not there for a file.
		want := o.ignored(t, []string{clean})[clean]
		if got := o.open(t).matched(clean, false); got != want {
			t.Errorf("%q under %q: ignored %v, git says %v", clean, line, got, want)
		}
	})
}

func BenchmarkMatched(b *testing.B) {
	o := newOracle(b)
	var rules strings.Builder
	for i := range 60 {
		fmt.Fprintf(&rules, "*.ext%d\n/dir%d/\nname%d\n", i, i, i)
	}
	o.put(b, ".gitignore", rules.String())
	o.put(b, "docs/guide/a.md", "")
	r := o.open(b)
	for b.Loop() {
		r.matched("docs/guide/a.md", false)
	}
}
