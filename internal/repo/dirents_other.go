//go:build !linux

package repo

import (
	"os"

	"golang.org/x/sys/unix"
)

// list reads a folder whose name has no links.
func (d *disk) list(dir string) ([]dirent, error) {
	f, err := openPortable(d.root, dir, os.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, cause(err)
	}
	list := make([]dirent, 0, len(entries))
	for _, e := range entries {
		d := newDirent(dir, []byte(e.Name()))
		d.mode = e.Type()
		list = append(list, d)
	}
	return list, nil
}
