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

/**
 * Where a changed line differs from its counterpart: from the first to the last
 * word that is another.
 * @param {string} a
 * @param {string} b
 * @returns {[number, number, number]} where it begins, ends in a, ends in b
 */
export function differing(a, b) {
  const word = /[\p{L}\p{N}_]/u;
  let start = 0, endA = a.length, endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (start > 0 && word.test(a[start - 1] ?? "") && (word.test(a[start] ?? "") || word.test(b[start] ?? ""))) start--;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
  while (endA < a.length && word.test(a[endA]) && (word.test(a[endA - 1] ?? "") || word.test(b[endB - 1] ?? ""))) { endA++; endB++; }
  return [start, endA, endB];
}

/** A line, with what changed in it marked where only a part did. @param {Line} line @param {[number, number] | undefined} part */
function lineElement(line, part) {
  const whole = !part || part[1] <= part[0] || part[1] - part[0] > line.text.length * 0.7;
  const text = whole ? [line.text] : [line.text.slice(0, part[0]), el("b", null, line.text.slice(...part)), line.text.slice(part[1])];
  return el("span", { class: line.kind || null, data: { sign: line.sign } }, ...text);
}

/** Pairs removed with added lines, one to one, in each run of changes. @param {Line[]} lines */
function changedParts(lines) {
  /** @type {Map<Line, [number, number]>} */
  const parts = new Map();
  for (let i = 0; i < lines.length;) {
    let mid = i;
    while (lines[mid]?.kind === "del") mid++;
    let end = mid;
    while (lines[end]?.kind === "add") end++;
    for (let n = 0; i + n < mid && mid + n < end; n++) {
      const [start, a, b] = differing(lines[i + n].text, lines[mid + n].text);
      parts.set(lines[i + n], [start, a]);
      parts.set(lines[mid + n], [start, b]);
    }
    i = Math.max(end, i + 1);
  }
  return parts;
}

/** The lines of a diff. @param {Line[]} lines */
export function diffLines(lines) {
  const body = el("div", { class: "diff-lines" });
  const parts = changedParts(lines);
  const draw = (/** @type {Line[]} */ some) => body.append(...some.map((l) => lineElement(l, parts.get(l))));
  draw(lines.slice(0, SHOWN));
  const box = el("div", { class: "diff", tabindex: "0", role: "group", "aria-label": "Changed lines" }, body);
  if (lines.length > SHOWN) {
    const more = el("button", { type: "button", class: "button small quiet" }, `Show all ${lines.length} lines`);
    more.addEventListener("click", () => { draw(lines.slice(SHOWN)); more.remove(); });
    box.append(more);
  }
  return box;
}
