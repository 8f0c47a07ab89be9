package markdown

import (
	"strings"
	"testing"
)

func TestMathML(t *testing.T) {
	for tex, want := range map[string]string{
		`x`:                                `<mi>x</mi>`,
		`a+b=12.5`:                         `<mrow><mi>a</mi><mo>+</mo><mi>b</mi><mo>=</mo><mn>12.5</mn></mrow>`,
		`x^2_i`:                            `<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>`,
		`x^12`:                             `<mrow><msup><mi>x</mi><mn>1</mn></msup><mn>2</mn></mrow>`,
		`f'(x)`:                            `<mrow><msup><mi>f</mi><mo>′</mo></msup><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow>`,
		`\frac{1}{2}`:                      `<mfrac><mn>1</mn><mn>2</mn></mfrac>`,
		`\frac12`:                          `<mfrac><mn>1</mn><mn>2</mn></mfrac>`,
		`\sqrt[3]{x}`:                      `<mroot><mi>x</mi><mn>3</mn></mroot>`,
		`\sum_{i=0}^n i`:                   `<mrow><munderover><mo movablelimits="true">∑</mo><mrow><mi>i</mi><mo>=</mo><mn>0</mn></mrow><mi>n</mi></munderover><mi>i</mi></mrow>`,
		`\mathbb{R}`:                       `<mi mathvariant="normal">ℝ</mi>`,
		`\text{if } x < y`:                 "<mrow><mtext>if\u00a0</mtext><mi>x</mi><mo>&lt;</mo><mi>y</mi></mrow>",
		`\left( \frac a b \right]`:         `<mrow><mo fence="true" form="prefix">(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo fence="true" form="postfix">]</mo></mrow>`,
		`\begin{matrix}a&b\\c\end{matrix}`: `<mtable><mtr><mtd class="middle"><mi>a</mi></mtd><mtd class="middle"><mi>b</mi></mtd></mtr><mtr><mtd class="middle"><mi>c</mi></mtd></mtr></mtable>`,
		`\text{<script>}`:                  `<mtext>&lt;script&gt;</mtext>`,
		``:                                 `<mrow></mrow>`,
		`é`:                                `<mi>é</mi>`,
	} {
		got, ok := mathML(tex, false)
		if got != "<math>"+want+"</math>" || !ok {
			t.Errorf("%s: %v\n%s\nwant\n%s", tex, ok, got, want)
		}
		if clean := sanitize([]byte(got)); clean != got {
			t.Errorf("%s: the gate changes it to %s", tex, clean)
		}
	}
	for _, tex := range []string{
		`\unknown`, `{`, `}`, `\frac{1}`, `\frac`, `x^`, `x^1^2`, `x_a_b`, `\left( x`, `\right)`, `a & b`, `\begin{nope}x\end{nope}`, `\begin{matrix}x\end{cases}`, `\begin{matrix}x`, `\`, `\\`, `#`, `$`,
		`\sqrt[3`, `\text{`, `\href{javascript:alert(1)}{x}`, `\htmlClass{a}{b}`, `\def\x{y}`, `\left`, `\not`, `\begin`, `\end{matrix}`, `\left? x \right)`, `]` + strings.Repeat("{", 100),
		strings.Repeat(`\frac{`, 500), strings.Repeat("{", 2000), strings.Repeat(`\left(`, 900), strings.Repeat(`\sqrt `, 900), strings.Repeat(`\hat`, 900),
	} {
		if got, ok := mathML(tex, false); ok {
			t.Errorf("%.40q became %.200s", tex, got)
		}
	}
}

// TestFormulasInDocuments: set in the line and as a block; what strangers write as
// MathML themselves is text.
func TestFormulasInDocuments(t *testing.T) {
	html := Render([]byte("The sum $a_i + b$ costs $5 and $$\n\\frac{1}{n}\n$$ or $\\nope{x}$.\n"), 1, nil).HTML
	for _, want := range []string{
		`The sum <span class="math"><math><mrow><msub><mi>a</mi><mi>i</mi></msub><mo>+</mo><mi>b</mi></mrow></math></span> costs $5 and `,
		`<span class="math math-block"><math display="block"><mfrac><mn>1</mn><mi>n</mi></mfrac></math></span>`,
		`title="This formula is shown as it is written">$\nope{x}$</span>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	for _, evil := range []string{
		"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
		"a <math><mi xlink:href=\"javascript:alert(1)\">x</mi><annotation-xml encoding=\"text/html\"><p>y</p></annotation-xml></math>",
		"<math href=\"javascript:alert(1)\"><maction actiontype=\"statusline#http://x\">c</maction></math>",
	} {
		if html := Render([]byte(evil), 1, nil).HTML; strings.Contains(html, "<m") || strings.Contains(html, "onerror") || strings.Contains(html, "javascript") {
			t.Errorf("%s became %s", evil, html)
		}
	}
	// Whatever reached the gate: no element of the page within a formula, and no way out.
	for in, want := range map[string]string{
		"<math><mi><b>x</b></mi><p>y</p></math><p>z</p>": "<math><mi>x</mi>y</math><p>z</p>",
		"<math><mi><mi>x":                  "<math><mi>x</mi></math>",
		"<mi>x</mi><math><math><mo>":       "x<math><mo></mo></math>",
		"<p><math><mrow></p>x":             "<p><math><mrow></mrow></math></p>x",
		"<math><mglyph><style><img src=x>": "<math>&lt;img src=x></math>",
	} {
		if got := sanitize([]byte(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestDefinitionLists(t *testing.T) {
	got := Render([]byte("Term\n: What it *means*.\n: More [x](https://example.com).\n\nTime: 10\n\nOther\n\n: Loose\n\n: <b>x\n"), 1, nil).HTML
	for _, want := range []string{"<dt>Term</dt>", "<dd>What it <em>means</em>.</dd>", "<p>Time: 10</p>", "<dt>Other</dt>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	deep := Render([]byte("a\n"+strings.Repeat(": ", 3000)+"x\n"), 1, nil).HTML
	if strings.Count(deep, "<dd>") > 100 {
		t.Errorf("%d definitions deep", strings.Count(deep, "<dd>"))
	}
}
