package forge

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"tasks/internal/fault"
)

// Push brings a commit to the remote under the branch's name. Forbidden, with the
// remote's address, until the user has confirmed it. What stands there under that name is
// replaced only where it is what we pushed last, or an ancestor: else Conflict.
func (f *Forge) Push(ctx context.Context, r Remote, branch, commit string) error {
	rec, err := f.read(r)
	if err != nil {
		return err
	}
	if rec == nil {
		return fault.New(fault.Forbidden, "the remote is not confirmed yet: %s is %s", r.Name, r.Shown()).
			WithHint("look at the address, then tasks run push SLUG --remote %s --confirm", r.Name)
	}
	if !plainRef(branch) || !isHash(commit) {
		return fault.New(fault.Usage, "%q at %q is nothing to push", branch, commit)
	}
	program, err := f.look("git")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tasks-push-")
	if err != nil {
		return fault.New(fault.Unavailable, "there is no place to push from: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := f.bare(dir); err != nil {
		return err
	}
	ref := "refs/heads/" + branch
	args := []string{
		"--no-pager", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "push.gpgSign=false", "-c", "push.followTags=false",
		"push", "--porcelain", "--no-verify", "--no-recurse-submodules",
	}
	if had := rec.Pushed[branch]; had != "" {
		args = append(args, "--force-with-lease="+ref+":"+had)
	}
	args = append(args, "--", r.URL, commit+":"+ref)
	env := f.env("GIT_DIR="+dir, "GIT_ALLOW_PROTOCOL=https:http:ssh:file", "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0")
	got, err := f.run(ctx, program, f.Git.Root, env, pushTime, "", args...)
	if err != nil {
		return err
	}
	if got.code != 0 {
		return refusedPush(r, branch, got)
	}
	rec.Pushed[branch] = commit
	return f.write(r, *rec)
}

// refusedPush says why a push did not go through.
func refusedPush(r Remote, branch string, got found) error {
	for _, line := range strings.Split(got.out, "\n") {
		if strings.HasPrefix(line, "!") {
			why := line[strings.LastIndexByte(line, '\t')+1:]
			if strings.Contains(why, "stale info") || strings.Contains(why, "non-fast-forward") || strings.Contains(why, "fetch first") {
				return fault.New(fault.Conflict, "%s was not pushed: %s has other work under that name (%s)", branch, r.Name, oneLine(why)).
					WithHint("look at what is there: git fetch %s", r.Name)
			}
			return fault.New(fault.Unavailable, "%s was not pushed: %s refused it: %s", branch, r.Name, oneLine(why))
		}
	}
	return fault.New(fault.Unavailable, "%s was not pushed to %s: %s", branch, r.Name, oneLine(scrub(got.said, r))).
		WithHint("git push %s tries the same by hand", r.Name)
}

// scrub takes the address with its password out of what git says.
func scrub(s string, r Remote) string { return strings.ReplaceAll(s, r.URL, r.Shown()) }

// bare makes an empty repository whose objects are those of ours. What is pushed from it
// is the same; the repository's own configuration, which could name programs to run, is
// not read.
func (f *Forge) bare(dir string) error {
	common := f.Git.CommonDir
	write := func(name, text string) error {
		return os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o600)
	}
	if strings.ContainsAny(common, "\n\"") {
		return fault.New(fault.Unavailable, "the repository cannot be pushed from: its folder has a name that git cannot list")
	}
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
	if data, err := os.ReadFile(filepath.Join(common, "config")); err == nil && strings.Contains(strings.ToLower(string(data)), "objectformat = sha256") {
		config = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
	}
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "objects", "info"), 0o700), os.MkdirAll(filepath.Join(dir, "refs"), 0o700),
		write("HEAD", "ref: refs/heads/none\n"), write("config", config),
		write("objects/info/alternates", filepath.Join(common, "objects")+"\n"),
	)
	if data, readErr := os.ReadFile(filepath.Join(common, "shallow")); readErr == nil {
		err = errors.Join(err, write("shallow", string(data)))
	}
	if err != nil {
		return fault.New(fault.Unavailable, "there is no place to push from: %w", err)
	}
	return nil
}

func isHash(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// plainRef tells whether a branch's name can stand in a call as it is.
func plainRef(s string) bool {
	return s != "" && s[0] != '-' && s[0] != '/' && !strings.Contains(s, "..") && !strings.HasSuffix(s, ".lock") && !strings.HasSuffix(s, "/") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("~^:?*[\\@{", r) })
}

// Naming puts a task's name into the hint of an error that asks for a confirmation.
func Naming(err error, slug string) error {
	var f *fault.Error
	if errors.As(err, &f) && strings.Contains(f.Hint, " SLUG ") {
		named := *f
		named.Hint = strings.Replace(f.Hint, " SLUG ", " "+slug+" ", 1)
		return &named
	}
	return err
}
