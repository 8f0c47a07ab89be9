// @ts-check
// The board: cards go from column to column by pointer, by key or by menu, always
// through the same action as the command. A card stands in its new column only when
// the server has said so; until then it is pale, and a refusal puts it back.
import { all, el, one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";
import { local } from "../lib/store.js";
import { dragging } from "./boarddrag.js";
import { keys } from "./boardkeys.js";
import { menus } from "./boardmenu.js";
import { rows } from "./rows.js";
import { say } from "./say.js";

/** @typedef {{root: HTMLElement, say: (text: string) => void, move: (card: HTMLElement, column: HTMLElement) => Promise<void>, act: (card: HTMLElement, path: string, body: object, words: string, before?: object) => Promise<boolean>, focus: (slug: string | undefined) => void}} Board */

/** The words of a card's title. @param {HTMLElement} card */
export const titleOf = (card) => one(".row-title", card).textContent?.trim() ?? "";

/** The words of a column. @param {Element} column */
export const nameOf = (column) => column.querySelector(".column-name")?.textContent?.trim() ?? "";

/** @param {HTMLElement} root */
export function board(root) {
  const says = one("[data-board-says]");
  /** @type {string | undefined} */
  let wanted;

  /** @param {string | undefined} slug */
  const focus = (slug) => {
    const card = all("[data-card]", root).find((c) => c.dataset.card === slug);
    if (!card) return;
    const link = one(".row-title", card);
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  /**
   * Asks the server; a refusal is told at the card.
   * @param {HTMLElement} card @param {string} path @param {object} body
   * @param {string} words what is said of it
   * @param {object} [before] the field and value that take it back
   */
  const act = async (card, path, body, words, before) => {
    card.querySelector(".card-said")?.remove();
    card.setAttribute("aria-busy", "true");
    wanted = card.dataset.card;
    try {
      const answer = await post(path, body);
      const undo = before && (() => post("/actions/set-field", { slug: answer.task.path, hash: answer.task.hash, ...before }));
      say(answer.warning ? `${words}. ${sentence(answer.warning)}` : words, Boolean(answer.warning), undo);
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
      return true;
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      const words = sentence(hint ? `${message}\n${hint}` : message);
      card.append(el("p", { class: "card-said", role: "alert" }, words));
      return false;
    } finally {
      card.removeAttribute("aria-busy");
    }
  };

  /** @param {HTMLElement} card @param {HTMLElement} column */
  const move = async (card, column) => {
    const home = card.parentElement, after = card.nextElementSibling, status = column.dataset.column ?? "";
    if (status === card.dataset.status) return;
    const hadFocus = card.contains(document.activeElement);
    one("[data-cards]", column).prepend(card);
    if (hadFocus) focus(card.dataset.card);
    const was = card.dataset.status ?? "";
    // Into the queue and out of it is more than a field.
    const before = status === "ready" || was === "ready" ? undefined : { field: "status", value: was };
    if (await act(card, "/actions/set-status", { slug: card.dataset.card, status }, `${titleOf(card)} is now ${nameOf(column)}`, before)) {
      card.dataset.status = status;
      return;
    }
    if (card.isConnected && home?.isConnected) home.insertBefore(card, after?.parentElement === home ? after : null);
    if (hadFocus) focus(card.dataset.card);
    says.textContent = `${titleOf(card)} stays where it was: ${card.querySelector(".card-said")?.textContent ?? ""}`;
  };

  /** @type {Board} */
  const self = { root, say: (text) => { says.textContent = text; }, move, act, focus };
  dragging(self);
  keys(self);
  rows(root); // which brings j and k to the first card
  menus(self);

  /** What a column is kept as: that of the tasks without a status has no name. @param {HTMLElement} column */
  const kept = (column) => column.dataset.column || "-";
  const foldedBefore = () => new Set((local.get("tasks.board.folded") ?? "").split(" ").filter(Boolean));

  /** Folds the columns that were folded before. */
  const fold = () => {
    const folded = foldedBefore();
    for (const column of all("[data-column]", root)) {
      const is = folded.has(kept(column));
      column.classList.toggle("folded", is);
      const button = one("[data-fold]", column);
      button.setAttribute("aria-expanded", String(!is));
      button.title = is ? "Unfold this column" : "Fold this column";
    }
  };
  root.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-fold]");
    if (!button) return;
    const name = kept(/** @type {HTMLElement} */ (button.closest("[data-column]")));
    const folded = foldedBefore();
    if (!folded.delete(name)) folded.add(name);
    local.set("tasks.board.folded", [...folded].join(" "));
    fold();
  });
  fold();

  // What was brought anew keeps focus where the person was.
  document.addEventListener("tasks:swapped", () => {
    fold();
    if (wanted && (document.activeElement === document.body || root.contains(document.activeElement))) focus(wanted);
    wanted = undefined;
  });
}
