package forge

import (
	"context"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tasks/internal/fault"
)

// Remote is a place to push to.
type Remote struct {
	Name string
	URL  string // as git pushes to it; may hold a password: show it with Shown
	Host string // "" where it is none that is reached by name
	Path string // OWNER/NAME on the host, "" where the address has another form
}

// Shown is the address without the password in it.
func (r Remote) Shown() string {
	if u, err := url.Parse(r.URL); err == nil && u.User != nil {
		if _, has := u.User.Password(); has || u.Scheme != "ssh" {
			u.User = nil
			return u.String()
		}
	}
	return r.URL
}

// Repository is HOST/OWNER/NAME as gh takes it, "" where the remote is none.
func (r Remote) Repository() string {
	if r.Host == "" || r.Path == "" {
		return ""
	}
	return r.Host + "/" + r.Path
}

// Remotes are those of the repository by name. One whose address git would hand to a
// program of the repository's choice is not among them.
func (f *Forge) Remotes(ctx context.Context) ([]Remote, error) {
	out, err := f.Git.Output(ctx, "remote")
	if err != nil {
		return nil, err
	}
	var list []Remote
	for _, name := range strings.Fields(string(out)) {
		if r, err := f.remote(ctx, name); err == nil {
			list = append(list, r)
		}
	}
	return list, nil
}

// Remote finds a remote by its name; for "" the one that the base branch is pulled from,
// else origin, else the only one. NotFound where there is none, Usage where the name does
// not tell which.
func (f *Forge) Remote(ctx context.Context, name, base string) (Remote, error) {
	if name != "" {
		return f.remote(ctx, name)
	}
	list, err := f.Remotes(ctx)
	if err != nil {
		return Remote{}, err
	}
	return f.Likeliest(ctx, list, base)
}

// Any tells whether the repository has a remote at all: one look at git, where Remotes is one
// for each.
func (f *Forge) Any(ctx context.Context) bool {
	out, err := f.Git.Output(ctx, "remote")
	return err == nil && len(strings.Fields(string(out))) > 0
}

// Likeliest is Remote for "" among remotes that are known.
func (f *Forge) Likeliest(ctx context.Context, list []Remote, base string) (Remote, error) {
	byName := func(name string) int { return slices.IndexFunc(list, func(r Remote) bool { return r.Name == name }) }
	if base != "" {
		if out, err := f.Git.Output(ctx, "config", "--get", "branch."+base+".remote"); err == nil {
			if i := byName(strings.TrimSpace(string(out))); i >= 0 {
				return list[i], nil
			}
		}
	}
	if i := byName("origin"); i >= 0 {
		return list[i], nil
	}
	switch len(list) {
	case 0:
		return Remote{}, fault.New(fault.NotFound, "there is nowhere to push to: the repository has no remote").
			WithHint("git remote add origin ADDRESS; tasks run accept works without one")
	case 1:
		return list[0], nil
	}
	return Remote{}, fault.New(fault.Usage, "the repository has several remotes and none is called origin").
		WithHint("name one: --remote %s", list[0].Name)
}

func (f *Forge) remote(ctx context.Context, name string) (Remote, error) {
	if name == "" || strings.HasPrefix(name, "-") || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return Remote{}, fault.New(fault.Usage, "%q is no name of a remote", name)
	}
	out, err := f.Git.Output(ctx, "remote", "get-url", "--push", "--all", name)
	if err != nil {
		return Remote{}, fault.New(fault.NotFound, "there is no remote %s: %w", name, err).WithHint("git remote -v lists them")
	}
	urls := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(urls) != 1 || urls[0] == "" {
		return Remote{}, fault.New(fault.Invalid, "the remote %s has %d addresses to push to, and only one may be", name, len(urls)).
			WithHint("name another remote")
	}
	r := Remote{Name: name, URL: urls[0]}
	host, path, ok := address(r.URL)
	if !ok {
		return Remote{}, fault.New(fault.Forbidden, "the address of the remote %s is refused: it is neither https, ssh, http nor a folder", name).
			WithHint("git remote -v shows it")
	}
	if p := strings.Split(path, "/"); host != "" && len(p) == 2 && plainName(p[0]) && plainName(p[1]) {
		r.Path = path
	}
	r.Host = host
	return r, nil
}

// address takes an address apart. ok is false for a form that git would hand to a helper
// program, or that looks like an option.
func address(raw string) (host, path string, ok bool) {
	trim := func(p string) string { return strings.TrimSuffix(strings.Trim(p, "/"), ".git") }
	switch {
	case raw == "" || raw[0] == '-' || strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", "", false
	case strings.Contains(raw, "::"):
		return "", "", false
	case strings.Contains(raw, "://"):
		u, err := url.Parse(raw)
		if err != nil || strings.HasPrefix(u.Host, "-") {
			return "", "", false
		}
		switch u.Scheme {
		case "https", "http", "ssh":
			return strings.ToLower(u.Hostname()), trim(u.Path), u.Hostname() != ""
		case "file":
			return "", "", u.Host == ""
		}
		return "", "", false
	case filepath.IsAbs(raw), strings.HasPrefix(raw, "./"), strings.HasPrefix(raw, "../"):
		return "", "", true
	}
	// user@host:path, where no slash stands before the colon
	head, rest, has := strings.Cut(raw, ":")
	if !has || strings.Contains(head, "/") {
		return "", "", true // a folder by a relative name
	}
	_, h, at := strings.Cut(head, "@")
	if !at {
		h = head
	}
	return strings.ToLower(h), trim(rest), h != "" && h[0] != '-'
}

func plainName(s string) bool {
	return s != "" && s[0] != '-' && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z')
	})
}

// ParsePull is where a pull request is, by its address in the web.
func ParsePull(raw string) (r Remote, number int, ok bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return Remote{}, 0, false
	}
	p := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(p) != 4 || p[2] != "pull" || !plainName(p[0]) || !plainName(p[1]) || u.Hostname() == "" || u.Hostname()[0] == '-' {
		return Remote{}, 0, false
	}
	number, err = strconv.Atoi(p[3])
	return Remote{URL: raw, Host: strings.ToLower(u.Hostname()), Path: p[0] + "/" + p[1]}, number, err == nil && number > 0
}
