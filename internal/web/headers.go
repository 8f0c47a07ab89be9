package web

import "net/http"

// policy is the Content-Security-Policy of every answer but a drawing's. There is
// no unsafe-inline in it, and no other host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; " +
	"require-trusted-types-for 'script'; trusted-types tasks"

// drawingPolicy is that of an SVG file, which is a document that could hold
// scripts: alone in a tab it may do nothing at all.
const drawingPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// secure sets what every answer carries, also errors, 304 and event streams.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Our guard looks at the Referer of our own pages, others get none.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
}
