// @ts-check
// The menu of a card: another column, another priority, into the queue.
import { all, el, icon, one } from "../lib/dom.js";
import { nameOf, titleOf } from "./board.js";

const priorities = [["p0", "Critical", "chevrons-up"], ["p1", "High", "signal-high"], ["p2", "Normal", "signal-medium"], ["p3", "Low", "signal-low"]];

/** @param {import("./board.js").Board} board */
export function menus({ root, move, act, focus }) {
  const menu = el("div", { class: "menu board-menu", popover: "auto", role: "menu", id: "card-menu" });
  one("main").append(menu);
  /** @type {HTMLElement | null} */
  let card = null;

  /** @param {string} label @param {string} glyph @param {boolean} now @param {() => void} fn */
  const item = (label, glyph, now, fn) => el("button", {
    type: "button", role: "menuitemradio", "aria-checked": String(now), tabindex: "-1",
    on: { click: () => { menu.hidePopover(); focus(card?.dataset.card); if (!now) fn(); } },
  }, icon(glyph), el("span", null, label), now && icon("check"));

  /** @param {HTMLElement} of @param {HTMLElement} button */
  const open = (of, button) => {
    card = of;
    const columns = all("[data-column]:not([data-fixed])", /** @type {HTMLElement} */ (of.closest(".columns")));
    const fixed = "fixed" in of.dataset, slug = of.dataset.card;
    // The page may have brought the card anew while the menu was open.
    const now = () => all("[data-card]", root).find((c) => c.dataset.card === slug) ?? of;
    menu.setAttribute("aria-label", `Actions for ${titleOf(of)}`);
    menu.replaceChildren(
      el("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => one(".row-title", of).click() } }, icon("file-text"), el("span", null, "Open")),
    );
    if (!fixed) {
      menu.append(el("hr", null), el("h2", { role: "presentation" }, "Move to"),
        ...columns.map((c) => item(nameOf(c), "arrow-right", c.dataset.column === of.dataset.status, () => void move(now(), all("[data-column]", now().closest(".columns") ?? root).find((x) => x.dataset.column === c.dataset.column) ?? c))),
        el("hr", null), el("h2", { role: "presentation" }, "Priority"),
        ...priorities.map(([value, label, glyph]) => item(label, glyph, of.dataset.priority === value,
          () => void act(now(), "/actions/set-field", { slug, field: "priority", value, hash: now().dataset.hash }, `${titleOf(now())}: ${label}`, { field: "priority", value: now().dataset.priority ?? "" }))));
    }
    menu.showPopover();
    const at = button.getBoundingClientRect(), size = menu.getBoundingClientRect();
    menu.style.insetBlockStart = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - size.height - 8))}px`;
    menu.style.left = `${Math.max(8, Math.min(at.right - size.width, innerWidth - size.width - 8))}px`;
    menu.style.right = "auto";
    all("button", menu)[0].focus();
  };

  root.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-card-menu]"));
    if (button) open(/** @type {HTMLElement} */ (button.closest("[data-card]")), button);
  });
  root.addEventListener("contextmenu", (event) => {
    const of = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-card]"));
    if (!of || event.shiftKey) return;
    event.preventDefault();
    open(of, one("[data-card-menu]", of));
  });
  menu.addEventListener("keydown", (event) => {
    const items = all("button", menu), at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") { menu.hidePopover(); focus(card?.dataset.card); } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
