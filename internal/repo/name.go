package repo

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tasks/internal/fault"
)

// Clean brings name into canonical form without touching the disk. Usage for an
// empty or unusable name (NUL, backslash, invalid UTF-8), Forbidden for one that
// leads out or that the policy refuses by its name.
func Clean(name string) (string, error) {
	switch {
	case name == "":
		return "", fault.New(fault.Usage, "the path is empty")
	case strings.ContainsAny(name, "\x00\\"):
		return "", fault.New(fault.Usage, "%q is not a path: it holds a NUL or a backslash", name).
			WithHint("separate folders by /")
	case !utf8.ValidString(name):
		return "", fault.New(fault.Usage, "%q is not a path: it is not UTF-8", name)
	case name[0] == '/' || hasDrive(name):
		return "", fault.New(fault.Forbidden, "%q is refused: paths are relative to the repository's root", name)
	}
	clean := path.Clean(name)
	switch {
	case clean == ".":
		return "", fault.New(fault.Usage, "%q names the root, not a file in it", name)
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return "", fault.New(fault.Forbidden, "%q is refused: it leads out of the repository", name)
	}
	for part := range strings.SplitSeq(clean, "/") {
		if why := refused(part); why != "" {
			return "", fault.New(fault.Forbidden, "%q is refused: %s", name, why)
		}
	}
	return clean, nil
}

// hasDrive tells whether name begins as a Windows drive does.
func hasDrive(name string) bool {
	return len(name) >= 2 && name[1] == ':' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z'
}

// refused says why one component of a path is outside, "" where it is not.
func refused(part string) string {
	plain := Fold(part)
	if plain == "" {
		return "its name has nothing visible in it"
	}
	if shortName(plain, "git") || plain == ".git" {
		return "it is a folder of git's"
	}
	if plain == ".worktrees" || shortName(plain, "worktr") {
		return "the runs' checkouts are not part of the repository"
	}
	if isSecret(plain) {
		return "its name is that of a secret"
	}
	if strings.HasPrefix(plain, tempPrefix) && strings.HasSuffix(plain, tempSuffix) {
		return "it is a file half written"
	}
	if isDevice(plain) {
		return "it is the name of a device"
	}
	return ""
}

// isSecret knows secrets by a component in folded form.
func isSecret(s string) bool {
	switch s {
	case ".env.example":
		return false
	case ".npmrc", ".netrc":
		return true
	}
	if strings.HasPrefix(s, ".env") || strings.HasPrefix(s, "id_") {
		return true
	}
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		switch s[i:] {
		case ".pem", ".key", ".db":
			return true
		}
	}
	return strings.Contains(s, ".sqlite") ||
		shortName(s, "env") || shortName(s, "npmrc") || shortName(s, "netrc")
}

// shortName tells whether s is what Windows makes of a longer name, as git~1 is of .git.
func shortName(s, stem string) bool {
	rest, ok := strings.CutPrefix(s, stem+"~")
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// isDevice knows the names that Windows reserves in every folder.
func isDevice(s string) bool {
	switch s {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	return len(s) == 4 && (s[:3] == "com" || s[:3] == "lpt") && s[3] >= '0' && s[3] <= '9'
}

// Fold is the form in which names of files are compared where some file system may
// take two spellings for one: case and Unicode composition folded, characters that
// are not seen, stream suffixes and trailing dots and spaces gone. It is for
// comparing only.
func Fold(s string) string {
	if isFolded(s) {
		return s
	}
	b := make([]rune, 0, len(s))
	for _, c := range norm.NFKD.String(s) {
		if c == ':' {
			break
		}
		if c < 0x80 && c >= ' ' && c != 0x7f || !unseen(c) {
			b = append(b, foldRune(c))
		}
	}
	return strings.TrimRight(string(b), ". ")
}

// isFolded is the common case, seen without work.
func isFolded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c < ' ' || c == 0x7f || c == ':' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return s != "" && s[len(s)-1] != '.' && s[len(s)-1] != ' '
}

func unseen(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// foldRune is the least of the characters that differ from c by case only, in lower
// case where that is an ASCII letter: the Kelvin sign is a k.
func foldRune(c rune) rune {
	least := c
	for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}
