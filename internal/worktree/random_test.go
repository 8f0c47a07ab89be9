package worktree

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/fault"
)

var steps = flag.Int("steps", 12, "steps of the random test of each seed")

// Random sequences of what we, agents and people do: no commit that a ref reached before
// one of our calls is unreachable after it, and every byte that lay uncommitted in a tree
// (ignored files aside) is in the tree or in a commit.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			trees := fixture(t)
			os.Remove(filepath.Join(trees.Git.Root, "tasks/alpha.md"))
			h := &history{T: t, trees: trees, r: rand.New(rand.NewPCG(seed, 7)), run: 1}
			for i := range *steps {
				h.step(i)
			}
		})
	}
}

type history struct {
	*testing.T
	trees *Trees
	r     *rand.Rand
	run   int // of the present run
	n     int // of texts written
	log   []string
}

func (h *history) dir() string { return h.trees.dir("alpha") }
func (h *history) id() string  { return fmt.Sprintf("r%d", h.run) }

func (h *history) say(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

// step lets an agent or a person do something, and then calls one of ours.
func (h *history) step(i int) {
	for range h.r.IntN(4) {
		h.meddle()
	}
	commits := strings.Fields(plain(h, h.trees.Git.Root, "rev-list", "--all"))
	bytes := h.uncommitted()
	var err error
	k := h.trees.At("alpha", h.id(), "", "")
	switch h.r.IntN(8) {
	case 0, 1:
		_, err = h.trees.Ensure(h.Context(), want(h.id()))
		h.say("Ensure %s: %v", h.id(), err)
	case 2:
		h.run++
		_, err = h.trees.Ensure(h.Context(), want(h.id()))
		h.say("Ensure next %s: %v", h.id(), err)
	case 3, 4:
		_, _, err = h.trees.CommitRest(h.Context(), k, "rest")
		h.say("CommitRest: %v", err)
	case 5:
		_, err = h.trees.Keep(h.Context(), k, h.id())
		h.say("Keep: %v", err)
	case 6:
		_, err = h.trees.Remove(h.Context(), k, h.id())
		h.say("Remove: %v", err)
	case 7:
		err = h.trees.Prune(h.Context())
		h.say("Prune: %v", err)
	}
	if c := fault.CodeOf(err); err != nil && c != fault.Conflict {
		h.Fatalf("step %d: %v\n%s", i, err, strings.Join(h.log, "\n"))
	}
	for _, c := range commits {
		if !reachable(h, h.trees.Git.Root, c) {
			h.Fatalf("step %d: commit %s is lost\n%s", i, c, strings.Join(h.log, "\n"))
		}
	}
	h.still(i, bytes)
}

// meddle is something that an agent or a person does with plain git.
func (h *history) meddle() {
	dir, root := h.dir(), h.trees.Git.Root
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err != nil {
		return
	}
	h.n++
	name := fmt.Sprintf("f%d.txt", h.r.IntN(5))
	do := func(args ...string) {
		_, err := try(dir, args...)
		h.say("git %s: %v", strings.Join(args, " "), err)
	}
	switch h.r.IntN(16) {
	case 0, 1, 2:
		write(h, filepath.Join(dir, name), fmt.Sprintf("text %d\n", h.n))
		h.say("write %s", name)
	case 3, 4:
		do("add", "-A")
	case 5, 6:
		do("commit", "-q", "-m", "c")
	case 7:
		do("commit", "-q", "--amend", "-m", "amended")
	case 8:
		do("checkout", "-q", "--detach")
	case 9, 10:
		do("switch", "-q", "task/alpha")
	case 11:
		do("stash", "-q")
	case 12:
		do("switch", "-q", "-c", fmt.Sprintf("side%d", h.n))
	case 13:
		if h.r.IntN(2) == 0 {
			os.RemoveAll(filepath.Join(root, ".git/worktrees/alpha"))
			h.say("git's data gone")
		}
	case 14:
		write(h, filepath.Join(root, "a.txt"), fmt.Sprintf("root %d\n", h.n))
		_, err := try(root, "commit", "-qam", "root")
		h.say("root commits: %v", err)
	case 15:
		do("reset", "-q", "--soft", "HEAD~1")
	}
}

// uncommitted are the texts that lie in the tree, untracked ones included, that differ
// from its HEAD.
func (h *history) uncommitted() map[string]bool {
	texts := map[string]bool{}
	names, err := filepath.Glob(filepath.Join(h.dir(), "f*.txt"))
	if err != nil {
		h.Fatal(err)
	}
	for _, n := range names {
		texts[read(h, n)] = true
	}
	return texts
}

// still makes sure that the texts are in the tree or in a commit that a ref reaches.
func (h *history) still(step int, texts map[string]bool) {
	now := h.uncommitted()
	var all string
	for text := range texts {
		if now[text] {
			continue
		}
		if all == "" {
			all = plain(h, h.trees.Git.Root, "log", "--all", "-m", "-p", "--root", "--format=")
		}
		if !strings.Contains(all, "+"+strings.TrimSpace(text)+"\n") && !strings.HasSuffix(all, "+"+strings.TrimSpace(text)) {
			h.Fatalf("step %d: %q is lost\n%s", step, text, strings.Join(h.log, "\n"))
		}
	}
}
