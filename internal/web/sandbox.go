package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
)

// A sandbox draws what strangers wrote with a program of others: a document of its own,
// without an origin, that loads nothing. Everything it needs stands in it, so that its
// policy can forbid all addresses; its scripts and styles are allowed by their hashes.
type sandbox struct {
	html  string            // the document, below assets/
	parts map[string]string // what stands for {{name}}: a file below assets/
}

var sandboxes = map[string]sandbox{
	"frame/diagram.html": {"frame/diagram.html", map[string]string{
		"styles": "js/frame/styles.js", "mermaid": "vendor/mermaid/mermaid.min.js.gz", "diagram": "js/frame/diagram.js",
		"font": "fonts/inter-latin-wght-normal.woff2",
	}},
}

// framePolicy is that of a frame: no address at all, scripts and styles by hash, and
// the sandbox also where somebody opens it by itself. It is the one answer that may
// stand in a frame, and only in one of ours.
func framePolicy(scripts, styles []string) string {
	return "default-src 'none'; script-src " + strings.Join(scripts, " ") + "; style-src " + strings.Join(styles, " ") +
		"; font-src data:; img-src data:; connect-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-scripts"
}

var (
	framePart  = regexp.MustCompile(`\{\{([a-z]+)\}\}`)
	frameCode  = regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`)
	closingTag = regexp.MustCompile(`(?i)</script`)
)

// compose makes a frame's document and its policy.
func (a *assets) compose(f sandbox) (*answer, error) {
	page, err := a.readPart(f.html)
	if err != nil {
		return nil, err
	}
	var failed error
	page = framePart.ReplaceAllFunc(page, func(m []byte) []byte {
		name := f.parts[string(m[2:len(m)-2])]
		data, err := a.readPart(name)
		if err != nil {
			failed = err
			return nil
		}
		if path.Ext(name) == ".woff2" {
			return []byte("data:font/woff2;base64," + base64.StdEncoding.EncodeToString(data))
		}
		return closingTag.ReplaceAll(bytes.TrimSpace(data), []byte(`<\/script`))
	})
	if failed != nil {
		return nil, failed
	}
	hashes := map[string][]string{}
	for _, m := range frameCode.FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(m[2])
		hashes[string(m[1])] = append(hashes[string(m[1])], "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	made := newAnswer("text/html; charset=utf-8", page)
	made.policy = framePolicy(hashes["script"], hashes["style"])
	return made, nil
}

// readPart is the bytes of a file below assets/, uncompressed where it is kept in gzip.
func (a *assets) readPart(name string) ([]byte, error) {
	f, err := a.files.Open(path.Join("assets", name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if path.Ext(name) != ".gz" {
		return io.ReadAll(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("assets/%s: %w", name, err)
	}
	return io.ReadAll(z)
}

// framed replaces the headers that keep everything else out of frames.
func framed(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
}
