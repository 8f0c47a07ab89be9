package markdown

import "sync"

// texForm is how an environment is set.
type texForm struct {
	open, shut   string
	align, lines bool // columns right and left in turn; lines in the middle
	left         bool
}

func (f texForm) class(column int) string {
	switch {
	case f.left, f.align && column%2 == 1:
		return "left"
	case f.align:
		return "right"
	}
	return "middle"
}

var texEnvironments = map[string]texForm{
	"matrix": {}, "smallmatrix": {}, "array": {}, "pmatrix": {open: "(", shut: ")"}, "bmatrix": {open: "[", shut: "]"}, "Bmatrix": {open: "{", shut: "}"},
	"vmatrix": {open: "|", shut: "|"}, "Vmatrix": {open: "‖", shut: "‖"}, "cases": {open: "{", left: true}, "rcases": {shut: "}", left: true},
	"aligned": {align: true}, "align": {align: true}, "split": {align: true}, "alignat": {align: true}, "eqnarray": {align: true},
	"gathered": {lines: true}, "gather": {lines: true}, "equation": {lines: true},
}

// texLetters are letters, set as variables are.
var texLetters = map[string]string{
	"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ",
	"iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "varpi": "ϖ", "rho": "ρ", "varrho": "ϱ",
	"sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
	"Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
	"infty": "∞", "hbar": "ℏ", "ell": "ℓ", "Re": "ℜ", "Im": "ℑ", "aleph": "ℵ", "partial": "∂", "emptyset": "∅", "varnothing": "∅", "imath": "ı", "jmath": "ȷ",
	"dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "dotsc": "…", "dotsb": "⋯", "wp": "℘", "top": "⊤", "bot": "⊥", "degree": "°", "deg": "deg",
	"%": "%", "$": "$", "#": "#", "&": "&amp;", "_": "_", "square": "□", "checkmark": "✓",
}

// texSymbols are operators and relations.
var texSymbols = map[string]string{
	"times": "×", "cdot": "⋅", "div": "÷", "pm": "±", "mp": "∓", "ast": "∗", "star": "⋆", "circ": "∘", "bullet": "∙", "oplus": "⊕", "ominus": "⊖", "otimes": "⊗", "odot": "⊙",
	"leq": "≤", "le": "≤", "leqslant": "⩽", "geq": "≥", "ge": "≥", "geqslant": "⩾", "neq": "≠", "ne": "≠", "approx": "≈", "equiv": "≡", "sim": "∼", "simeq": "≃", "cong": "≅", "propto": "∝", "ll": "≪", "gg": "≫",
	"prec": "≺", "succ": "≻", "preceq": "⪯", "succeq": "⪰", "lt": "<", "gt": ">", "doteq": "≐", "triangleq": "≜", "coloneqq": "≔", "parallel": "∥", "perp": "⟂", "mid": "∣", "nmid": "∤", "vdash": "⊢", "models": "⊨",
	"in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "subsetneq": "⊊", "supset": "⊃", "supseteq": "⊇", "cup": "∪", "cap": "∩", "setminus": "∖", "land": "∧", "wedge": "∧", "lor": "∨", "vee": "∨", "lnot": "¬", "neg": "¬",
	"forall": "∀", "exists": "∃", "nexists": "∄", "nabla": "∇", "angle": "∠", "triangle": "△", "therefore": "∴", "because": "∵", "prime": "′",
	"to": "→", "rightarrow": "→", "leftarrow": "←", "gets": "←", "leftrightarrow": "↔", "Rightarrow": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "implies": "⟹", "impliedby": "⟸", "iff": "⟺",
	"longrightarrow": "⟶", "longleftarrow": "⟵", "mapsto": "↦", "longmapsto": "⟼", "uparrow": "↑", "downarrow": "↓", "updownarrow": "↕", "hookrightarrow": "↪", "rightharpoonup": "⇀", "nearrow": "↗", "searrow": "↘", "rightleftharpoons": "⇌",
	"lbrace": "{", "rbrace": "}", "{": "{", "}": "}", "langle": "⟨", "rangle": "⟩", "lceil": "⌈", "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋", "|": "‖", "Vert": "‖", "vert": "|", "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖",
	"colon": ":", "backslash": "∖", "dagger": "†", "ddagger": "‡", "bmod": "mod", "wr": "≀", "amalg": "⨿", "bowtie": "⋈", "asymp": "≍", "lbrack": "[", "rbrack": "]",
}

