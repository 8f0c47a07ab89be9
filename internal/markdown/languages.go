package markdown

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"
)

// lang is a language as the scanner sees it.
type lang struct {
	form   form
	line   []string // what begins a comment to the end of the line
	quotes []quote  // strings and block comments, longer openings first
	words  map[string]string
	sigils [256]string // class of $name, @name by the first byte
	starts [256]bool   // bytes that may begin a comment or a quote
	fold   bool        // words are the same in any case
	dash   bool        // words hold hyphens
	calls  bool        // a word before ( is a function
	keys   bool        // a string before : is a key
}

type form int

const (
	formCode form = iota
	formMarkup
	formDiff
	formKeys
	formConsole
	formMarkdown
)

// quote is a literal with its delimiters.
type quote struct {
	open, close string
	class       string
	escape      bool // a backslash takes the next byte along
	multi       bool // may go over lines
	char        bool // 'x' only: a lone ' is something else (Rust lifetimes)
}

// length is how much of s the literal takes; 0 where it is none.
func (q quote) length(s []byte) int {
	if q.char {
		return q.charLength(s)
	}
	for i := len(q.open); i < len(s); i++ {
		switch {
		case q.escape && s[i] == '\\':
			i++
		case bytes.HasPrefix(s[i:], []byte(q.close)):
			return i + len(q.close)
		case s[i] == '\n' && !q.multi:
			return i
		}
	}
	return len(s)
}

// charLength is the length of 'x' or '\u{1F600}'.
func (q quote) charLength(s []byte) int {
	if len(s) < 3 {
		return 0
	}
	if s[1] == '\\' {
		if i := bytes.IndexByte(s[2:min(len(s), 14)], '\''); i > 0 {
			return i + 3
		}
		if bytes.HasPrefix(s, []byte(`'\''`)) {
			return 4
		}
		return 0
	}
	_, n := utf8.DecodeRune(s[1:])
	if len(s) > 1+n && s[1] != '\n' && s[1+n] == '\'' {
		return n + 2
	}
	return 0
}

// spec is a line of the table from which a lang is made when it is first used.
type spec struct {
	names    string // the first is the name, all are accepted
	form     form
	line     string
	block    string // pairs, open and close
	strings  string // of: ' " ` ''' """ r (raw `), c ('x' only), m (" over lines)
	keywords string
	types    string
	consts   string
	sigils   string // pairs of sigil and class
	flags    string // fold dash keys nocalls
}

var (
	specOf   = map[string]*spec{}
	langs    sync.Map // *spec -> *lang
	fillOnce sync.Once
)

// languageOf is the language of a name or alias, or nil.
func languageOf(name string) *lang {
	fillOnce.Do(func() {
		for i := range specs {
			for _, n := range strings.Fields(specs[i].names) {
				specOf[n] = &specs[i]
			}
		}
	})
	s := specOf[name]
	if s == nil {
		return nil
	}
	if l, ok := langs.Load(s); ok {
		return l.(*lang)
	}
	l, _ := langs.LoadOrStore(s, s.compile())
	return l.(*lang)
}

var quoteKinds = map[string]quote{
	`'''`: {open: `'''`, close: `'''`, class: "s", escape: true, multi: true},
	`"""`: {open: `"""`, close: `"""`, class: "s", escape: true, multi: true},
	`"`:   {open: `"`, close: `"`, class: "s", escape: true},
	`m`:   {open: `"`, close: `"`, class: "s", escape: true, multi: true},
	`'`:   {open: `'`, close: `'`, class: "s", escape: true},
	`M`:   {open: `'`, close: `'`, class: "s", multi: true},
	`c`:   {open: `'`, close: `'`, class: "s", escape: true, char: true},
	"`":   {open: "`", close: "`", class: "s", escape: true, multi: true},
	`r`:   {open: "`", close: "`", class: "s", multi: true},
}

func (s *spec) compile() *lang {
	l := &lang{form: s.form, line: strings.Fields(s.line), words: map[string]string{}}
	pairs := strings.Fields(s.block)
	for i := 0; i+1 < len(pairs); i += 2 {
		l.quotes = append(l.quotes, quote{open: pairs[i], close: pairs[i+1], class: "c", multi: true})
	}
	for _, k := range strings.Fields(s.strings) {
		l.quotes = append(l.quotes, quoteKinds[k])
	}
	for _, list := range [...]struct{ class, words string }{{"k", s.keywords}, {"kt", s.types}, {"kc", s.consts}} {
		for _, w := range strings.Fields(list.words) {
			l.words[w] = list.class
		}
	}
	sig := strings.Fields(s.sigils)
	for i := 0; i+1 < len(sig); i += 2 {
		l.sigils[sig[i][0]] = sig[i+1]
	}
	for _, c := range l.line {
		l.starts[c[0]] = true
	}
	for _, q := range l.quotes {
		l.starts[q.open[0]] = true
	}
	l.fold = strings.Contains(s.flags, "fold")
	l.dash = strings.Contains(s.flags, "dash")
	l.keys = strings.Contains(s.flags, "keys")
	l.calls = !strings.Contains(s.flags, "nocalls")
	return l
}

// fileNames are files whose language their extension does not tell.
var fileNames = map[string]string{
	"dockerfile": "dockerfile", "containerfile": "dockerfile", "makefile": "makefile", "gnumakefile": "makefile",
	"go.mod": "gomod", "go.work": "gomod", "gemfile": "ruby", "rakefile": "ruby", "jenkinsfile": "groovy",
	".gitignore": "ini", ".editorconfig": "ini", "cargo.lock": "toml", ".env.example": "env", ".bashrc": "bash",
	"cmakelists.txt": "cmake", "justfile": "makefile",
}
