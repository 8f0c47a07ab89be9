package markdown

import "testing"

func FuzzSanitize(f *testing.F) {
	for _, s := range []string{
		"<p>a<b>c</p>", "<a href='/x'><a href='/y'>z</a>", "</div><div><td></div>", "&amp;lt;", "<img src='/a.png' alt='&quot;'>", "<xmp><b></xmp>", "a\r\nb\x00",
		"<textarea><b>", "<svg><style><b>", "<p title='a&#13;b'>", "<pre>\n\nx</pre>", "<object><p>", "<plaintext><b>", "<script></p>", "<li><li></li>", "<br/><br></br>",
		"<span><span class=x></span></span>", "<!-- <b> -->x", "<a/href='/x'>y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		once := sanitize([]byte(src))
		if twice := sanitize([]byte(once)); twice != once {
			t.Errorf("%q:\n once %q\ntwice %q", src, once, twice)
		}
	})
}
