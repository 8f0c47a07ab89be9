// @ts-check
// The question whether something may be done. It stands outside the transcript, in
// a frame of its own, shows what will happen and the bytes of it, takes no focus,
// and its buttons work only once it has stood still for half a second.
import { el, icon } from "../lib/dom.js";
import { Failure, sentence } from "../lib/http.js";
import { diffCount, diffLines, readDiff } from "./diff.js";
import { argumentsText, wordsOf } from "./toolwords.js";

/** @typedef {{id: string, name: string, arguments: Record<string, unknown>, diff?: string, digest: string, sentence?: string, always?: boolean, expires_at?: string}} Ask */

const ARM = 500;

export class Approval {
  /**
   * @param {Ask} ask
   * @param {(decision: "allow" | "deny" | "always") => Promise<unknown>} answer
   */
  constructor(ask, answer) {
    this.ask = ask;
    this.armed = 0;
    const words = wordsOf(ask.name, ask.arguments);
    const what = ask.sentence || `${words.doing} ${words.object}`;
    const title = `ask-${ask.id}`;
    this.error = el("p", { class: "ask-more", role: "alert", hidden: true });
    this.allow = el("button", { type: "button", class: "button primary", data: { chatAllow: "" } }, "Allow");
    this.deny = el("button", { type: "button", class: "button", data: { chatDeny: "" } }, "Deny");
    this.always = ask.always ? el("button", { type: "button", class: "button quiet always", data: { chatAlways: "" } }, "Always in this conversation") : null;
    this.root = el("section", { class: "ask", data: { chatAsk: ask.id, digest: ask.digest }, "aria-labelledby": title },
      el("h3", { id: title }, icon("shield-alert"), "Your permission is needed"),
      el("p", { class: "ask-sentence" }, what), ...bytes(ask), this.error,
      el("div", { class: "ask-buttons" }, this.allow, this.deny, this.always));
    for (const [button, decision] of /** @type {const} */ ([[this.allow, "allow"], [this.deny, "deny"], [this.always, "always"]])) {
      button?.addEventListener("click", async () => {
        if (performance.now() < this.armed || button.disabled) return;
        this.able(false);
        try {
          await answer(decision);
        } catch (reason) {
          const { message, hint } = /** @type {Failure} */ (reason);
          this.error.textContent = sentence(hint ? `${message}. ${hint}` : message);
          this.error.hidden = false;
          this.arm();
        }
      });
    }
    this.top = NaN;
    this.moved = () => {
      const top = Math.round(this.allow.getBoundingClientRect().top);
      if (top !== this.top) this.arm();
      this.top = top;
    };
    this.watch = new ResizeObserver(this.moved);
    this.gone = new AbortController();
    addEventListener("focus", () => this.arm(), { signal: this.gone.signal });
    this.arm();
  }

  /** The card is in the page: from now on it is watched for moving. @param {Element} zone */
  placed(zone) {
    this.watch.observe(zone);
    this.watch.observe(this.root);
    zone.addEventListener("scroll", this.moved, { passive: true, signal: this.gone.signal });
  }

  /** A card that has just come or moved does not take a click meant for what was there. */
  arm() {
    this.armed = performance.now() + ARM;
    this.able(false);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.able(true), ARM);
  }

  /** @param {boolean} able */
  able(able) {
    for (const button of [this.allow, this.deny, this.always]) button?.setAttribute("aria-disabled", String(!able));
  }

  remove() {
    this.watch.disconnect();
    this.gone.abort();
    clearTimeout(this.timer);
    this.root.remove();
  }
}

/** What it is about, byte for byte. @param {Ask} ask */
function bytes(ask) {
  const text = argumentsText(ask.arguments);
  const parts = [];
  if (ask.diff && /^@@ /m.test(ask.diff)) {
    const diff = readDiff(ask.diff);
    parts.push(el("h4", null, "What will be written ", diffCount(diff)), diffLines(diff.lines));
  } else if (ask.diff) {
    parts.push(el("h4", null, "What it is about"), el("pre", { class: "bytes", tabindex: "0" }, ask.diff));
  }
  if (text && !/^@@ /m.test(ask.diff ?? "")) {
    parts.push(el("h4", null, "Arguments"), el("pre", { class: "bytes", tabindex: "0" }, text));
  }
  return parts;
}
