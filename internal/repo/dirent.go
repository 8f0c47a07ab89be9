package repo

import "io/fs"

// dirent is one name in a folder, with the type where the folder tells it.
type dirent struct {
	path string
	name string      // the end of path
	mode fs.FileMode // the type bits only
}

func newDirent(dir string, name []byte) dirent {
	if dir == "" {
		path := string(name)
		return dirent{path: path, name: path}
	}
	path := make([]byte, 0, 256)
	path = append(append(append(path, dir...), '/'), name...)
	e := dirent{path: string(path)}
	e.name = e.path[len(dir)+1:]
	return e
}
