// @ts-check
// The buttons that open a section's editor, what was typed there and not saved, and
// the boxes of a document.
import { all, el, icon } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";
import { drafts, keepDraft } from "./drafts.js";
import { Editor } from "./editor.js";
import { say, sayWhy } from "./say.js";

export function sections() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-edit-section]")) : null;
    const head = /** @type {HTMLElement | null} */ (document.querySelector(".task-head"));
    if (button && head) edit(head, button.dataset.editSection ?? "", button.dataset.line);
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.matches("main .doc input[type=checkbox][data-line]")) void tick(event.target);
  });
  const ready = () => { unlock(); unsaved(); };
  document.addEventListener("tasks:swapped", ready);
  document.addEventListener("tasks:drafts", unsaved);
  ready();
}

/** @param {HTMLElement} head @param {string} section @param {string | undefined} line */
function edit(head, section, line) {
  if (document.querySelector("dialog.editor")) return;
  const { slug = "", path = "" } = head.dataset;
  new Editor({ slug, path, section, line }, say).open().catch(sayWhy);
}

/** The element that holds the hash of the page's file; null where it is not to be edited. */
const fileHash = () => /** @type {HTMLElement | null} */ (document.querySelector("[data-file-hash]"));

/** Lets boxes be ticked. */
function unlock() {
  if (!fileHash()) return;
  for (const box of all("main .doc > * input[type=checkbox][data-line]")) /** @type {HTMLInputElement} */ (box).disabled = false;
}

/** @param {HTMLInputElement} box */
async function tick(box) {
  const file = fileHash();
  if (!file) return;
  const checked = box.checked;
  box.disabled = true;
  try {
    const answer = await post("/actions/set-box", { path: file.dataset.fileHash, line: Number(box.dataset.line), checked, hash: file.textContent });
    file.textContent = answer.task?.hash ?? answer.hash;
    box.toggleAttribute("checked", checked);
    document.dispatchEvent(new CustomEvent("tasks:refresh"));
    if (answer.warning) say(sentence(answer.warning), true);
  } catch (reason) {
    box.checked = !checked;
    sayWhy(reason);
    if (/** @type {Failure} */ (reason).status === 409) document.dispatchEvent(new CustomEvent("tasks:refresh"));
  } finally {
    box.disabled = false;
    box.focus({ preventScroll: true });
  }
}

/** Offers what was typed earlier and not saved. */
function unsaved() {
  document.querySelector("[data-unsaved]")?.remove();
  const head = /** @type {HTMLElement | null} */ (document.querySelector(".task-head[data-editable]"));
  if (!head || document.querySelector("dialog.editor")) return;
  const names = Object.keys(drafts(head.dataset.path ?? ""));
  if (!names.length) return;
  const note = el("div", { class: "note warn unsaved", role: "status", data: { unsaved: "" } }, icon("history"), el("div", null,
    el("p", null, "You have text here that is not saved."),
    el("p", { class: "editor-choices" }, ...names.flatMap((name) => [
      el("button", { type: "button", class: "button small", on: { click: () => edit(head, name, undefined) } }, `Go on with ${name}`),
      el("button", { type: "button", class: "button small quiet", "aria-label": `Discard the draft of ${name}`, on: { click: () => { keepDraft(head.dataset.path ?? "", name, null); unsaved(); } } }, "Discard"),
    ]))));
  head.before(note);
}
