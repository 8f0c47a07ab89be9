package repo

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// disk opens names in which no component is a link, and proves that as it opens.
type disk struct {
	root *os.Root
	dir  *os.File
	fd   int
	slow atomic.Bool // the portable way (openPortable) is to be taken
}

func (d *disk) open(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	d.root, d.dir, d.fd = root, dir, int(dir.Fd())
	return nil
}

func (d *disk) close() { d.dir.Close() }

// file is an open file, without what os.File adds for pipes and sockets.
type file int

func (f file) Close() error { return unix.Close(int(f)) }

func (f file) meta() (meta, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(f), &st) }); err != nil {
		return meta{}, err
	}
	return metaOf(&st), nil
}

func (f file) Read(p []byte) (n int, err error) {
	err = retry(func() error {
		n, err = unix.Read(int(f), p)
		return err
	})
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

// osFile hands the file over to package os.
func (f file) osFile(name string) *os.File {
	unix.SetNonblock(int(f), false)
	return os.NewFile(uintptr(f), name)
}

// plainPortable is plain in the portable way, which opens folders only.
func (d *disk) plainPortable(name string) (meta, error) {
	if name == "" {
		return d.lstat("")
	}
	dir, base := path.Split(name)
	at, err := openFolder(d.root, strings.TrimSuffix(dir, "/"))
	if err != nil {
		return meta{}, err
	}
	defer at.Close()
	folder, err := at.Open(".")
	if err != nil {
		return meta{}, cause(err)
	}
	defer folder.Close()
	m, err := lstatAt(int(folder.Fd()), base)
	if err == nil && m.mode&fs.ModeSymlink != 0 {
		return m, errLink
	}
	return m, err
}

// openPlain opens for reading a name without links. It never waits, but it does
// open what is there: look with plain before.
func (d *disk) openPlain(name string) (file, error) {
	return d.openat(name, unix.O_RDONLY|unix.O_NONBLOCK)
}

// openPortable is openat in the portable way.
func (d *disk) openPortable(name string, flags int) (file, error) {
	f, err := openPortable(d.root, name, flags|unix.O_NOFOLLOW)
	if err != nil {
		return -1, err
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	return file(fd), err
}

// lstat looks at a name whose folder is known to be without links. It is one call.
func (d *disk) lstat(name string) (meta, error) {
	if name == "" {
		name = "."
	}
	return lstatAt(d.fd, name)
}

func lstatAt(dir int, name string) (meta, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) }); err != nil {
		return meta{}, err
	}
	return metaOf(&st), nil
}

// statOutside is stat for a file outside the tree, named absolutely.
func statOutside(name string) (meta, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Stat(name, &st) }); err != nil {
		return meta{}, err
	}
	return metaOf(&st), nil
}

// meta is what stat says.
type meta struct {
	mode           fs.FileMode
	size           int64
	mtime, ctime   int64 // nanoseconds
	dev, ino, link uint64
	uid, gid       int
}

func metaOf(st *unix.Stat_t) meta {
	mode := fs.FileMode(st.Mode & 0o777)
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	default:
		mode |= fs.ModeDevice
	}
	return meta{
		mode: mode, size: st.Size, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(),
		dev: uint64(st.Dev), ino: uint64(st.Ino), link: uint64(st.Nlink),
		uid: int(st.Uid), gid: int(st.Gid),
	}
}

func (m meta) same(o meta) bool { return m.dev == o.dev && m.ino == o.ino }

func (m meta) modTime() time.Time { return time.Unix(0, m.mtime) }

func (m meta) version() string { return string(m.appendVersion(make([]byte, 0, 64))) }

func (m meta) appendVersion(b []byte) []byte {
	b = strconv.AppendInt(b, m.size, 36)
	b = strconv.AppendInt(append(b, '-'), m.mtime, 36)
	b = strconv.AppendInt(append(b, '-'), m.ctime, 36)
	return strconv.AppendUint(append(b, '-'), m.ino, 36)
}

func retry(fn func() error) error {
	for {
		if err := fn(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
