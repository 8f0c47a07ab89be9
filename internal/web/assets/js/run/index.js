// @ts-check
// The page of a run: its story as it goes on, what can be done with it, its review.
import { all, one } from "../lib/dom.js";
import { post, sentence } from "../lib/http.js";
import { copyFrom } from "../lib/copy.js";
import { say } from "../page/say.js";
import { acts, wordsOf } from "./acts.js";
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
  copies(page);
  arm(page);
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

/** The buttons that copy what stands beside them. @param {HTMLElement} page */
function copies(page) {
  page.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-copy]");
    if (button instanceof HTMLElement) void copyFrom(button, button.dataset.copy ?? "");
  });
}

/** What can be done with the runs of a list. @param {HTMLElement} page */
export function rundo(page) {
  copies(page);
  page.addEventListener("click", async (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button[data-do]");
    if (!(button instanceof HTMLButtonElement)) return;
    const error = one("[data-action-error]", page);
    button.disabled = true;
    error.hidden = true;
    try {
      const answer = await post(button.dataset.do ?? "", { slug: button.dataset.slug });
      say(answer.warning ? sentence(answer.warning) : "Done", Boolean(answer.warning));
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      error.textContent = wordsOf(reason);
      error.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
