package repo

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// plain is lstat for a name without links; errLink where there is one, the last
// component included. It opens nothing but the right to look (O_PATH): a pipe or a
// device does not notice.
func (d *disk) plain(name string) (meta, error) {
	if d.slow.Load() {
		return d.plainPortable(name)
	}
	f, err := d.openat(name, unix.O_PATH)
	if err != nil {
		return meta{}, err
	}
	defer f.Close()
	m, err := f.meta()
	if err == nil && m.mode&fs.ModeSymlink != 0 {
		return m, errLink
	}
	return m, err
}

// openat opens with one openat2, which is also the proof that no component is a link.
// Where the kernel or a sandbox lacks it, the portable way is taken.
func (d *disk) openat(name string, flags int) (file, error) {
	if name == "" {
		name = "."
	}
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC | unix.O_NOFOLLOW),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	for !d.slow.Load() {
		fd, err := unix.Openat2(d.fd, name, &how)
		switch err {
		case nil:
			return file(fd), nil
		case unix.EINTR, unix.EAGAIN:
			continue
		case unix.ELOOP:
			return -1, errLink
		case unix.ENOSYS, unix.EPERM:
			d.slow.Store(true)
		default:
			return -1, err
		}
	}
	return d.openPortable(name, flags)
}
