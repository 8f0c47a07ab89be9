// @ts-check
// The button that hands a task over, where there is nothing else to do.
import { one } from "../lib/dom.js";
import { post } from "../lib/http.js";
import { wordsOf } from "../run/acts.js";

/** @param {HTMLElement} section */
export function handover(section) {
  const button = section.querySelector("[data-kickoff]"), error = one("[data-action-error]", section);
  if (!(button instanceof HTMLButtonElement)) return;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post("/actions/kickoff", { slug: section.dataset.slug });
      location.reload();
    } catch (reason) {
      error.textContent = wordsOf(reason);
      error.hidden = false;
      button.disabled = false;
    }
  });
}
