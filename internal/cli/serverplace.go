package cli

import (
	"encoding/json"
	"os"
	"path/filepath"

	"tasks/internal/fault"
)

// serverPlace is the one place that a server has on a root: a lock that the kernel
// lets go when the process ends, however it ends, and beside it a file that says
// where the server is. What the file says counts only while the lock is held, so
// that a stale one misleads nobody.
type serverPlace struct {
	lock *os.File
	file string
}

// serverAddress is the file's content.
type serverAddress struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// claimServer takes the place in the state folder dir. Conflict where a server has
// it already, with the words where that is.
func claimServer(dir string) (*serverPlace, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "server.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the server's lock cannot be opened: %w", err)
	}
	p := &serverPlace{lock, filepath.Join(dir, "server.json")}
	held, err := lockFile(lock)
	if err == nil && held {
		os.Remove(p.file) // of one that was killed
		return p, nil
	}
	lock.Close()
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the server's lock cannot be taken: %w", err)
	}
	at, err := readServerAddress(p.file)
	if err != nil || at.URL == "" { // between its lock and its announcement
		return nil, fault.New(fault.Conflict, "a server for this repository is starting or ending just now").WithHint("try again in a moment")
	}
	return nil, fault.New(fault.Conflict, "a server for this repository runs already: %s (process %d)", at.URL, at.PID).
		WithHint("open %s", at.URL)
}

func readServerAddress(file string) (serverAddress, error) {
	var at serverAddress
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &at)
	}
	return at, err
}

// announce writes where the server is.
func (p *serverPlace) announce(url string) error {
	data, err := json.Marshal(serverAddress{url, os.Getpid()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.file, append(data, '\n'), 0o600); err != nil {
		return fault.New(fault.Unavailable, "the server's address cannot be written: %w", err)
	}
	return nil
}

// release gives the place back.
func (p *serverPlace) release() {
	os.Remove(p.file)
	p.lock.Close()
}
