// @ts-check
// Cards by key: from card to card, and with M from column to column.
import { all, one } from "../lib/dom.js";
import { local } from "../lib/store.js";
import { nameOf, titleOf } from "./board.js";

/** @param {import("./board.js").Board} board */
export function keys({ root, say, move, focus }) {
  /** @type {{card: HTMLElement, column: HTMLElement} | null} */
  let held = null;

  const open = () => all("[data-column]:not(.folded)", root);
  /** @param {Element} e */
  const columnOf = (e) => /** @type {HTMLElement} */ (e.closest("[data-column]"));
  /** The columns of the card's lane. @param {HTMLElement} column */
  const lane = (column) => all("[data-column]", /** @type {HTMLElement} */ (column.parentElement)).filter((c) => !c.classList.contains("folded"));

  /** @param {boolean} dropped */
  const letGo = (dropped) => {
    if (!held) return;
    const { card, column } = held;
    held = null;
    card.classList.remove("held");
    column.classList.remove("over");
    delete document.documentElement.dataset.hold;
    document.dispatchEvent(new CustomEvent("tasks:release"));
    if (dropped && column !== columnOf(card)) void move(card, column);
    else say(`${titleOf(card)} stays in ${nameOf(columnOf(card))}.`);
  };

  /** @param {HTMLElement} card */
  const hold = (card) => {
    held = { card, column: columnOf(card) };
    card.classList.add("held");
    document.documentElement.dataset.hold = "";
    say(`${titleOf(card)} is picked up. Left and right choose a column, Enter puts it there, Escape leaves it in ${nameOf(held.column)}.`);
  };

  /** @param {number} step */
  const shift = (step) => {
    if (!held) return;
    const from = columnOf(held.card), columns = lane(held.column).filter((c) => c === from || !("fixed" in c.dataset));
    const to = columns[columns.indexOf(held.column) + step];
    if (!to) return;
    held.column.classList.remove("over");
    held.column = to;
    if (to !== columnOf(held.card)) to.classList.add("over");
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(nameOf(to));
  };

  /** @param {HTMLElement} card @param {number} step */
  const upDown = (card, step) => {
    const cards = all("[data-card]", columnOf(card));
    focus(cards[cards.indexOf(card) + step]?.dataset.card);
  };

  /** The card beside, at about the same height. @param {HTMLElement} card @param {number} step */
  const aside = (card, step) => {
    const columns = lane(columnOf(card)), row = all("[data-card]", columnOf(card)).indexOf(card);
    for (let i = columns.indexOf(columnOf(card)) + step; columns[i]; i += step) {
      const cards = all("[data-card]", columns[i]);
      if (cards.length) return focus(cards[Math.min(row, cards.length - 1)].dataset.card);
    }
  };

  const steps = /** @type {Record<string, [string, number]>} */ ({
    ArrowUp: ["y", -1], ArrowDown: ["y", 1], ArrowLeft: ["x", -1], ArrowRight: ["x", 1], k: ["y", -1], j: ["y", 1], h: ["x", -1], l: ["x", 1],
  });

  root.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    const card = /** @type {HTMLElement | null} */ (target.closest("[data-card]"));
    if (!card || !open().length) return;
    const single = event.key.length === 1;
    if (single && local.get("tasks.keys") === "off") return;
    let [axis, step] = steps[event.key] ?? ["", 0];
    if (axis === "x" && getComputedStyle(root).direction === "rtl" && !single) step = -step;
    if (held) {
      if (axis === "x") shift(step);
      else if (event.key === "Enter" || event.key === " ") letGo(true);
      else if (event.key === "Escape" || event.key === "Tab") letGo(false);
      else if (axis !== "y") return;
      if (event.key === "Tab") return;
    } else if (axis === "y") upDown(card, step);
    else if (axis === "x") aside(card, step);
    else if (event.key === "m" && !("fixed" in card.dataset)) hold(card);
    else if (event.key === ".") one("[data-card-menu]", card).click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("focusout", (event) => {
    if (held && !held.card.contains(/** @type {Node | null} */ (event.relatedTarget))) letGo(false);
  });
}
