// @ts-check
// The form above a list of tasks: a choice is taken at once and the list changes in
// place. Without this the form is sent as any other.
import { all } from "../lib/dom.js";

/** @param {HTMLElement} element */
export function list(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const clear = /** @type {HTMLAnchorElement} */ (form.querySelector("[data-list-clear]"));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;

  const take = () => {
    clearTimeout(later);
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.set(name, String(value));
    const filters = all("select", form).filter((s) => s.closest(".list-menu")?.querySelector("option[value='']")?.textContent === "Any");
    for (const s of filters) s.closest(".list-menu")?.classList.toggle("on", /** @type {HTMLSelectElement} */ (s).value !== "");
    clear.hidden = !query.has("q") && !filters.some((s) => /** @type {HTMLSelectElement} */ (s).value);
    history.replaceState(history.state, "", form.action.split("?")[0] + (query.size ? `?${query}` : ""));
    document.dispatchEvent(new CustomEvent("tasks:refresh"));
  };
  form.addEventListener("change", take);
  form.addEventListener("input", (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    clearTimeout(later);
    later = setTimeout(take, 120);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); take(); });
  clear.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    for (const control of all("input, select", form)) {
      const menu = control.closest(".list-menu");
      if (!menu || menu.querySelector("option[value='']")?.textContent === "Any") /** @type {HTMLInputElement} */ (control).value = "";
    }
    take();
    all("input", form)[0]?.focus();
  });
}
