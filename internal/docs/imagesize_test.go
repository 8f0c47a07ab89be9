package docs_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// TestImagesKeepTheirRoom: an image's size stands in the page, and follows the file.
func TestImagesKeepTheirRoom(t *testing.T) {
	picture := image.NewPaletted(image.Rect(0, 0, 40, 25), color.Palette{color.Black, color.White})
	encode := func(f func(b *bytes.Buffer) error) string {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	files := map[string]string{
		"a.png":    encode(func(b *bytes.Buffer) error { return png.Encode(b, picture) }),
		"a.gif":    encode(func(b *bytes.Buffer) error { return gif.Encode(b, picture, nil) }),
		"a.jpg":    encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, picture, nil) }),
		"a.webp":   "RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x27\x00\x00\x18\x00\x00xx",
		"a.svg":    `<?xml version="1.0" encoding="iso-8859-1"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 25"><path d=""/></svg>`,
		"b.svg":    `<svg width="40px" height="25"></svg>`,
		"c.svg":    `<svg width="100%" height="1e99" viewBox="0 0 x y">`,
		"cut.png":  "\x89PNG\r\n\x1a\n",
		"zero.png": "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x00\x00\x00\x00\x00",
		"huge.png": "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\xff\xff\xff\xff\xff\xff\xff\xff",
		"bad.jpg":  "\xff\xd8\xff\xe1\xff\xff" + strings.Repeat("\xff", 50),
		"page.md":  "![a](a.png) ![a](a.gif) ![a](a.jpg) ![a](a.webp) ![a](a.svg) ![a](b.svg) <img src=\"a.png\"> <img src=\"a.png\" width=\"10\">\n\n![b](c.svg) ![b](cut.png) ![b](zero.png) ![b](huge.png) ![b](bad.jpg) ![gone](none.png)\n",
	}
	l, root := library(t, files)
	html := page(t, l, "page.md").Rendered.HTML
	if n := strings.Count(html, `width="40" height="25"`); n != 7 {
		t.Errorf("%d of 7 images keep their room:\n%s", n, html)
	}
	if !strings.Contains(html, `<img width="10" src="/browse/a.png"`) || !strings.Contains(html, `<span class="broken image" title="There is no none.png">gone</span>`) {
		t.Errorf("got\n%s", html)
	}
	if n := strings.Count(html, "height="); n != 7 {
		t.Errorf("%d images have a height, want 7:\n%s", n, html)
	}
	write(t, root, "b.svg", `<svg width="12" height="13"></svg>`)
	l.Invalidate("b.svg")
	if html := page(t, l, "page.md").Rendered.HTML; !strings.Contains(html, `width="12" height="13"`) {
		t.Errorf("an image that changed has its old size:\n%s", html)
	}
}
