// @ts-check
// One turn: what the person said, and all that answers it. Events in, elements out.
import { el, icon } from "../lib/dom.js";
import { copyFrom } from "../lib/copy.js";
import { sentence } from "../lib/http.js";
import { took } from "../lib/time.js";
import { Answer } from "./answer.js";
import { quoteName } from "./composer.js";
import { ToolCard } from "./toolcard.js";

/** @typedef {import("./composer.js").Selection} Selection */
/**
 * @typedef {object} Host what a turn needs of the conversation around it
 * @property {boolean} live events happen now and are not read from the past
 * @property {(words: string) => void} doing what the working line says
 * @property {(words: string) => void} announce said to screen readers
 * @property {() => void} grew
 * @property {(ask: import("./approval.js").Ask, card: ToolCard | undefined) => void} ask
 * @property {(id: string) => void} settled an approval is answered or gone
 * @property {(edit: string) => Promise<import("./toolcard.js").Edit>} undo
 * @property {(turn: Turn) => void} retry
 */

/** @type {Record<string, string>} */
const REASONS = {
  length: "Cut off: the model's limit for one answer was reached",
  limit: "Stopped: a limit of this turn was reached",
  cancelled: "Stopped",
  error: "Not finished",
  filtered: "Cut off by the model's provider",
};

export class Turn {
  /**
   * @param {Host} host
   * @param {{message: string, selection?: Selection | null, request_id?: string | null, model?: string, turn?: string}} data
   */
  constructor(host, data) {
    this.host = host;
    this.message = data.message;
    this.selection = data.selection ?? null;
    this.request = data.request_id ?? "";
    this.model = data.model ?? "";
    this.id = data.turn ?? "";
    this.over = false;
    /** @type {Map<string, ToolCard>} */
    this.calls = new Map();
    /** @type {{input: number, output: number, cost: number | null} | null} */
    this.usage = null;
    /** @type {{root: HTMLDetailsElement, body: Text, title: HTMLElement, began: number} | null} */
    this.thought = null;
    const quote = this.selection ? el("span", { class: "msg-quote", title: this.selection.text }, el("b", null, quoteName(this.selection)), this.selection.text) : null;
    this.user = el("div", { class: "msg-user", role: "article", "aria-label": "You", dir: "auto" }, quote, this.message);
    this.reply = el("div", { class: "reply", role: "article", "aria-label": "Assistant" });
    this.root = el("section", { class: "turn" }, this.user, this.reply);
    this.answer = new Answer((part) => this.place(part), host.grew);
  }

  /** The server has taken the message. @param {{turn: string, model: string}} data */
  began(data) {
    this.id = data.turn;
    this.model = data.model;
    this.root.dataset.turn = data.turn;
    for (const error of this.root.querySelectorAll(".error-card")) error.remove();
  }

  /** @param {HTMLElement} element */
  place(element) {
    this.reply.append(element);
    this.host.grew();
  }

  /** @param {HTMLElement} element not text: what follows stands below it */
  add(element) {
    this.answer.seal();
    this.thought = null;
    this.place(element);
  }

  /** @param {string} event @param {any} data */
  apply(event, data) {
    switch (event) {
      case "content":
        this.thoughtOver();
        this.host.doing("Writing");
        return this.answer.text(String(data.text ?? ""));
      case "block": return this.answer.block(data);
      case "reasoning": return this.reasoning(String(data.text ?? ""));
      case "tool_call": return this.toolCall(data);
      case "approval": return this.host.ask(data, this.calls.get(data.id));
      case "decision":
        if (data.decision === "allow" || data.decision === "always") this.calls.get(data.id)?.resumed();
        return this.host.settled(data.id);
      case "progress": {
        this.calls.get(data.id)?.tell(String(data.text ?? ""));
        return this.host.grew();
      }
      case "tool_result": return this.toolResult(data);
      case "usage": return this.count(data);
      case "notice": return this.add(el("p", { class: "notice-line" }, icon("info"), el("span", null, String(data.text ?? ""))));
      case "error": return this.error(data);
      case "done": return this.done(data.reason);
    }
  }

