// @ts-check
// What can be done with a task on its page: its fields, into the queue, out of it.
import { all, one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";
import { pick } from "./picker.js";
import { say } from "./say.js";

/** @param {HTMLElement} section */
export function task(section) {
  const { slug = "", path = "" } = section.dataset;
  const error = one("[data-action-error]", section);

  /** @param {HTMLElement} control @param {string} path @param {object} body @param {string} [words] */
  const act = async (control, path, body, words) => {
    const button = /** @type {HTMLButtonElement} */ (control);
    button.disabled = true;
    error.hidden = true;
    try {
      const answer = await post(path, body);
      const told = [words, answer.warning && sentence(answer.warning)].filter(Boolean).join(". ");
      if (told) say(told, Boolean(answer.warning));
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      tell(sentence(hint ? `${message}\n${hint}` : message));
    } finally {
      button.disabled = false;
      if (document.activeElement === document.body) button.focus({ preventScroll: true });
    }
  };
  const tell = (/** @type {string} */ words) => {
    error.textContent = words;
    error.hidden = false;
  };

  const here = section.querySelector(".near .focus"), around = here?.closest(".graph-scroll");
  if (here && around) { // what the drawing is about is seen first
    const [a, b] = [here.getBoundingClientRect(), around.getBoundingClientRect()];
    around.scrollLeft += a.left + a.width / 2 - b.left - b.width / 2;
  }

  for (const button of all("[data-pick]", section)) {
    const { pick: field = "", pickName = "", pickAdd, pickClear } = button.dataset;
    button.addEventListener("click", () => pick(button, {
      slug: path, field, name: pickName, now: button.dataset.value ?? "", clear: pickClear !== undefined,
      take: (value) => act(button, "/actions/set-field", { slug: path, field, value: pickAdd === undefined ? value : `+${value}` }, `${pickName}: ${value || "not set"}`),
    }));
  }
  for (const button of all("[data-drop]", section)) {
    const { drop = "", field = "" } = button.dataset;
    button.addEventListener("click", () => act(button, "/actions/set-field", { slug: path, field, value: { add: [], drop: [drop] } }, `${drop} is taken away`));
  }
  for (const [selector, to] of [["[data-kickoff]", "/actions/kickoff"], ["[data-unqueue]", "/actions/unqueue"]]) {
    const button = /** @type {HTMLButtonElement | null} */ (section.querySelector(selector));
    button?.addEventListener("click", () => act(button, to, { slug }));
  }
}
