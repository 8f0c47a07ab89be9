package repo

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"
)

var direntBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// list reads a folder whose name has no links. Package os would do, at twice the
// time, and a walk of the tree is nothing but this.
func (d *disk) list(dir string) ([]dirent, error) {
	f, err := d.openat(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buffer := direntBuffers.Get().(*[]byte)
	defer direntBuffers.Put(buffer)
	var list []dirent
	for {
		var n int
		err := retry(func() error {
			n, err = unix.Getdents(int(f), *buffer)
			return err
		})
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			return list, nil
		}
		list = d.parse(dir, (*buffer)[:n], list)
	}
}

// parse reads records of: inode 8, offset 8, length 2, type 1, name ended by NUL.
func (d *disk) parse(dir string, b []byte, list []dirent) []dirent {
	for len(b) >= 19 {
		size := int(binary.NativeEndian.Uint16(b[16:]))
		if size < 19 || size > len(b) {
			return list
		}
		raw := b[19:size]
		if i := bytes.IndexByte(raw, 0); i >= 0 {
			raw = raw[:i]
		}
		kind := b[18]
		b = b[size:]
		if string(raw) == "." || string(raw) == ".." {
			continue
		}
		e := newDirent(dir, raw)
		switch kind {
		case unix.DT_REG:
		case unix.DT_DIR:
			e.mode = fs.ModeDir
		case unix.DT_LNK:
			e.mode = fs.ModeSymlink
		case unix.DT_UNKNOWN:
			m, err := d.lstat(e.path)
			if err != nil {
				continue
			}
			e.mode = m.mode.Type()
		default:
			e.mode = fs.ModeIrregular
		}
		list = append(list, e)
	}
	return list
}
