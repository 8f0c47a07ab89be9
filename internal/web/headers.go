package web

import (
	"maps"
	"net/http"
)

// policy is the Content-Security-Policy of every answer but a drawing's. There is
// no unsafe-inline in it, and no other host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; " +
	"require-trusted-types-for 'script'; trusted-types tasks"

// drawingPolicy is that of an SVG file, which is a document that could hold
// scripts: alone in a tab it may do nothing at all.
const drawingPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// always is what every answer carries, also errors, 304 and event streams. Its
// slices are shared by all answers; to add a value to one makes a copy.
var always = http.Header{
	"Content-Security-Policy": {policy},
	"X-Content-Type-Options":  {"nosniff"},
	// Our guard looks at the Referer of our own pages; others get none.
	"Referrer-Policy":              {"same-origin"},
	"X-Frame-Options":              {"DENY"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Cross-Origin-Embedder-Policy": {"require-corp"},
}

// secure sets it.
func secure(h http.Header) { maps.Copy(h, always) }
