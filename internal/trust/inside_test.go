package trust_test

import (
	"os"
	"path/filepath"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/trust"
)

// A repository that could bring its own record would permit itself what it likes.
func TestARecordInsideTheRootIsRefused(t *testing.T) {
	root := t.TempDir()
	link := filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(filepath.Join(root, "state"), 0o700))
	must(t, os.Symlink(filepath.Join(root, "state"), link))
	for what, state := range map[string]string{"inside": filepath.Join(root, "state"), "not there yet": filepath.Join(root, "a", "b"), "through a link": link} {
		b := trust.New(env(map[string]string{"XDG_STATE_HOME": state}))
		if err := b.Trust(root, with("make")); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s: written: %v", what, err)
		}
		if s, err := b.Look(root, with("make")); s.May() || fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s: %s, %v", what, s, err)
		}
		must(t, b.Trust(root+"-other", with("make"))) // another root's is not its own
		if s, err := b.Look(root+"-other", with("make")); s != trust.Trusted || err != nil {
			t.Errorf("%s: %s, %v", what, s, err)
		}
	}
}
