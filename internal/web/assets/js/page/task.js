// @ts-check
// What can be done with a task on its page: another status, into the queue, out of it.
import { one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";

/** @param {HTMLElement} section */
export function task(section) {
  const slug = section.dataset.slug;
  const error = one("[data-action-error]", section);

  /** @param {HTMLButtonElement | HTMLSelectElement} control @param {string} path @param {object} body */
  const act = async (control, path, body) => {
    control.disabled = true;
    error.hidden = true;
    try {
      await post(path, body);
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
      return true;
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      error.textContent = sentence(hint ? `${message}\n${hint}` : message);
      error.hidden = false;
      return false;
    } finally {
      control.disabled = false;
    }
  };

  const select = /** @type {HTMLSelectElement | null} */ (section.querySelector("[data-set-status]"));
  select?.addEventListener("change", async () => {
    const before = select.dataset.value ?? "";
    if (await act(select, "/actions/set-status", { slug, status: select.value })) select.dataset.value = select.value;
    else select.value = before;
  });
  for (const [selector, path] of [["[data-kickoff]", "/actions/kickoff"], ["[data-unqueue]", "/actions/unqueue"]]) {
    const button = /** @type {HTMLButtonElement | null} */ (section.querySelector(selector));
    button?.addEventListener("click", () => act(button, path, { slug }));
  }
}
