package config

import (
	"path/filepath"
	"strings"
)

// readDotenv reads the root's .env: only the variables of the table that may stand
// there, never into the environment. A .env that git tracks is ignored: it came
// with the repository, so it speaks for a stranger.
func (s *Settings) readDotenv(o Options) map[string]string {
	data, err := readRegular(filepath.Join(o.Root, ".env"))
	if err != nil {
		s.warn(".env is ignored: %v", err)
		return nil
	}
	if data == nil {
		return nil
	}
	if o.Tracked != nil {
		tracked, err := o.Tracked(".env")
		if err != nil {
			s.warn(".env is ignored: git could not say whether it is tracked")
			return nil
		}
		if tracked {
			s.warn(".env is ignored: git tracks it, so it came with the repository")
			return nil
		}
	}
	all := parseDotenv(string(data))
	out := map[string]string{}
	for _, opt := range options() {
		if v, ok := all[opt.env]; ok && opt.dotenv {
			out[opt.env] = v
		}
	}
	return out
}

// parseDotenv reads KEY=VALUE lines as other programs do: an optional export, #
// comments, single quotes as they stand, double quotes with \n \" \\, and nothing
// is ever expanded.
func parseDotenv(text string) map[string]string {
	out := map[string]string{}
	text = strings.TrimPrefix(text, "\ufeff")
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		line = strings.TrimSpace(strings.TrimPrefix(line, "export "))
		key, v, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		out[strings.TrimSpace(key)] = unquote(strings.TrimSpace(v))
	}
	return out
}

func unquote(v string) string {
	if v == "" {
		return ""
	}
	if q := v[0]; q == '\'' || q == '"' {
		end := closing(v, q)
		if end < 0 {
			return v
		}
		v = v[1:end]
		if q == '"' {
			v = strings.NewReplacer(`\n`, "\n", `\"`, `"`, `\\`, `\`).Replace(v)
		}
		return v
	}
	if i := strings.Index(v, " #"); i >= 0 {
		v = strings.TrimSpace(v[:i])
	}
	return v
}

// closing is the index of the quote that ends v, which begins with q.
func closing(v string, q byte) int {
	for i := 1; i < len(v); i++ {
		if v[i] == '\\' && q == '"' {
			i++
			continue
		}
		if v[i] == q {
			return i
		}
	}
	return -1
}
