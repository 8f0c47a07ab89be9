// @ts-check
// The text of an answer. What has just arrived is a text node at the end; when the
// server has rendered a block, it takes the place of the bytes it covers. The text
// before and after a tool call stands in two parts of the turn.
import { el } from "../lib/dom.js";
import { fragment } from "../lib/trusted.js";
import { enhance } from "../page/doc.js";

/** @typedef {{root: HTMLElement, blocks: HTMLElement, tail: Text, open: string, dirty: boolean}} Part */

/**
 * Cuts UTF-8 bytes off the front of a text; never in the middle of a character.
 * @param {string} text
 * @param {number} bytes
 * @returns {[string, number]} what is left, and how many bytes were not found in it
 */
export function dropBytes(text, bytes) {
  let i = 0;
  while (i < text.length && bytes > 0) {
    const code = /** @type {number} */ (text.codePointAt(i));
    bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    i += code > 0xffff ? 2 : 1;
  }
  return [text.slice(i), Math.max(0, bytes)];
}

export class Answer {
  /**
   * @param {(part: HTMLElement) => void} place puts a new part at the end of the turn
   * @param {() => void} grew
   */
  constructor(place, grew) {
    this.place = place;
    this.grew = grew;
    /** @type {Part[]} */
    this.parts = [];
    this.sealed = true;
    this.covered = 0;
    this.markdown = "";
    this.painting = false;
  }

  /** @param {string} text */
  text(text) {
    this.markdown += text;
    if (this.sealed) {
      if (!text.trim() && !this.parts.length) return this.pad(text);
      this.begin();
    }
    const part = this.parts[this.parts.length - 1];
    part.open += text;
    this.paintSoon(part);
  }

  /** Blank text before anything is said belongs to the first part, which is not there yet. @param {string} text */
  pad(text) {
    this.begin();
    this.parts[0].open += text;
  }

  begin() {
    const tail = document.createTextNode("");
    const blocks = el("div", { class: "blocks" });
    const root = el("div", { class: "answer doc", dir: "auto" }, blocks, el("div", { class: "tail" }, tail));
    this.parts.push({ root, blocks, tail, open: "", dirty: false });
    this.sealed = false;
    this.place(root);
  }

  /** What follows stands below what is not text. */
  seal() { this.sealed = true; }

  /** @param {{end: number, html: string}} block */
  block({ end, html }) {
    let bytes = end - this.covered;
    if (bytes < 0) return; // shown already
    this.covered = end;
    if (!this.parts.length) this.begin();
    const at = this.parts.find((p) => p.open.trim()) ?? this.parts[this.parts.length - 1];
    for (const part of this.parts) {
      if (!part.open || !bytes) continue;
      [part.open, bytes] = dropBytes(part.open, bytes);
      this.paint(part);
    }
    const content = fragment(html);
    const fresh = [...content.children];
    at.blocks.append(content);
    enhance(fresh);
    this.grew();
  }

  /** Painted once a frame, however much arrives. @param {Part} part */
  paintSoon(part) {
    part.dirty = true;
    if (this.painting) return;
    this.painting = true;
    const paint = () => {
      this.painting = false;
      for (const p of this.parts) if (p.dirty) this.paint(p);
      this.grew();
    };
    if (document.hidden) setTimeout(paint, 200);
    else requestAnimationFrame(paint);
  }

  /** @param {Part} part */
  paint(part) {
    part.dirty = false;
    const shown = part.open.replace(/^\s*\n/, "");
    if (shown.startsWith(part.tail.data) && part.tail.data) part.tail.appendData(shown.slice(part.tail.data.length));
    else part.tail.data = shown.trim() ? shown : "";
  }
}
