package manager_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tasks/internal/manager"
	"tasks/internal/run"
)

func TestBlockedUntilItsDependencyIsCompleted(t *testing.T) {
	root := repository(t, map[string]string{
		"tasks/alpha.md": sheet("Alpha", "ready", "beta"),
		"tasks/beta.md":  sheet("Beta", "not_started", ""),
	})
	m := open(t, root, manager.Config{})
	r, _, err := m.Kickoff(t.Context(), "alpha", "cli", "")
	if err != nil || r.State != run.Blocked || r.Reason == nil || r.Reason.Code != run.Dependency || !strings.Contains(r.Reason.Text, "beta") {
		t.Fatalf("Kickoff = %+v, %v; want blocked by beta", r, err)
	}
	changed := make(chan int64, 100)
	live := open(t, root, manager.Config{Changed: func(n int64) { changed <- n }})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := live.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer wg.Wait()
	defer stop()
	before, err := live.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write(t, root, "tasks/beta.md", strings.Replace(sheet("Beta", "completed", ""), "[ ]", "[x]", -1))
	live.TasksChanged()
	for told := int64(0); told <= before.Generation; { // of the picture before it may have been told as well
		select {
		case told = <-changed:
			if now := live.Generation(); told > now {
				t.Errorf("told of generation %d, it is %d", told, now)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("nobody was told")
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		got, err := live.Runs.Latest(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		if got.State == run.Queued && got.Reason == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("alpha is still %s", got.State)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAServerSeesAnotherProcessesKickoff(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	changed := make(chan int64, 100)
	live := open(t, root, manager.Config{Changed: func(n int64) { changed <- n }})
	if _, err := live.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { live.Run(ctx) })
	defer wg.Wait()
	defer stop()
	told := func() (n int64) {
		t.Helper()
		select {
		case n = <-changed:
		case <-time.After(time.Minute):
			t.Fatal("the loop was not told")
		}
		return n
	}
	first := told() // that the loop looks at the queue from now on
	kickoffProcess(t, root)
	if n := told(); n <= first {
		t.Errorf("generation %d after %d", n, first)
	}
}

func TestProcessesAtOnceMakeOneRun(t *testing.T) {
	root := repository(t, map[string]string{"tasks/alpha.md": sheet("Alpha", "ready", "")})
	var wg sync.WaitGroup
	out := make([]string, 6)
	for i := range out {
		wg.Go(func() { out[i] = kickoffProcess(t, root) })
	}
	wg.Wait()
	ids, fresh := map[string]bool{}, 0
	for _, line := range out {
		id, already, _ := strings.Cut(line, " ")
		ids[id] = true
		if already == "false" {
			fresh++
		}
	}
	if len(ids) != 1 || fresh != 1 {
		t.Errorf("%d runs, %d fresh, want one: %q", len(ids), fresh, out)
	}
}

// kickoffProcess kicks alpha off in a process of its own and returns what it said.
func kickoffProcess(t *testing.T, root string) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MANAGER_TEST_KICKOFF="+root)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("kickoff: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}
