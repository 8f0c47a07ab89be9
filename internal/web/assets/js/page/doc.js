// @ts-check
// What scripts add to rendered markdown, on pages and in answers: the address of a
// heading, a bar on code, a frame around wide tables.
import { all, el, icon } from "../lib/dom.js";
import { copyFrom } from "../lib/copy.js";
import { lines } from "./lines.js";

/** @param {HTMLElement} element */
export function doc(element) {
  const { hash, pathname } = location;
  // A link into a large document names a section that may be in another part of it.
  if (hash.length > 1 && !location.search && document.querySelector("[data-parts]") && !document.getElementById(decodeURIComponent(hash.slice(1)))) {
    location.replace(`${pathname}?section=${hash.slice(1)}`);
  }
  enhance([...element.children]);
  element.addEventListener("tasks:blocks", (event) => enhance(/** @type {CustomEvent<Element[]>} */ (event).detail));
}

/**
 * Decorates blocks that are in the page already.
 * @param {Element[]} blocks
 */
export function enhance(blocks) {
  for (const block of blocks) {
    for (const heading of withSelf(block, "h1[id], h2[id], h3[id], h4[id], h5[id], h6[id]")) anchor(heading);
    for (const pre of withSelf(block, "pre.lines")) lines(pre);
    for (const pre of withSelf(block, "pre:not(.mermaid-source)")) code(pre);
    const diagrams = withSelf(block, "pre.mermaid-source");
    if (diagrams.length) void import("./frame.js").then(({ diagram }) => diagrams.forEach(diagram));
    for (const table of withSelf(block, "table")) frame(table);
  }
}

/** @param {Element} block @param {string} selector */
const withSelf = (block, selector) => [...(block.matches(selector) ? [/** @type {HTMLElement} */ (block)] : []), ...all(selector, block)];

/** @param {HTMLElement} heading */
function anchor(heading) {
  if (heading.querySelector(".anchor")) return;
  heading.append(el("a", { class: "anchor", href: `#${heading.id}`, "aria-label": "Link to this section" }));
}

/** @param {HTMLElement} pre */
function code(pre) {
  let box = /** @type {HTMLElement | null} */ (pre.closest(".code"));
  if (box?.querySelector(".code-bar")) return;
  if (!box) {
    box = el("div", { class: "code" });
    pre.replaceWith(box);
    box.append(pre);
    if (!pre.hasAttribute("tabindex")) pre.tabIndex = 0; // so that it scrolls by keyboard
  }
  const around = box;
  const wrap = el("button", { type: "button", class: "icon-button", title: "Wrap lines", "aria-pressed": "false", data: { wrap: "" } }, icon("wrap-text", "Wrap lines"));
  wrap.addEventListener("click", () => wrap.setAttribute("aria-pressed", String(around.classList.toggle("wrap"))));
  const copy = el("button", { type: "button", class: "icon-button", title: "Copy" }, icon("copy", "Copy code"));
  copy.addEventListener("click", () => copyFrom(copy, pre.textContent ?? ""));
  box.append(el("div", { class: "code-bar" }, box.querySelector(".code-lang"), wrap, copy));
}

/** @param {HTMLElement} table */
function frame(table) {
  const around = table.closest(".table-scroll");
  if (around) return;
  const box = el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" });
  table.replaceWith(box);
  box.append(table);
}
