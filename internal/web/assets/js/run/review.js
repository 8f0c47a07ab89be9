// @ts-check
// The changes of a run, line by line: comments in place, files folded when viewed.
import { all, el, one } from "../lib/dom.js";
import { post } from "../lib/http.js";
import { local } from "../lib/store.js";
import { isTyping } from "../page/help.js";
import { parsePage } from "../lib/trusted.js";
import { say, sayWhy } from "../page/say.js";
import { wordsOf } from "./acts.js";

/** @param {HTMLElement} page */
export function review(page) {
  const zone = one("[data-diff]", page), slug = page.dataset.slug ?? "";
  const refresh = () => document.dispatchEvent(new CustomEvent("tasks:refresh"));
  const writes = () => "commentable" in zone.dataset;
  let head = page.querySelector("[data-head]")?.getAttribute("data-head") ?? "";
  const seenKey = () => `tasks.viewed:${page.dataset.run}:${head}`;

  const marks = () => {
    const seen = new Set(/** @type {string[]} */ (local.json(seenKey()) ?? []));
    for (const file of all("[data-file]", zone)) {
      const on = seen.has(file.dataset.file ?? "");
      /** @type {HTMLInputElement} */ (one("[data-viewed]", file)).checked = on;
      if (on) /** @type {HTMLDetailsElement} */ (one("details", file)).open = false;
      zone.querySelector(`.file-list a[href="#${file.id}"]`)?.closest("li")?.classList.toggle("viewed", on);
    }
  };
  marks();

  zone.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !("viewed" in box.dataset)) return;
    const file = /** @type {HTMLElement} */ (box.closest("[data-file]")), path = file.dataset.file ?? "";
    const seen = new Set(/** @type {string[]} */ (local.json(seenKey()) ?? []));
    if (box.checked) seen.add(path); else seen.delete(path);
    local.set(seenKey(), seen.size ? JSON.stringify([...seen]) : null);
    /** @type {HTMLDetailsElement} */ (one("details", file)).open = !box.checked;
    zone.querySelector(`.file-list a[href="#${file.id}"]`)?.closest("li")?.classList.toggle("viewed", box.checked);
  });

  zone.addEventListener("click", async (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = target.closest("button");
    if (button?.classList.contains("add-comment")) write(/** @type {HTMLTableRowElement} */ (button.closest("tr")));
    else if (button?.dataset.uncomment) {
      try {
        await post("/actions/run/uncomment", { slug, comment: button.dataset.uncomment });
        remove(button.dataset.uncomment);
        refresh();
      } catch (reason) { sayWhy(reason); }
    }
    const link = target.closest(".file-list a");
    if (link) { // a folded file is opened by its link
      const file = document.getElementById(link.getAttribute("href")?.slice(1) ?? "");
      if (file) /** @type {HTMLDetailsElement} */ (one("details", file)).open = true;
    }
  });

  /** @param {string} id */
  const remove = (id) => {
    const comment = zone.querySelector(`[data-comment="${CSS.escape(id)}"]`), row = comment?.closest("tr");
    comment?.remove();
    if (row && !row.querySelector("[data-comment], form")) row.remove();
  };

  /** Opens the place to write at a line. @param {HTMLTableRowElement} row */
  const write = (row) => {
    if (!writes()) return;
    let place = row.nextElementSibling;
    if (!place?.classList.contains("comments")) {
      place = el("tr", { class: "comments" }, el("td", { colspan: 3 }));
      row.after(place);
    }
    const cell = /** @type {HTMLElement} */ (place.firstElementChild);
    const there = cell.querySelector("form textarea");
    if (there instanceof HTMLElement) { there.focus(); return; }
    const path = /** @type {HTMLElement} */ (row.closest("[data-file]")).dataset.file ?? "";
    const line = Number(row.dataset.line), side = row.dataset.side ?? "new";
    const text = el("textarea", { "aria-label": `Comment on ${path}, line ${line}`, dir: "auto", maxlength: 20000 });
    const error = el("p", { class: "action-error", role: "alert", hidden: true });
    const save = el("button", { type: "submit", class: "button primary small" }, "Keep as draft");
    const cancel = el("button", { type: "button", class: "button quiet small" }, "Cancel");
    const form = el("form", { class: "comment-form" }, text, error, el("div", { class: "act-foot" }, save, cancel));
    const close = () => {
      form.remove();
      if (!cell.childElementCount) place?.remove();
      row.focus({ preventScroll: true });
      void renew();
    };
    cancel.addEventListener("click", close);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !text.value.trim()) { event.preventDefault(); close(); }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!text.value.trim()) { text.focus(); return; }
      save.disabled = true;
      try {
        const code = row.querySelector(".line > code")?.cloneNode(true);
        if (code instanceof HTMLElement) code.querySelector(".vh")?.remove();
        const quote = code?.textContent?.replace(/\n$/, "") ?? "";
        const { comment } = await post("/actions/run/comment", { slug, path, line, side, quote, text: text.value });
        form.remove();
        cell.append(el("div", { class: "comment", data: { comment: comment.id } },
          el("p", { class: "comment-head" }, el("span", { class: "badge busy" }, "Draft"), el("button", { type: "button", class: "link-button", data: { uncomment: comment.id } }, "Take back")),
          el("p", { class: "comment-text", dir: "auto" }, comment.text)));
        row.focus({ preventScroll: true });
        say("Kept as a draft");
        refresh();
      } catch (reason) {
        error.textContent = wordsOf(reason);
        error.hidden = false;
        save.disabled = false;
      }
    });
    cell.append(form);
    text.focus();
  };

  const shown = () => all("tr[data-line]", zone).filter((tr) => tr.closest("details")?.open);
  /** @param {HTMLElement | undefined} row */
  const go = (row) => {
    if (!row) return;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || local.get("tasks.keys") === "off") return;
    const here = /** @type {HTMLElement | null} */ (document.activeElement?.closest("tr[data-line]"));
    const on = document.activeElement?.closest("[data-file]");
    const key = event.key;
    if (key === "n" || key === "p") {
      const changed = shown().filter((tr) => !tr.classList.contains("ctx") && !isChanged(tr.previousElementSibling));
      const at = here ? changed.findIndex((tr) => Boolean(here.compareDocumentPosition(tr) & Node.DOCUMENT_POSITION_FOLLOWING)) : 0;
      const index = key === "n" ? at : (at < 0 ? changed.length : at) - (here && changed.includes(here) ? 2 : 1);
      if (index < 0 || !changed[index]) return;
      event.preventDefault();
      go(changed[index]);
    } else if ((key === "ArrowDown" || key === "ArrowUp") && here) {
      const rows = shown(), next = rows[rows.indexOf(here) + (key === "ArrowDown" ? 1 : -1)];
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    } else if (key === "c" && here && writes()) {
      event.preventDefault();
      event.stopImmediatePropagation(); // elsewhere it opens the assistant
      write(/** @type {HTMLTableRowElement} */ (here));
    } else if (key === "v" && on) {
      event.preventDefault();
      one("[data-viewed]", /** @type {HTMLElement} */ (on)).click();
    }
  }, true);
  const isChanged = (/** @type {Element | null} */ tr) => Boolean(tr?.matches(".add, .del"));

  // The work itself has changed: the old changes are put aside for the new ones, unless somebody writes in them.
  const renew = async () => {
    const now = page.querySelector("[data-head]")?.getAttribute("data-head") ?? "";
    const sent = Boolean(zone.querySelector(".comment:not(.sent)")) && !page.querySelector('[data-open="review"]');
    if (now === head && !sent || zone.querySelector("form")) return;
    try {
      const response = await fetch(location.pathname + location.search);
      if (!response.ok) return;
      const fresh = parsePage(await response.text()).querySelector("[data-diff]");
      if (!fresh || zone.querySelector("form")) return; // one that was opened meanwhile: renewed when it is closed
      head = now;
      bring(zone, fresh);
      marks();
    } catch { /* the next change tries again */ }
  };
  document.addEventListener("tasks:swapped", () => void renew());
}

