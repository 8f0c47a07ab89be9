package web_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestScripts runs the tests of the browser modules that need no browser.
func TestScripts(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	cmd := exec.Command(node, "--test", "--test-reporter=spec", "testdata/js/pure.test.mjs")
	cmd.Env = append(os.Environ(), "NODE_OPTIONS=--no-warnings")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestAssetsNameWhatIsThere follows every import of a script, every url() of a
// style and every stylesheet of the shell to a file, and every icon that a script
// asks for to the sprite.
func TestAssetsNameWhatIsThere(t *testing.T) {
	sprite, err := os.ReadFile("assets/icons/sprite.svg")
	if err != nil {
		t.Fatal(err)
	}
	imports := regexp.MustCompile(`(?m)^(?:import|export)[^"=]*"(\.[^"]+)"`)
	urls := regexp.MustCompile(`url\("([^"]+)"\)`)
	icons := regexp.MustCompile(`icon(?:\(|: )"([a-z0-9-]+)"`)
	seen := 0
	err = filepath.WalkDir("assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var found [][]string
		switch filepath.Ext(name) {
		case ".js":
			found = imports.FindAllStringSubmatch(string(data), -1)
			for _, m := range icons.FindAllStringSubmatch(string(data), -1) {
				if !strings.Contains(string(sprite), `id="`+m[1]+`"`) {
					t.Errorf("%s: there is no icon %s", name, m[1])
				}
			}
			for _, bad := range []string{"innerHTML", "insertAdjacentHTML", "outerHTML =", "document.write", "eval("} {
				if strings.Contains(string(data), bad) && !strings.HasSuffix(name, "lib/trusted.js") {
					t.Errorf("%s: %s outside of lib/trusted.js", name, bad)
				}
			}
		case ".css":
			found = urls.FindAllStringSubmatch(string(data), -1)
			if base := filepath.Base(name); base != "tokens.css" && base != "print.css" && regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(|oklch\(`).Match(data) {
				t.Errorf("%s names a raw colour; tokens.css does that", name)
			}
		}
		for _, m := range found {
			seen++
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: %s is not there", name, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 40 {
		t.Errorf("only %d references were looked at: the patterns miss them", seen)
	}
}
