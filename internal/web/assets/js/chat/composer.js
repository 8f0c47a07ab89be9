// @ts-check
// Where the person writes: Enter sends, Shift+Enter breaks, an input method's Enter
// is its own. The draft is kept, the page and a quote are chips that can be removed.
import { el, icon, one } from "../lib/dom.js";
import { local } from "../lib/store.js";

/** @typedef {{text: string, start_line?: number, end_line?: number}} Selection */

export class Composer {
  /**
   * @param {HTMLElement} form
   * @param {HTMLElement} aside
   */
  constructor(form, aside) {
    this.input = /** @type {HTMLTextAreaElement} */ (one("[data-chat-input]", form));
    this.button = /** @type {HTMLButtonElement} */ (one("[data-chat-send]", form));
    this.chips = one("[data-chat-chips]", form);
    this.doc = aside.dataset.doc ?? "";
    this.withDoc = this.doc !== "";
    /** @type {Selection | null} */
    this.selection = null;
    this.other = "";
    this.busy = false;
    this.key = "";
    /** @type {(text: string) => void} */
    this.onSend = () => {};
    /** @type {(withDoc: boolean) => void} */
    this.onDoc = () => {};

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("keydown", (event) => {
      // keyCode 229: some input methods end a composition without isComposing.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("keypress", (event) => {
      if (event.key === "Enter" && !event.shiftKey) event.preventDefault(); // sent already: no line break is left behind
    });
    this.input.addEventListener("input", () => this.changed());
    this.draw();
  }

  get text() { return this.input.value; }

  /** Whose draft this is. @param {string} key */
  draftOf(key) {
    if (key === this.key) return;
    this.key = key;
    this.input.value = local.get(`tasks.draft.${key}`) ?? "";
    this.changed();
  }

  changed() {
    if (this.key) local.set(`tasks.draft.${this.key}`, this.text || null);
    this.input.style.height = "auto";
    if (this.text) this.input.style.height = `${this.input.scrollHeight}px`;
    this.button.disabled = this.busy || !this.text.trim();
  }

  send() {
    const text = this.text.trim();
    if (!text || this.busy) return;
    this.onSend(text);
  }

  /** The message is on its way: the draft is done with. */
  clear() {
    this.input.value = "";
    this.selection = null;
    this.changed();
    this.draw();
  }

  /** Puts back what could not be sent, unless something new was written. @param {string} text @param {Selection | null} selection */
  restore(text, selection) {
    if (!this.text) this.input.value = text;
    this.selection ??= selection;
    this.changed();
    this.draw();
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.busy = busy;
    this.button.disabled = busy || !this.text.trim();
  }

  focus() { this.input.focus({ preventScroll: true }); }

  /** @param {Selection | null} selection */
  quote(selection) {
    this.selection = selection;
    this.draw();
  }

  /** @param {boolean} withDoc */
  setDoc(withDoc) {
    this.withDoc = withDoc && this.doc !== "";
    this.draw();
  }

  /** The conversation is about another page than this: that one goes along. @param {string} place */
  about(place) {
    this.other = place;
    this.draw();
  }

  /** Draws the chips. */
  draw() {
    const name = this.doc.split("/").at(-1) ?? "";
    const chips = [];
    if (this.other) {
      chips.push(el("span", { class: "context fixed", title: `This conversation is about ${this.other}` }, icon("file-text"), el("span", null, this.other.split("/").at(-1) || this.other)));
    } else if (this.doc && this.withDoc) {
      chips.push(el("span", { class: "context", title: `${this.doc} goes along with the question`, data: { chatDoc: "" } }, icon("file-text"), el("span", null, name),
        el("button", { type: "button", title: "Ask about the whole repository instead", "aria-label": `Leave ${this.doc} out`, on: { click: () => this.onDoc(false) } }, icon("x"))));
    } else if (this.doc) {
      chips.push(el("button", { type: "button", class: "context add", title: `Ask about ${this.doc}`, on: { click: () => this.onDoc(true) } }, icon("plus"), el("span", null, name)));
    }
    if (this.selection) {
      chips.push(el("span", { class: "context", title: this.selection.text.slice(0, 400), data: { chatQuote: "" } }, icon("text-quote"), el("span", null, quoteName(this.selection)),
        el("button", { type: "button", "aria-label": "Leave the quote out", on: { click: () => { this.quote(null); this.focus(); } } }, icon("x"))));
    }
    this.chips.replaceChildren(...chips);
  }
}

/** @param {Selection} s */
export function quoteName(s) {
  if (s.start_line && s.end_line) return s.start_line === s.end_line ? `Line ${s.start_line}` : `Lines ${s.start_line}–${s.end_line}`;
  const words = s.text.trim().split(/\s+/).length;
  return words === 1 ? `“${s.text.trim().slice(0, 24)}”` : `Quote, ${words} words`;
}