  /** @param {string} text */
  reasoning(text) {
    if (!this.thought) {
      const title = el("span", { class: "tool-what" }, "Thinking"), body = document.createTextNode("");
      const root = el("details", { class: "reasoning" }, el("summary", null, icon("brain"), title), el("div", { class: "reasoning-body" }, body));
      this.add(root);
      this.thought = { root, body, title, began: this.host.live ? performance.now() : 0 };
      this.host.doing("Thinking");
    }
    this.thought.body.appendData(text);
    this.host.grew();
  }

  thoughtOver() {
    if (!this.thought) return;
    const { title, began } = this.thought;
    const time = began ? took(performance.now() - began) : "";
    title.textContent = time ? `Thought for ${time}` : "Thought";
    this.thought = null;
  }

  /** @param {import("./toolcard.js").Call} call */
  toolCall(call) {
    this.thoughtOver();
    const card = new ToolCard(call, this.host.live, this.host.undo);
    this.calls.set(call.id, card);
    this.add(card.root);
    this.host.doing(card.doing);
    this.host.announce(card.doing);
  }

  /** @param {import("./toolcard.js").Result} result */
  toolResult(result) {
    this.host.settled(result.id);
    this.calls.get(result.id)?.end(result);
    const next = [...this.calls.values()].find((c) => c.card.dataset.state === "running");
    this.host.doing(next ? next.doing : "Thinking");
    this.host.grew();
  }

  /** @param {{input_tokens?: number, output_tokens?: number, cost_usd?: number}} data the sum of a turn, or of one call of it */
  count(data) {
    const u = this.usage ?? { input: 0, output: 0, cost: null };
    u.input += data.input_tokens ?? 0;
    u.output += data.output_tokens ?? 0;
    if (typeof data.cost_usd === "number") u.cost = (u.cost ?? 0) + data.cost_usd;
    this.usage = u;
  }

  /** @param {{message: string, hint?: string}} data */
  error({ message, hint }) {
    this.thoughtOver();
    const retry = el("button", { type: "button", class: "button small", data: { chatRetry: "" } }, icon("refresh-cw"), "Try again");
    retry.addEventListener("click", () => this.host.retry(this));
    this.add(el("div", { class: "card error-card", role: this.host.live ? "alert" : null },
      el("p", null, icon("circle-alert"), el("span", null, sentence(message))), hint && el("p", { class: "hint" }, sentence(hint)), retry));
  }

  /** @param {string} reason */
  done(reason) {
    this.thoughtOver();
    this.over = true;
    this.root.dataset.reason = reason;
    for (const id of this.calls.keys()) this.host.settled(id);
    const number = (/** @type {number} */ n) => n.toLocaleString("en").replaceAll(",", "\u202f");
    const copy = el("button", { type: "button", class: "icon-button", title: "Copy the answer as markdown" }, icon("copy", "Copy the answer as markdown"));
    copy.addEventListener("click", () => copyFrom(copy, this.answer.markdown));
    const u = this.usage;
    this.place(el("p", { class: "turn-end", data: { chatUsage: "" } }, el("span", null,
      reason !== "stop" && el("span", { class: "reason" }, REASONS[reason] ?? reason), this.model && el("span", null, this.model),
      u && el("span", { title: "Tokens read and written" }, `${number(u.input)} in, ${number(u.output)} out`),
      u?.cost ? el("span", null, `$${u.cost < 0.01 ? u.cost.toFixed(4) : u.cost.toFixed(2)}`) : null), this.answer.markdown ? copy : null));
    const paragraphs = this.answer.parts.reduce((n, p) => n + p.blocks.childElementCount, 0);
    this.host.announce(reason === "stop" ? `Answer complete, ${paragraphs} ${paragraphs === 1 ? "block" : "blocks"}` : REASONS[reason] ?? "Ended");
  }
}
