package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowEnd is what the end of a server may take on a machine that has much else to do. Whatever
// does not end is given up after shutdownTime, which is what people wait for.
const slowEnd = shutdownTime + 15*time.Second

// served is a server that a test started, by the command itself.
type served struct {
	root, url string
	lines     *bufio.Reader // standard output after the first line
	stderr    *lockedBuffer
	stop      context.CancelFunc
	drain     sync.Once
	exit      chan int
}

// lockedBuffer takes what several goroutines print.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
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

// startServe runs `tasks serve` on root and waits for its first line.
func startServe(t *testing.T, root string, env map[string]string, args ...string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	s := &served{root: root, lines: bufio.NewReader(out), stderr: &lockedBuffer{}, stop: stop, exit: make(chan int, 1)}
	a := &app{stdin: strings.NewReader(""), stdout: in, stderr: s.stderr, getenv: func(k string) (string, bool) { v, ok := env[k]; return v, ok }}
	go func() {
		s.exit <- a.run(ctx, append([]string{"tasks", "serve", "-C", root, "--addr", "127.0.0.1:0"}, args...))
		in.Close()
	}()
	line, err := s.lines.ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok || !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/") {
		stop()
		t.Fatalf("the first line is %q (%v)\n%s", line, err, s.stderr)
	}
	s.url = url
	t.Cleanup(func() { s.end(t) })
	return s
}

// end stops the server as a signal would and returns its exit status.
func (s *served) end(t *testing.T) int {
	t.Helper()
	s.stop()
	s.drain.Do(func() { go io.Copy(io.Discard, s.lines) })
	select {
	case code := <-s.exit:
		s.exit <- code
		return code
	case <-time.After(time.Minute):
		t.Fatal("the server does not end")
		return -1
	}
}

// runServe runs `tasks serve` to its end, for calls that are to fail.
func runServe(root string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) (string, bool) { return "", false }}
	code = a.run(ctx, append([]string{"tasks", "serve", "-C", root}, args...))
	return code, out.String(), errs.String()
}

func serveRepo(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	root := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", "-b", "main", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(root, "README.md"), []byte("# Here\n\nThe heron waits.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		t.Errorf("%s: %s", url, resp.Status)
	}
	return string(body)
}

// TestServe: the first line leads to the site; a second server on the root says
// where the first is; a signal ends it, and then there is place for another.
func TestServe(t *testing.T) {
	if shutdownTime >= 2*time.Second {
		t.Errorf("the end may take %s, and two seconds are promised", shutdownTime)
	}
	root := serveRepo(t)
	s := startServe(t, root, nil)
	if got := fetch(t, s.url+"healthz"); got != "ok\n" {
		t.Errorf("healthz says %q", got)
	}
	if got := fetch(t, s.url+"browse/README.md"); !strings.Contains(got, "heron") {
		t.Errorf("the page does not show the document")
	}
	sub := filepath.Join(root, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runServe(sub, "--addr", "127.0.0.1:0")
	if code != 5 || stdout != "" || !strings.Contains(stderr, s.url) || !strings.HasPrefix(stderr, "tasks: ") || !strings.Contains(stderr, "\nhint: ") {
		t.Errorf("a second server: exit %d\n%s%s", code, stdout, stderr)
	}
	http.DefaultClient.CloseIdleConnections()
	began := time.Now()
	if code := s.end(t); code != 0 || time.Since(began) > slowEnd {
		t.Errorf("the end: exit %d after %s\n%s", code, time.Since(began), s.stderr)
	}
	if s.stderr.String() != "" {
		t.Errorf("standard error: %s", s.stderr)
	}
	again := startServe(t, root, nil)
	fetch(t, again.url+"healthz")
}

// TestServeStaleAddress: what a killed server left behind misleads nobody.
func TestServeStaleAddress(t *testing.T) {
	root := serveRepo(t)
	startServe(t, root, nil).end(t)
	left := filepath.Join(root, ".git", "tasks", "server.json")
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("the address file is still there: %v", err)
	}
	if err := os.WriteFile(left, []byte(`{"url":"http://127.0.0.1:1/","pid":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, root, nil)
	data, err := os.ReadFile(left)
	if err != nil || !strings.Contains(string(data), s.url) {
		t.Errorf("the address file holds %q (%v)", data, err)
	}
}

// TestServeAddresses: only loopback addresses, of the right form.
func TestServeAddresses(t *testing.T) {
	root := serveRepo(t)
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.168.1.1:80", "10.0.0.1:0", "example.com:80", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", "127.0.0.1:-1", "8005", "localhost.evil.com:0", "[::1%lo]:0", "http://127.0.0.1:0"} {
		code, stdout, stderr := runServe(root, "--addr", addr)
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "tasks: ") {
			t.Errorf("--addr %s: exit %d\n%s%s", addr, code, stdout, stderr)
		}
	}
	if code, _, stderr := runServe(root, "more"); code != 2 {
		t.Errorf("an argument: exit %d\n%s", code, stderr)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if code, _, stderr := runServe(root, "--addr", ln.Addr().String()); code != 5 || !strings.Contains(stderr, "in use") {
		t.Errorf("a port in use: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := runServe(t.TempDir(), "--addr", "127.0.0.1:0"); code != 7 {
		t.Errorf("outside a work tree: exit %d\n%s", code, stderr)
	}
}

// TestServeToken: with a token the one-use login address is printed, and the token
// is not.
func TestServeToken(t *testing.T) {
	s := startServe(t, serveRepo(t), map[string]string{"TASKS_SERVER_DISPATCH_TOKEN": "s3cret-token"})
	line, err := s.lines.ReadString('\n')
	if err != nil || !strings.Contains(line, s.url+"login?key=") || strings.Contains(line, "s3cret") {
		t.Fatalf("the second line is %q (%v)", line, err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(line[strings.Index(line, "http") : len(line)-1])
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 302 || len(resp.Cookies()) == 0 {
		t.Errorf("the login address: %s", resp.Status)
	}
}

// TestServeEndsTurns: a signal while a model answers ends the turn honestly, and
// the reader is told.
func TestServeEndsTurns(t *testing.T) {
	asked, leave := make(chan struct{}), make(chan struct{})
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(asked)
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-leave:
		}
	}))
	defer model.Close()
	defer close(leave)
	s := startServe(t, serveRepo(t), map[string]string{"OPENAI_BASE_URL": model.URL + "/v1", "OPENAI_MODEL": "slow"})
	body, err := json.Marshal(map[string]string{"message": "What waits?", "doc": "README.md"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest("POST", s.url+"actions/chat", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", strings.TrimSuffix(s.url, "/"))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		said, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, said)
	}
	<-asked
	began := time.Now()
	s.stop()
	said, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(said), "event: done") {
		t.Errorf("the turn is not closed: %s", said)
	}
	if code := s.end(t); code != 0 || time.Since(began) > slowEnd {
		t.Errorf("exit %d after %s\n%s", code, time.Since(began), s.stderr)
	}
}
