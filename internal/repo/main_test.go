package repo_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tasks/internal/repo"
)

// TestMain lets the test binary be the other processes of a test as well.
func TestMain(m *testing.M) {
	if role := os.Getenv("REPO_TEST_ROLE"); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play is what a child process does.
func play(role string) error {
	ctx := context.Background()
	r, err := repo.Open(os.Getenv("REPO_TEST_ROOT"), repo.Options{LockDir: os.Getenv("REPO_TEST_LOCKS")})
	if err != nil {
		return err
	}
	switch role {
	case "append": // one line more
		_, err := r.Update(ctx, "docs/a.md", func(f repo.File) ([]byte, error) {
			return fmt.Appendf(f.Data, "%s\n", os.Getenv("REPO_TEST_LINE")), nil
		})
		return err
	case "alternate": // two long texts in turn, for ever
		for i := 0; ; i++ {
			text := strings.Repeat([]string{"old\n", "new\n"}[i%2], longText/4)
			if _, err := r.Update(ctx, "docs/a.md", func(repo.File) ([]byte, error) { return []byte(text), nil }); err != nil {
				return err
			}
			if i == 0 {
				fmt.Println("ready")
			}
		}
	case "hold": // sits on the lock
		_, err := r.Update(ctx, "docs/a.md", func(f repo.File) ([]byte, error) {
			fmt.Println("ready")
			time.Sleep(time.Minute)
			return f.Data, nil
		})
		return err
	}
	return fmt.Errorf("no role %q", role)
}

const longText = 1 << 20
