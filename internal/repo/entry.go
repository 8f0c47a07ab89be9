package repo

import (
	"io"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
)

// ReadEntry is ReadFile for an entry that Walk has just given: what Walk has asked of
// its name (ignore rules, bare repositories) is not asked again, which is most of the
// cost of reading ten thousand small files. That no link leads there, and that it is
// a regular file of one name, is proved anew by opening it. Where the file fits into
// buf, Data lies in it: read on with the same buf and it is gone.
func (r *Repo) ReadEntry(e Entry, buf []byte) (File, error) {
	f, err := r.disk.openPlain(e.Path)
	if err != nil {
		return File{}, r.failed(e.Path, err)
	}
	defer f.Close()
	m, err := f.meta()
	if err != nil {
		return File{}, r.failed(e.Path, err)
	}
	if m.mode.IsDir() {
		return File{}, fault.New(fault.NotFound, "%q was not found: it is a folder now", e.Path)
	}
	if err := r.kind(e.Path, m); err != nil {
		return File{}, err
	}
	if m.size > int64(len(buf)) {
		return r.ReadFile(e.Path, 0)
	}
	data := buf[:m.size]
	if _, err := io.ReadFull(f, data); err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return File{}, r.failed(e.Path, err)
	}
	after, err := f.meta()
	if err != nil {
		return File{}, r.failed(e.Path, err)
	}
	if after != m {
		return r.ReadFile(e.Path, 0) // somebody writes in place
	}
	// It has the size that was read, so nothing is missing at its end.
	return File{Info: infoOf(e.Path, m), Data: data, Hash: Hash(data)}, nil
}

// EntryVersion is the Version of the file of an entry that Walk has just given. It is
// for caches, and nothing else is to be concluded from it.
func (r *Repo) EntryVersion(e Entry) (string, error) {
	m, err := r.disk.lstat(e.Path)
	if err != nil {
		return "", r.failed(e.Path, err)
	}
	return m.version(), nil
}

// IsVersion tells whether the file of an entry that Walk has just given has the
// version still.
func (r *Repo) IsVersion(e Entry, version string) bool {
	m, err := r.disk.lstat(e.Path)
	return err == nil && string(m.appendVersion(make([]byte, 0, 64))) == version
}

// TouchedAt is when the file of a version was changed last, in its content or
// otherwise, and when its content was; false where it is no version of ours.
func TouchedAt(version string) (touched, content time.Time, ok bool) {
	parts := strings.Split(version, "-")
	if len(parts) != 4 {
		return touched, content, false
	}
	m, err := strconv.ParseInt(parts[1], 36, 64)
	c, err2 := strconv.ParseInt(parts[2], 36, 64)
	return time.Unix(0, max(m, c)), time.Unix(0, m), err == nil && err2 == nil
}
