package wire_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tasks/internal/llm/wire"
	"tasks/internal/llm/wiretest"
)

// TestNoSecretComesOut has servers repeat the key in every way, and looks at every
// byte that comes out.
func TestNoSecretComesOut(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		const key = "q7/Canary+Word=with~signs_and-length" // not of a form that gives itself away
		var everyByte strings.Builder
		for _, b := range []byte(key) {
			fmt.Fprintf(&everyByte, "%%%02X", b)
		}
		forms := []string{key, url.QueryEscape(key), url.PathEscape(key), everyByte.String(), strings.ToLower(everyByte.String())}
		for _, before := range []string{"", ":", "u:", "Bearer ", "user:"} {
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
				forms = append(forms, enc.EncodeToString([]byte(before+key+";")))
			}
		}
		decode := func(s string) string { // what a curious person would try
			out := s
			if u, err := url.QueryUnescape(s); err == nil {
				out += u
			}
			for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \"'<>{}", r) }) {
				for skip := range min(4, len(word)) {
					for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
						w := strings.TrimRight(word[skip:], "=")
						b, _ := enc.DecodeString(w)
						out += string(b)
					}
				}
			}
			return out
		}
		bodies := map[string]func(form string) string{
			"401":       func(f string) string { return "%status 401\n{\"error\":{\"message\":\"bad key '" + f + "'\"}}" },
			"plain":     func(f string) string { return "%status 400\nbad key " + f },
			"html":      func(f string) string { return "%status 403\n<html><p title='" + f + "'>" + f + "</p>" },
			"long":      func(f string) string { return "%status 400\n" + strings.Repeat("x", 295-len(f)/2) + " " + f },
			"web page":  func(f string) string { return "<html>" + f + "</html>" },
			"not json":  func(f string) string { return "data: {\"x\": " + f + "\n\n" },
			"in stream": func(f string) string { return "data: {\"error\":{\"message\":\"" + f + "\"}}\n\n" },
			"odd words": func(f string) string { return "data: " + f + "\n\n" },
			"finish":    func(f string) string { return p.answer(said{text: "x", finish: f}) },
			"model":     func(f string) string { return p.answer(said{model: f, text: f, finish: p.stop}) },
			"arguments": func(f string) string { return p.answer(said{name: f, argument: f, finish: p.stop}) },
			"encoding":  func(f string) string { return "%header Content-Encoding: " + f + "\n" },
			"location": func(f string) string {
				return "%status 307\n%header Location: https://" + url.PathEscape(f) + ".example/\n"
			},
			"tools gone": func(f string) string { return "%status 400\n{\"error\":\"tools are not supported " + f + "\"}" },
		}
		for name, body := range bodies {
			for _, form := range forms {
				r := wiretest.ParseReply(t, body(form))
				srv := wiretest.Serve(t, r, r, r)
				tr := &wiretest.Transcript{}
				c := p.client(t, srv.URL+p.api.Base, func(cfg *wire.Config) { cfg.Key = key })
				resp, err := c.Stream(t.Context(), wiretest.Question(), tr.Event)
				tr.Result(resp, err)
				out := tr.String()
				if all := decode(out); strings.Contains(all, key) || strings.Contains(all, "Canary+Word=with") {
					t.Errorf("%s with %q: %s", name, form, out)
				}
			}
		}
	})
}

func TestErrorsPassTheCallersRedaction(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		srv := wiretest.Serve(t, wiretest.ParseReply(t, "%status 400\n{\"error\":\"the word is mellon\"}"))
		c := p.client(t, srv.URL+p.api.Base, func(cfg *wire.Config) {
			cfg.Redact = func(s string) string { return strings.ReplaceAll(s, "mellon", "[…]") }
		})
		if _, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err == nil || strings.Contains(err.Error(), "mellon") {
			t.Errorf("got %v", err)
		}
	})
}

func TestShortKeysOfLocalServersSpoilNoText(t *testing.T) {
	each(t, func(t *testing.T, p provider) {
		srv := wiretest.Serve(t, wiretest.ParseReply(t, p.answer(said{text: "Use ollama.", finish: p.stop})))
		c := p.client(t, srv.URL+p.api.Base, func(cfg *wire.Config) { cfg.Key = "ollama" })
		if resp, err := c.Stream(t.Context(), wiretest.Question(), wiretest.Ignore); err != nil || resp.Message.Text != "Use ollama." {
			t.Errorf("got %+v, %v", resp, err)
		}
	})
}
