package store_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
	"tasks/internal/store"
)

// The test binary is also a process that opens a database and says how it went.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_OPEN"); dir != "" {
		db, err := store.Open(context.Background(), dir)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if _, err := db.Exec("insert into turns (id, conversation, message, first_id, started_at) values (?, 'c', 'm', 1, 'now')", os.Getenv("STORE_TEST_ID")); err == nil {
			fmt.Println("foreign keys are off")
			os.Exit(1)
		}
		if _, err := db.Exec("insert into conversations (id, owner, created_at, updated_at) values (?, 'o', '', '')", os.Getenv("STORE_TEST_ID")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		db.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestOpenMakesAPrivateFolderAndDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20e", "tasks")
	if err := os.Mkdir(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("insert into conversations (id, owner, created_at, updated_at) values ('c', 'o', '', '')"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "tasks.db": 0o600, "tasks.db-wal": 0o600, "tasks.db-shm": 0o600} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %q = %04o, want %04o", name, got, want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err = store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("select count(*) from conversations").Scan(&n); err != nil || n != 1 {
		t.Errorf("after reopening: %d conversations, %v; want 1", n, err)
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "busy_timeout": "5000", "synchronous": "1", "foreign_keys": "1"} {
		var got string
		if err := db.QueryRow("pragma " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("pragma %s = %q, %v; want %q", pragma, got, err, want)
		}
	}
}

func TestUnsafeFoldersAreRefused(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
		want fault.Code
		word string
	}{
		{"link", func(t *testing.T, dir string) {
			must(t, os.Symlink(t.TempDir(), dir))
		}, fault.Forbidden, "link"},
		{"dangling link", func(t *testing.T, dir string) {
			must(t, os.Symlink(filepath.Join(t.TempDir(), "nowhere"), dir))
		}, fault.Forbidden, "link"},
		{"file", func(t *testing.T, dir string) {
			must(t, os.WriteFile(dir, nil, 0o600))
		}, fault.Forbidden, "not a folder"},
		{"group may look", func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Chmod(dir, 0o710))
		}, fault.Forbidden, "0710"},
		{"world writable", func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Chmod(dir, 0o777))
		}, fault.Forbidden, "0777"},
		{"another user's", func(t *testing.T, dir string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Chown(dir, 12345, 12345))
		}, fault.Forbidden, "another user"},
		{"database is a link", func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Symlink(filepath.Join(t.TempDir(), "elsewhere.db"), filepath.Join(dir, "tasks.db")))
		}, fault.Forbidden, "not a regular file"},
		{"database is a folder", func(t *testing.T, dir string) {
			must(t, os.MkdirAll(filepath.Join(dir, "tasks.db"), 0o700))
		}, fault.Forbidden, "not a regular file"},
		{"not a database", func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.WriteFile(filepath.Join(dir, "tasks.db"), []byte(strings.Repeat("nonsense ", 1000)), 0o600))
		}, fault.Unavailable, "cannot use the database"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tasks")
			test.make(t, dir)
			db, err := store.Open(t.Context(), dir)
			if fault.CodeOf(err) != test.want || !strings.Contains(err.Error(), test.word) {
				t.Errorf("Open: %v (%s), want %s with %q", err, fault.CodeOf(err), test.want, test.word)
			}
			if err == nil {
				db.Close()
			}
			db, err = store.OpenExisting(t.Context(), dir)
			if fault.CodeOf(err) != test.want {
				t.Errorf("OpenExisting: %v, want %s", err, test.want)
			}
			if err == nil && db != nil {
				db.Close()
			}
		})
	}
}

func TestAWiderDatabaseIsNarrowed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tasks")
	db, err := store.Open(t.Context(), dir)
	must(t, err)
	must(t, db.Close())
	name := filepath.Join(dir, "tasks.db")
	must(t, os.Chmod(name, 0o644))
	db, err = store.OpenExisting(t.Context(), dir)
	must(t, err)
	defer db.Close()
	info, err := os.Lstat(name)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %04o, want 0600", info.Mode().Perm())
	}
}

func TestOpenExistingMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tasks")
	for _, step := range []string{"no folder", "empty folder"} {
		db, err := store.OpenExisting(t.Context(), dir)
		if db != nil || err != nil {
			t.Errorf("%s: OpenExisting = %v, %v; want nil, nil", step, db, err)
		}
		if step == "no folder" {
			if _, err := os.Lstat(dir); err == nil {
				t.Error("the folder was made")
			}
			must(t, os.Mkdir(dir, 0o700))
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("the folder holds %v, want nothing", names)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tasks")
	db, err := store.Open(t.Context(), dir)
	must(t, err)
	_, err = db.Exec("pragma user_version = 999")
	must(t, err)
	must(t, db.Close())
	_, err = store.Open(t.Context(), dir)
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "newer program") || !strings.Contains(err.Error(), "999") {
		t.Errorf("Open: %v, want unavailable that names the newer schema", err)
	}
}

func TestManyProcessesOpenANewDatabaseAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tasks")
	const n = 24
	var all [n]*exec.Cmd
	var out [n]strings.Builder
	for i := range all {
		all[i] = exec.Command(os.Args[0])
		all[i].Env = append(os.Environ(), "STORE_TEST_OPEN="+dir, fmt.Sprintf("STORE_TEST_ID=%d", i))
		all[i].Stdout = &out[i]
		must(t, all[i].Start())
	}
	for i, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v: %s", i, err, out[i].String())
		}
	}
	db, err := store.Open(t.Context(), dir)
	must(t, err)
	defer db.Close()
	var got int
	if err := db.QueryRow("select count(*) from conversations").Scan(&got); err != nil || got != n {
		t.Errorf("%d rows, %v; want %d", got, err, n)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "tasks")
	for b.Loop() {
		db, err := store.Open(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnlyADamagedDatabaseIsToBeMovedAside: the queue is in it, so a disk that is full or
// refuses a file beside it is no reason to part with it.
func TestOnlyADamagedDatabaseIsToBeMovedAside(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string) error
		aside bool
	}{
		"no database": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "tasks.db"), []byte(strings.Repeat("words", 1000)), 0o600)
		}, true},
		"no place for its log": {func(dir string) error {
			return os.Mkdir(filepath.Join(dir, "tasks.db-wal"), 0o700)
		}, false},
	} {
		dir := filepath.Join(t.TempDir(), "tasks")
		db, err := store.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
		if err := c.spoil(dir); err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), dir)
		if fault.CodeOf(err) != fault.Unavailable || strings.Contains(fault.HintOf(err), "aside") != c.aside {
			t.Errorf("%s: %v, hint %q", name, err, fault.HintOf(err))
		}
	}
}
