package repo

import (
	"io"
	"os"
	"slices"
	"strings"

	"tasks/internal/fault"
)

// maxFile is the limit of ReadFile where the caller sets none.
const maxFile = 64 << 20

// Stat resolves links and applies the policy.
func (r *Repo) Stat(name string) (Info, error) {
	real, m, err := r.resolve(name)
	if err != nil {
		return Info{}, err
	}
	return infoOf(real, m), nil
}

func infoOf(real string, m meta) Info {
	return Info{Path: real, Size: m.size, ModTime: m.modTime(), Dir: m.mode.IsDir(), Mode: m.mode, Version: m.version()}
}

// ReadFile reads at most limit bytes of a file; limit 0 means 64 MB.
func (r *Repo) ReadFile(name string, limit int64) (File, error) {
	if limit <= 0 {
		limit = maxFile
	}
	for tries := 1; ; tries++ {
		file, same, err := r.readOnce(name, limit)
		// Where somebody writes in place, read again, so that bytes and version belong
		// together; who writes without end is not waited for.
		if err != nil || same || tries == 4 {
			return file, err
		}
	}
}

// readOnce also tells whether the file was the same before and after.
func (r *Repo) readOnce(name string, limit int64) (file File, same bool, err error) {
	f, real, m, err := r.openFile(name)
	if err != nil {
		return File{}, false, err
	}
	defer f.Close()
	data, cut, err := readAtMost(f, m.size, limit)
	if err != nil {
		return File{}, false, r.failed(name, err)
	}
	after, err := f.meta()
	if err != nil {
		return File{}, false, r.failed(name, err)
	}
	file = File{Info: infoOf(real, m), Data: data, Cut: cut}
	if !cut {
		file.Hash = Hash(data)
	}
	return file, after == m, nil
}

func readAtMost(f io.Reader, size, limit int64) (data []byte, cut bool, err error) {
	data = make([]byte, 0, min(size, limit)+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return data[:limit], true, nil
		case err == io.EOF:
			return data, false, nil
		case err != nil:
			return nil, false, err
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// Open opens a file for reading under the policy.
func (r *Repo) Open(name string) (*os.File, Info, error) {
	f, real, m, err := r.openFile(name)
	if err != nil {
		return nil, Info{}, err
	}
	return f.osFile(real), infoOf(real, m), nil
}

// openFile opens the regular file that name leads to.
func (r *Repo) openFile(name string) (file, string, meta, error) {
	var none file
	for range maxHops {
		real, seen, err := r.resolve(name)
		if err != nil {
			return none, "", meta{}, err
		}
		if seen.mode.IsDir() {
			return none, "", meta{}, fault.New(fault.Usage, "%q is a folder, not a file", name)
		}
		f, err := r.disk.openPlain(real)
		if err == errLink {
			continue // swapped since: look again
		}
		if err != nil {
			return none, "", meta{}, r.failed(name, err)
		}
		m, err := f.meta()
		if err == nil && m.same(seen) && m.mode.IsRegular() && m.link == 1 {
			return f, real, m, nil
		}
		f.Close() // replaced since, as every save does: look again
		if err != nil {
			return none, "", meta{}, r.failed(name, err)
		}
	}
	return none, "", meta{}, changing(name)
}

// ReadDir lists the allowed names of a folder, folders first, each by name.
func (r *Repo) ReadDir(name string) ([]Entry, error) {
	real, m, err := r.resolve(name)
	if err != nil {
		return nil, err
	}
	if !m.mode.IsDir() {
		return nil, fault.New(fault.Usage, "%q is a file, not a folder", name)
	}
	list, err := r.disk.list(real)
	if err != nil {
		return nil, r.failed(name, err)
	}
	entries := make([]Entry, 0, len(list))
	for _, d := range list {
		// A name that the policy refuses is left out; so is one that went meanwhile.
		if info, err := r.Stat(d.path); err == nil {
			entries = append(entries, Entry{Path: d.path, Name: d.name, Dir: info.Dir})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if a.Dir != b.Dir {
			if a.Dir {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return entries, nil
}