// texLarge are operators with limits below and above; texIntegrals have them beside.
var (
	texLarge     = map[string]string{"sum": "∑", "prod": "∏", "coprod": "∐", "bigcup": "⋃", "bigcap": "⋂", "bigvee": "⋁", "bigwedge": "⋀", "bigoplus": "⨁", "bigotimes": "⨂", "bigsqcup": "⨆"}
	texIntegrals = map[string]string{"int": "∫", "iint": "∬", "iiint": "∭", "oint": "∮"}
)

// texFunctions are names set upright; true where a limit stands below.
var texFunctions = map[string]bool{
	"sin": false, "cos": false, "tan": false, "cot": false, "sec": false, "csc": false, "arcsin": false, "arccos": false, "arctan": false, "sinh": false, "cosh": false, "tanh": false,
	"log": false, "ln": false, "lg": false, "exp": false, "arg": false, "dim": false, "ker": false, "hom": false,
	"lim": true, "limsup": true, "liminf": true, "max": true, "min": true, "sup": true, "inf": true, "det": true, "gcd": true, "Pr": true, "argmax": true, "argmin": true,
}

var texSpaces = map[string]string{",": "0.17em", ":": "0.22em", ">": "0.22em", ";": "0.28em", "!": "-0.17em", " ": "0.33em", "quad": "1em", "qquad": "2em", "enspace": "0.5em", "thinspace": "0.17em"}

var texAccents = map[string]string{
	"hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~", "vec": "→", "overrightarrow": "→", "dot": "˙", "ddot": "¨", "acute": "´", "grave": "`", "check": "ˇ", "breve": "˘",
}

var texDelimiters = map[string]string{
	"{": "{", "}": "}", "lbrace": "{", "rbrace": "}", "langle": "⟨", "rangle": "⟩", "|": "‖", "vert": "|", "Vert": "‖", "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖",
	"lceil": "⌈", "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋", "backslash": "∖", "uparrow": "↑", "downarrow": "↓", "lbrack": "[", "rbrack": "]",
}

// texFace is another face of the letters: the first of its capitals and small letters,
// with those that stand elsewhere.
type texFace struct {
	upper, lower, digit rune
	odd                 string // pairs of a letter and what it becomes
	upright             bool
}

var texFonts = map[string]texFace{
	"mathbb": {upper: 0x1d538, lower: 0x1d552, digit: 0x1d7d8, odd: "CℂHℍNℕPℙQℚRℝZℤ"}, "mathbf": {upper: 0x1d400, lower: 0x1d41a, digit: 0x1d7ce}, "boldsymbol": {upper: 0x1d468, lower: 0x1d482, digit: 0x1d7ce}, "bm": {upper: 0x1d468, lower: 0x1d482, digit: 0x1d7ce},
	"mathcal": {upper: 0x1d49c, lower: 0x1d4b6, odd: "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ"}, "mathscr": {upper: 0x1d49c, lower: 0x1d4b6, odd: "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ"}, "mathfrak": {upper: 0x1d504, lower: 0x1d51e, odd: "CℭHℌIℑRℜZℨ"},
	"mathsf": {upper: 0x1d5a0, lower: 0x1d5ba, digit: 0x1d7e2}, "mathtt": {upper: 0x1d670, lower: 0x1d68a, digit: 0x1d7f6}, "mathrm": {upright: true}, "mathit": {}, "rm": {upright: true},
}

var texFaces sync.Map // of texFace to map[rune]rune

func (f texFace) letters() map[rune]rune {
	if f.upper == 0 {
		return nil
	}
	if kept, ok := texFaces.Load(f); ok {
		return kept.(map[rune]rune)
	}
	m := map[rune]rune{}
	for i := range rune(26) {
		m['A'+i], m['a'+i] = f.upper+i, f.lower+i
	}
	odd := []rune(f.odd)
	for i := 0; i+1 < len(odd); i += 2 {
		m[odd[i]] = odd[i+1]
	}
	texFaces.Store(f, m)
	return m
}
