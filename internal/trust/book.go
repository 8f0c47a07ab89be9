package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tasks/internal/fault"
)

// maxRecord bounds a record, in bytes: a hundred thousand commands.
const maxRecord = 8 << 20

// folder is where the records are, "" where the environment names no place.
func folder(getenv func(string) (string, bool)) string {
	dir, _ := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, _ := getenv("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "tasks", "trust")
}

// file is the record of a root.
func (b *Book) file(root string) string {
	sum := sha256.Sum256([]byte(root))
	return filepath.Join(b.dir, hex.EncodeToString(sum[:16])+".json")
}

// read is the record of a root, nil where there is none.
func (b *Book) read(root string) (*record, error) {
	if b == nil || b.dir == "" {
		return nil, nil
	}
	if err := b.apart(root); err != nil {
		return nil, err
	}
	for _, dir := range []string{filepath.Dir(b.dir), b.dir} {
		if err := checkDir(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	name := b.file(root)
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(fault.Forbidden, "the record of what is trusted cannot be read: %w", err).WithHint("look at %s", name)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !ours(info) || info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Forbidden, "the record of what is trusted is refused: %s is not a file of yours alone", name).
			WithHint("move it aside, then tasks trust makes a new one")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the record of what is trusted cannot be read: %w", err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Version != 1 || r.Root != root {
		return nil, fault.New(fault.Invalid, "the record of what is trusted cannot be understood: %s", name).
			WithHint("tasks trust writes a new one")
	}
	return &r, nil
}

// write replaces the record of a root, whole or not at all.
func (b *Book) write(r record) error {
	if b == nil || b.dir == "" {
		return fault.New(fault.Unavailable, "there is no place to keep what is trusted: neither XDG_STATE_HOME nor HOME is set").
			WithHint("set XDG_STATE_HOME to a folder of your own")
	}
	if err := b.apart(r.Root); err != nil {
		return err
	}
	r.Version, r.At = 1, time.Now().UTC()
	data, err := json.Marshal(r)
	if err != nil {
		return fault.New(fault.Internal, "what is trusted has no JSON form: %w", err)
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fault.New(fault.Unavailable, "the folder for what is trusted cannot be made: %w", err)
	}
	for _, dir := range []string{filepath.Dir(b.dir), b.dir} {
		if err := checkDir(dir); err != nil {
			return err
		}
	}
	if err := replace(b.file(r.Root), append(data, '\n')); err != nil {
		return fault.New(fault.Unavailable, "what is trusted could not be kept: %w", err)
	}
	return nil
}

// apart refuses a folder that lies inside the root: with it a repository would bring
// its own permission. Links on the way to it are followed.
func (b *Book) apart(root string) error {
	inside := func(dir string) bool {
		rel, err := filepath.Rel(root, dir)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
	real := b.dir
	for up := b.dir; ; up = filepath.Dir(up) {
		if to, err := filepath.EvalSymlinks(up); err == nil {
			real = to
			break
		} else if up == filepath.Dir(up) {
			break
		}
	}
	if !inside(b.dir) && !inside(real) {
		return nil
	}
	return fault.New(fault.Forbidden, "the record of what is trusted is refused: %s is inside the repository", b.dir).
		WithHint("set XDG_STATE_HOME to a folder of your own outside it")
}

// replace writes a file beside name and puts it in its place.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// checkDir refuses a folder in which others could have a hand.
func checkDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fault.New(fault.Unavailable, "cannot look at the folder %s: %w", dir, err)
	}
	switch {
	case !info.IsDir() || !ours(info):
		return fault.New(fault.Forbidden, "the folder %s is refused: it is not a folder of yours", dir).
			WithHint("put a folder of your own in its place, and no link")
	case info.Mode().Perm()&0o077 != 0:
		return fault.New(fault.Forbidden, "the folder %s is refused: mode %04o lets others in", dir, info.Mode().Perm()).
			WithHint("chmod 700 %s", dir)
	}
	return nil
}

func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
