package web

import (
	"embed"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"tasks/internal/fault"
)

//go:embed templates assets
var embedded embed.FS

// alias is the client script's own address, which never changes.
const alias = "tasks_chat.js"

// assets are scripts, styles, fonts and icons. All of them sit under one prefix
// with the hash of the whole tree: relative imports keep working, browsers keep
// them for good, and another build is another prefix.
type assets struct {
	files  fs.FS
	dev    bool
	prefix string // "h-…"

	mu   sync.Mutex
	kept map[string]*answer
}

// openFiles is where templates and assets come from: the binary, or in dev mode
// the sources below the working directory.
func openFiles(dev bool) (fs.FS, error) {
	if !dev {
		return embedded, nil
	}
	const dir = "internal/web"
	if _, err := os.Stat(dir + "/templates/shell.html"); err != nil {
		return nil, fault.New(fault.Unavailable, "there are no sources here for --dev: %w", err).
			WithHint("start it in the top folder of the program's own sources")
	}
	return os.DirFS(dir), nil
}

func newAssets(files fs.FS, dev bool) *assets {
	a := &assets{files: files, dev: dev, prefix: "h-dev", kept: map[string]*answer{}}
	if !dev {
		a.prefix = "h-" + treeHash(files, "assets")
	}
	return a
}

// treeHash tells one set of the files below dir from another, by names and bytes. It is asked
// for at each start, of megabytes: two checksums of 32 bits that processors know are ten times
// as fast as a cryptographic one, and nobody gains by two sets that look alike.
func treeHash(files fs.FS, dir string) string {
	ieee, castagnoli := crc32.NewIEEE(), crc32.New(crc32.MakeTable(crc32.Castagnoli))
	h, buf := io.MultiWriter(ieee, castagnoli), make([]byte, 32<<10)
	fs.WalkDir(files, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		f, err := files.Open(name)
		if err != nil {
			return nil // embedded: cannot fail
		}
		defer f.Close()
		io.WriteString(h, name+"\x00")
		io.CopyBuffer(h, f, buf)
		return nil
	})
	return fmt.Sprintf("%08x%08x", ieee.Sum32(), castagnoli.Sum32())
}

// base is the prefix of all assets, as pages write it.
func (a *assets) base() string { return "/tasks-assets/" + a.prefix + "/" }

// get is one asset, nil where there is none.
func (a *assets) get(name string) *answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	if kept := a.kept[name]; kept != nil {
		return kept
	}
	asset := a.open(name)
	if asset == nil {
		return nil
	}
	if !a.dev {
		a.kept[name] = asset
	}
	return asset
}

// open makes the answer of one asset. What a sandbox is made of comes only within it.
func (a *assets) open(name string) *answer {
	if f, ok := sandboxes[name]; ok {
		made, err := a.compose(f)
		if err != nil {
			return nil
		}
		return made
	}
	data, err := a.read(name)
	if err != nil || path.Ext(name) == ".gz" {
		return nil
	}
	return newAnswer(assetType(name), data)
}

// siteStyles is all of the style sheets as one: a page waits for each of them, so
// one is better than ten. Their layers, named in tokens.css, keep the order.
const siteStyles = "css/site.css"

func (a *assets) read(name string) ([]byte, error) {
	if name != siteStyles {
		return fs.ReadFile(a.files, path.Join("assets", name))
	}
	sheets, err := fs.Glob(a.files, "assets/css/*.css")
	if err != nil {
		return nil, err
	}
	const first = "assets/css/tokens.css"
	slices.SortStableFunc(sheets, func(x, y string) int {
		switch first {
		case x:
			return -1
		case y:
			return 1
		}
		return strings.Compare(x, y)
	})
	var all []byte
	for _, sheet := range sheets {
		data, err := fs.ReadFile(a.files, sheet)
		if err != nil {
			return nil, err
		}
		all = append(append(all, data...), '\n')
	}
	return all, nil
}

// assetType is the content type of an asset. The table is ours, because the
// system's may say anything.
func assetType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".json", ".webmanifest":
		return "application/json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// asset serves /tasks-assets/.
func (s *Server) asset(w http.ResponseWriter, r *request) error {
	name := r.rel()
	if name == alias && !r.slash {
		// A module that stands for the one of this build.
		src := "import \"" + s.assets.base() + "js/" + alias + "\";\n"
		return send(w, r, http.StatusOK, "text/javascript; charset=utf-8", []byte(src))
	}
	prefix, rest, _ := strings.Cut(name, "/")
	found := s.assets.get(rest)
	if prefix != s.assets.prefix || r.slash || found == nil {
		return fault.New(fault.NotFound, "there is no such asset")
	}
	if s.assets.dev {
		w.Header().Set("Cache-Control", "no-store")
	} else {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if found.policy != "" {
		framed(w.Header(), found.policy)
	}
	return found.send(w, r, http.StatusOK)
}

// favicon answers what browsers ask for unasked.
func (s *Server) favicon(w http.ResponseWriter, r *request) error {
	icon := s.assets.get("icons/favicon.svg")
	if icon == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return icon.send(w, r, http.StatusOK)
}
