package web

import (
	"bytes"
	"encoding/json"
	"html"
	"slices"
	"strings"
)

// leastKey is the length below which a value is no key but a word, as for the tools.
const leastKey = 8

// keyForms are the keys as they are, and as they stand in HTML, a template and JSON.
func keyForms(keys []string) [][]byte {
	var forms []string
	for _, key := range keys {
		if len(key) < leastKey {
			continue
		}
		escaped := html.EscapeString(key)
		quoted, _ := json.Marshal(key) // a string: cannot fail
		forms = append(forms, key, escaped, strings.ReplaceAll(escaped, "+", "&#43;"), string(quoted[1:len(quoted)-1]))
	}
	slices.Sort(forms)
	var out [][]byte
	for _, form := range slices.Compact(forms) {
		out = append(out, []byte(form))
	}
	return out
}

// masked is data without the user's keys, where somebody has left one in a file: no
// answer of ours carries one to the browser.
func (s *Server) masked(data []byte) []byte {
	for _, key := range s.keys {
		if bytes.Contains(data, key) {
			data = bytes.ReplaceAll(data, key, []byte("[redacted]"))
		}
	}
	return data
}
