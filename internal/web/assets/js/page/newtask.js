// @ts-check
// Writes a worksheet from a title.
import { one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";

/** @param {HTMLElement} button */
export function newtask(button) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(button.dataset.dialog ?? ""));
  const form = /** @type {HTMLFormElement} */ (one("form", dialog));
  const error = one("[data-action-error]", dialog);
  button.addEventListener("click", () => { error.hidden = true; dialog.showModal(); });
  one("[data-cancel]", dialog).addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const send = /** @type {HTMLButtonElement} */ (one("[type=submit]", form));
    const values = new FormData(form);
    send.disabled = true;
    error.hidden = true;
    try {
      const { task } = await post("/actions/new", { title: String(values.get("title")), workstream: String(values.get("workstream") ?? "") });
      location.assign(`/tasks/${encodeURIComponent(task.slug)}`);
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      error.textContent = sentence(hint ? `${message}\n${hint}` : message);
      error.hidden = false;
      send.disabled = false;
    }
  });
}
