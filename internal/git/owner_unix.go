//go:build unix

package git

import (
	"os"
	"strconv"
	"syscall"
)

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
