package repo

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// infoMeta is the meta of what package os has looked at.
func infoMeta(info fs.FileInfo) meta {
	st := info.Sys().(*syscall.Stat_t)
	return metaOf(&unix.Stat_t{
		Mode: st.Mode, Size: st.Size, Dev: st.Dev, Ino: st.Ino, Nlink: st.Nlink, Uid: st.Uid, Gid: st.Gid,
		Mtim: unix.Timespec(st.Mtim), Ctim: unix.Timespec(st.Ctim),
	})
}
