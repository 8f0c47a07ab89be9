// @ts-check
// Single-key shortcuts and the sheet that names them. They can be turned off.
import { one } from "../lib/dom.js";
import { local } from "../lib/store.js";
import { toggleTheme } from "./theme.js";

/** Whether a key press is meant for what has the focus. @param {EventTarget | null} target */
export const isTyping = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
    (target instanceof HTMLInputElement && !/^(checkbox|radio|button|submit)$/.test(target.type)));

/** @param {HTMLElement} element */
export function help(element) {
  const dialog = /** @type {HTMLDialogElement} */ (element);
  const on = /** @type {HTMLInputElement} */ (one("[data-help-keys]", dialog));
  on.checked = local.get("tasks.keys") !== "off";
  on.addEventListener("change", () => local.set("tasks.keys", on.checked ? null : "off"));
  document.querySelector("[data-help-open]")?.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (event.key === "?") dialog.showModal();
    else if (!on.checked || dialog.open) return;
    else if (event.key === "/") one("#q").focus();
    else if (event.key === "c") document.querySelector(":root[data-drawer=open]") ? one("#chat-input").focus() : one("[data-chat-toggle]").click();
    else if (event.key === "t") toggleTheme();
    else return;
    event.preventDefault();
  });
}
