// @ts-check
// Narrows the list of tasks to those with all the words typed.
import { all } from "../lib/dom.js";

/** @param {HTMLElement} element */
export function filter(element) {
  const input = /** @type {HTMLInputElement} */ (element);
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of all("main [data-filter]")) {
      row.hidden = !words.every((word) => row.dataset.filter?.includes(word));
      if (!row.hidden) shown++;
    }
    for (const group of all("main .group")) group.hidden = !group.querySelector("[data-row]:not([hidden])");
    for (const none of all("main [data-filter-none]")) none.hidden = shown > 0 || !words.length;
  };
  input.addEventListener("input", apply);
  document.addEventListener("tasks:swapped", apply);
  apply(); // the browser may have kept what was typed
}
