package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"tasks/internal/fault"
)

// Options are where Load looks.
type Options struct {
	Root    string                          // "" reads no file of a root
	Getenv  func(string) (string, bool)     // os.LookupEnv; nil means an empty environment
	Flags   map[string]string               // by option key, such as "addr"; only flags that were given
	Tracked func(name string) (bool, error) // does git track this file? nil means no
}

// value is a setting on its way, with where it came from.
type value struct{ text, from string }

// Load reads the settings for a root. Usage for a bad value in a flag, the
// environment or the user's own file; a bad value in a file of the root is ignored
// with a warning, because a repository must not be able to stop the program.
func Load(o Options) (*Settings, error) {
	if o.Getenv == nil {
		o.Getenv = func(string) (string, bool) { return "", false }
	}
	s := &Settings{Root: o.Root}
	s.editorFrom(o.Getenv)
	user, err := readTOML(userFile(o.Getenv))
	if err != nil {
		return nil, fault.New(fault.Usage, "user configuration cannot be read: %w", err).WithHint("mend or remove %s", userFile(o.Getenv))
	}
	var root, dotenv map[string]string
	if o.Root != "" {
		if root, err = readTOML(filepath.Join(o.Root, "tasks.toml")); err != nil {
			s.warn("tasks.toml is ignored: %v", err)
		}
		dotenv = s.readDotenv(o)
		s.dropAddresses(dotenv, o.Getenv)
	}
	s.warnUnknown("user configuration", user)
	s.warnUnknown("tasks.toml", root)
	found := map[string]value{}
	for _, opt := range options() {
		v, err := s.resolve(opt, o, user, root, dotenv)
		if err != nil {
			return nil, err
		}
		found[opt.env] = v
	}
	s.endpoint(&s.OpenAI, found, "OPENAI", "https://api.openai.com/v1", "gpt-5-mini")
	s.endpoint(&s.Anthropic, found, "ANTHROPIC", "https://api.anthropic.com/v1", "claude-sonnet-4-5")
	return s, nil
}

// resolve finds one setting's value and sets it. What a file of the root says and cannot
// be used is passed over, so that what the user says stands: not even by nonsense does a
// repository bring back a wider default.
func (s *Settings) resolve(opt option, o Options, user, root, dotenv map[string]string) (value, error) {
	v := value{opt.def, "default"}
	if t, ok := user[opt.key]; ok && opt.key != "" {
		v = value{t, "user configuration"}
	}
	fits := func(from, name, t string) bool {
		err := opt.set(&Settings{}, t)
		if err != nil {
			s.warn("%s: %s is ignored: %v", from, name, err)
		}
		return err == nil
	}
	if t, ok := dotenv[opt.env]; ok && t != "" && fits(".env", opt.env, t) {
		v = value{t, ".env"}
	}
	if t, ok := o.Getenv(opt.env); ok && t != "" {
		v = value{t, "environment"}
	}
	if t, ok := o.Flags[opt.key]; ok && opt.key != "" {
		v = value{t, "flag"}
	}
	if t, ok := root[opt.key]; ok && opt.key != "" {
		allowed := opt.root == free || opt.root == narrow && opt.less(v.text, t)
		switch {
		case !allowed:
			s.warn("tasks.toml: %s is ignored: a repository may not widen it", opt.key)
		case opt.root == free && v.from != "default":
		case fits("tasks.toml", opt.key, t):
			v = value{t, "tasks.toml"}
		}
	}
	if v.text == "" {
		return v, nil
	}
	if err := opt.set(s, v.text); err != nil {
		return v, fault.New(fault.Usage, "%s (%s): %v", opt.env, v.from, err)
	}
	return v, nil
}

