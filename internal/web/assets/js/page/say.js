// @ts-check
// A word about what was done, seen at the foot of the page and heard.
import { el, icon } from "../lib/dom.js";
import { Failure, sentence } from "../lib/http.js";

/** @param {string} words @param {boolean} [bad] it is to be looked at */
export function say(words, bad = false) {
  let box = document.querySelector("[data-said]");
  if (!box) document.body.append(box = el("div", { class: "said", role: "status", data: { said: "" } }));
  const line = el("p", { class: bad ? "bad" : null }, icon(bad ? "triangle-alert" : "check"), el("span", null, words));
  box.replaceChildren(line);
  setTimeout(() => { line.remove(); }, bad ? 12_000 : 4000);
}

/** Says why something was not done. @param {unknown} reason */
export function sayWhy(reason) {
  const { message, hint } = /** @type {Failure} */ (reason);
  say(sentence(hint ? `${message}. ${sentence(hint)}` : message), true);
}
