// @ts-check
// The editor of one section: plain text, a preview, and what to do when the file
// changed meanwhile. What is typed is kept in this browser until it is saved.
import { diffLines } from "../chat/diff.js";
import { copyFrom } from "../lib/copy.js";
import { el, icon } from "../lib/dom.js";
import { Failure, getJSON, post, sentence } from "../lib/http.js";
import { changedLines, merge } from "../lib/merge.js";
import { ago } from "../lib/time.js";
import { fragment } from "../lib/trusted.js";
import { enhance } from "./doc.js";
import { drafts, keepDraft } from "./drafts.js";
import { runChoices } from "./runchoices.js";

/** @typedef {{slug: string, path: string, section: string, line?: string}} Place */
/** @typedef {{text: string, hash: string, warning: string | null, run: {state: string} | null}} Theirs */

/** @param {Place} place @returns {Promise<Theirs>} */
const read = (place) => getJSON(`/section.json?${new URLSearchParams({ slug: place.path, section: place.section, ...(place.line ? { line: place.line } : {}) })}`);

let count = 0;

export class Editor {
  /** @param {Place} place @param {(said: string, bad: boolean, undo?: () => Promise<unknown>) => void} saved */
  constructor(place, saved) {
    this.place = place;
    this.saved = saved;
    this.base = "";
    this.hash = "";
    /** @type {Theirs | null} what the file says now, where that is another text */
    this.theirs = null;
    this.sending = false;
    this.unkept = false; // typed, and nowhere kept
    this.back = document.activeElement;
    const id = `editor-${++count}`, { section } = this.place;
    this.text = el("textarea", { class: "editor-text", dir: "auto", spellcheck: "true", "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-hint`, autocomplete: "off" });
    this.shown = el("div", { class: "editor-preview doc", id: `${id}-preview`, role: "tabpanel", "aria-labelledby": `${id}-tab-preview`, tabindex: "0", hidden: true });
    this.written = el("div", { class: "editor-write", id: `${id}-write`, role: "tabpanel", "aria-labelledby": `${id}-tab-write` }, this.text);
    this.tabs = ["write", "preview"].map((name) => el("button", {
      type: "button", role: "tab", id: `${id}-tab-${name}`, "aria-controls": `${id}-${name}`, "aria-selected": String(name === "write"), tabindex: name === "write" ? "0" : "-1",
      on: { click: () => this.show(name), keydown: (/** @type {KeyboardEvent} */ e) => this.tabKeys(e) },
    }, name === "write" ? "Write" : "Preview"));
    this.notes = el("div", { class: "editor-notes", "aria-live": "polite" });
    this.save = el("button", { type: "submit", class: "button primary" }, "Save");
    this.state = el("span", { class: "quiet editor-state", id: `${id}-hint` }, "Markdown. Ctrl+Enter saves, Esc leaves.");
    const form = el("form", { class: "editor-form", on: { submit: (/** @type {Event} */ e) => { e.preventDefault(); void this.send(); } } },
      el("header", { class: "editor-head" }, el("h2", { id: `${id}-title` }, section), el("div", { class: "editor-tabs", role: "tablist", "aria-label": "Editor" }, ...this.tabs),
        el("button", { type: "button", class: "icon-button", title: "Close", on: { click: () => this.leave() } }, icon("x", "Close"))),
      this.notes, this.written, this.shown,
      el("footer", { class: "editor-foot" }, this.state, el("button", { type: "button", class: "button", on: { click: () => this.leave() } }, "Cancel"), this.save));
    this.dialog = el("dialog", { class: "editor", "aria-labelledby": `${id}-title`, data: { editor: section } }, form);
    this.dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.leave(); });
    this.dialog.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's keys are not for here
      if (event.key === "Escape") { event.preventDefault(); this.leave(); }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void this.send(); }
    });
    this.text.addEventListener("input", () => this.keep());
    this.unload = (/** @type {BeforeUnloadEvent} */ event) => { if (this.unkept) event.preventDefault(); };
    addEventListener("beforeunload", this.unload);
    this.look = () => void this.check();
    document.addEventListener("tasks:swapped", this.look);
    document.body.append(this.dialog);
  }

  async open() {
    const draft = drafts(this.place.path)[this.place.section];
    try {
      const theirs = await read(this.place);
      this.base = draft?.base ?? theirs.text;
      this.hash = theirs.hash;
      this.text.value = draft?.mine ?? theirs.text;
      this.running(theirs);
      if (draft && draft.base !== theirs.text) this.differ(theirs);
    } catch (reason) {
      if (!draft) { this.close(); throw reason; }
      ({ base: this.base, hash: this.hash } = draft);
      this.text.value = draft.mine;
      this.note("warn", "offline", "The server does not answer. This is what you had typed; it is kept in this browser.");
    }
    if (draft) { this.restored(draft); this.keep(); }
    this.dialog.showModal();
    this.text.focus();
    this.text.setSelectionRange(this.text.value.length, this.text.value.length);
  }

  get dirty() { return this.text.value !== this.base; }

  keep() {
    const draft = { base: this.base, hash: this.hash, mine: this.text.value, at: Date.now() };
    const kept = keepDraft(this.place.path, this.place.section, this.dirty ? draft : null);
    this.unkept = this.dirty && !kept;
    this.state.textContent = !this.dirty ? "Nothing is changed." : kept ? "Not saved yet; kept in this browser." : "Not saved yet, and this browser keeps no drafts.";
  }

  /** @param {import("./drafts.js").Draft} draft */
  restored(draft) {
    this.note("", "restored", `Here is what you typed ${ago(Date.now() - draft.at)} and did not save.`,
      el("button", { type: "button", class: "button small", on: { click: () => this.reload() } }, "Discard it"));
  }

  /** @param {Theirs} theirs */
  running(theirs) {
    if (!theirs.warning) return;
    const waits = theirs.run?.state === "queued" || theirs.run?.state === "blocked"; // it has not begun: nobody is there to be told
    this.note("warn", "run", el("p", null, `${sentence(theirs.warning)}.`),
      waits ? el("p", null, el("a", { href: `/runs/${this.place.slug}` }, "Look at the run")) : runChoices(this.place.slug, this.place.section, () => this.text.value));
  }

  /**
   * @param {"" | "warn" | "bad"} kind
   * @param {string} name notes of one name replace each other
   * @param {...import("../lib/dom.js").Child} parts
   */
  note(kind, name, ...parts) {
    this.drop(name);
    this.notes.append(el("div", { class: `note ${kind}`, data: { note: name } }, icon(kind ? "triangle-alert" : "history"), el("div", null, ...parts)));
  }

  /** @param {string} name */
  drop(name) { this.notes.querySelector(`[data-note="${name}"]`)?.remove(); }

  /** Looks whether the file changed on disk while somebody types. */
  async check() {
    if (!this.dialog.open) return;
    try {
      const theirs = await read(this.place);
      this.drop("offline");
      if (theirs.text === this.base) { this.hash = theirs.hash; this.theirs = null; this.drop("conflict"); } // another part of the file
      else if (!this.dirty) { this.take(theirs); }
      else this.differ(theirs);
    } catch { /* Save will say it */ }
  }

  /** Begins anew with what the file says. @param {Theirs} theirs */
  take(theirs) {
    this.base = this.text.value = theirs.text;
    this.hash = theirs.hash;
    this.theirs = null;
    this.drop("conflict");
    this.keep();
  }

  /** Shows both versions. @param {Theirs} theirs */
  differ(theirs) {
    this.theirs = theirs;
    const merged = merge(this.base, this.text.value, theirs.text);
    const button = (/** @type {string} */ name, /** @type {string} */ words, /** @type {(b: HTMLElement) => void} */ act) =>
      el("button", { type: "button", class: "button small", data: { conflict: name }, on: { click: (/** @type {Event} */ e) => act(/** @type {HTMLElement} */ (e.currentTarget)) } }, words);
    this.note("bad", "conflict", el("p", null, el("strong", null, "This section changed on disk while you were writing. "), "Nothing was overwritten. This is what changed; your text is below, as you left it."),
      diffLines(changedLines(this.base, theirs.text)),
      el("p", { class: "editor-choices" },
        merged === null ? el("span", { class: "quiet" }, "Both changed the same lines, so they cannot be joined by themselves.") : button("apply", "Apply mine onto theirs", () => this.apply()),
        button("copy", "Keep mine as text to copy", (b) => { this.aside(); void copyFrom(b, this.text.value); }),
        button("reload", "Reload theirs", () => { this.aside(); this.take(theirs); })));
  }

  /** Puts a copy of what was typed where it can be copied from. */
  aside() {
    this.note("", "aside", el("p", null, "What you typed:"), el("textarea", { class: "editor-aside", readonly: true, rows: "6", dir: "auto", "aria-label": "What you typed" }, this.text.value));
  }

  apply() {
    const merged = this.theirs && merge(this.base, this.text.value, this.theirs.text);
    if (!this.theirs || merged === null) return this.theirs && this.differ(this.theirs); // typed on since
    ({ text: this.base, hash: this.hash } = this.theirs);
    this.text.value = merged;
    this.theirs = null;
    this.drop("conflict");
    this.note("", "merged", "Both changes are in the text now. Read it, then save.");
    this.keep();
    this.text.focus();
  }

  /** Gives up what was typed. */
  async reload() {
    keepDraft(this.place.path, this.place.section, null);
    this.drop("restored");
    try { this.take(await read(this.place)); } catch (reason) { this.fail(reason); }
  }

  /** @param {unknown} reason */
  fail(reason) {
    const { status, message, hint } = /** @type {Failure} */ (reason);
    this.note("bad", "offline", status === 0 ? `Not saved: the server does not answer. What you typed ${this.unkept ? "stands here as long as this page is open" : "is kept in this browser"}; save again when it is back.` : sentence(hint ? `${message}. ${sentence(hint)}` : message));
  }

  async send(again = true) {
    if (this.sending) return;
    if (this.theirs) { this.differ(this.theirs); return; }
    this.sending = true;
    this.save.disabled = true;
    this.state.textContent = "Saving…";
    this.drop("offline");
    const { slug, path, section, line } = this.place;
    try {
      const answer = await post("/actions/set-section", { slug: path || slug, section, text: this.text.value, hash: this.hash, ...(line ? { line: Number(line) } : {}) });
      keepDraft(path, section, null);
      this.close();
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
      this.saved(answer.warning ? `${section} is saved. ${sentence(answer.warning)}` : `${section} is saved`, Boolean(answer.warning),
        answer.edit ? () => post("/actions/undo", { edit: answer.edit }) : undefined);
    } catch (reason) {
      this.keep();
      if (/** @type {Failure} */ (reason).status !== 409) this.fail(reason);
      else {
        await this.check();
        this.sending = false;
        if (!this.theirs && again && this.dialog.open) return void await this.send(false); // another part of the file changed
        if (!this.theirs) this.fail(reason);
      }
    } finally {
      this.sending = false;
      this.save.disabled = false;
    }
  }

  leave() {
    if (!this.dirty) { keepDraft(this.place.path, this.place.section, null); this.close(); return; }
    if (this.notes.querySelector('[data-note="leave"]')) { this.drop("leave"); this.text.focus(); return; }
    const stay = el("button", { type: "button", class: "button small", on: { click: () => { this.drop("leave"); this.text.focus(); } } }, "Keep writing");
    this.note("warn", "leave", el("p", null, "Leave without saving?"), el("p", { class: "editor-choices" }, stay,
      el("button", { type: "button", class: "button small", data: { leave: "later" }, on: { click: () => this.close() } }, "Leave, keep the draft"),
      el("button", { type: "button", class: "button small", data: { leave: "discard" }, on: { click: () => { keepDraft(this.place.path, this.place.section, null); this.close(); } } }, "Discard what I typed")));
    stay.focus();
  }

  close() {
    document.removeEventListener("tasks:swapped", this.look);
    removeEventListener("beforeunload", this.unload);
    if (this.dialog.open) this.dialog.close();
    this.dialog.remove();
    if (this.back instanceof HTMLElement && this.back.isConnected) this.back.focus();
    document.dispatchEvent(new CustomEvent("tasks:drafts"));
  }

  /** @param {string} name */
  async show(name) {
    for (const tab of this.tabs) {
      const on = tab.id.endsWith(name);
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    this.written.hidden = name !== "write";
    this.shown.hidden = name !== "preview";
    if (name === "write") { this.text.focus(); return; }
    this.shown.replaceChildren(el("p", { class: "quiet" }, "Rendering…"));
    try {
      const { html } = await post("/actions/preview", { path: this.place.path, text: this.text.value });
      this.shown.replaceChildren(fragment(html));
      if (!this.shown.childElementCount) this.shown.append(el("p", { class: "quiet" }, "Nothing to show yet."));
      enhance([...this.shown.children]);
    } catch (reason) {
      this.shown.replaceChildren(el("p", { class: "quiet" }, sentence(/** @type {Failure} */ (reason).message)));
    }
  }

  /** @param {KeyboardEvent} event */
  tabKeys(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = this.tabs.find((t) => t !== event.currentTarget);
    other?.click();
    other?.focus();
  }
}
