// @ts-check
// Lists by keyboard: j and k or the arrows go from row to row of the whole page.
import { all } from "../lib/dom.js";
import { local } from "../lib/store.js";
import { isTyping } from "./help.js";

let listening = false;

/** @param {HTMLElement} _list */
export function rows(_list) {
  if (listening) return;
  listening = true;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const letter = event.key === "j" || event.key === "k";
    const arrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    const links = all("main [data-row] .row-title").filter((link) => link.checkVisibility?.() ?? true);
    const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (letter ? local.get("tasks.keys") === "off" : !arrow || at < 0) return;
    const next = links[at + (event.key === "j" || event.key === "ArrowDown" ? 1 : -1)] ?? (at < 0 ? links[0] : null);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}
