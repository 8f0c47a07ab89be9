// @ts-check
// A word about what was done, seen at the foot of the page and heard.
import { el, icon } from "../lib/dom.js";
import { Failure, sentence } from "../lib/http.js";

/**
 * @param {string} words
 * @param {boolean} [bad] it is to be looked at
 * @param {() => Promise<unknown>} [undo] takes it back; offered for as long as the word stands
 */
export function say(words, bad = false, undo) {
  let box = document.querySelector("[data-said]");
  if (!box) document.body.append(box = el("div", { class: "said", role: "status", data: { said: "" } }));
  const button = undo && el("button", { type: "button", class: "button small", data: { undo: "" }, on: { click: () => void back() } }, "Undo");
  const line = el("p", { class: bad ? "bad" : null }, icon(bad ? "triangle-alert" : "check"), el("span", null, words), button);
  box.replaceChildren(line);
  // Who is about to take it back is waited for.
  const leave = () => { if (line.matches(":hover, :focus-within")) setTimeout(leave, 1000); else line.remove(); };
  setTimeout(leave, bad ? 12_000 : undo ? 10_000 : 4000);

  const back = async () => {
    if (button) /** @type {HTMLButtonElement} */ (button).disabled = true;
    try {
      await undo?.();
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
      say("Undone");
    } catch (reason) {
      sayWhy(reason);
    }
  };
}

/** Says why something was not done. @param {unknown} reason */
export function sayWhy(reason) {
  const { message, hint } = /** @type {Failure} */ (reason);
  say(sentence(hint ? `${message}. ${sentence(hint)}` : message), true);
}
