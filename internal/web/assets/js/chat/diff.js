// @ts-check
// A unified diff, line by line. Everything in it is text.
import { el } from "../lib/dom.js";

const SHOWN = 300;

/** @typedef {{sign: string, text: string, kind: "add" | "del" | "hunk" | ""}} Line */

/**
 * @param {string} diff
 * @returns {{lines: Line[], plus: number, minus: number}}
 */
export function readDiff(diff) {
  /** @type {Line[]} */
  const lines = [];
  let plus = 0, minus = 0, inside = false;
  for (const raw of diff.replace(/\n$/, "").split("\n")) {
    if (raw.startsWith("@@")) {
      inside = true;
      lines.push({ sign: "", text: raw.replace(/^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@(.*)$/, (_, at, _n, more) => `Line ${at}${more}`), kind: "hunk" });
    } else if (!inside) continue; // --- and +++ name the file, which stands above
    else if (raw.startsWith("+")) { plus++; lines.push({ sign: "+", text: raw.slice(1), kind: "add" }); }
    else if (raw.startsWith("-")) { minus++; lines.push({ sign: "−", text: raw.slice(1), kind: "del" }); }
    else if (raw.startsWith("\\")) lines.push({ sign: "", text: "No line break at the end", kind: "hunk" });
    else lines.push({ sign: "", text: raw.slice(1), kind: "" });
  }
  return { lines, plus, minus };
}

/** How much a diff adds and removes. @param {{plus: number, minus: number}} d */
export function diffCount({ plus, minus }) {
  return el("span", { class: "diff-count", "aria-label": `${plus} lines added, ${minus} removed` },
    el("span", { class: "plus" }, `+${plus}`), " ", el("span", { class: "minus" }, `−${minus}`));
}

/** The lines of a diff. @param {Line[]} lines */
export function diffLines(lines) {
  const body = el("div", { class: "diff-lines" });
  const draw = (/** @type {Line[]} */ some) => body.append(...some.map((l) => el("span", { class: l.kind || null, data: { sign: l.sign } }, l.text)));
  draw(lines.slice(0, SHOWN));
  const box = el("div", { class: "diff", tabindex: "0", role: "group", "aria-label": "Changed lines" }, body);
  if (lines.length > SHOWN) {
    const more = el("button", { type: "button", class: "button small quiet" }, `Show all ${lines.length} lines`);
    more.addEventListener("click", () => { draw(lines.slice(SHOWN)); more.remove(); });
    box.append(more);
  }
  return box;
}
