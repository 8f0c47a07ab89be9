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
// Names are slash-separated and relative to the root; "" is the root itself.
package repo

import (
	"context"
	"io/fs"
	"os"
	"time"
)

// Options are what the policy needs from git; all may be empty.
type Options struct {
	ExcludesFile   string                                      // core.excludesFile, absolute
	InfoExclude    string                                      // $GIT_COMMON_DIR/info/exclude, absolute
	TrackedIgnored func(ctx context.Context) ([]string, error) // tracked files that an ignore rule matches: not ignored
}

// Repo is an open checkout. It is safe for concurrent use.
type Repo struct{ root *os.Root }

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
func Open(root string, o Options) (*Repo, error) { panic("skeleton") }

// Close lets the root go.
func (r *Repo) Close() error { panic("skeleton") }

// Root is the absolute path of the work tree.
func (r *Repo) Root() string { panic("skeleton") }

// Hash is the content hash used everywhere: lower-case hex SHA-256.
func Hash(data []byte) string { panic("skeleton") }

// Clean brings name into canonical form without touching the disk. Usage for an
// empty or unusable name (NUL, backslash, invalid UTF-8), Forbidden for one that
// leads out or that the policy refuses by its name.
func Clean(name string) (string, error) { panic("skeleton") }

// Stat resolves links and applies the policy.
func (r *Repo) Stat(name string) (Info, error) { panic("skeleton") }

// ReadFile reads at most limit bytes of a file; limit 0 means 64 MB.
func (r *Repo) ReadFile(name string, limit int64) (File, error) { panic("skeleton") }

// Open opens a file for reading under the policy.
func (r *Repo) Open(name string) (*os.File, Info, error) { panic("skeleton") }

// ReadDir lists the allowed names of a folder, folders first, each by name.
func (r *Repo) ReadDir(name string) ([]Entry, error) { panic("skeleton") }

// Walk calls fn for every allowed file under dir, in path order. Links are not
// followed. It stops at fn's first error.
func (r *Repo) Walk(ctx context.Context, dir string, fn func(Entry) error) error { panic("skeleton") }

// Replace writes data to name, atomically and durably (temporary file in the same
// folder, fsync, rename, folder fsync), if the file's hash is want; want "" means
// that the file must not exist yet (its folders are made). Conflict otherwise.
// Mode bits are kept. It holds the lock of name while it compares and renames.
func (r *Repo) Replace(ctx context.Context, name string, data []byte, want string) (hash string, err error) {
	panic("skeleton")
}

// Remove deletes name if its hash is want. Used by undo of a creation only.
func (r *Repo) Remove(ctx context.Context, name, want string) error { panic("skeleton") }

// Update is a read-modify-write under the lock of name: fn gets the current bytes
// and returns the new ones; nothing is written when they are equal or fn fails.
// It waits up to 5 s for the lock and then says who holds it (Conflict).
func (r *Repo) Update(ctx context.Context, name string, fn func(File) ([]byte, error)) (File, error) {
	panic("skeleton")
}

// Query is a search over the text of the checkout.
type Query struct {
	Text  string // literal; case-insensitive unless it has an upper-case letter
	Regex bool   // Text is an RE2 expression
	Glob  string // **/*.md form; matches the path, or the name where it has no slash
	Dir   string // only below this folder
	Limit int    // hits; 0 means 200
}

// Hit is one line that matches.
type Hit struct {
	Path string
	Line int    // from 1
	Text string // the line, cut to 400 characters around the match, invalid UTF-8 replaced
	From int    // byte offsets of the first match within Text
	To   int
}

// Hits is the answer of a search, in path order.
type Hits struct {
	Hits      []Hit
	Truncated bool // more matched, or time (5 s) ran out
}

// Search scans the allowed text files; binary files and files over 8 MB are
// passed over. Ripgrep, where there is one, finds the candidates of large
// checkouts; the answer is the same without it. Invalid for a bad expression.
func (r *Repo) Search(ctx context.Context, q Query) (Hits, error) { panic("skeleton") }
