package wire_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tasks/internal/config"
	"tasks/internal/fault"
	"tasks/internal/llm"
	"tasks/internal/llm/wire"
	"tasks/internal/llm/wiretest"
)

func TestNewRefusesUnsafeEndpoints(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		tests := []struct {
			base, key, model string
			want             fault.Code
		}{
			{"", "k", "m", ""},
			{"https://api.example.com/v1", "k", "m", ""},
			{"https://api.example.com/v1/", "k", "m", ""},
			{"https://192.168.1.5:8443/v1", "k", "m", ""},
			{"http://127.0.0.1:11434/v1", "", "m", ""},
			{"http://localhost:1234/v1", "", "m", ""},
			{"http://[::1]:1234/v1", "", "m", ""},
			{"http://[::ffff:127.0.0.1]:1234/v1", "", "m", ""},
			{"http://llama.localhost:1234/v1", "", "m", ""},
			{"", "", "m", fault.Unavailable},
			{"https://api.example.com/v1", "", "m", fault.Unavailable},
			{"https://api.example.com/v1", "k", "", fault.Unavailable},
			{"https://api.example.com/v1", "k\nX-Evil: 1", "m", fault.Invalid},
			{"https://api.example.com/v1", "k ", "m", fault.Invalid},
			{"https://api.example.com/v1", "schlüssel", "m", fault.Invalid},
			{"http://api.example.com/v1", "k", "m", fault.Forbidden},
			{"http://192.168.1.5:11434/v1", "k", "m", fault.Forbidden},
			{"http://localhost.example.com/v1", "k", "m", fault.Forbidden},
			{"http://127.0.0.1.example.com/v1", "k", "m", fault.Forbidden},
			{"https://user:secret-word@api.example.com/v1", "k", "m", fault.Forbidden},
			{"https://user@api.example.com/v1", "k", "m", fault.Forbidden},
			{"https://169.254.169.254/v1", "k", "m", fault.Forbidden},
			{"http://169.254.169.254/v1", "k", "m", fault.Forbidden},
			{"https://[fe80::1%25eth0]/v1", "k", "m", fault.Forbidden},
			{"https://[::ffff:169.254.169.254]/v1", "k", "m", fault.Forbidden},
			{"https://[fd00:ec2::254]/v1", "k", "m", fault.Forbidden},
			{"https://metadata.google.internal/v1", "k", "m", fault.Forbidden},
			{"https://0.0.0.0/v1", "k", "m", fault.Forbidden},
			{"sk-secret-word", "k", "m", fault.Invalid},
			{"ftp://api.example.com/v1", "k", "m", fault.Invalid},
			{"api.example.com/v1", "k", "m", fault.Invalid},
			{"https:///v1", "k", "m", fault.Invalid},
			{"https://api.example.com/v1?key=secret-word", "k", "m", fault.Invalid},
			{"https://api.example.com/v1#x", "k", "m", fault.Invalid},
			{"https://secret-word@%zz", "k", "m", fault.Invalid},
		}
		for _, test := range tests {
			_, err := p.api.New(wire.Config{BaseURL: test.base, Key: test.key, Model: test.model})
			if fault.CodeOf(err) != test.want {
				t.Errorf("%s key %q model %q: got %v, want %q", test.base, test.key, test.model, err, test.want)
			}
			if err != nil && strings.Contains(err.Error()+fault.HintOf(err), "secret-word") {
				t.Errorf("%s: a secret is repeated: %v", test.base, err)
			}
		}
	})
}

