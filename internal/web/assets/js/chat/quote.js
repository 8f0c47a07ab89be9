// @ts-check
// Text marked in the page becomes a quote of the next question.
import { el, icon, one } from "../lib/dom.js";

const MAX = 8000;

/**
 * @param {import("./composer.js").Composer} composer
 * @param {import("./drawer.js").Drawer} drawer
 */
export function quoting(composer, drawer) {
  const button = el("button", { type: "button", class: "button small quote-button", hidden: true, data: { chatQuoteButton: "" } }, icon("text-quote"), "Ask about this");
  document.body.append(button);
  let text = "";

  const place = () => {
    const selection = getSelection();
    const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    const inside = range && one("main").contains(range.commonAncestorContainer);
    text = inside ? String(selection).trim().slice(0, MAX) : "";
    button.hidden = !text;
    if (!text || !range) return;
    const rects = range.getClientRects();
    const box = rects[rects.length - 1] ?? range.getBoundingClientRect();
    const left = Math.min(Math.max(box.right - 60, 8), innerWidth - 160);
    button.style.top = `${scrollY + box.bottom + 8}px`;
    button.style.left = `${scrollX + left}px`;
  };
  let timer = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = window.setTimeout(place, 160);
  });
  button.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
  button.addEventListener("click", async () => {
    const quoted = text;
    button.hidden = true;
    composer.quote({ text: quoted });
    drawer.open();
    const lines = await linesOf(quoted);
    if (lines && composer.selection?.text === quoted) composer.quote({ text: quoted, ...lines });
  });
}

/**
 * The lines of the page's source that the text stands in, where that is certain:
 * its beginning and its end are found, each once, in that order.
 * @param {string} text
 * @returns {Promise<{start_line: number, end_line: number} | null>}
 */
async function linesOf(text) {
  if (!document.body.dataset.docRel) return null;
  try {
    const response = await fetch(`${location.pathname}?raw`, { headers: { Accept: "text/markdown" } });
    if (!response.ok) return null;
    return findLines(await response.text(), text);
  } catch {
    return null;
  }
}

/**
 * @param {string} source
 * @param {string} text
 */
export function findLines(source, text) {
  const parts = text.split(/\n+/).map((p) => p.trim()).filter(Boolean);
  if (!parts.length) return null;
  const start = onlyLine(source, parts[0].slice(0, 60)), end = onlyLine(source, parts[parts.length - 1].slice(-60));
  return start && end && start <= end ? { start_line: start, end_line: end } : null;
}

/** @param {string} source @param {string} piece */
function onlyLine(source, piece) {
  const at = source.indexOf(piece);
  if (at < 0 || source.indexOf(piece, at + 1) >= 0) return 0;
  return source.slice(0, at).split("\n").length;
}
