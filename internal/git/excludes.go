package git

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
)

// ExcludesFile is the user's own ignore file, or "". As in git, the file named by
// core.excludesFile in the machine's, the user's or the repository's configuration,
// else ignore in the user's configuration folder. It need not exist.
//
// Git is run only where a configuration file mentions the setting or includes
// another file: every command asks, and a process takes milliseconds.
func (c *Checkout) ExcludesFile(ctx context.Context) string {
	if c.mayConfigureExcludes() {
		out, err := c.run(ctx, userConfig, "config", "-z", "--type=path", "--get", "core.excludesFile")
		if name := string(bytes.TrimRight(out, "\x00")); err == nil && name != "" {
			if !filepath.IsAbs(name) {
				name = filepath.Join(c.Root, name)
			}
			return name
		}
	}
	if dir := userConfigDir(); dir != "" {
		return filepath.Join(dir, "ignore")
	}
	return ""
}

// mayConfigureExcludes tells whether asking git could give anything but the default.
func (c *Checkout) mayConfigureExcludes() bool {
	if c.foreign || runtime.GOOS != "linux" { // elsewhere git has more places to look
		return true
	}
	files := []string{
		"/etc/gitconfig",
		filepath.Join(filepath.Dir(filepath.Dir(c.program)), "etc", "gitconfig"),
		filepath.Join(c.CommonDir, "config"),
		filepath.Join(c.Dir, "config.worktree"),
	}
	if home := os.Getenv("HOME"); home != "" {
		files = append(files, filepath.Join(home, ".gitconfig"))
	}
	if dir := userConfigDir(); dir != "" {
		files = append(files, filepath.Join(dir, "config"))
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		data = bytes.ToLower(data)
		if err != nil || bytes.Contains(data, []byte("excludesfile")) || bytes.Contains(data, []byte("include")) {
			return true
		}
	}
	return false
}

func userConfigDir() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "git")
	}
	if home := os.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "git")
	}
	return ""
}