// TestRedirects: no byte of a request goes to another host, port or scheme.
func TestRedirects(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		var mu sync.Mutex
		var stolen []string
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			stolen = append(stolen, r.Method+" "+fmt.Sprint(r.Header)+string(body))
			io.WriteString(w, p.fine())
		}))
		defer other.Close()
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, target := range []string{other.URL + p.path, "https://example.com" + p.path, "//evil.example/v1", "/elsewhere"} {
				t.Run(fmt.Sprint(status, " ", target), func(t *testing.T) {
					srv := wiretest.Serve(t, wiretest.ParseReply(t, fmt.Sprintf("%%status %d\n%%header Location: %s\n", status, target)), wiretest.ParseReply(t, p.fine()))
					_, err := p.client(t, srv.URL+p.api.Base).Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
					onItself := target == "/elsewhere" && status >= 307
					if onItself != (err == nil) {
						t.Errorf("got %v", err)
					}
					if err != nil && (fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "not sent there") || len(srv.Asked) != 1) {
						t.Errorf("got %v after %d requests", err, len(srv.Asked))
					}
					if onItself && (srv.Bodies[1] != srv.Bodies[0] || srv.Asked[1].Header.Get(p.header) == "") {
						t.Error("a redirect on the host itself lost the request")
					}
				})
			}
		}
		if len(stolen) > 0 {
			t.Errorf("the other host got %q", stolen)
		}
	})
}

func TestConnectFailures(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		// A port that is held and not listened to: one that was let go may be another's by now.
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
		at, err := syscall.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		closed := fmt.Sprintf("http://127.0.0.1:%d/v1", at.(*syscall.SockaddrInet4).Port)
		var retries []string
		_, err = p.client(t, closed).Stream(t.Context(), wiretest.Question(), func(e llm.Event) { retries = append(retries, string(e.Kind)) })
		if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "refuses the connection") || !strings.Contains(fault.HintOf(err), "start the model server") {
			t.Errorf("refused: %v, %s", err, fault.HintOf(err))
		}
		if strings.Join(retries, " ") != "retry retry" {
			t.Errorf("events: %q", retries)
		}
		_, err = p.client(t, "https://no-such-host.invalid/v1").Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
		if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "no-such-host.invalid") {
			t.Errorf("no such name: %v", err)
		}
		secure := httptest.NewUnstartedServer(http.NotFoundHandler())
		secure.Config.ErrorLog = log.New(io.Discard, "", 0)
		secure.StartTLS()
		defer secure.Close()
		_, err = p.client(t, secure.URL+"/v1").Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
		if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("unknown certificate: %v", err)
		}
	})
}

// TestConnectTimeout uses a listener that never accepts, its queue full.
func TestConnectTimeout(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		// A TLS handshake that nobody answers is a connection that is not made.
		c := p.client(t, "https://"+l.Addr().String()+"/v1", func(cfg *wire.Config) {
			cfg.Timeouts.Connect = 100 * time.Millisecond
		})
		start := time.Now()
		_, err = c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
		if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "could not connect") || !strings.Contains(err.Error(), "100ms") {
			t.Errorf("got %v", err)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("it took %s", d)
		}
	})
}

// TestProxyOfTheEnvironment runs itself in a process with a proxy set: it is used
// for hosts elsewhere, not for this machine.
func TestProxyOfTheEnvironment(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		if base := os.Getenv("TEST_PROXIED_BASE"); base != "" {
			_, err := p.client(t, base).Stream(t.Context(), wiretest.Question(), wiretest.Ignore)
			t.Log(err)
			return
		}
		asked := make(chan string, 10)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Method + " " + r.Host
			http.Error(w, "no", http.StatusForbidden)
		}))
		defer proxy.Close()
		run := func(base string) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestProxyOfTheEnvironment$/^"+p.name+"$")
			cmd.Env = append(os.Environ(), "TEST_PROXIED_BASE="+base, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		run("https://api.example.com/v1")
		select {
		case got := <-asked:
			if got != "CONNECT api.example.com:443" {
				t.Errorf("the proxy was asked %s", got)
			}
		default:
			t.Error("the proxy was not used")
		}
		srv := wiretest.Serve(t, wiretest.ParseReply(t, p.fine()))
		run(strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + p.api.Base)
		if len(asked) > 0 || len(srv.Asked) != 1 {
			t.Errorf("this machine: the proxy was asked %d times, the server %d", len(asked), len(srv.Asked))
		}
	})
}

func TestDefaultsOfTimeouts(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		srv := wiretest.Serve(t, wiretest.ParseReply(t, p.fine()))
		c := p.client(t, srv.URL+p.api.Base, func(cfg *wire.Config) { cfg.Timeouts = config.Timeouts{} })
		if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil || c.Model() != "test-model" {
			t.Error(err)
		}
	})
}
