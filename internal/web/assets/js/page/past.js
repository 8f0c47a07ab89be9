// @ts-check
// The history of a task's file, asked for when the page stands: no page waits for git.
import { el, one } from "../lib/dom.js";
import { getJSON } from "../lib/http.js";
import { ago } from "../lib/time.js";

const SHOWN = 8;

/** @param {HTMLElement} section */
export function past(section) {
  const list = one("[data-past]", section);
  let tries = 0;
  const load = async () => {
    try {
      const { commits, truncated, pending, problem } = await getJSON(`/history.json?path=${encodeURIComponent(section.dataset.path ?? "")}`);
      if (pending && !commits.length && tries++ < 5) { setTimeout(load, 1000); return; }
      draw(commits, truncated, problem);
    } catch {
      list.replaceChildren(el("li", { class: "quiet" }, "The history could not be read."));
    }
    list.removeAttribute("aria-busy");
  };
  /** @param {{hash: string, who: string, when: string, subject: string}[]} commits @param {boolean} truncated @param {string | null} problem */
  const draw = (commits, truncated, problem) => {
    const rows = commits.map((c) => el("li", null, el("bdi", { class: "commit-subject" }, c.subject), el("span", { class: "quiet" }, el("bdi", null, c.who), " · ",
      el("time", { datetime: c.when, title: new Date(c.when).toLocaleString(), data: { ago: "" } }, ago(Date.now() - Date.parse(c.when))), " · ", el("code", null, c.hash.slice(0, 8)))));
    list.replaceChildren(...rows.slice(0, SHOWN));
    if (!rows.length) list.append(el("li", { class: "quiet" }, problem ?? "Not committed yet."));
    if (rows.length > SHOWN) {
      const more = el("li", null, el("button", { type: "button", class: "button small quiet" }, `Show ${rows.length - SHOWN} more`));
      more.addEventListener("click", () => { more.remove(); list.append(...rows.slice(SHOWN)); if (truncated) list.append(el("li", { class: "quiet" }, "Older commits are not listed.")); });
      list.append(more);
    } else if (truncated) list.append(el("li", { class: "quiet" }, "Older commits are not listed."));
  };
  const view = new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    view.disconnect();
    void load();
  }, { rootMargin: "400px" });
  view.observe(section);
}
