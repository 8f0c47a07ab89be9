// @ts-check
// Lines of a file by their address: #L10, #L10-L20. A click on a number makes it, with
// Shift a range.
import { all } from "../lib/dom.js";

/** The first and last line that an address names. @param {string} hash @returns {[number, number] | null} */
export function range(hash) {
  const m = /^#(?:user-content-)?L(\d{1,7})(?:-L?(\d{1,7}))?$/.exec(hash);
  if (!m) return null;
  const [a, b] = [Number(m[1]), Number(m[2] ?? m[1])];
  return a <= b ? [a, b] : [b, a];
}

/** @param {HTMLElement} pre */
export function lines(pre) {
  const rows = /** @type {HTMLElement[]} */ ([...pre.getElementsByClassName("line")]);
  let from = 0;
  const mark = (scroll = true) => {
    const named = range(location.hash);
    for (const row of all(".marked", pre)) row.classList.remove("marked");
    if (!named) return;
    from = named[0];
    for (const row of rows.slice(named[0] - 1, named[1])) row.classList.add("marked");
    if (scroll) rows[named[0] - 1]?.scrollIntoView({ block: "center" });
  };
  pre.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest(".line") : null;
    if (!(row instanceof HTMLElement) || String(getSelection() ?? "").trim()) return;
    const box = row.getBoundingClientRect(), rtl = getComputedStyle(row).direction === "rtl";
    const gutter = parseFloat(getComputedStyle(row, "::before").width) || 40;
    if ((rtl ? box.right - event.clientX : event.clientX - box.left) > gutter) return;
    const n = rows.indexOf(row) + 1;
    const [a, b] = event.shiftKey && from ? [Math.min(from, n), Math.max(from, n)] : [n, n];
    if (!event.shiftKey) from = n;
    history.replaceState(null, "", a === b ? `#L${a}` : `#L${a}-L${b}`);
    mark(false);
  });
  addEventListener("hashchange", () => mark());
  mark();
}
