//go:build !linux

package repo

import "golang.org/x/sys/unix"

// lookOnly must open, where there is no right to look alone, but never waits.
const lookOnly = unix.O_RDONLY | unix.O_NONBLOCK

func (d *disk) openat(name string, flags int) (file, error) { return d.openPortable(name, flags) }
