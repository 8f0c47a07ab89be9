package index

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc64"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// The file: magic with its version, the root, the number of files; of each path,
// version, words of the sign; at the end a checksum over all of it.
const (
	fileMagic = "tasks search index 1\n"
	maxString = 1 << 16
)

// fileName is the name of the file, one for each checkout of a repository.
func (x *Index) fileName() string { return "text-" + repo.Hash([]byte(x.Repo.Root()))[:12] + ".idx" }

var table = crc64.MakeTable(crc64.ECMA)

// checked counts a checksum over what is written to it.
type checked struct {
	w   io.Writer
	sum uint64
}

func (c *checked) Write(p []byte) (int, error) {
	c.sum = crc64.Update(c.sum, table, p)
	return c.w.Write(p)
}

// Save keeps the index where it has changed. What was there before is whole until
// the new one is.
func (x *Index) Save() error {
	if x.Dir == "" || !x.dirty.Swap(false) {
		return nil
	}
	if err := x.save(); err != nil {
		x.dirty.Store(true)
		return fault.New(fault.Unavailable, "cannot write the search index: %w", err)
	}
	return nil
}

func (x *Index) save() error {
	if err := os.MkdirAll(x.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(x.Dir, x.fileName()+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // where it is not in its place by then
	err = x.write(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(x.Dir, x.fileName()))
}

func (x *Index) write(f io.Writer) error {
	buffered := bufio.NewWriterSize(f, 1<<16)
	w := &checked{w: buffered}
	x.mu.RLock()
	defer x.mu.RUnlock()
	b := appendString([]byte(fileMagic), x.Repo.Root())
	b = binary.AppendUvarint(b, uint64(len(x.files)))
	for name, e := range x.files {
		b = appendString(appendString(b, name), e.version)
		b = binary.AppendUvarint(b, uint64(len(e.sign)))
		for _, word := range e.sign {
			b = binary.LittleEndian.AppendUint64(b, word)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	if _, err := w.Write(b); err != nil { // the head, where there is no file
		return err
	}
	if _, err := buffered.Write(binary.LittleEndian.AppendUint64(nil, w.sum)); err != nil {
		return err
	}
	return buffered.Flush()
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errDamaged = errors.New("it is damaged")

// Load reads what Save kept; what is not whole, not of this version or of another
// checkout is an error, and nothing of it is used. That there is none is no error.
func (x *Index) Load() error {
	if x.Dir == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(x.Dir, x.fileName()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var files map[string]entry
	if err == nil {
		files, err = x.decode(data)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "%s: %w", x.fileName(), err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, e := range files {
		if _, newer := x.files[name]; !newer {
			x.files[name] = e
		}
	}
	return nil
}

func (x *Index) decode(data []byte) (map[string]entry, error) {
	if !bytes.HasPrefix(data, []byte(fileMagic)) {
		return nil, errors.New("it is damaged or of another version")
	}
	if len(data) < len(fileMagic)+8 {
		return nil, errDamaged
	}
	body, sum := data[:len(data)-8], binary.LittleEndian.Uint64(data[len(data)-8:])
	if crc64.Checksum(body, table) != sum {
		return nil, errDamaged
	}
	d := decoder{rest: body[len(fileMagic):]}
	if root := d.text(); root != x.Repo.Root() && !d.bad {
		return nil, errors.New("it is of another checkout")
	}
	n := d.number(maxFiles)
	files := map[string]entry{}
	for range n {
		name, version := d.text(), d.text()
		s := make(sign, d.number(signMax/64))
		for i := range s {
			s[i] = d.word()
		}
		if d.bad {
			break
		}
		files[name] = entry{version, s}
	}
	if d.bad || len(d.rest) > 0 {
		return nil, errDamaged
	}
	return files, nil
}

// decoder takes bytes apart; once something is wrong it gives zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) number(most int) int {
	n, size := binary.Uvarint(d.rest)
	if d.bad = d.bad || size <= 0 || n > uint64(most); d.bad {
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

func (d *decoder) text() string {
	n := d.number(maxString)
	if d.bad = d.bad || n > len(d.rest); d.bad {
		return ""
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}

func (d *decoder) word() uint64 {
	if d.bad = d.bad || len(d.rest) < 8; d.bad {
		return 0
	}
	w := binary.LittleEndian.Uint64(d.rest)
	d.rest = d.rest[8:]
	return w
}
