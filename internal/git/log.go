package git

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tasks/internal/fault"
)

// LogQuery bounds a reading of the history. A zero time is no bound.
type LogQuery struct {
	Path         string    // only of this file, followed through renames; "" for all
	Since, Until time.Time // by the committer's clock, both included
	Skip         int       // passes over so many of the newest within the bounds
	Limit        int       // at most so many commits, and at least one
	Changes      int       // at most so many changes of each commit are listed
}

// Logged is a commit with what it changed.
type Logged struct {
	Commit
	Changes []Changed
	More    int // changes beyond the query's bound
}

// Changed is one file of a commit. Op is git's letter: A added, M modified, D
// deleted, R renamed (From is the old name), T for a change of type.
type Changed struct {
	Op         byte
	Path, From string
}

// Log reads the history from HEAD, newest first, with one process. Merges are left
// out: what they bring stands in the commits they join. cut says that there was
// more than the limit. No commit yet is an empty history.
//
// Where ctx ends on the way the commits read so far come with its error.
func (c *Checkout) Log(ctx context.Context, q LogQuery) (list []Logged, cut bool, err error) {
	limit := max(q.Limit, 1)
	args := []string{
		"log", "-z", "--no-merges", "--root", "-O" + os.DevNull, "--no-color", "--no-show-signature",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules=all", "--name-status", "-l200",
		"-n", strconv.Itoa(limit + 1), "--format=%x02%H%x00%an%x00%ct%x00%s",
	}
	if !q.Since.IsZero() {
		args = append(args, "--since="+q.Since.UTC().Format(time.RFC3339))
	}
	if !q.Until.IsZero() {
		args = append(args, "--until="+q.Until.UTC().Format(time.RFC3339))
	}
	if q.Skip > 0 {
		args = append(args, "--skip="+strconv.Itoa(q.Skip))
	}
	if q.Path == "" {
		args = append(args, "--no-renames", "--end-of-options", "HEAD", "--")
	} else {
		args = append(args, "--follow", "-M", "--end-of-options", "HEAD", "--", q.Path)
	}
	r := &logReader{changes: q.Changes, limit: limit}
	err = c.pour(ctx, repoConfig, r, args...)
	switch {
	case err == nil, errors.Is(err, errEnough):
		err = nil
	case exitStatus(err) == 128 && c.unborn(ctx):
		return nil, false, nil
	}
	return r.list, r.cut, err
}

// errEnough ends a git whose answer is long enough.
var errEnough = errors.New("enough")

// logReader takes the output of log apart as it comes: a commit's head is four
// fields, the first of which begins with a byte that no letter of git's is; then
// for each change its letter and one name or, for a rename, two.
type logReader struct {
	limit, changes int

	rest  []byte // of a field that has not ended
	head  []string
	op    string
	names []string
	list  []Logged
	cut   bool
	bad   error
}

// maxField bounds one field; the longest subject and path are shorter.
const maxField = 1 << 20

func (r *logReader) Write(p []byte) (int, error) {
	size := len(p)
	for {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			break
		}
		field := string(append(r.rest, p[:i]...))
		r.rest, p = r.rest[:0], p[i+1:]
		if r.field(strings.TrimPrefix(field, "\n")); r.bad != nil {
			return 0, r.bad
		}
	}
	if r.rest = append(r.rest, p...); len(r.rest) > maxField {
		return 0, fault.New(fault.Internal, "git log: a field of more than %d bytes", maxField)
	}
	return size, nil
}

func (r *logReader) field(f string) {
	switch {
	case len(r.head) > 0 && len(r.head) < 4:
		if r.head = append(r.head, f); len(r.head) == 4 {
			r.bad = r.commit()
		}
	case r.op != "":
		r.names = append(r.names, f)
		if two := r.op[0] == 'R' || r.op[0] == 'C'; !two || len(r.names) == 2 {
			r.change()
		}
	case strings.HasPrefix(f, "\x02"):
		r.head = []string{f[1:]}
	case f != "":
		r.op = f
	}
}

func (r *logReader) commit() error {
	h := r.head
	r.head = nil
	if len(r.list) == r.limit {
		r.cut = true
		return errEnough
	}
	at, err := strconv.ParseInt(h[2], 10, 64)
	if err != nil {
		return fault.New(fault.Internal, "git log: %q is not a time", h[2])
	}
	r.list = append(r.list, Logged{Commit: Commit{Hash: h[0], Author: plainText(h[1]), When: time.Unix(at, 0), Subject: plainText(h[3])}})
	return nil
}

func (r *logReader) change() {
	c := Changed{Op: r.op[0], Path: r.names[len(r.names)-1]}
	if len(r.names) == 2 {
		c.From = r.names[0]
	}
	r.op, r.names = "", nil
	if len(r.list) == 0 {
		return
	}
	if last := &r.list[len(r.list)-1]; len(last.Changes) < r.changes {
		last.Changes = append(last.Changes, c)
	} else {
		last.More++
	}
}

// plainText is what people wrote, in one line of valid UTF-8 without control
// characters.
func plainText(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\ufffd")))
}

// Head is the hash of the commit checked out, "" before the first one. Many pages
// ask, so that the files are read, and git is run only where they say nothing plain.
func (c *Checkout) Head(ctx context.Context) (string, error) {
	text, err := readSmall(filepath.Join(c.Dir, "HEAD"))
	if err == nil && isHash(text) {
		return text, nil
	}
	if ref, ok := strings.CutPrefix(text, "ref: "); err == nil && ok && strings.HasPrefix(ref, "refs/heads/") && !strings.Contains(ref, "..") && !strings.HasPrefix(ref, "refs/heads/.") {
		if hash, err := readSmall(filepath.Join(c.CommonDir, filepath.FromSlash(ref))); err == nil && isHash(hash) {
			return hash, nil
		}
		if hash := packedRef(filepath.Join(c.CommonDir, "packed-refs"), ref); hash != "" {
			return hash, nil
		}
	}
	out, err := c.Output(ctx, "rev-parse", "--quiet", "--verify", "--end-of-options", "HEAD^{commit}")
	if exitStatus(err) == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// packedRef finds a ref in the file of packed ones, "" where it is not there.
func packedRef(file, ref string) string {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<20 {
		return ""
	}
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	if i := bytes.Index(data, []byte(" "+ref+"\n")); i >= 40 {
		hash := string(data[bytes.LastIndexByte(data[:i], '\n')+1 : i])
		if isHash(hash) {
			return hash
		}
	}
	return ""
}

// isHash tells a full object name, of SHA-1 or SHA-256.
func isHash(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && (len(s) == 40 || len(s) == 64)
}

// Shallow tells whether the history was cut off when the repository was cloned.
func (c *Checkout) Shallow() bool {
	info, err := os.Lstat(filepath.Join(c.CommonDir, "shallow"))
	return err == nil && info.Size() > 0
}
