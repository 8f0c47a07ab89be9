// @ts-check
// The page of a run: its story as it goes on, what can be done with it, its review.
import { all } from "../lib/dom.js";
import { copyFrom } from "../lib/copy.js";
import { acts } from "./acts.js";
import { composer } from "./composer.js";
import { review } from "./review.js";
import { story } from "./story.js";

/** @param {HTMLElement} page */
export function run(page) {
  story(page);
  acts(page);
  review(page);
  const form = page.querySelector("[data-composer]");
  if (form instanceof HTMLFormElement) composer(page, form);
  page.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-copy]");
    if (button instanceof HTMLElement) void copyFrom(button, button.dataset.copy ?? "");
  });
  arm(page);
  countdown(page);
  document.addEventListener("tasks:swapped", () => {
    arm(page);
    // A newer run of the task has begun: this page is about another one by now.
    const id = page.querySelector("[data-run-id]")?.getAttribute("data-run-id");
    if (id && id !== page.dataset.run && "latest" in page.dataset) location.reload();
  });
}

/** @type {WeakSet<Element>} */
const armed = new WeakSet();

/** A question's buttons can be pressed a moment after it has come, so that no click meant for something else answers it. @param {HTMLElement} page */
function arm(page) {
  for (const ask of all("[data-ask]", page)) {
    if (armed.has(ask)) continue;
    armed.add(ask);
    setTimeout(() => { for (const b of all("[data-decide]", ask)) /** @type {HTMLButtonElement} */ (b).disabled = false; }, 600);
  }
}

/** Says how long it is to the next attempt. @param {HTMLElement} page */
function countdown(page) {
  const tell = () => {
    for (const time of all("time[data-until]", page)) {
      const left = Math.round((Date.parse(time.getAttribute("datetime") ?? "") - Date.now()) / 1000);
      const words = left > 90 ? `in ${Math.round(left / 60)} min` : left > 0 ? `in ${left} s` : "now";
      if (time.textContent !== words) time.textContent = words;
    }
  };
  tell();
  setInterval(tell, 1000);
}

