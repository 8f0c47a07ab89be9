// @ts-check
// The search box: Esc gives the focus back to the page, arrow down goes to the hits.
import { one } from "../lib/dom.js";

/** @param {HTMLElement} form */
export function search(form) {
  const input = /** @type {HTMLInputElement} */ (one("input", form));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !input.value) input.blur();
    if (event.key === "ArrowDown") {
      const first = /** @type {HTMLElement | null} */ (document.querySelector("main [data-row] .row-title"));
      if (first) {
        event.preventDefault();
        first.focus();
      }
    }
  });
}
