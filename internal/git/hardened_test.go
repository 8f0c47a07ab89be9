package git_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/git"
)

// trap is a way in which a repository's configuration makes git run a program.
type trap struct {
	name   string
	config []string                           // key, value, …; %s is the program
	attrs  string                             // .gitattributes
	lure   func(t *testing.T, dir string)     // with plain git: the program must run
	files  func(t *testing.T, dir, fn string) // further preparation; fn is the program
}

func git1(args ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { try(dir, args...) }
}

var traps = []trap{
	{name: "fsmonitor", config: []string{"core.fsmonitor", "%s"}, lure: git1("status")},
	{name: "fsmonitor of ls-files", config: []string{"core.fsmonitor", "%s"}, lure: git1("ls-files", "-o", "--exclude-standard")},
	{name: "diff.external", config: []string{"diff.external", "%s"}, lure: git1("diff", "HEAD~1")},
	{name: "textconv", config: []string{"diff.x.textconv", "%s"}, attrs: "*.md diff=x\n", lure: git1("log", "-p", "-1", "HEAD")},
	{name: "filter.clean", config: []string{"filter.f.clean", "%s"}, attrs: "*.md filter=f\n", lure: touched("status")},
	{name: "filter.process", config: []string{"filter.f.process", "%s"}, attrs: "*.md filter=f\n", lure: touched("diff")},
	{name: "filter.smudge", config: []string{"filter.f.smudge", "%s"}, attrs: "*.md filter=f\n", lure: func(t *testing.T, dir string) {
		os.Remove(filepath.Join(dir, "a.md"))
		try(dir, "checkout", "--", "a.md")
	}},
	{name: "hooks", config: []string{"core.hooksPath", "hooks"}, files: func(t *testing.T, dir, program string) {
		text, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		for _, hook := range []string{"post-index-change", "post-checkout", "pre-commit", "reference-transaction"} {
			write(t, filepath.Join(dir, "hooks", hook), string(text))
			if err := os.Chmod(filepath.Join(dir, "hooks", hook), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}, lure: git1("checkout", "-q", "-B", "other")},
	{name: "signature", config: []string{"log.showSignature", "true", "gpg.program", "%s"}, lure: git1("log", "-1"), files: func(t *testing.T, dir, _ string) {
		// A commit that claims to be signed: the signature is only looked at by the program.
		raw := plain(t, dir, "cat-file", "commit", "HEAD")
		head, body, _ := strings.Cut(raw, "\n\n")
		write(t, filepath.Join(dir, "commit"), head+"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n"+body+"\n")
		plain(t, dir, "update-ref", "HEAD", plain(t, dir, "hash-object", "-t", "commit", "-w", "commit"))
	}},
	{name: "lazy fetch by ssh", config: []string{"core.repositoryFormatVersion", "1", "extensions.partialClone", "origin", "remote.origin.promisor", "true",
		"remote.origin.url", "ssh://127.0.0.1/x", "core.sshCommand", "%s"}, lure: git1("cat-file", "-p", missing)},
	{name: "lazy fetch by upload pack", config: []string{"core.repositoryFormatVersion", "1", "extensions.partialClone", "origin", "remote.origin.promisor", "true",
		"remote.origin.url", ".", "remote.origin.uploadpack", "%s", "protocol.allow", "always", "protocol.file.allow", "always"}, lure: git1("cat-file", "-p", missing)},
	{name: "lazy fetch by ext", config: []string{"core.repositoryFormatVersion", "1", "extensions.partialClone", "origin", "remote.origin.promisor", "true",
		"remote.origin.url", "ext::%s", "protocol.ext.allow", "always"}, lure: git1("cat-file", "-p", missing)},
	{name: "alias", config: []string{"alias.x", "!%s"}, lure: git1("x")},
}

const missing = "0123456789012345678901234567890123456789"

// touched changes a file so that git must compare it, and runs git.
func touched(args ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		write(t, filepath.Join(dir, "a.md"), "two\nmore\n") // of the same length: the size alone would tell
		try(dir, args...)
	}
}

// Nothing that a repository's configuration names is run by any call of this package,
// while plain git does run it (else the trap proves nothing).
func TestConfigurationRunsNothing(t *testing.T) {
	for _, tr := range traps {
		t.Run(tr.name, func(t *testing.T) {
			top := sandbox(t)
			dir := newRepo(t, filepath.Join(top, "main"))
			write(t, filepath.Join(dir, "a.md"), "one\nmore\n")
			plain(t, dir, "commit", "-q", "-am", "second: a.md")
			sentinel := filepath.Join(top, "fired")
			program := filepath.Join(top, "program")
			write(t, program, "#!/bin/sh\ntouch "+sentinel+"\nexit 1\n")
			if err := os.Chmod(program, 0o755); err != nil {
				t.Fatal(err)
			}
			if tr.files != nil {
				tr.files(t, dir, program)
			}
			if tr.attrs != "" {
				write(t, filepath.Join(dir, ".gitattributes"), tr.attrs)
			}
			for i := 0; i < len(tr.config); i += 2 {
				plain(t, dir, "config", tr.config[i], strings.ReplaceAll(tr.config[i+1], "%s", program))
			}
			write(t, filepath.Join(dir, ".gitignore"), "*.log\n")

			everyCall(t, dir)
			if _, err := os.Stat(sentinel); err == nil {
				t.Error("one of our calls ran the program")
			}
			os.Remove(sentinel)
			tr.lure(t, dir)
			if _, err := os.Stat(sentinel); err != nil {
				t.Error("plain git did not run the program: the trap proves nothing")
			}
		})
	}
}

func everyCall(t *testing.T, dir string) {
	ctx := context.Background()
	c, err := git.Find(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Branch(ctx)
	c.Head(ctx)
	c.Log(ctx, git.LogQuery{Limit: 5, Changes: 5})
	c.Log(ctx, git.LogQuery{Limit: 5, Changes: 5, Path: "a.md"})
	c.Tracked(ctx, "a.md")
	c.TrackedIgnored(ctx)
	c.ExcludesFile(ctx)
	if commit, err := c.LastCommit(ctx, "a.md"); err != nil || commit == nil {
		t.Errorf("LastCommit: %v, %v", commit, err)
	}
	// What later rooms will ask.
	for _, args := range [][]string{
		{"cat-file", "-p", missing}, {"log", "-1", "-p", "--no-ext-diff", "--no-textconv", "HEAD"},
		{"diff", "--no-ext-diff", "--no-textconv", "HEAD~1", "HEAD"}, {"ls-files", "-s", "-z"},
		{"worktree", "list", "--porcelain"}, {"for-each-ref"},
	} {
		c.Output(ctx, args...)
	}
}
