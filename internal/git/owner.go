package git

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"

	"tasks/internal/fault"
)

// askOwnership lets git decide about a repository that is not ours: its rule is the
// user's safe.directory, in system and user configuration.
func (c *Checkout) askOwnership(ctx context.Context) error {
	_, err := c.run(ctx, userConfig, "rev-parse", "--git-dir")
	if err == nil {
		c.foreign = true
		return nil
	}
	if strings.Contains(err.Error(), "safe.directory") || strings.Contains(err.Error(), "dubious ownership") {
		return fault.New(fault.Forbidden, "%s is refused: it belongs to another user, and git does not trust it either", c.Root).
			WithHint("if you trust it: git config --global --add safe.directory %s", c.Root)
	}
	return err
}

// ours tells whether name belongs to this user; under sudo, as in git, also to the
// user who called it.
func ours(name string) bool {
	info, err := os.Lstat(name)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	if int(st.Uid) == os.Geteuid() {
		return true
	}
	if os.Geteuid() != 0 {
		return false
	}
	uid, err := strconv.ParseUint(os.Getenv("SUDO_UID"), 10, 32)
	return err == nil && uint32(uid) == st.Uid
}
