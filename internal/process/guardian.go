package process

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// Guardian is the entry of the guardian process: main calls it before anything
// else, and it returns false at once where this process is not one.
func Guardian() bool {
	if len(os.Args) != 1 || os.Args[0] != guardianName {
		return false
	}
	orders, control, report := os.NewFile(3, "order"), os.NewFile(4, "control"), os.NewFile(5, "report")
	for _, f := range []*os.File{orders, control, report} {
		syscall.CloseOnExec(int(f.Fd()))
	}
	// The tree's end is ours to decide; a terminal's interrupt is for the program
	// that started us, which tells us by the control pipe. Caught, not ignored:
	// what is ignored stays ignored in the program that we start.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var o order
	data, err := io.ReadAll(orders)
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	end := End{Cause: NotStarted, Code: -1}
	if err != nil {
		end.LastWords = err.Error()
	} else {
		for i := range o.Inherit {
			syscall.CloseOnExec(6 + i)
		}
		end = guard(o, control)
	}
	json.NewEncoder(report).Encode(end)
	return true
}

// guard starts the program, watches it and leaves nothing of its tree behind.
func guard(o order, control *os.File) End {
	end := End{Code: -1}
	adopt()
	argv := append([]string{o.Path}, o.Args...)
	if o.Sandbox != nil {
		if o.Wrap != "" {
			argv = wrap(o, argv)
			end.Protected = "bubblewrap"
		} else if !o.Sandbox.Whole {
			held, err := restrict(*o.Sandbox)
			if err != nil {
				end.Cause, end.LastWords = NotStarted, err.Error()
				return end
			}
			if held {
				end.Protected = "landlock"
			}
		}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = o.Dir, o.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = childAttr()
	if err := startLocked(cmd); err != nil {
		end.Cause, end.LastWords = NotStarted, err.Error()
		return end
	}
	exited := make(chan syscall.WaitStatus, 1)
	go func() { exited <- waitFor(cmd.Process.Pid) }()
	orders := make(chan byte, 1)
	go listen(control, orders)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end.Cause == "" {
		select {
		case st := <-exited:
			end.Cause, end.Code = Exited, st.ExitStatus()
			if st.Signaled() {
				end.Cause, end.Code, end.Signal = Signaled, -1, st.Signal().String()
			}
		case b, open := <-orders:
			if open && b == 'i' {
				interrupt(cmd.Process.Pid, o.Wrap)
				continue
			}
			end.Cause = Canceled
		case <-tick.C:
			end.Cause = overLimit(o)
		}
	}
	killTree(cmd.Process.Pid)
	return end
}

// listen passes the bytes of the control pipe on and closes the channel at its end.
func listen(control *os.File, orders chan<- byte) {
	defer close(orders)
	b := make([]byte, 1)
	for {
		if _, err := control.Read(b); err != nil {
			return
		}
		orders <- b[0]
	}
}