// dropAddresses takes the addresses out of .env that do not go with the key in force,
// which must be that of the same file: otherwise a repository could have the user's key
// sent to itself. The address that the user named elsewhere then stands.
func (s *Settings) dropAddresses(dotenv map[string]string, getenv func(string) (string, bool)) {
	for _, prefix := range []string{"OPENAI", "ANTHROPIC"} {
		key, url := prefix+"_API_KEY", prefix+"_BASE_URL"
		ownKey, _ := getenv(key)
		ownURL, _ := getenv(url)
		switch {
		case dotenv[url] == "" || ownURL != "":
			continue
		case dotenv[key] == "":
			s.warn(".env: %s is ignored: it counts only together with %s in the same file", url, key)
		case ownKey != "":
			s.warn(".env: %s is ignored: it goes with the key in the same file, and the %s of the environment is in force", url, key)
		default:
			continue
		}
		delete(dotenv, url)
	}
}

// endpoint completes one model server.
func (s *Settings) endpoint(e *Endpoint, found map[string]value, prefix, base, model string) {
	key, url := found[prefix+"_API_KEY"], found[prefix+"_BASE_URL"]
	switch {
	case key.text != "":
		e.Source = key.from
	case e.BaseURL != "":
		e.Source = url.from
	}
	if e.BaseURL == "" {
		e.BaseURL = base
	}
	if e.Model == "" {
		e.Model = model
	}
}

// Usable tells whether the endpoint can be asked: it has a key, or it is on this
// machine and needs none.
func (e Endpoint) Usable() bool { return e.Key != "" || (e.BaseURL != "" && Loopback(e.BaseURL)) }

// Secrets are the values that must never leave: for redaction.
func (s *Settings) Secrets() []string {
	var out []string
	for _, v := range []string{s.OpenAI.Key, s.Anthropic.Key, s.Token} {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (s *Settings) warn(format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

func (s *Settings) warnUnknown(file string, got map[string]string) {
	known := map[string]bool{}
	for _, o := range options() {
		known[o.key] = true
	}
	var odd []string
	for k := range got {
		if !known[k] {
			odd = append(odd, k)
		}
	}
	sort.Strings(odd)
	for _, k := range odd {
		s.warn("%s: %q is not a setting", file, k)
	}
}

func userFile(getenv func(string) (string, bool)) string {
	dir, ok := getenv("XDG_CONFIG_HOME")
	if !ok || !filepath.IsAbs(dir) {
		home, ok := getenv("HOME")
		if !ok || home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "tasks", "config.toml")
}

// maxFile bounds a settings file, in bytes.
const maxFile = 1 << 20

// readTOML reads a file into dotted keys; no file is no keys. Only a regular file
// is read: a repository may hold anything under that name.
func readTOML(path string) (map[string]string, error) {
	data, err := readRegular(path)
	if err != nil || data == nil {
		return nil, err
	}
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		return nil, err
	}
	out := map[string]string{}
	flatten("", tree, out)
	return out, nil
}

func readRegular(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", filepath.Base(path))
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s is larger than 1 MB", filepath.Base(path))
	}
	return os.ReadFile(path)
}

func flatten(prefix string, tree map[string]any, out map[string]string) {
	for k, v := range tree {
		key := strings.TrimPrefix(prefix+"."+k, ".")
		switch v := v.(type) {
		case map[string]any:
			flatten(key, v, out)
		case []any:
			parts := make([]string, len(v))
			for i, p := range v {
				parts[i] = fmt.Sprint(p)
			}
			out[key] = strings.Join(parts, ",")
		default:
			out[key] = fmt.Sprint(v)
		}
	}
}

// Assistant is the model server of the drawer: the provider's name and endpoint.
// Unavailable, with how to give one, where none is configured.
func (s *Settings) Assistant() (provider string, e Endpoint, err error) {
	provider = s.Provider
	if provider == "" {
		provider = "openai"
		if !s.OpenAI.Usable() && s.Anthropic.Usable() {
			provider = "anthropic"
		}
	}
	e = s.OpenAI
	if provider == "anthropic" {
		e = s.Anthropic
	}
	if prefix := strings.ToUpper(provider); !e.Usable() {
		return "", Endpoint{}, fault.New(fault.Unavailable, "no model is configured: %s_API_KEY is not set", prefix).
			WithHint("put %s_API_KEY=... into .env at the root, or start with %s_BASE_URL=http://127.0.0.1:11434/v1 and %s_MODEL for a server on this machine", prefix, prefix, prefix)
	}
	return provider, e, nil
}
