package runlog

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"tasks/internal/fault"
)

// pollEvery is how often Follow looks where the file cannot be watched, and the longest
// it goes without looking where it can.
const pollEvery = time.Second

// Read calls fn with each event after the number after, oldest first, until fn returns
// false. No log is an empty one.
func Read(dir string, after int64, fn func(Event) bool) error {
	f, err := os.Open(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Unavailable, "the log of the run cannot be opened: %w", err)
	}
	defer f.Close()
	_, _, err = scan(f, after, fn)
	return err
}

// scan reads whole lines from r, and tells how many bytes they were and whether fn
// wants more.
func scan(r io.Reader, after int64, fn func(Event) bool) (int64, bool, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	var read int64
	for {
		line, err := br.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return read, true, nil // what is left is not a whole line yet
		}
		if err != nil {
			return read, true, fault.New(fault.Unavailable, "the log of the run cannot be read: %w", err)
		}
		read += int64(len(line))
		var e Event
		if json.Unmarshal(line, &e) != nil || e.Seq <= after {
			continue
		}
		if !fn(e) {
			return read, false, nil
		}
	}
}

// Follow is Read that goes on with what is appended, until ctx ends or fn returns
// false. It waits for a log that is not there yet; its folder must be.
func Follow(ctx context.Context, dir string, after int64, fn func(Event) bool) error {
	var changed <-chan fsnotify.Event
	if w, err := fsnotify.NewWatcher(); err == nil {
		defer w.Close()
		if w.Add(dir) == nil {
			changed = w.Events
		}
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var f *os.File
	defer func() {
		if f != nil {
			f.Close()
		}
	}()
	var at int64
	for {
		if f == nil {
			opened, err := os.Open(filepath.Join(dir, FileName))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fault.New(fault.Unavailable, "the log of the run cannot be opened: %w", err)
			}
			if err == nil {
				f = opened
			}
		}
		if f != nil {
			if _, err := f.Seek(at, io.SeekStart); err != nil {
				return fault.New(fault.Unavailable, "the log of the run cannot be read: %w", err)
			}
			n, more, err := scan(f, after, func(e Event) bool {
				after = e.Seq
				return fn(e)
			})
			at += n
			if err != nil || !more {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
	}
}

// Tail calls fn with the events in the last bytes of the log, oldest first. No log is an
// empty one.
func Tail(dir string, bytes int64, fn func(Event)) error {
	f, err := os.Open(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Unavailable, "the log of the run cannot be opened: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > bytes {
		if _, err := f.Seek(-bytes, io.SeekEnd); err != nil {
			return fault.New(fault.Unavailable, "the log of the run cannot be read: %w", err)
		}
	}
	_, _, err = scan(f, 0, func(e Event) bool { // a torn first line is passed over
		fn(e)
		return true
	})
	return err
}
