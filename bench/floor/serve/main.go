// Command serve is the floor of a documents server: one file read and rendered by
// goldmark for each request, and nothing else.
package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

func main() {
	root := os.Args[1]
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on http://%s/\n", ln.Addr())
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(r.URL.Path, "/browse/"))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		var out bytes.Buffer
		md.Convert(src, &out)
		fmt.Fprintf(w, "<!doctype html><title>x</title>%s", out.Bytes())
	}))
}
