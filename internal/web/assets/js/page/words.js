// @ts-check
// The title and the description of a task, in a dialog.
import { all, one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";
import { say } from "./say.js";

/** @param {HTMLElement} button */
export function words(button) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(button.dataset.dialog ?? ""));
  const form = /** @type {HTMLFormElement} */ (one("form", dialog));
  const error = one("[data-action-error]", dialog);
  const controls = () => /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ (all("input, textarea", form));

  button.addEventListener("click", () => {
    error.hidden = true;
    for (const c of controls()) c.value = c.defaultValue; // as the file has it now
    dialog.showModal();
  });
  one("[data-cancel]", dialog).addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const send = /** @type {HTMLButtonElement} */ (one("[type=submit]", form));
    send.disabled = true;
    error.hidden = true;
    try {
      /** @type {object[]} */
      const before = [];
      let last;
      for (const c of controls()) {
        if (c.value.trim() === c.defaultValue.trim()) continue;
        last = await post("/actions/set-field", { slug: button.dataset.slug, field: c.name, value: c.value.trim() });
        before.push({ field: c.name, value: c.defaultValue });
        c.defaultValue = c.value; // what is written is not written again
      }
      if (last) {
        const undo = async () => {
          let now = last;
          for (const field of before) now = await post("/actions/set-field", { slug: now.task.path, hash: now.task.hash, ...field });
        };
        say(last.warning ? sentence(last.warning) : "Saved", Boolean(last.warning), undo);
      }
      dialog.close();
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      error.textContent = sentence(hint ? `${message}\n${hint}` : message);
      error.hidden = false;
    } finally {
      send.disabled = false;
    }
  });
}
