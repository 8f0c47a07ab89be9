package repo

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"tasks/internal/fault"
)

// Names of files half written. The policy refuses them, so that no walk, page or
// watcher takes one for a document.
const (
	tempPrefix = ".tasks-"
	tempSuffix = ".tmp"
)

// abandoned is the age at which a temporary file is a crash's, whosever it was.
const abandoned = time.Hour

// swap puts data in the target's place. The lock is held.
func (r *Repo) swap(t target, data []byte, want string) error {
	dir, base := t.split()
	if !t.exists {
		if err := r.makeDirs(dir); err != nil {
			return r.writeFailed(t.name, err)
		}
	}
	folder, err := openFolder(r.root, dir)
	if err != nil {
		return r.writeFailed(t.name, err)
	}
	defer folder.Close()
	r.sweep(folder, t.real)

	temp, err := writeTemp(folder, t, base, data)
	if err != nil {
		return r.writeFailed(t.name, err)
	}
	if err := r.place(folder, temp, base, t, want); err != nil {
		folder.Remove(temp)
		return r.writeFailed(t.name, err)
	}
	return r.writeFailedOrNil(t.name, syncDir(folder))
}

func (r *Repo) writeFailedOrNil(name string, err error) error {
	if err == nil {
		return nil
	}
	return r.writeFailed(name, err)
}

// makeDirs makes dir and what is missing above it, each made durable in its parent.
func (r *Repo) makeDirs(dir string) error {
	for i := 0; i <= len(dir); i++ {
		if i < len(dir) && dir[i] != '/' || i == 0 {
			continue
		}
		if _, err := r.disk.plain(dir[:i]); err == nil {
			continue
		}
		up, base := target{real: dir[:i]}.split()
		parent, err := openFolder(r.root, up)
		if err != nil {
			return err
		}
		err = parent.Mkdir(base, 0o777)
		if err == nil {
			err = syncDir(parent)
		}
		parent.Close()
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// writeTemp writes data durably beside base under a name of its own, with base's
// mode, owner and attributes.
func writeTemp(folder *os.Root, t target, base string, data []byte) (string, error) {
	name := tempName(t.real)
	perm := fs.FileMode(0o666)
	if t.exists {
		perm = 0o600 // until the mode is known to be the old one's
	}
	f, err := folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil && t.exists {
		err = likeOld(f, folder, t, base)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		folder.Remove(name)
		return "", err
	}
	return name, nil
}

// likeOld gives f what the file it replaces has besides its text.
func likeOld(f *os.File, folder *os.Root, t target, base string) error {
	old, err := folder.OpenFile(base, os.O_RDONLY|nonBlock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return changedSince(t.name, "", "was there")
	}
	if err != nil {
		return err
	}
	defer old.Close()
	return likeness(f, old)
}

// place renames temp to base if base still is what the caller wants to replace.
func (r *Repo) place(folder *os.Root, temp, base string, t target, want string) error {
	if !t.exists {
		err := renameNew(folder, temp, base)
		if errors.Is(err, fs.ErrExist) {
			return changedSince(t.name, "exists", "")
		}
		return err
	}
	// An editor that knows nothing of our lock may have saved meanwhile.
	now, err := r.current(t)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return changedSince(t.name, "", want)
	case err != nil:
		return err
	case now.Hash != want:
		return changedSince(t.name, now.Hash, want)
	}
	return folder.Rename(temp, base)
}

// unlink removes the target durably.
func (r *Repo) unlink(t target) error {
	dir, base := t.split()
	folder, err := openFolder(r.root, dir)
	if err != nil {
		return r.writeFailed(t.name, err)
	}
	defer folder.Close()
	if err := folder.Remove(base); err != nil {
		return r.writeFailed(t.name, err)
	}
	return r.writeFailedOrNil(t.name, syncDir(folder))
}

// tempName is a name for the temporary file of real, which says whose it is.
func tempName(real string) string {
	return tempStem(real) + strings.ToLower(rand.Text()[:12]) + tempSuffix
}

func tempStem(real string) string { return tempPrefix + Hash([]byte(real))[:12] + "-" }

// sweep removes what a crash left in the folder: of this very file, whose lock we
// hold, and whatever is old.
func (r *Repo) sweep(folder *os.Root, real string) {
	dir, err := folder.Open(".")
	if err != nil {
		return
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return // the sweep is a courtesy, the write is not
	}
	for _, name := range names {
		if !strings.HasPrefix(name, tempPrefix) || !strings.HasSuffix(name, tempSuffix) {
			continue
		}
		info, err := folder.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		ours := r.options.LockDir != "" && strings.HasPrefix(name, tempStem(real))
		if ours || time.Since(info.ModTime()) > abandoned {
			folder.Remove(name)
		}
	}
}

func syncDir(folder *os.Root) error {
	dir, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