/** What the server sent for a file, before anybody folded it or wrote in it. @type {WeakMap<Element, Node>} */
const pristine = new WeakMap();

/**
 * Puts the new changes in the place of the old ones. A file that is as it was stays the very
 * same node, and what somebody looks at stays where it is: an agent at work changes this often.
 * @param {HTMLElement} zone @param {Element} fresh
 */
function bring(zone, fresh) {
  const old = new Map(all("[data-file]", zone).map((file) => [file.dataset.file, file]));
  const at = [...old.values()].find((file) => file.getBoundingClientRect().bottom > 0), top = at?.getBoundingClientRect().top ?? 0;
  const active = document.activeElement, row = active?.closest("tr[data-line]"), within = row?.closest("[data-file]")?.getAttribute("data-file");
  zone.replaceChildren(...[...fresh.childNodes].map((node) => {
    const file = document.importNode(node, true);
    if (!(file instanceof HTMLElement) || file.dataset.file === undefined) return file;
    const was = old.get(file.dataset.file), sent = one("details", file);
    if (was && pristine.get(was)?.isEqualNode(sent)) { was.id = file.id; return was; }
    pristine.set(file, sent.cloneNode(true));
    const details = was?.querySelector("details");
    if (details) one("details", file).toggleAttribute("open", details.open);
    return file;
  }));
  const now = all("[data-file]", zone).find((file) => file.dataset.file === at?.dataset.file);
  if (now) scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
  // What stays was taken out and put in again, and has lost the focus by that.
  if (active instanceof HTMLElement && zone.contains(active)) active.focus({ preventScroll: true });
  else if (row instanceof HTMLElement && document.activeElement === document.body) {
    const file = all("[data-file]", zone).find((f) => f.dataset.file === within);
    /** @type {HTMLElement | null | undefined} */ (file?.querySelector(`tr[data-line="${row.dataset.line}"][data-side="${row.dataset.side}"]`))?.focus({ preventScroll: true });
  }
}
