package repo

import "os"

// linkNew is renameNew by a hard link, which never replaces.
func linkNew(folder *os.Root, from, to string) error {
	if err := folder.Link(from, to); err != nil {
		return err
	}
	return folder.Remove(from)
}
