// Package housetest holds the rules of the house: which room may use which, that
// every dependency has its reason, and that nothing of a workplace is committed.
package housetest

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rows are the layers of ARCHITECTURE.md: a room uses only rooms of rows above its own.
var rows = [][]string{
	{"fault", "lazy", "redact"},
	{"chart", "query", "config", "task", "markdown", "event", "watch", "process", "runlog", "llm"},
	{"plan", "trust", "repo", "git", "store", "llm/wire", "llm/llmtest"},
	{"docs", "edit", "workflow", "forge", "run", "tracker", "worker", "worktree", "llm/openai", "llm/anthropic", "llm/wiretest"},
	{"tool", "history", "importer", "index", "landing", "supervisor"},
	{"chat", "manager"},
	{"web"},
	{"demo"},
	{"cli"},
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestLayers(t *testing.T) {
	row := map[string]int{}
	for i, names := range rows {
		for _, n := range names {
			row["tasks/internal/"+n] = i
		}
	}
	seen := map[string]bool{}
	for _, p := range list(t, "./internal/...") {
		if p.ImportPath == "tasks/internal/housetest" {
			continue
		}
		own, ok := row[p.ImportPath]
		if !ok {
			t.Errorf("%s has no row: give it one here and in ARCHITECTURE.md", p.ImportPath)
			continue
		}
		seen[p.ImportPath] = true
		for _, i := range p.Imports {
			if r, ours := row[i]; ours && r >= own {
				t.Errorf("%s (row %d) uses %s (row %d)", p.ImportPath, own, i, r)
			}
			if i == "testing" {
				t.Errorf("%s links the testing package into the product", p.ImportPath)
			}
		}
	}
	page := read(t, "ARCHITECTURE.md")
	for name := range row {
		if seen[name] && !strings.Contains(page, strings.TrimPrefix(name, "tasks/internal/")) {
			t.Errorf("ARCHITECTURE.md does not name %s", name)
		}
	}
}

func TestEveryDependencyHasItsReason(t *testing.T) {
	reasons := read(t, "docs/dependencies.md")
	for _, line := range strings.Split(read(t, "go.mod"), "\n") {
		line = strings.TrimSpace(line)
		f := strings.Fields(line)
		if len(f) != 2 || !strings.Contains(f[0], ".") || strings.Contains(line, "indirect") {
			continue
		}
		if !strings.Contains(reasons, f[0]) {
			t.Errorf("docs/dependencies.md gives no reason for %s", f[0])
		}
	}
}

// stray matches what must never be committed: paths of one machine, private keys,
// key values. The parts are joined here so that this file does not match itself.
var stray = regexp.MustCompile(strings.Join([]string{
	"/wo" + `rk/(main|shared)`, "/ro" + "ot/", `BEGIN [A-Z ]*PRIVATE` + " KEY", `\bsk-(ant|proj)-[A-Za-z0-9]{20,}`, `\bghp_[A-Za-z0-9]{30,}`,
}, "|"))

func TestNothingStrayIsCommitted(t *testing.T) {
	dir := root(t)
	out, err := exec.Command("git", "-C", dir, "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := stray.Find(data); m != nil && !strings.Contains(name, "testdata/fuzz/") {
			t.Errorf("%s holds %q", name, m)
		}
	}
}

// A page that names a test as its proof must name one that is there.
func TestEveryTestThatAPageNamesIsThere(t *testing.T) {
	dir := root(t)
	there := map[string]bool{}
	decl := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z0-9]\w*)\(`)
	for _, top := range []string{"internal", "e2e", "cmd"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "node_modules":
				return fs.SkipDir
			case !strings.HasSuffix(path, "_test.go"):
				return nil
			}
			data, err := os.ReadFile(path)
			for _, m := range decl.FindAllSubmatch(data, -1) {
				there[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	pages, err := filepath.Glob(filepath.Join(dir, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z0-9]+\b`)
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range named.FindAllString(string(data), -1) {
			if !there[name] {
				t.Errorf("docs/%s names %s, which is not there", filepath.Base(page), name)
			}
		}
	}
}

func TestEveryPackageHasAContract(t *testing.T) {
	dir := filepath.Join(root(t), "internal")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || strings.Contains(path, "testdata") {
			return err
		}
		files, _ := filepath.Glob(filepath.Join(path, "*.go"))
		if len(files) == 0 {
			return nil
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			if strings.HasPrefix(string(data), "// Package ") || strings.Contains(string(data), "\n// Package ") {
				return nil
			}
		}
		t.Errorf("%s has no package comment", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
