package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"tasks/internal/fault"
)

// record is what is kept of one root and address.
type record struct {
	Version int       `json:"schemaVersion"`
	Root    string    `json:"root"`
	Remote  string    `json:"remote"`
	URL     string    `json:"url"` // without a password
	At      time.Time `json:"at"`
	// Pushed is the commits that we pushed last, by branch: what a later push may
	// replace.
	Pushed map[string]string `json:"pushed"`
}

func (f *Forge) file(r Remote) string {
	sum := sha256.Sum256([]byte(f.Git.Root + "\x00" + r.Name + "\x00" + r.URL))
	return filepath.Join(f.StateDir, "remotes", hex.EncodeToString(sum[:16])+".json")
}

// Confirmed tells whether the user lets this root's work be pushed to the remote.
func (f *Forge) Confirmed(r Remote) (bool, error) {
	rec, err := f.read(r)
	return rec != nil, err
}

// Confirm lets this root's work be pushed to the remote from now on, for as long as its
// address stays.
func (f *Forge) Confirm(r Remote) error {
	had, err := f.read(r)
	if err != nil || had != nil {
		return err
	}
	return f.write(r, record{Pushed: map[string]string{}})
}

func (f *Forge) read(r Remote) (*record, error) {
	if f.StateDir == "" {
		return nil, nil
	}
	if err := f.apart(); err != nil {
		return nil, err
	}
	dir := filepath.Dir(f.file(r))
	for _, d := range []string{f.StateDir, dir} {
		info, err := os.Lstat(d)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, fault.New(fault.Unavailable, "cannot look at the folder %s: %w", d, err)
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ok || int(st.Uid) != os.Geteuid() {
			return nil, fault.New(fault.Forbidden, "the folder %s is refused: it is not a folder of yours alone", d).WithHint("chmod 700 %s", d)
		}
	}
	data, err := os.ReadFile(f.file(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var rec record
	if err == nil {
		err = json.Unmarshal(data, &rec)
	}
	if err != nil || rec.Version != 1 || rec.Root != f.Git.Root {
		return nil, fault.New(fault.Invalid, "the record of the remote %s cannot be read: %s", r.Name, f.file(r)).
			WithHint("move it aside; the remote is then asked about again")
	}
	if rec.Pushed == nil {
		rec.Pushed = map[string]string{}
	}
	return &rec, nil
}

func (f *Forge) write(r Remote, rec record) error {
	if f.StateDir == "" {
		return fault.New(fault.Unavailable, "there is no place to keep what is confirmed: neither XDG_STATE_HOME nor HOME is set").
			WithHint("set XDG_STATE_HOME to a folder of your own")
	}
	if err := f.apart(); err != nil {
		return err
	}
	rec.Version, rec.Root, rec.Remote, rec.URL, rec.At = 1, f.Git.Root, r.Name, r.Shown(), time.Now().UTC()
	data, err := json.Marshal(rec)
	if err != nil {
		return fault.New(fault.Internal, "what is confirmed has no JSON form: %w", err)
	}
	name := f.file(r)
	err = os.MkdirAll(filepath.Dir(name), 0o700)
	if err == nil {
		err = replace(name, append(data, '\n'))
	}
	if err != nil {
		return fault.New(fault.Unavailable, "what is confirmed could not be kept: %w", err)
	}
	return nil
}

// apart refuses a folder inside the repository: it would bring its own confirmation.
func (f *Forge) apart() error {
	real := f.StateDir
	for up := f.StateDir; up != filepath.Dir(up); up = filepath.Dir(up) {
		if to, err := filepath.EvalSymlinks(up); err == nil {
			real = to
			break
		}
	}
	if within(f.StateDir, f.Git.Root) || within(real, f.Git.Root) {
		return fault.New(fault.Forbidden, "the record of remotes is refused: %s is inside the repository", f.StateDir).
			WithHint("set XDG_STATE_HOME to a folder of your own outside it")
	}
	return nil
}

// replace writes a file beside name and puts it in its place.
func replace(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
