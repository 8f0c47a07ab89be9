package cli

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tasks/internal/process"
)

// The test binary is the program itself in the scripts, under both of its names.
func TestMain(m *testing.M) {
	if process.Guardian() { // of an agent that a script starts
		return
	}
	main := func() { os.Exit(Main()) }
	testscript.Main(m, map[string]func(){"tasks": main, "task": main})
}

// TestScripts runs the stories of testdata/script, each in a folder of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "unbase64": unbase64, "appears": appears, "vanishes": vanishes, "slay": slay, "oldest": oldest},
		Setup: func(env *testscript.Env) error {
			// Nothing of the person who tests: no settings, no identity, no hooks.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NL", "\n")
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/.config")
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"-state") // a record inside the root would be refused
			env.Setenv("STATE", env.WorkDir+"-state")
			env.Defer(func() { os.RemoveAll(env.WorkDir + "-state") }) // the work folder alone is removed otherwise
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			return nil
		},
	})
}

// code is `code N PROGRAM ARGS...`: it runs the program, whose exit status must be N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// unbase64 is `unbase64 FROM TO`: it writes files that an archive of text cannot hold.
func unbase64(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unbase64 from to")
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o666))
}

// appears is `appears FILE`: it waits until another process has written the file.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears file")
	}
	name := ts.MkAbs(args[0])
	if !waitFor(func() bool { info, err := os.Stat(name); return err == nil && info.Size() > 0 }) {
		ts.Fatalf("%s did not appear", args[0])
	}
}

// vanishes is `vanishes FILE`: it waits until another process has removed the file.
func vanishes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: vanishes file")
	}
	name := ts.MkAbs(args[0])
	if !waitFor(func() bool { _, err := os.Lstat(name); return errors.Is(err, fs.ErrNotExist) }) {
		ts.Fatalf("%s does not go", args[0])
	}
}

// waitFor waits until what other processes do has come about. It gives up where only a hang
// can be the reason.
func waitFor(there func() bool) bool {
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if there() {
			return true
		}
	}
	return false
}

// slay is `slay SLUG`: it kills the supervisor of the task's run, and nothing else, as a
// machine that is out of memory would.
func slay(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: slay slug")
	}
	ts.Check(ts.Exec("tasks", "run", "show", args[0], "--json"))
	var shown struct{ Run struct{ ID string } }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &shown))
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	found := false
	for _, name := range all { // more than one where that of the attempt before is still ending
		line, err := os.ReadFile(name)
		if err != nil || !strings.HasSuffix(string(line), "\x00supervise\x00"+shown.Run.ID+"\x00") {
			continue
		}
		found = true
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		ts.Check(err)
		p, err := os.FindProcess(pid)
		ts.Check(err)
		if err := p.Kill(); !errors.Is(err, os.ErrProcessDone) {
			ts.Check(err)
		}
		gone := waitFor(func() bool { // what has ended is gone, or a zombie until its parent looks
			stat, err := os.ReadFile(filepath.Join(filepath.Dir(name), "stat"))
			_, state, _ := strings.Cut(string(stat), ") ")
			return err != nil || strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
		})
		if !gone {
			ts.Fatalf("the supervisor of %s does not end", args[0])
		}
	}
	if !found {
		ts.Fatalf("no supervisor of %s is there", args[0])
	}
}

// oldest is `oldest STATE`: of the runs that were just printed as JSON it puts the id of the
// oldest in the state into $RUN.
func oldest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: oldest state")
	}
	var list struct{ Runs []struct{ ID, State string } }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &list))
	for _, r := range list.Runs { // newest first
		if r.State == args[0] {
			ts.Setenv("RUN", r.ID)
		}
	}
}
