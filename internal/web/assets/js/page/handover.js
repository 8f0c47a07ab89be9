// @ts-check
// The button that hands a task over, where there is nothing else to do.
import { one } from "../lib/dom.js";
import { post, sentence } from "../lib/http.js";
import { wordsOf } from "../run/acts.js";
import { say } from "./say.js";

/** @param {HTMLElement} section */
export function handover(section) {
  const button = section.querySelector("[data-kickoff]"), error = one("[data-action-error]", section);
  if (!(button instanceof HTMLButtonElement)) return;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await post("/actions/kickoff", { slug: section.dataset.slug });
      if (answer.warning) say(sentence(answer.warning), true); // what this first click lets run
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      error.textContent = wordsOf(reason);
      error.hidden = false;
      button.disabled = false;
    }
  });
}
