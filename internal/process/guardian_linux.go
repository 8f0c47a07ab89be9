package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// selfPath is this program, even where its file was replaced since it started.
func selfPath() (string, error) { return "/proc/self/exe", nil }

func guardianAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// childAttr gives the program a group of its own and ends it with the guardian.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// adopt makes this process the parent of all orphans of the tree.
func adopt() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// startLocked starts cmd from a thread that lives as long as this process:
// Pdeathsig fires when the thread that forked ends, not the process.
func startLocked(cmd *exec.Cmd) error {
	errc := make(chan error)
	go func() {
		runtime.LockOSThread()
		errc <- cmd.Start()
		select {}
	}()
	return <-errc
}

// waitFor reaps every child until pid is among them.
func waitFor(pid int) syscall.WaitStatus {
	for {
		var st syscall.WaitStatus
		got, err := syscall.Wait4(-1, &st, 0, nil)
		if got == pid {
			return st
		}
		if err != nil && err != syscall.EINTR {
			return 0
		}
	}
}

// interrupt sends the program's group what a terminal's Ctrl-C sends, but not to
// bubblewrap around it, whose end would be the end of all at once.
func interrupt(pid int, wrap string) {
	if wrap == "" {
		syscall.Kill(-pid, syscall.SIGINT)
		return
	}
	for _, p := range descendants(os.Getpid()) {
		if group, err := syscall.Getpgid(p); err != nil || group != pid {
			continue
		}
		if exe, err := os.Readlink("/proc/" + strconv.Itoa(p) + "/exe"); err == nil && exe == wrap {
			continue
		}
		syscall.Kill(p, syscall.SIGINT)
	}
}

// killTree kills all descendants of this process. They are stopped first, so that
// none can fork while its siblings are being counted.
func killTree(int) {
	deadline := time.Now().Add(10 * time.Second) // which only one in an endless call of the kernel outlives
	for time.Now().Before(deadline) {
		pids := descendants(os.Getpid())
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGSTOP)
		}
		for _, pid := range descendants(os.Getpid()) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		// Reap what is dead; with no child left there is nothing to kill.
		for {
			got, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if err == syscall.ECHILD {
				return
			}
			if got <= 0 {
				break
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// descendants walks /proc from pid downwards, pid itself left out.
func descendants(pid int) []int {
	var out []int
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, t := range tasks {
		data, _ := os.ReadFile(t)
		for _, f := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(f); err == nil {
				out = append(out, child)
				out = append(out, descendants(child)...)
			}
		}
	}
	return out
}

// overLimit is the cause to end the tree for, or "".
func overLimit(o order) Cause {
	if o.Memory == 0 && o.Processes == 0 {
		return ""
	}
	pids := descendants(os.Getpid())
	if o.Processes > 0 && len(pids) > o.Processes {
		return TooMany
	}
	var pages int64
	for _, pid := range pids {
		data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
		if f := strings.Fields(string(data)); len(f) > 1 {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			pages += n
		}
	}
	if o.Memory > 0 && pages*int64(os.Getpagesize()) > o.Memory {
		return TooLarge
	}
	return ""
}

// restrict puts this process, and so the tree, under Landlock. False where the kernel has
// none; an error where it has and the rules could not be set, for then the program must
// not start.
func restrict(s Sandbox) (bool, error) {
	version, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < 1 {
		return false, nil
	}
	// A path may become another kind of thing between the look at it and the rule.
	var err error
	for range 3 {
		if err = landlock.V5.BestEffort().RestrictPaths(rules(s)...); err == nil {
			return true, nil
		}
	}
	return false, fmt.Errorf("the program was not started, because Landlock could not be set up: %w", err)
}

// rules are a sandbox in Landlock's terms. Others make and remove files meanwhile: a path
// that is gone is passed over.
func rules(s Sandbox) []landlock.Rule {
	var rules []landlock.Rule
	add := func(paths []string, dirs, files func(...string) landlock.FSRule) {
		for _, p := range paths {
			info, err := os.Stat(p)
			switch {
			case err != nil:
			case info.IsDir():
				rules = append(rules, dirs(p).IgnoreIfMissing())
			default:
				rules = append(rules, files(p).IgnoreIfMissing())
			}
		}
	}
	add(without(s.ReadOnly, s.Deny), landlock.RODirs, landlock.ROFiles)
	// A rule of Landlock only ever adds: what is protected must not lie below a folder that
	// may be written, so such a folder is given by its other children.
	add(without(s.Writable, append(slices.Clone(s.Deny), s.Protect...)), landlock.RWDirs, landlock.RWFiles)
	add(without(s.Protect, s.Deny), landlock.RODirs, landlock.ROFiles)
	add(without(s.Again, s.Deny), landlock.RWDirs, landlock.RWFiles)
	add([]string{"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/shm"}, landlock.RWDirs, landlock.RWFiles)
	add([]string{"/proc"}, landlock.RODirs, landlock.ROFiles)
	return rules
}

// without replaces each folder that holds a denied path by its other children,
// because Landlock can allow but not except.
func without(allowed, deny []string) []string {
	var out []string
	for _, a := range allowed {
		var below []string
		denied := false
		for _, d := range deny {
			rel, err := filepath.Rel(a, d)
			switch {
			case err != nil || rel == ".." || strings.HasPrefix(rel, "../"):
			case rel == ".":
				denied = true
			default:
				below = append(below, d)
			}
		}
		switch {
		case denied:
		case len(below) == 0:
			out = append(out, a)
		default:
			entries, _ := os.ReadDir(a)
			var children []string
			for _, e := range entries {
				children = append(children, filepath.Join(a, e.Name()))
			}
			out = append(out, without(children, below)...)
		}
	}
	return out
}

// wrap is the command line under bubblewrap.
func wrap(o order, argv []string) []string {
	w := []string{o.Wrap, "--unshare-pid", "--die-with-parent"}
	s := o.Sandbox
	if s.Whole {
		w = append(w, "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc")
	} else {
		w = append(w, "--unshare-ipc", "--unshare-uts")
		w = binds(w, "--ro-bind-try", s.ReadOnly)
		w = append(w, "--dev", "/dev", "--proc", "/proc")
		w = binds(w, "--bind-try", s.Writable)
		w = binds(w, "--ro-bind-try", s.Protect)
		w = binds(w, "--bind-try", s.Again)
		for _, p := range s.Deny {
			info, err := os.Stat(p)
			switch {
			case err != nil:
			case info.IsDir():
				w = append(w, "--tmpfs", p)
			default:
				w = append(w, "--ro-bind", "/dev/null", p)
			}
		}
	}
	if o.Dir != "" {
		w = append(w, "--chdir", o.Dir)
	}
	return append(append(w, "--"), argv...)
}

func binds(w []string, how string, paths []string) []string {
	for _, p := range paths {
		w = append(w, how, p, p)
	}
	return w
}

// bubblewrap is the path of a bwrap that works here, or "": in many containers it
// is installed but may not make namespaces.
var bubblewrap = sync.OnceValue(func() string {
	for _, p := range []string{"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"} {
		if _, err := os.Stat(p); err != nil {
			continue
		}
		if exec.Command(p, "--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "--", "/bin/true").Run() == nil {
			return p
		}
	}
	return ""
})

// Protection names what Run would hold a Sandbox with here: "bubblewrap",
// "landlock" or "".
func Protection() string {
	if bubblewrap() != "" {
		return "bubblewrap"
	}
	version, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno == 0 && version >= 1 {
		return "landlock"
	}
	return ""
}
