package repo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

// child is this test binary in a role of its own.
func (h *house) child(role string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REPO_TEST_ROLE="+role, "REPO_TEST_ROOT="+h.root, "REPO_TEST_LOCKS="+h.locks())
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func (h *house) locks() string { return filepath.Join(filepath.Dir(h.root), "state", "locks") }

// started starts a child and waits for its word.
func started(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
}

// leftovers are the files of ours that are no document.
func (h *house) leftovers() (names []string) {
	filepath.WalkDir(h.root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".tasks-") {
			names = append(names, p)
		}
		return nil
	})
	return names
}

func TestReplace(t *testing.T) {
	both(t, func(t *testing.T, portable bool) {
		ctx := context.Background()
		h := newHouse(t, "docs/a.md")
		if portable {
			h.Portable()
		}
		old := repo.Hash([]byte("text of docs/a.md"))
		hash, err := h.Replace(ctx, "docs/a.md", []byte("two"), old)
		if err != nil || hash != repo.Hash([]byte("two")) || h.text("docs/a.md") != "two" {
			t.Fatalf("Replace = %s, %v", hash, err)
		}
		for what, want := range map[string]string{"a stale hash": old, "creating what exists": "", "nonsense": "x"} {
			_, err := h.Replace(ctx, "docs/a.md", []byte("three"), want)
			wantCode(t, what, err, fault.Conflict)
		}
		_, err = h.Replace(ctx, "docs/gone.md", []byte("three"), old)
		wantCode(t, "replacing what is gone", err, fault.Conflict)
		_, err = h.Replace(ctx, "docs", []byte("three"), "")
		wantCode(t, "replacing a folder", err, fault.Usage)
		_, err = h.Replace(ctx, "docs/a.md/x.md", []byte("three"), "")
		wantCode(t, "a file below a file", err, fault.Usage)
		if h.text("docs/a.md") != "two" {
			t.Fatal("a refused write changed the file")
		}

		if _, err := h.Replace(ctx, "new/deep/er/b.md", nil, ""); err != nil {
			t.Fatal(err)
		}
		if info, err := h.Stat("new/deep/er/b.md"); err != nil || info.Size != 0 {
			t.Errorf("an empty new file: %+v, %v", info, err)
		}
		if err := h.Remove(ctx, "new/deep/er/b.md", "x"); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("Remove with another hash: %v", err)
		}
		if err := h.Remove(ctx, "new/deep/er/b.md", repo.Hash(nil)); err != nil {
			t.Error(err)
		}
		wantCode(t, "removing twice", h.Remove(ctx, "new/deep/er/b.md", repo.Hash(nil)), fault.NotFound)

		// A write through a link to a folder, to a file, and to a new file there.
		h.link("docs", "way")
		h.link("a.md", "docs/link.md")
		if _, err := h.Replace(ctx, "way/link.md", []byte("four"), repo.Hash([]byte("two"))); err != nil || h.text("docs/a.md") != "four" {
			t.Errorf("through a link: %v, %q", err, h.text("docs/a.md"))
		}
		if info, err := os.Lstat(h.path("docs/link.md")); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("the link is no more: %v, %v", info, err)
		}
		if _, err := h.Replace(ctx, "way/new.md", []byte("n"), ""); err != nil || h.text("docs/new.md") != "n" {
			t.Errorf("a new file behind a link: %v", err)
		}
		if left := h.leftovers(); left != nil {
			t.Errorf("left behind: %q", left)
		}
	})
}

func TestReplaceKeepsWhatAFileIs(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, "a.md")
	name := h.path("a.md")
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o664, 0o444, 0o755} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		attribute := unix.Setxattr(name, "user.note", []byte("mine"), 0)
		owner := os.Chown(name, 4321, 1234)
		text := mode.String()
		if _, err := h.Update(ctx, "a.md", func(repo.File) ([]byte, error) { return []byte(text), nil }); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != mode || h.text("a.md") != text {
			t.Errorf("mode %v became %v, %v", mode, info.Mode(), err)
		}
		var st unix.Stat_t
		if unix.Stat(name, &st) == nil && owner == nil && (st.Uid != 4321 || st.Gid != 1234) {
			t.Errorf("the owner became %d:%d", st.Uid, st.Gid)
		}
		value := make([]byte, 16)
		if n, err := unix.Getxattr(name, "user.note", value); attribute == nil && (err != nil || string(value[:n]) != "mine") {
			t.Errorf("the attribute is lost: %v", err)
		}
		if owner == nil {
			os.Chown(name, os.Getuid(), os.Getgid())
		}
	}
	old := unix.Umask(0o027)
	_, err := h.Replace(ctx, "new/b.md", []byte("b"), "")
	unix.Umask(old)
	info, e := os.Stat(h.path("new/b.md"))
	if err != nil || e != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("a new file under umask 027: %v, %v, %v", info, err, e)
	}
}

