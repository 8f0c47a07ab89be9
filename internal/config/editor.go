package config

import (
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

// editors are the addresses by which editors open a file, as each documents them; {path}
// is the absolute path, which begins with a slash.
var editors = map[string]string{
	"code":          "vscode://file{path}:{line}",
	"code-insiders": "vscode-insiders://file{path}:{line}",
	"codium":        "vscodium://file{path}:{line}",
	"cursor":        "cursor://file{path}:{line}",
	"windsurf":      "windsurf://file{path}:{line}",
	"zed":           "zed://file{path}:{line}",
	"idea":          "idea://open?file={path}&line={line}",
	"mate":          "txmt://open?url=file://{path}&line={line}",
}

// setEditor takes the name of an editor, an address with {path} and perhaps {line} in it,
// or "none".
func setEditor(s *Settings, v string) error {
	if v == "none" {
		s.Editor = ""
		return nil
	}
	if known := editors[v]; known != "" {
		s.Editor = known
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{path}", "/a", "{line}", "1").Replace(v))
	runs := err == nil && slices.Contains([]string{"javascript", "data", "vbscript", "blob", "about", "file"}, u.Scheme)
	if err != nil || u.Scheme == "" || runs || !strings.Contains(v, "{path}") {
		return fault.New(fault.Usage, "%q is no editor known by name, and no address such as vscode://file{path}:{line}", v)
	}
	s.Editor = v
	return nil
}

// editorFrom sets the editor that the user's environment names for a terminal, where it is
// one that a page can open too. Over SSH it would open on the wrong machine.
func (s *Settings) editorFrom(getenv func(string) (string, bool)) {
	if _, far := getenv("SSH_CONNECTION"); far {
		return
	}
	for _, key := range []string{"VISUAL", "EDITOR"} {
		v, _ := getenv(key)
		if f := strings.Fields(v); len(f) > 0 {
			s.Editor = editors[filepath.Base(f[0])]
			return
		}
	}
}

// EditorURL is the address that opens a file in the user's editor at a line, from 1; ""
// where no editor is known. path is absolute.
func (s *Settings) EditorURL(path string, line int) string {
	if s.Editor == "" {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(path) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-._~", c) >= 0:
			b.WriteByte(c)
		default: // it may stand in a query as well as in a path
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(0x100|uint64(c), 16)[1:]))
		}
	}
	return strings.NewReplacer("{path}", b.String(), "{line}", strconv.Itoa(max(line, 1))).Replace(s.Editor)
}
