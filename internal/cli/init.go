package cli

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/repo"
)

var (
	//go:embed init/README.md
	initReadme []byte
	//go:embed init/env.example
	initEnv []byte
	//go:embed init/AGENTS.md
	initAgents []byte // the block with its marks
)

// The marks of the block in AGENTS.md.
const (
	blockStart = "<!-- tasks:start v1 -->"
	blockEnd   = "<!-- tasks:end -->"
)

// initJSON is what init did, as paths.
type initJSON struct {
	Created []string `json:"created"`
	Changed []string `json:"changed"`
	Kept    []string `json:"kept"`
}

func newInit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init [--json]",
		Short: "Create what is missing for tasks in this repository",
		Long: `Create what is missing: tasks/README.md, tasks/workstreams/ and .env.example; add the
line .worktrees/ to .gitignore and a marked block for agents to AGENTS.md. What is
there already stays as it is, nothing is committed, and a second time does nothing.
No other command needs it.`,
		Example: "  tasks init",
		Args:    nothing,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.init(cmd.Context()) },
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) init(ctx context.Context) error {
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	out := initJSON{Created: []string{}, Changed: []string{}, Kept: []string{}}
	if err := out.folder(h, "tasks/workstreams"); err != nil {
		return err
	}
	steps := []struct {
		name string
		new  []byte                       // of a file that is not there
		add  func([]byte) ([]byte, error) // to one that is; nil keeps it
	}{
		{"tasks/README.md", initReadme, nil},
		{".env.example", initEnv, nil},
		{".gitignore", []byte(ignoreLine + "\n"), addIgnore},
		{"AGENTS.md", initAgents, addBlock},
	}
	for _, s := range steps {
		err := out.file(ctx, h, s.name, s.new, s.add)
		if fault.CodeOf(err) == fault.Forbidden && s.add == nil {
			a.warn("%s was not written: %s", s.name, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	if a.json {
		return a.emit("init", out)
	}
	if len(out.Created)+len(out.Changed) == 0 {
		a.say("Everything is there already.")
		return nil
	}
	return a.write(func(w io.Writer) {
		for _, name := range out.Created {
			fmt.Fprintf(w, "created %s\n", name)
		}
		for _, name := range out.Changed {
			fmt.Fprintf(w, "changed %s\n", name)
		}
	})
}

// folder makes a folder, within the root whatever links lie in the way.
func (o *initJSON) folder(h *house, name string) error {
	if info, err := h.repo.Stat(name); err == nil && info.Dir {
		o.Kept = append(o.Kept, name+"/")
		return nil
	} else if err == nil {
		return fault.New(fault.Conflict, "%s is a file, not a folder", name)
	} else if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	root, err := os.OpenRoot(h.repo.Root())
	if err != nil {
		return fault.New(fault.Forbidden, "the root cannot be opened: %w", err)
	}
	defer root.Close()
	if top, _, _ := strings.Cut(name, "/"); isFile(root, top) {
		return fault.New(fault.Conflict, "%s/ cannot be made: %s is a file", name, top).WithHint("move that file out of the way")
	}
	if err := root.MkdirAll(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Forbidden, "%s cannot be made: %w", name, err)
	}
	o.Created = append(o.Created, name+"/")
	return nil
}

// isFile tells whether a file lies where a folder should be.
func isFile(root *os.Root, name string) bool {
	info, err := root.Stat(name)
	return err == nil && !info.IsDir()
}

// file writes a file that is missing, or adds to one that is there.
func (o *initJSON) file(ctx context.Context, h *house, name string, fresh []byte, add func([]byte) ([]byte, error)) error {
	_, err := h.repo.Stat(name)
	if fault.CodeOf(err) == fault.NotFound {
		if _, err = h.repo.Replace(ctx, name, fresh, ""); err == nil {
			o.Created = append(o.Created, name)
		}
		return err
	}
	if err != nil {
		return err
	}
	changed := false
	if add != nil {
		_, err = h.repo.Update(ctx, name, func(f repo.File) ([]byte, error) {
			data, err := add(f.Data)
			changed = !bytes.Equal(data, f.Data)
			return data, err
		})
	}
	if fault.CodeOf(err) == fault.Usage { // a folder of that name
		return fault.New(fault.Conflict, "%w", err).WithHint("move that folder out of the way")
	}
	if err != nil {
		return err
	}
	if changed {
		o.Changed = append(o.Changed, name)
	} else {
		o.Kept = append(o.Kept, name)
	}
	return nil
}

const ignoreLine = ".worktrees/"

// addIgnore adds the line for worktrees, where no line does the same.
func addIgnore(old []byte) ([]byte, error) {
	for line := range strings.Lines(string(old)) {
		if slices.Contains([]string{".worktrees", ".worktrees/", "/.worktrees", "/.worktrees/"}, strings.TrimRight(line, " \r\n")) {
			return old, nil
		}
	}
	return appendText(old, ignoreLine+"\n", false), nil
}

// addBlock adds the block for agents, where no version of it is.
func addBlock(old []byte) ([]byte, error) {
	switch start, end := bytes.Index(old, []byte("<!-- tasks:start")), bytes.Index(old, []byte(blockEnd)); {
	case start < 0 && end < 0:
		return appendText(old, string(initAgents), true), nil
	case start >= 0 && end > start:
		return old, nil
	}
	return nil, fault.New(fault.Invalid, "AGENTS.md holds one mark of the tasks block without the other").
		WithHint("mend it by hand: %s before the block, %s behind it", blockStart, blockEnd)
}

// appendText adds text in the file's own line ends, on a line of its own and, with
// gap, behind an empty one.
func appendText(old []byte, text string, gap bool) []byte {
	eol := "\n"
	if bytes.Contains(old, []byte("\r\n")) {
		eol = "\r\n"
	}
	out := bytes.Clone(old)
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
		out = append(out, eol...)
	}
	if gap && len(out) > 0 && !bytes.HasSuffix(out, []byte(eol+eol)) {
		out = append(out, eol...)
	}
	return append(out, strings.ReplaceAll(text, "\n", eol)...)
}