func TestUpdate(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, "a.md")
	before, err := h.Stat("a.md")
	if err != nil {
		t.Fatal(err)
	}
	f, err := h.Update(ctx, "a.md", func(f repo.File) ([]byte, error) { return slices.Clone(f.Data), nil })
	if err != nil || f.Version != before.Version {
		t.Errorf("an equal text was written: %+v, %v", f.Info, err)
	}
	if _, err = h.Update(ctx, "a.md", func(f repo.File) ([]byte, error) { f.Data[0] = 'T'; return f.Data, nil }); err != nil || h.text("a.md") != "Text of a.md" {
		t.Errorf("a change in place: %v, %q", err, h.text("a.md"))
	}
	mine := errors.New("mine")
	if _, err := h.Update(ctx, "a.md", func(repo.File) ([]byte, error) { return []byte("x"), mine }); !errors.Is(err, mine) || h.text("a.md") != "Text of a.md" {
		t.Errorf("when fn fails: %v, %q", err, h.text("a.md"))
	}
	_, err = h.Update(ctx, "b.md", func(repo.File) ([]byte, error) { t.Error("called without a file"); return nil, nil })
	wantCode(t, "a file that is not there", err, fault.NotFound)
	// An editor saves while fn runs: what it saved stays.
	_, err = h.Update(ctx, "a.md", func(repo.File) ([]byte, error) {
		h.put("a.md", "a person's")
		return []byte("ours"), nil
	})
	wantCode(t, "a save in between", err, fault.Conflict)
	_, err = h.Update(ctx, "a.md", func(repo.File) ([]byte, error) {
		os.Remove(h.path("a.md"))
		return []byte("ours"), nil
	})
	wantCode(t, "a removal in between", err, fault.Conflict)
	if _, err := os.Stat(h.path("a.md")); err == nil {
		t.Error("the removed file is back")
	}
	if left := h.leftovers(); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// inMemory puts the test's folders where no disk is waited for, if there is such a place: it is
// about many who wait for one another, and a disk that is busy makes one of them hold the
// others up for as long as they may be.
func inMemory(t *testing.T) {
	t.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "tasks-test-"); err == nil {
		os.Remove(dir)
		t.Setenv("TMPDIR", "/dev/shm")
	}
}

