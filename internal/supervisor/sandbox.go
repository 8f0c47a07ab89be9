package supervisor

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"tasks/internal/fault"
	"tasks/internal/process"
	"tasks/internal/worker"
)

// hidden are the folders and files of the home folder that no agent may read: other
// programs' keys. What the agent's own program needs of its own is not among them.
var hidden = []string{
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker/config.json", ".netrc", ".git-credentials", ".pgpass",
	".config/gh", ".config/gcloud", ".config/op", ".password-store", ".local/share/keyrings", ".mozilla", ".config/google-chrome", ".config/chromium",
}

// protected are those that it may read and not write: what a shell, git or this program
// would run or believe later.
var protected = []string{
	".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".zprofile", ".config/fish", ".gitconfig", ".config/git",
	".config/tasks", ".local/state/tasks", ".config/systemd", ".config/autostart", ".local/bin", "bin",
}

// sandbox is what the agent, the hooks and verify may see of the disk. A program that the
// user named by its path is the user's own: it sees what the user sees, and only
// its processes are kept together.
func (s *supervisor) sandbox() *process.Sandbox {
	if filepath.IsAbs(s.Settings.Worker) {
		return &process.Sandbox{Whole: true}
	}
	common := s.Git.CommonDir
	box := &process.Sandbox{
		ReadOnly: []string{"/"},
		Writable: []string{os.TempDir(), "/var/tmp"},
		// The root's own checkout, and what git or its user would run or believe later.
		Protect: []string{s.Git.Root, common},
		// What a commit on the run's branch writes, and nothing else of git's: no other
		// branch, no hook, no configuration.
		Again: []string{
			s.tree.Dir, s.tmp, s.tree.Admin(), filepath.Join(common, "objects"),
			filepath.Join(common, "refs", "heads", "task"), filepath.Join(common, "logs", "refs", "heads", "task"),
		},
		// Our own records, and the root's keys, which no worktree has.
		Deny: []string{s.StateDir, filepath.Join(s.Git.Root, ".env")},
	}
	for _, key := range []string{"XDG_STATE_HOME", "XDG_CONFIG_HOME"} { // what is trusted, and the user's settings
		if dir, ok := s.Getenv(key); ok && filepath.IsAbs(dir) {
			box.Protect = append(box.Protect, filepath.Join(dir, "tasks"))
		}
	}
	for _, dir := range box.Again { // a folder that is not there cannot be opened up
		if err := os.MkdirAll(dir, 0o755); err != nil {
			s.Log.Warn("a folder for the sandbox cannot be made", "path", dir, "err", err)
		}
	}
	if home, ok := s.Getenv("HOME"); ok && filepath.IsAbs(home) && home != "/" {
		box.Writable = append(box.Writable, home)
		for _, name := range append(protected[:len(protected):len(protected)], worker.Steering...) {
			box.Protect = append(box.Protect, filepath.Join(home, name))
		}
		for _, name := range hidden {
			box.Deny = append(box.Deny, filepath.Join(home, name))
		}
	}
	return box
}

// env is what the agent, the hooks and verify find in their environment; an agent gets what
// its own program needs beside it.
func (s *supervisor) env() []string {
	env := []string{
		"TERM=dumb", "NO_COLOR=1",
		"TASKS_RUN=" + s.run.ID, "TASKS_SLUG=" + s.run.Slug,
		"TASKS_PORT=" + strconv.Itoa(s.run.Port), "PORT=" + strconv.Itoa(s.run.Port),
		"TASKS_ATTEMPT=" + strconv.Itoa(s.run.Attempt),
		"TMPDIR=" + s.tmp,
	}
	for _, key := range []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "CARGO_HOME", "RUSTUP_HOME", "NVM_DIR", "JAVA_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if v, ok := s.Getenv(key); ok {
			env = append(env, key+"="+v)
		}
	}
	return append(env, s.author...)
}

// tmpFolder makes the run's own temporary folder.
func tmpFolder(id string) (string, error) {
	dir := filepath.Join(os.TempDir(), "tasks-run-"+id)
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return "", fault.New(fault.Unavailable, "the run's temporary folder cannot be made: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return "", fault.New(fault.Forbidden, "the run's temporary folder is refused: %s is not a folder of ours alone", dir)
	}
	return dir, nil
}

// maxRaw bounds what is kept of the agent's own bytes, per attempt.
const maxRaw = 64 << 20

// raw opens the file that gets the agent's bytes as they came.
func (s *supervisor) raw() (io.WriteCloser, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, fmt.Sprintf("raw-%d.log", s.run.Attempt)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the agent's output cannot be kept: %w", err)
	}
	left := int64(maxRaw)
	if info, err := f.Stat(); err == nil {
		left -= info.Size()
	}
	return &bounded{f: f, left: left}, nil
}

// bounded writes what fits and swallows the rest. Safe for concurrent use: a program has
// two streams.
type bounded struct {
	mu   sync.Mutex
	f    *os.File
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fits := p[:max(min(int64(len(p)), b.left), 0)]
	n, err := b.f.Write(fits)
	b.left -= int64(n)
	if err != nil {
		return n, err
	}
	return len(p), nil
}

func (b *bounded) Close() error { return b.f.Close() }
