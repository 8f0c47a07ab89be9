// Package repo is one checkout on disk: which of its paths may be touched at all,
// reading, searching, and atomic writing, all over os.Root.
//
// The one path policy, for reading, searching, serving and writing alike: outside
// are git's folders, .worktrees, files that git ignores, secrets by name (.env*
// but .env.example, *.pem, *.key, id_*, .npmrc, .netrc, *.sqlite*, *.db) under any
// spelling (case, Unicode, ignorable characters, trailing dots), anything that is
// not a regular file inside the root (FIFOs, devices, a file with more than one
// hard link), and a link out. A link inside is followed, and the name it leads to
// must pass as well. What is refused is Forbidden, what is not there NotFound.
//
// The names of secrets are refused for folders too. Git's folders are .git as a
// file or a folder anywhere, and a bare repository, known by HEAD, objects and
// refs; the files of a nested repository's work tree are ordinary files.
//
// Names are slash-separated and relative to the root; "" is the root itself.
package repo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tasks/internal/fault"
)

// Options are what the policy needs from outside; all may be empty.
type Options struct {
	ExcludesFile   string                                      // core.excludesFile, absolute
	InfoExclude    string                                      // $GIT_COMMON_DIR/info/exclude, absolute
	TrackedIgnored func(ctx context.Context) ([]string, error) // tracked files that an ignore rule matches: not ignored
	Index          string                                      // git's index, absolute: TrackedIgnored is asked again when it changes; without it, every 2 s
	LockDir        string                                      // where writers of all processes meet, absolute; without it writers of this process only
}

// Repo is an open checkout. It is safe for concurrent use.
type Repo struct {
	root    *os.Root
	path    string
	options Options
	disk    disk
	rules   ruleCache
	tracked trackedSet
	locks   keyedLocks
}

// Info describes one allowed file or folder.
type Info struct {
	Path    string // after links: the name that was really opened
	Size    int64
	ModTime time.Time
	Dir     bool
	Mode    fs.FileMode
	Version string // size, mtime, ctime and inode: equal means unchanged, for caches
}

// Entry is one allowed name in a folder.
type Entry struct {
	Path string
	Name string
	Dir  bool
}

// File is what ReadFile returns.
type File struct {
	Info
	Data []byte
	Hash string // Hash(Data)
	Cut  bool   // the file is longer than the limit; Hash is then empty
}

// Open opens the checkout whose work tree is at root.
func Open(root string, o Options) (*Repo, error) {
	path, err := filepath.Abs(root)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "cannot open %s: %w", root, cause(err))
	}
	r := &Repo{path: path, options: o}
	if r.root, err = os.OpenRoot(path); err != nil {
		return nil, fault.New(fault.Unavailable, "cannot open %s: %w", root, cause(err))
	}
	if err := r.disk.open(r.root); err != nil {
		r.root.Close()
		return nil, fault.New(fault.Unavailable, "cannot open %s: %w", root, cause(err))
	}
	return r, nil
}

// Close lets the root go.
func (r *Repo) Close() error {
	r.disk.close()
	return r.root.Close()
}

// Root is the absolute path of the work tree.
func (r *Repo) Root() string { return r.path }

// Hash is the content hash used everywhere: lower-case hex SHA-256.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