// Fifty processes that each add a line: fifty lines, none refused.
func TestFiftyProcesses(t *testing.T) {
	inMemory(t)
	h := newHouse(t)
	h.put("docs/a.md", "")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			out, err := h.child("append", "REPO_TEST_LINE="+strconv.Itoa(i)).CombinedOutput()
			if err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
	}
	all.Wait()
	lines := strings.Fields(h.text("docs/a.md"))
	slices.Sort(lines)
	if len(lines) != 50 || len(slices.Compact(lines)) != 50 {
		t.Errorf("%d lines of 50: %q", len(lines), lines)
	}
	if left := h.leftovers(); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func TestManyGoroutinesWithoutLockDir(t *testing.T) {
	h := newHouse(t)
	h.open(repo.Options{})
	h.put("a.md", "")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := h.Update(context.Background(), "a.md", func(f repo.File) ([]byte, error) { return append(f.Data, 'x'), nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(h.text("a.md")); n != 50 {
		t.Errorf("%d of 50", n)
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "docs/a.md", "docs/b.md")
	holder := h.child("hold")
	started(t, holder)
	defer holder.Wait()
	defer holder.Process.Kill()

	h.link("a.md", "docs/link.md") // another name of the same file
	begin := time.Now()
	_, err := h.Replace(context.Background(), "docs/link.md", []byte("x"), repo.Hash([]byte("text of docs/a.md")))
	wantCode(t, "a locked file", err, fault.Conflict)
	if took := time.Since(begin); took < 4*time.Second || took > 30*time.Second { // far below the minute for a line that moves
		t.Errorf("waited %v, want about 5 s", took)
	}
	for _, word := range []string{strconv.Itoa(holder.Process.Pid), filepath.Base(os.Args[0]), "docs/a.md"} {
		if err != nil && !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not name %q", err, word)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Replace(ctx, "docs/a.md", nil, "x"); !fault.Canceled(err) {
		t.Errorf("when the caller does not want to wait: %v", err)
	}
	if _, err := h.Replace(context.Background(), "docs/b.md", []byte("x"), repo.Hash([]byte("text of docs/b.md"))); err != nil {
		t.Errorf("another file: %v", err)
	}

	// A lock dies with its process, however it dies.
	holder.Process.Kill()
	holder.Wait()
	if _, err := h.Replace(context.Background(), "docs/a.md", []byte("x"), repo.Hash([]byte("text of docs/a.md"))); err != nil {
		t.Errorf("after the holder's death: %v", err)
	}
}

func TestStateFolderMustBeOurs(t *testing.T) {
	h := newHouse(t, "a.md")
	write := func() error {
		_, err := h.Update(context.Background(), "a.md", func(f repo.File) ([]byte, error) { return append(f.Data, 'x'), nil })
		return err
	}
	state := filepath.Dir(h.locks())
	if err := write(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("made with mode %v, %v", info, err)
	}
	os.Chmod(state, 0o755)
	wantCode(t, "a wide state folder", write(), fault.Forbidden)
	os.Rename(state, state+"2")
	os.Chmod(state+"2", 0o700)
	os.Symlink(state+"2", state)
	wantCode(t, "a linked state folder", write(), fault.Forbidden)
	os.Remove(state)
	if err := write(); err != nil { // deleted state loses no work
		t.Error(err)
	}
}

// However a writer is killed, the file is the old text or the new one, and what it
// left is gone after the next write.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	texts := []string{"first", strings.Repeat("old\n", longText/4), strings.Repeat("new\n", longText/4)}
	h.put("docs/a.md", "first")
	seen := map[string]int{}
	left := 0
	for i := range 25 {
		writer := h.child("alternate")
		started(t, writer)
		time.Sleep(rand.N(15 * time.Millisecond)) // any moment will do: none may be bad
		writer.Process.Kill()
		writer.Wait()
		text := h.text("docs/a.md")
		if !slices.Contains(texts, text) {
			t.Fatalf("round %d: torn: %d bytes", i, len(text))
		}
		seen[text[:3]]++
		left += len(h.leftovers())
		for _, e := range must(h.ReadDir("docs")) {
			if e.Name != "a.md" {
				t.Errorf("round %d: %q is listed", i, e.Name)
			}
		}
	}
	t.Logf("the files ended as %v, %d temporary files were left", seen, left)
	if _, err := h.Update(context.Background(), "docs/a.md", func(repo.File) ([]byte, error) { return []byte("end"), nil }); err != nil {
		t.Fatal(err)
	}
	if rest := h.leftovers(); rest != nil {
		t.Errorf("left behind: %q", rest)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A disk that takes no more leaves the old file and no rest.
func TestFullDisk(t *testing.T) {
	if os.Getenv("REPO_TEST_FULL") == "" {
		// The limit is the process's, and is not to be taken back without root.
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$")
		cmd.Env = append(os.Environ(), "REPO_TEST_FULL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	h := newHouse(t, "a.md")
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1000, Max: 1000}); err != nil {
		t.Skip(err)
	}
	_, err := h.Replace(context.Background(), "a.md", make([]byte, 5000), repo.Hash([]byte("text of a.md")))
	if !errors.Is(err, unix.EFBIG) || fault.CodeOf(err) != fault.Internal {
		t.Errorf("Replace: %v", err)
	}
	_, err = h.Replace(context.Background(), "b.md", make([]byte, 5000), "")
	if !errors.Is(err, unix.EFBIG) {
		t.Errorf("a new file: %v", err)
	}
	if h.text("a.md") != "text of a.md" || h.leftovers() != nil {
		t.Errorf("the file holds %q, left %q", h.text("a.md"), h.leftovers())
	}
	if _, err := os.Stat(h.path("b.md")); err == nil {
		t.Error("half a new file is there")
	}
}

func TestWritingWhereOneMayNot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	h := newHouse(t, "a/b.md")
	os.Chmod(h.path("a"), 0o555)
	defer os.Chmod(h.path("a"), 0o755)
	_, err := h.Replace(context.Background(), "a/b.md", []byte("x"), repo.Hash([]byte("text of a/b.md")))
	wantCode(t, "a closed folder", err, fault.Forbidden)
}

func BenchmarkUpdate(b *testing.B) {
	h := newHouse(b)
	h.put("a.md", strings.Repeat("x", 4000))
	for i := 0; b.Loop(); i++ {
		if _, err := h.Update(context.Background(), "a.md", func(f repo.File) ([]byte, error) { return fmt.Appendf(f.Data[:4000], "%d", i), nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdateFloor is what the disk asks for the same: write, fsync, rename, fsync.
func BenchmarkUpdateFloor(b *testing.B) {
	dir := b.TempDir()
	d, err := os.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	data := []byte(strings.Repeat("x", 4000))
	for b.Loop() {
		f, _ := os.Create(filepath.Join(dir, "t"))
		f.Write(data)
		f.Sync()
		f.Close()
		os.Rename(filepath.Join(dir, "t"), filepath.Join(dir, "a.md"))
		d.Sync()
	}
}
