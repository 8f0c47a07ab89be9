// @ts-check
// A small list to choose a field's value from: typing narrows it, arrows move,
// Enter takes, Esc leaves. It hangs below the button that opened it.
import { el, icon } from "../lib/dom.js";
import { Failure, getJSON, sentence } from "../lib/http.js";

/** @typedef {{value: string, label: string, detail: string, status?: string}} Option */

const SIGNS = /** @type {Record<string, string>} */ ({ ready: "circle", in_progress: "circle-dot", blocked: "octagon-alert", completed: "circle-check", cancelled: "circle-slash" });

/** @type {HTMLElement | null} */
let open = null;

/**
 * @param {HTMLElement} button
 * @param {{slug: string, field: string, name: string, now: string, clear: boolean, take: (value: string) => void}} what
 */
export function pick(button, { slug, field, name, now, clear, take }) {
  if (open) { const was = open.dataset.field; open.hidePopover(); if (was === field) return; }
  const id = `picker-${field}`;
  const input = el("input", { type: "text", class: "picker-input", role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", "aria-label": name, placeholder: "Type to find", autocomplete: "off", spellcheck: "false", dir: "auto" });
  const list = el("ul", { class: "picker-list", role: "listbox", id, "aria-label": name });
  const said = el("p", { class: "picker-said quiet", role: "status" });
  const box = el("div", { class: "menu picker", popover: "auto", data: { field } }, input, list, said);
  /** @type {(() => void)[]} */
  let takes = [];
  let at = 0, asked = 0;

  const mark = () => {
    for (const [i, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(i === at));
    const now = list.children[at];
    if (now) { input.setAttribute("aria-activedescendant", now.id); now.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
  };
  const done = (/** @type {string} */ value) => { box.hidePopover(); take(value); };
  /** @param {(Node | string)[]} parts @param {string} value */
  const item = (parts, value) => {
    takes.push(() => done(value));
    const n = takes.length - 1;
    list.append(el("li", { role: "option", id: `${id}-${n}`, "aria-selected": "false", data: { value }, on: { click: () => takes[n](), pointermove: () => { if (at !== n) { at = n; mark(); } } } }, ...parts));
  };
  const fill = async () => {
    const turn = ++asked, q = input.value.trim();
    try {
      const { options, more, free } = await getJSON(`/fields.json?${new URLSearchParams({ slug, field, q })}`);
      if (turn !== asked) return;
      list.replaceChildren();
      takes = [];
      for (const o of /** @type {Option[]} */ (options)) {
        item([...(o.status ? [el("span", { class: `stat ${o.status.replace(/_/g, "-")}` }, icon(SIGNS[o.status] ?? "circle-dashed"))] : []), el("bdi", { class: "picker-label" }, o.label), el("span", { class: "quiet" }, o.detail), ...(now && (o.value === now || o.label === now) ? [icon("check", "chosen")] : [])], o.value);
      }
      if (free && q && !options.some((/** @type {Option} */ o) => o.value === q)) item([icon("plus"), el("bdi", { class: "picker-label" }, `Use “${q}”`)], q);
      if (clear && !q) item([icon("x"), el("span", { class: "picker-label" }, "Take it away")], "");
      said.textContent = more ? `${more} more; type to narrow them down` : takes.length ? "" : free ? "Type a new one" : "Nothing fits";
      said.hidden = !said.textContent;
      at = q ? 0 : Math.max(0, options.findIndex((/** @type {Option} */ o) => now && (o.value === now || o.label === now)));
      mark();
    } catch (reason) {
      list.replaceChildren();
      said.hidden = false;
      said.textContent = sentence(/** @type {Failure} */ (reason).message);
    }
  };

  input.addEventListener("input", () => void fill());
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const last = takes.length - 1;
    if (event.key === "ArrowDown") at = at >= last ? 0 : at + 1;
    else if (event.key === "ArrowUp") at = at <= 0 ? last : at - 1;
    else if (event.key === "PageDown") at = Math.min(last, at + 8);
    else if (event.key === "PageUp") at = Math.max(0, at - 8);
    else if (event.key === "Enter") { event.preventDefault(); if (!event.isComposing) takes[at]?.(); return; }
    else if (event.key === "Tab") { box.hidePopover(); return; }
    else return;
    event.preventDefault();
    mark();
  });
  box.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    if (open === box) open = null;
    const inside = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    button.setAttribute("aria-expanded", "false");
    if (inside && button.isConnected) button.focus();
  });
  (button.closest("main") ?? document.body).append(box);
  open = box;
  button.setAttribute("aria-expanded", "true");
  box.showPopover();
  place(box, button);
  input.focus();
  void fill().then(() => place(box, button));
}

/** Puts the list below the button, or above it where there is no room. @param {HTMLElement} box @param {HTMLElement} button */
function place(box, button) {
  if (!box.isConnected) return;
  const b = button.getBoundingClientRect(), w = box.offsetWidth, h = box.offsetHeight;
  const left = getComputedStyle(button).direction === "rtl" ? b.right - w : b.left;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - w - 8))}px`;
  box.style.top = `${b.bottom + 4 + h > innerHeight && b.top > h + 8 ? b.top - h - 4 : b.bottom + 4}px`;
}
