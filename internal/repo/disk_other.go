//go:build !linux

package repo

// plain is lstat for a name without links; errLink where there is one, the last
// component included.
func (d *disk) plain(name string) (meta, error) { return d.plainPortable(name) }

func (d *disk) openat(name string, flags int) (file, error) { return d.openPortable(name, flags) }
