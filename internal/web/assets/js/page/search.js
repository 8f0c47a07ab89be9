// @ts-check
// The search box. On any page the best hits hang below it as one types: arrows choose,
// Enter opens, Esc closes. On the page of hits the page itself follows.
import { el, icon, one } from "../lib/dom.js";
import { failureOf, sentence, unreachable } from "../lib/http.js";

/** @typedef {{path: string, title: string, href: string, kind: string, lines: number, line: number | null, snippet: {text: string, mark: boolean}[]}} Found */

/** How long nothing is typed before it is asked, in milliseconds. */
const PAUSE = 80;
const BEST = 8;
const SIGNS = /** @type {Record<string, string>} */ ({ task: "list-checks", doc: "file-text", code: "file" });

/** What a list of so many hits says to who does not see it. @param {number} shown @param {number} all */
export const counted = (shown, all) =>
  all === 0 ? "Nothing found" : shown < all ? `The best ${shown} of ${all} files` : `${all} ${all === 1 ? "file" : "files"}`;

/** The next place in a list of n, from none (-1) and round its ends. @param {number} at @param {number} n @param {string} key */
export function moved(at, n, key) {
  if (!n) return -1;
  if (key === "ArrowDown") return at + 1 >= n ? -1 : at + 1;
  return at < 0 ? n - 1 : at - 1;
}

/** @param {HTMLElement} element */
export function search(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const input = /** @type {HTMLInputElement} */ (one("input", form));
  const here = () => document.body.dataset.pageKind === "search";
  const list = el("div", { class: "suggest", id: "suggest", role: "listbox", "aria-label": "Best hits", hidden: true });
  const said = el("p", { class: "vh", role: "status" });
  form.append(list, said);
  if (!here()) for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggest", "aria-haspopup": "listbox" })) input.setAttribute(name, value);

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  /** @type {AbortController | null} */
  let asking = null;
  let at = -1;
  const options = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=option]")]);

  const choose = (/** @type {number} */ n) => {
    at = n;
    for (const [i, option] of options().entries()) option.setAttribute("aria-selected", String(i === at));
    const now = options()[at];
    if (now) {
      input.setAttribute("aria-activedescendant", now.id);
      now.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    clearTimeout(later);
    asking?.abort();
    list.hidden = true;
    said.textContent = "";
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  };
  const address = () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.set(name, String(value));
    const kind = new URLSearchParams(location.search).get("kind");
    if (here() && kind) query.set("kind", kind);
    return query;
  };

  const show = (/** @type {Found[]} */ files, /** @type {number} */ all, /** @type {string[]} */ problems) => {
    /** @param {string} href @param {string} name @param {(Node | null)[]} parts */
    const option = (href, name, ...parts) => {
      const n = list.querySelectorAll("[role=option]").length;
      list.append(el("div", { role: "option", id: `suggest-${n}`, "aria-selected": "false", class: name, data: { href }, on: {
        mousedown: (/** @type {Event} */ event) => event.preventDefault(), // the box keeps the focus
        click: () => location.assign(href),
        pointermove: () => { if (at !== n) choose(n); },
      } }, ...parts));
    };
    list.replaceChildren();
    for (const f of files) {
      option(f.href, "suggest-file", icon(SIGNS[f.kind] ?? "file"),
        el("span", { class: "suggest-title" }, el("bdi", null, f.title), f.title === f.path ? null : el("code", null, f.path)),
        f.snippet.length ? el("span", { class: "suggest-line", dir: "auto" }, ...f.snippet.map((p) => p.mark ? el("mark", null, p.text) : p.text)) : null);
    }
    if (files.length) option(`/search?${address()}`, "suggest-all", icon("search"), el("span", null, all > files.length ? `All ${all} files` : "All lines"));
    said.textContent = [...problems, counted(files.length, all)].join(" ");
    if (!files.length) list.append(el("p", { class: "suggest-said" }, said.textContent));
    open();
  };
  const open = () => {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    choose(-1);
  };
  const failed = (/** @type {unknown} */ reason) => {
    if (reason instanceof DOMException && reason.name === "AbortError") return;
    said.textContent = sentence(reason instanceof Error ? reason.message : String(reason));
    list.replaceChildren(el("p", { class: "suggest-said" }, said.textContent));
    open();
  };

  const suggest = async (/** @type {AbortSignal} */ signal) => {
    const query = address();
    query.set("files", String(BEST));
    const response = await fetch(`/search.json?${query}`, { signal, headers: { Accept: "application/json" } }).catch((reason) => { throw signal.aborted ? reason : unreachable(); });
    if (!response.ok) throw await failureOf(response);
    const { files, counts, problems } = await response.json();
    if (signal.aborted || document.activeElement !== input) return;
    show(files, counts.task + counts.doc + counts.code, problems);
  };
  /** The page is fetched as for any change: one request at a time, and the last one counts. */
  const follow = () => {
    const query = address();
    history.replaceState(history.state, "", query.get("q") ? `/search?${query}` : "/search");
    document.dispatchEvent(new CustomEvent("tasks:refresh"));
  };
  const ask = () => {
    clearTimeout(later);
    asking?.abort();
    const abort = asking = new AbortController();
    if (here()) follow();
    else if (input.value.trim()) suggest(abort.signal).catch(failed);
    else close();
  };

  input.addEventListener("input", (event) => {
    if (/** @type {InputEvent} */ (event).isComposing) return;
    clearTimeout(later);
    later = setTimeout(ask, PAUSE);
  });
  input.addEventListener("compositionend", ask);
  input.addEventListener("blur", () => { if (!here()) close(); });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.form === form && event.target !== input) ask();
  });
  form.addEventListener("submit", (event) => {
    const now = options()[at];
    if (here()) { event.preventDefault(); ask(); } else if (now?.dataset.href) {
      event.preventDefault();
      location.assign(now.dataset.href);
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const hanging = !list.hidden;
    if (event.key === "Escape" && (hanging || !input.value)) {
      event.preventDefault();
      if (hanging) close(); else input.blur();
    } else if (hanging && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      choose(moved(at, options().length, event.key));
    } else if (event.key === "ArrowDown") {
      const first = /** @type {HTMLElement | null} */ (document.querySelector("main [data-row] .row-title"));
      if (here() && first) {
        event.preventDefault();
        first.focus();
      } else if (input.value.trim() && !here()) ask();
    }
  });
}
