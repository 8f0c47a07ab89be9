// @ts-check
// Theme and contrast, remembered for this browser and shared with its other tabs.
import { all } from "../lib/dom.js";
import { local } from "../lib/store.js";

const root = document.documentElement;

function apply() {
  const theme = local.get("tasks.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  if (local.get("tasks.contrast") === "more" || matchMedia("(prefers-contrast: more)").matches) root.dataset.contrast = "more";
  else delete root.dataset.contrast;
}

/** Light where it is dark, dark where it is light. */
export function toggleTheme() {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  local.set("tasks.theme", dark ? "light" : "dark");
  apply();
  document.dispatchEvent(new CustomEvent("tasks:theme"));
}

/** @param {HTMLElement} menu */
export function theme(menu) {
  const inputs = /** @type {HTMLInputElement[]} */ (all("input", menu));
  const draw = () => {
    for (const input of inputs) {
      input.checked = input.type === "radio" ? input.value === (root.dataset.theme ?? "system") : root.dataset.contrast === "more";
    }
  };
  draw();
  menu.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.type === "radio") local.set("tasks.theme", input.value === "system" ? null : input.value);
    else local.set("tasks.contrast", input.checked ? "more" : null);
    apply();
  });
  document.addEventListener("tasks:theme", draw);
  addEventListener("storage", () => { apply(); draw(); });
}
