// @ts-check
// The transcript: events to turns, scrolling, the working line, announcements.
// New text never moves what is read: a sent question goes to the top and its answer
// fills the room below; a pill leads to the end, and from there on it follows.
import { one } from "../lib/dom.js";
import { clock } from "../lib/time.js";
import { Approval } from "./approval.js";
import { Turn } from "./turn.js";

/**
 * @typedef {object} Acts
 * @property {(call: string, digest: string, decision: string) => Promise<unknown>} approve
 * @property {(edit: string) => Promise<import("./toolcard.js").Edit>} undo
 * @property {(turn: Turn) => void} retry
 */

export class View {
  /**
   * @param {HTMLElement} aside
   * @param {Acts} acts
   */
  constructor(aside, acts) {
    this.acts = acts;
    this.log = one("[data-chat-log]", aside);
    this.empty = one("[data-chat-empty]", aside);
    this.pill = one("[data-chat-end]", aside);
    this.status = one("[data-chat-status]", aside);
    this.zone = one("[data-chat-asks]", aside);
    this.line = one("[data-chat-working]", aside);
    this.lineText = one("[data-chat-working-text]", aside);
    this.lineTime = one("[data-chat-working-time]", aside);
    /** @type {Turn[]} */
    this.turns = [];
    /** @type {Map<string, Approval>} */
    this.asks = new Map();
    this.live = false;
    this.following = false;
    this.since = 0;
    this.words = "";
    this.cut = false;

    this.pill.addEventListener("click", () => {
      this.following = true;
      this.toEnd();
      this.log.focus({ preventScroll: true });
    });
    this.log.addEventListener("scroll", () => {
      if (this.distance() > 40) this.following = false;
      this.pillDraw();
    }, { passive: true });
    setInterval(() => this.lineDraw(), 500);
  }

  /** Empties the transcript. */
  reset() {
    for (const turn of this.turns) turn.root.remove();
    for (const id of [...this.asks.keys()]) this.settled(id);
    this.turns = [];
    this.following = false;
    this.working("");
    this.draw();
  }

  draw() {
    this.empty.hidden = this.turns.length > 0;
    const n = this.turns.length;
    this.turns.forEach((turn, i) => {
      turn.user.setAttribute("aria-label", `You, ${i + 1} of ${n}`);
      turn.reply.setAttribute("aria-label", `Assistant, ${i + 1} of ${n}`);
    });
    this.pillDraw();
  }

  /** @returns {import("./turn.js").Host} */
  host() {
    const view = this;
    return {
      get live() { return view.live; },
      doing: (words) => view.working(words),
      announce: (words) => view.announce(words),
      grew: () => view.grew(),
      ask: (ask, card) => view.ask(ask, card),
      settled: (id) => view.settled(id),
      undo: view.acts.undo,
      retry: view.acts.retry,
    };
  }

  /** Shows what is about to be sent. @param {{message: string, selection?: any, request_id: string}} data */
  sending(data) {
    const turn = this.add(new Turn(this.host(), data));
    this.working("Sending");
    for (const { root } of this.turns) root.classList.toggle("newest", root === turn.root);
    this.following = false;
    this.log.scrollTop += turn.root.getBoundingClientRect().top - this.log.getBoundingClientRect().top - 16;
    return turn;
  }

  /** @param {Turn} turn */
  add(turn) {
    this.turns.push(turn);
    this.log.append(turn.root);
    this.draw();
    return turn;
  }

  /** @param {import("./stream.js").ChatEvent} event @param {boolean} live */
  apply({ event, data }, live) {
    this.live = live;
    if (event === "turn") {
      let turn = this.turns.find((t) => !t.id && t.request && t.request === data.request_id) ?? this.turns.find((t) => t.id === data.turn);
      turn ??= this.add(new Turn(this.host(), data));
      turn.began(data);
      this.working("Thinking");
      this.announce("Generating");
      return;
    }
    this.turns[this.turns.length - 1]?.apply(event, data);
    if (event === "done") this.working("");
  }

  /** @param {string} words what it does now; "" for nothing */
  working(words) {
    if (words && !this.words) this.since = Date.now();
    this.words = words;
    this.lineDraw();
  }

  lineDraw() {
    this.line.hidden = !this.words;
    const words = this.asks.size ? "Waits for your answer" : this.cut ? "Connecting again" : this.words;
    if (this.lineText.textContent !== words) this.lineText.textContent = words;
    this.lineTime.textContent = this.words && !this.asks.size ? clock(Date.now() - this.since) : "";
  }

  /** @param {boolean} cut */
  link(cut) {
    this.cut = cut;
    this.lineDraw();
  }

  /** Said to screen readers, at boundaries only. @param {string} words */
  announce(words) {
    if (this.live) this.status.textContent = words;
  }

  /** @param {import("./approval.js").Ask} ask @param {import("./toolcard.js").ToolCard | undefined} card */
  ask(ask, card) {
    this.settled(ask.id);
    card?.waiting();
    const approval = new Approval(ask, (decision) => this.acts.approve(ask.id, ask.digest, decision));
    this.asks.set(ask.id, approval);
    this.zone.append(approval.root);
    approval.placed(this.zone);
    this.lineDraw();
    this.announce("Your permission is needed");
    document.dispatchEvent(new CustomEvent("tasks:attention", { detail: true }));
  }

  /** @param {string} id */
  settled(id) {
    const approval = this.asks.get(id);
    if (!approval) return;
    const held = approval.root.contains(document.activeElement);
    approval.remove();
    this.asks.delete(id);
    for (const other of this.asks.values()) other.moved();
    if (held) this.log.focus({ preventScroll: true });
    this.lineDraw();
    if (!this.asks.size) document.dispatchEvent(new CustomEvent("tasks:attention", { detail: false }));
  }

  /** How far the end of the text is below what is seen. */
  distance() {
    const last = this.turns[this.turns.length - 1]?.reply.lastElementChild ?? this.turns[this.turns.length - 1]?.user;
    return last ? last.getBoundingClientRect().bottom - this.log.getBoundingClientRect().bottom : 0;
  }

  grew() {
    if (this.following) this.toEnd();
    this.pillDraw();
  }

  pillDraw() { this.pill.hidden = this.distance() < 24; }

  toEnd() {
    const more = this.distance();
    if (more > -16) this.log.scrollTop += more + 16;
    this.pillDraw();
  }
}
