package git

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// WorkTree is one work tree of the repository, as git's own records tell.
type WorkTree struct {
	Dir     string // its folder
	Admin   string // git's folder for it; "" for the main one
	Branch  string // full ref, "" where HEAD is detached
	Head    string // commit, "" where there is none yet
	Locked  bool
	Missing bool // its folder is not there
}

// WorkTrees lists all of them, the main one first, unless that is a bare repository.
func (c *Checkout) WorkTrees(ctx context.Context) ([]WorkTree, error) {
	out, err := c.Output(ctx, "worktree", "list", "--porcelain", "-z")
	if err != nil {
		return nil, err
	}
	admins := c.admins()
	var list []WorkTree
	for _, block := range strings.Split(string(out), "\x00\x00") {
		var w WorkTree
		bare := false
		for _, line := range strings.Split(block, "\x00") {
			key, value, _ := strings.Cut(line, " ")
			switch key {
			case "worktree":
				w.Dir, w.Admin = value, admins[value]
			case "HEAD":
				if strings.Trim(value, "0") != "" {
					w.Head = value
				}
			case "branch":
				w.Branch = value
			case "locked":
				w.Locked = true
			case "bare":
				bare = true
			}
		}
		if w.Dir == "" || bare {
			continue
		}
		if _, err := os.Lstat(filepath.Join(w.Dir, ".git")); err != nil {
			w.Missing = true
		}
		list = append(list, w)
	}
	return list, nil
}

// admins are git's folders of the linked work trees, by the folder of each tree.
func (c *Checkout) admins() map[string]string {
	out := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(c.CommonDir, "worktrees"))
	if err != nil {
		return out
	}
	for _, e := range entries {
		admin := filepath.Join(c.CommonDir, "worktrees", e.Name())
		text, err := readSmall(filepath.Join(admin, "gitdir"))
		if err != nil || text == "" {
			continue
		}
		if !filepath.IsAbs(text) {
			text = filepath.Join(admin, text)
		}
		out[filepath.Dir(text)] = admin
	}
	return out
}
