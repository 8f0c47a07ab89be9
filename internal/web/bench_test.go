package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"tasks/internal/watch"
)

// BenchmarkPage is a warm document page of 100 KB over HTTP beside http.FileServer on a file
// of the same bytes, in one run.
func BenchmarkPage(b *testing.B) {
	files := map[string]string{}
	for name, text := range sample {
		files[name] = text
	}
	files["docs/long.md"] = "# Long\n\n" + strings.Repeat("## Part\n\nThe heron waits, *and* waits, for `fish`.\n\n", 200)
	s := newSite(b, options{files: files})
	s.settle(b)
	page := s.get(b, "/browse/docs/long.md").body
	dir := b.TempDir()
	must(b, os.WriteFile(filepath.Join(dir, "long.html"), []byte(page), 0o644))
	floor := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer floor.Close()
	for _, c := range []struct{ name, url string }{
		{"floor=FileServer", floor.URL + "/long.html"},
		{"ours", s.url + "/browse/docs/long.md"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.RunParallel(func(pb *testing.PB) {
				client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
				defer client.CloseIdleConnections()
				for pb.Next() {
					resp, err := client.Get(c.url)
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			})
		})
	}
}

// BenchmarkIdleStream is the memory of an open event stream that says nothing,
// beside a net/http handler that waits; what the client's end and the bare
// connection take is left out.
func BenchmarkIdleStream(b *testing.B) {
	const streams = 1000
	s := newSite(b, options{})
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ":\n\nevent: hello\ndata: {}\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer handler.Close()
	bare, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	defer bare.Close()
	go func() {
		for {
			conn, err := bare.Accept()
			if err != nil {
				return
			}
			held = append(held, conn)
			io.WriteString(conn, "event: hello\n\n")
		}
	}()
	var connection float64
	for _, c := range []struct{ name, addr string }{
		{"bare", bare.Addr().String()},
		{"floor=handler", handler.Listener.Addr().String()},
		{"ours", s.host},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				each := idle(b, c.addr, streams)
				if c.name == "bare" {
					connection = each
				}
				b.ReportMetric((each-connection)/1024, "KiB/stream")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

var held []net.Conn

// idle opens n streams and returns the memory of each, both ends.
func idle(b *testing.B, addr string, n int) float64 {
	before := inUse()
	conns := make([]net.Conn, n)
	buf := make([]byte, 4096)
	for i := range conns {
		conn, err := net.Dial("tcp", addr)
		must(b, err)
		fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\n\r\n", addr)
		for got := ""; !strings.Contains(got, "hello"); {
			k, err := conn.Read(buf)
			must(b, err)
			got += string(buf[:k])
		}
		conns[i] = conn
	}
	each := float64(inUse()-before) / float64(n)
	for _, c := range conns {
		c.Close()
	}
	for _, c := range held {
		c.Close()
	}
	held = nil
	return each
}

// inUse is the memory of heap and stacks after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// BenchmarkPublish is one change told to n open pages, until the last has read it.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newSite(b, options{})
			readers := make([]*bufio.Reader, n)
			for i := range readers {
				r, _ := s.live(b)
				defer r.Close()
				readers[i] = bufio.NewReader(r)
			}
			b.ResetTimer()
			for range b.N {
				s.Changed([]watch.Change{{Path: "docs/guide.md", Op: watch.Changed}})
				for _, r := range readers {
					if _, err := r.ReadString('}'); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkSave is a file saved until an open page hears of it, beside the least
// that could do so: one folder watched, and one write to a connection. In place the
// floor tells of the file when it has just been emptied; nobody wants to see that.
func BenchmarkSave(b *testing.B) {
	for name, save := range map[string]func(name string, text []byte) error{
		"in-place": func(name string, text []byte) error { return os.WriteFile(name, text, 0o644) },
		"rename": func(name string, text []byte) error {
			temp := filepath.Join(filepath.Dir(name), ".guide.tmp")
			if err := os.WriteFile(temp, text, 0o644); err != nil {
				return err
			}
			return os.Rename(temp, name)
		},
	} {
		b.Run(name+"/floor=inotify", func(b *testing.B) { saveFloor(b, save) })
		b.Run(name+"/ours", func(b *testing.B) { saveOurs(b, save) })
	}
}

func saveFloor(b *testing.B, save func(string, []byte) error) {
	dir := b.TempDir()
	w, err := fsnotify.NewWatcher()
	must(b, err)
	defer w.Close()
	must(b, w.Add(dir))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	defer ln.Close()
	reader, err := net.Dial("tcp", ln.Addr().String())
	must(b, err)
	defer reader.Close()
	writer, err := ln.Accept()
	must(b, err)
	defer writer.Close()
	go func() {
		for ev := range w.Events {
			if ev.Has(fsnotify.Write | fsnotify.Create) {
				fmt.Fprintf(writer, "data: %s\n", ev.Name)
			}
		}
	}()
	saves(b, save, filepath.Join(dir, "guide.md"), bufio.NewReader(reader))
}

func saveOurs(b *testing.B, save func(string, []byte) error) {
	s := newSite(b, options{})
	ready := make(chan struct{})
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		done <- watch.Run(ctx, s.root, func(dir string) bool { return strings.HasPrefix(dir, ".git") }, func() { close(ready) }, s.Changed)
	}()
	select {
	case <-ready:
	case err := <-done:
		b.Fatal(err)
	}
	stream, _ := s.live(b)
	defer stream.Close()
	saves(b, save, filepath.Join(s.root, "docs", "guide.md"), bufio.NewReader(stream))
	stop()
	<-done
}

// saves saves the file b.N times, each time until the reader has heard of it.
func saves(b *testing.B, save func(string, []byte) error, name string, r *bufio.Reader) {
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, "data: ") && strings.Contains(line, "guide.md") {
				heard <- struct{}{}
			}
		}
	}()
	b.ResetTimer()
	for i := range b.N {
		must(b, save(name, fmt.Appendf(nil, "# Guide\n\nSaved %d times.\n", i)))
		<-heard
		b.StopTimer()
		for quiet := time.After(30 * time.Millisecond); quiet != nil; { // each save alone, as people save
			select {
			case <-heard:
			case <-quiet:
				quiet = nil
			}
		}
		b.StartTimer()
	}
	b.StopTimer()
}
