package runlog

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tasks/internal/fault"
)

// From calls fn with the events that stand in whole lines after the first offset bytes
// of the log, until fn returns false, and returns the offset to go on from. No log is
// an empty one. Restarted, with an offset of 0 and nothing read: the log is shorter than
// that, so it is another one by now.
func From(dir string, offset int64, fn func(Event) bool) (next int64, restarted bool, err error) {
	f, err := os.Open(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, offset > 0, nil
	}
	if err != nil {
		return offset, false, fault.New(fault.Unavailable, "the log of the run cannot be opened: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return offset, false, fault.New(fault.Unavailable, "the log of the run cannot be read: %w", err)
	}
	if info.Size() < offset {
		return 0, true, nil
	}
	if info.Size() == offset {
		return offset, false, nil
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return offset, false, fault.New(fault.Unavailable, "the log of the run cannot be read: %w", err)
	}
	n, _, err := scan(f, 0, fn)
	return offset + n, false, err
}

// Size is how many bytes the log holds, 0 where it is not there or cannot be seen: it grows with
// each event.
func Size(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil {
		return 0
	}
	return info.Size()
}
