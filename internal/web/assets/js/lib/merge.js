// @ts-check
// Two changed versions of one text against what both began with, line by line.

/** Lines [from, to) of the one became lines [start, end) of the other. @typedef {{from: number, to: number, start: number, end: number}} Hunk */

/**
 * What changed from a to b.
 * @param {string[]} a
 * @param {string[]} b
 * @returns {Hunk[]}
 */
export function hunks(a, b) {
  let head = 0, endA = a.length, endB = b.length;
  while (head < endA && head < endB && a[head] === b[head]) head++;
  while (endA > head && endB > head && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
  const n = endA - head, m = endB - head;
  if (!n && !m) return [];
  if (!n || !m || n * m > 1_000_000) return [{ from: head, to: endA, start: head, end: endB }];
  const longest = Array.from({ length: n + 1 }, () => new Int32Array(m + 1));
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      longest[i][j] = a[head + i] === b[head + j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  /** @type {Hunk[]} */
  const out = [];
  /** @type {Hunk | null} */
  let open = null;
  for (let i = 0, j = 0; i < n || j < m;) {
    if (i < n && j < m && a[head + i] === b[head + j]) { open = null; i++; j++; continue; }
    if (!open) out.push(open = { from: head + i, to: head + i, start: head + j, end: head + j });
    if (j >= m || (i < n && longest[i + 1][j] >= longest[i][j + 1])) open.to = head + ++i;
    else open.end = head + ++j;
  }
  return out;
}

/**
 * Mine applied onto theirs; null where both changed the same place, or places that
 * touch each other.
 * @param {string} base
 * @param {string} mine
 * @param {string} theirs
 * @returns {string | null}
 */
export function merge(base, mine, theirs) {
  if (mine === theirs || theirs === base) return mine;
  if (mine === base) return theirs;
  const lines = base.split("\n"), my = mine.split("\n"), their = theirs.split("\n");
  const ours = hunks(lines, my).map((h) => ({ ...h, text: my.slice(h.start, h.end) }));
  const others = hunks(lines, their).map((h) => ({ ...h, text: their.slice(h.start, h.end) }));
  const same = (/** @type {typeof ours[0]} */ a, /** @type {typeof ours[0]} */ b) => a.from === b.from && a.to === b.to && a.text.join("\n") === b.text.join("\n");
  const mineAlone = ours.filter((a) => !others.some((b) => same(a, b)));
  for (const a of mineAlone) if (others.some((b) => a.from <= b.to && b.from <= a.to)) return null;
  const all = [...mineAlone, ...others].sort((a, b) => a.from - b.from);
  /** @type {string[]} */
  const out = [];
  let at = 0;
  for (const h of all) {
    out.push(...lines.slice(at, h.from), ...h.text);
    at = h.to;
  }
  return [...out, ...lines.slice(at)].join("\n");
}

/**
 * What changed, as lines to be shown, with a little of what is around.
 * @param {string} before
 * @param {string} after
 * @returns {{sign: string, text: string, kind: "add" | "del" | "hunk" | ""}[]}
 */
export function changedLines(before, after) {
  const a = before === "" ? [] : before.split("\n"), b = after === "" ? [] : after.split("\n");
  const around = 2, all = hunks(a, b);
  /** @type {{sign: string, text: string, kind: "add" | "del" | "hunk" | ""}[]} */
  const out = [];
  let shown = 0; // lines of a that are out
  const plain = (/** @type {number} */ upto) => { for (; shown < upto; shown++) out.push({ sign: "", text: a[shown], kind: "" }); };
  for (const [k, h] of all.entries()) {
    if (h.from - around > shown) {
      if (k > 0) out.push({ sign: "", text: "…", kind: "hunk" });
      shown = h.from - around;
    }
    plain(h.from);
    for (; shown < h.to; shown++) out.push({ sign: "−", text: a[shown], kind: "del" });
    for (let i = h.start; i < h.end; i++) out.push({ sign: "+", text: b[i], kind: "add" });
    plain(Math.min(h.to + around, all[k + 1]?.from ?? a.length));
  }
  return out;
}
