package repo

import (
	"os"
	"path/filepath"
	"testing"
)

// An entry of a walk is read only while it is still what the walk saw: one regular
// file of one name.
func TestReadEntryProvesTheFileAgain(t *testing.T) {
	root, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(root, "a.md")
	if err := os.WriteFile(at, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	e := Entry{Path: "a.md", Name: "a.md"}
	if f, err := r.ReadEntry(e, nil); err != nil || string(f.Data) != "text" || f.Hash != Hash([]byte("text")) {
		t.Errorf("%q, %v", f.Data, err)
	}
	for name, put := range map[string]func() error{
		"link":      func() error { return os.Symlink(outside, at) },
		"hard link": func() error { return os.Link(outside, at) },
		"folder":    func() error { return os.Mkdir(at, 0o755) },
		"nothing":   func() error { return nil },
	} {
		if err := os.Remove(at); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := put(); err != nil {
			t.Skip("skipped: no links here:", err)
		}
		if f, err := r.ReadEntry(e, nil); err == nil {
			t.Errorf("a %s in its place was read: %q", name, f.Data)
		}
	}
}
