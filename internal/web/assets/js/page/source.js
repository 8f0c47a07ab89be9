// @ts-check
// Copy page as markdown.
import { copyFrom } from "../lib/copy.js";

export function copySource() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy-source]") : null;
    if (!(button instanceof HTMLElement)) return;
    void copyFrom(button, fetch(button.dataset.copySource ?? "", { headers: { Accept: "text/markdown" } }).then((r) => {
      if (!r.ok) throw new Error(String(r.status));
      return r.text();
    }));
  });
}
