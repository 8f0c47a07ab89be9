//go:build !linux

package repo

import "os"

// renameNew renames unless there is something at the new name.
func renameNew(folder *os.Root, from, to string) error { return linkNew(folder, from, to) }
