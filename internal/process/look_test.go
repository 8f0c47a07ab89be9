package process_test

import (
	"os"
	"path/filepath"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/process"
)

func TestLook(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	for _, dir := range []string{root, outside} {
		for _, name := range []string{"prog", "only-" + filepath.Base(dir)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	linked := filepath.Join(outside, "linked")
	if err := os.Symlink(filepath.Join(root, "prog"), linked); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	for _, c := range []struct {
		path, name string
		want       string
		code       fault.Code
	}{
		{outside, "prog", filepath.Join(outside, "prog"), ""},
		{outside, filepath.Join(outside, "prog"), filepath.Join(outside, "prog"), ""},
		{outside, "none", "", fault.Unavailable},
		{outside, filepath.Join(outside, "none"), "", fault.Unavailable},
		{root + ":" + outside, "prog", filepath.Join(outside, "prog"), ""}, // planted in front
		{root, "prog", "", fault.Forbidden},                                // nothing else there
		{outside, filepath.Join(root, "prog"), "", fault.Forbidden},        // by its absolute path
		{outside, "linked", "", fault.Forbidden},                           // a link into the repository
		{".:" + outside, "prog", filepath.Join(outside, "prog"), ""},
		{":" + outside, "prog", filepath.Join(outside, "prog"), ""},
		{".", "prog", "", fault.Forbidden},
		{outside, "./prog", "", fault.Forbidden},
	} {
		t.Setenv("PATH", c.path)
		got, err := process.Look(c.name, root)
		if got != c.want || fault.CodeOf(err) != c.code {
			t.Errorf("PATH %s, Look(%s) = %q, %v; want %q, code %q", c.path, c.name, got, err, c.want, c.code)
		}
	}
}

// TestLookSaysWhyAFileIsNoProgram: one that the user named by its path is looked for on no PATH.
func TestLookSaysWhyAFileIsNoProgram(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "agent.sh")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		plain:                      "it is not executable",
		filepath.Join(dir, "none"): "no such file or directory",
		dir:                        "is a directory",
	} {
		_, err := process.Look(name, "")
		if fault.CodeOf(err) != fault.Unavailable || err.Error() != name+" cannot be run: "+want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
