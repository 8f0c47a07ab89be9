package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// built is the folder of the program, which TestMain removes.
var built string

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tasks-e2e-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "tasks")
	cmd := exec.Command("go", "build", "-o", path, "../cmd/tasks")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// server is a running `tasks serve` or `tasks demo`.
type server struct {
	url  string
	root string // of the repository it serves
	cmd  *exec.Cmd
	said lockedBuffer // on standard error
}

// start runs the program with args and waits for the line that says where it listens.
func start(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{cmd: exec.Command(path, args...)}
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + write(t, nil), "TMPDIR=" + write(t, nil)}, env...)
	s.cmd.Stderr = &s.said
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t); t.Logf("the program said: %s", s.said.String()) })
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no first line: %v; it said: %s", err, s.said.String())
	}
	go io.Copy(io.Discard, lines)
	at, ok := strings.CutPrefix(strings.TrimSpace(first), "listening on ")
	if !ok {
		t.Fatalf("first line %q", first)
	}
	s.url = at
	for _, word := range strings.Fields(s.said.String()) {
		if info, err := os.Stat(filepath.Join(word, ".git")); err == nil && info.IsDir() {
			s.root = word
		}
	}
	return s
}

// stop ends the program as a user would and waits for it.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if s.cmd.ProcessState != nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		s.cmd.Process.Kill()
		t.Errorf("the program did not end within 30 s")
	}
}

// lockedBuffer is a buffer that one goroutine fills while another reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// page is a browser tab with its complaints: errors in the console, requests that
// leave the server.
type page struct {
	t    *testing.T
	ctx  context.Context
	mu   sync.Mutex
	odd  []string
	host string
}

// open starts a browser with one tab.
func open(t *testing.T, s *server, width, height int64) *page {
	t.Helper()
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			chromium = p
			break
		}
	}
	if chromium == "" {
		chromium = need(t, "chromium")
	}
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(int(width), int(height)),
		chromedp.UserDataDir(write(t, nil)),
	}
	alloc, cancelAlloc := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); cancelAlloc() })
	p := &page{t: t, ctx: ctx, host: u.Host}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil { // the first one starts the browser, which lives as long as its context
		t.Fatal(err)
	}
	p.watch()
	return p
}

// watch notes what must not happen.
func (p *page) watch() {
	err := chromedp.Listen(p.ctx, func(ev any) {
		r, ok := ev.(*network.EventRequestWillBeSent)
		if !ok {
			return
		}
		u, err := url.Parse(r.Request.URL)
		if err != nil || (u.Host != p.host && u.Scheme != "data" && u.Scheme != "about" && u.Scheme != "blob") {
			p.note("request elsewhere: " + r.Request.URL)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{}); err != nil {
		p.t.Fatal(err)
	}
	messages := chromedp.Console(p.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if kind := string(m.Type); m.IsException() || kind == "error" || kind == "warning" || m.Source == "security" {
				p.note("console: " + m.String())
			}
		}
	}()
}

func (p *page) note(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.odd = append(p.odd, s)
}

// quiet fails where the page complained; expected parts are let pass.
func (p *page) quiet(expected ...string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
next:
	for _, o := range p.odd {
		for _, e := range expected {
			if strings.Contains(o, e) {
				continue next
			}
		}
		p.t.Error(o)
	}
	p.odd = nil
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Minute)
	defer cancel()
	for _, step := range steps {
		err := chromedp.Do(ctx, step)
		// Between finding an element and acting on it the page may have put a newer one in
		// its place; nothing was done then, and a person would not have noticed.
		for range 3 {
			if err == nil || !strings.Contains(err.Error(), "Could not find node with given id") {
				break
			}
			err = chromedp.Do(ctx, step)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// click clicks on one after the other, as a person does: where the page moved in that moment and
// something else was met, or a button that was not ready, once more.
func (p *page) click(selectors ...string) {
	p.t.Helper()
	for _, selector := range selectors {
		watch := fmt.Sprintf(`(sel => { window.watching?.abort(); window.watching = new AbortController(); window.met = "nothing";
			const fit = new Set(document.querySelectorAll(sel)); // a box that is ticked by now may not fit any more
			addEventListener("click", (e) => { window.met = e.composedPath().some((n) => fit.has(n) || n instanceof Element && n.matches(sel)) ? "it" : "another"; },
				{ capture: true, once: true, signal: window.watching.signal }); return true; })(%q)`, selector)
		for try := 0; ; try++ {
			js[bool](p, watch)
			p.do(chromedp.Click(selector))
			// No answer, or none of this page: it has gone where the click leads.
			met, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`String(window.met)`))
			if err != nil || met != "nothing" && met != "another" {
				break
			}
			if try == 50 {
				p.t.Fatalf("a click on %s met %s", selector, met)
			}
			time.Sleep(15 * time.Millisecond)
		}
	}
}

// js evaluates an expression that gives a value of type T.
func js[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to become true. The page's own policy forbids the
// evaluation that a wait inside the page would need, so it is asked from outside.
func (p *page) until(expression string) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(15 * time.Millisecond) {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && ok {
			return
		}
		if time.Now().After(end) {
			p.shot("failed-" + p.t.Name())
			text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			p.t.Fatalf("never true: %s (%v)\nthe page: %.3000s", expression, err, text)
		}
	}
}

// shot writes a picture of the tab into out/shots, where TASKS_SHOTS names a folder
// into that one.
func (p *page) shot(name string) {
	p.t.Helper()
	data, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no picture: %v", err)
		return
	}
	dir := os.Getenv("TASKS_SHOTS")
	if dir == "" {
		dir = filepath.Join("..", "out", "shots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	name = strings.NewReplacer("/", "-", " ", "-").Replace(name)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
