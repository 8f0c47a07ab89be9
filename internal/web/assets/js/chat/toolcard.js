// @ts-check
// A tool call is one line: sign, verb and object, state, time. It opens to its
// arguments and its result. An edit shows what it changed, with Undo.
import { el, icon } from "../lib/dom.js";
import { browse, Failure, sentence } from "../lib/http.js";
import { took } from "../lib/time.js";
import { diffCount, diffLines, readDiff } from "./diff.js";
import { runCard } from "./runcard.js";
import { argumentsText, STATES, wordsOf } from "./toolwords.js";

/** @typedef {{id: string, path: string, before: string, after: string, diff: string, undoes?: string}} Edit */
/** @typedef {{id: string, name: string, arguments: Record<string, unknown>}} Call */
/** @typedef {{id: string, name: string, status: string, summary: string, content: string, truncated: boolean, edit?: Edit}} Result */

/** What a run follows from. */
const RUNS = new Set(["register_task_for_manager", "message_run"]);
const PROGRESS = 6; // lines of a sub-agent shown at once

export class ToolCard {
  /**
   * @param {Call} call
   * @param {boolean} live whether it happens now, so that its time is known
   * @param {(edit: string) => Promise<Edit>} undo
   */
  constructor(call, live, undo) {
    this.call = call;
    this.undo = undo;
    this.began = live ? performance.now() : 0;
    this.words = wordsOf(call.name, call.arguments);
    this.state = el("span", { class: "tool-state" }, el("span", { class: "dot busy", role: "img", "aria-label": "running" }));
    this.what = el("span", { class: "tool-what" });
    this.note = el("span", { class: "tool-note" });
    this.time = el("span", { class: "tool-time" });
    this.body = el("div", { class: "tool-body" }, el("h4", null, "Arguments"), el("pre", { class: "bytes", tabindex: "0" }, argumentsText(call.arguments)));
    this.progress = el("ol", { class: "progress-lines", hidden: true, "aria-label": "Progress" });
    this.card = el("details", { class: "tool", data: { state: "running", call: call.id, tool: call.name } },
      el("summary", null, icon(this.words.icon), this.what, this.note, this.time, this.state), this.body);
    this.root = el("div", { class: "call" }, this.card, this.progress);
    this.say(this.words.doing);
  }

  /** What it does, for the working line. */
  get doing() { return `${this.words.doing} ${this.words.object}`.trim(); }

  /** @param {string} verb @param {string} [note] */
  say(verb, note = "") {
    const { object, code } = this.words;
    this.what.replaceChildren(`${verb} `, el(code ? "code" : "b", null, object));
    this.what.title = `${verb} ${object}`;
    this.note.textContent = note;
  }

  /** Waits for the person. */
  waiting() {
    this.card.dataset.state = "waiting";
    this.say(this.words.todo, "waits for you");
  }

  /** Goes on after an answer. */
  resumed() {
    this.card.dataset.state = "running";
    this.began = this.began ? performance.now() : 0;
    this.say(this.words.doing);
  }

  /** @param {string} text */
  tell(text) {
    this.progress.hidden = false;
    this.progress.append(el("li", { title: text }, text));
    while (this.progress.children.length > PROGRESS) this.progress.firstElementChild?.remove();
  }

  /** @param {Result} result */
  end(result) {
    const [sign, word] = STATES[result.status] ?? STATES.error;
    this.card.dataset.state = result.status;
    this.state.replaceChildren(icon(sign, word));
    this.progress.remove();
    if (result.status === "ok" && result.summary) {
      this.what.replaceChildren(result.summary);
      this.what.title = result.summary;
      this.note.textContent = "";
    } else this.say(result.status === "ok" ? this.words.did : this.words.todo, result.status === "ok" ? "" : word);
    if (this.began) this.time.textContent = took(performance.now() - this.began);
    if (result.status !== "ok" && result.summary) this.body.append(el("h4", null, "Why"), el("p", null, result.summary));
    if (result.content) {
      this.body.append(el("h4", null, result.truncated ? "Result (cut)" : "Result"), el("pre", { class: "bytes", tabindex: "0" }, result.content));
    }
    if (result.edit) this.root.append(editCard(result.edit, this.undo));
    const slug = this.call.arguments.slug;
    if (result.status === "ok" && RUNS.has(this.call.name) && typeof slug === "string") {
      this.root.append(runCard(slug, /\(run ([0-9a-v]{20,32})\)/.exec(result.summary)?.[1] ?? ""));
    }
  }
}

/** @typedef {{id: string, undone: boolean, latest: string}} Standing */
/** How edits stand after earlier undos, as the server told. @type {Map<string, Standing>} */
const standing = new Map();

/** What a conversation says of its edits. @param {Standing[]} edits */
export function stand(edits) {
  for (const edit of edits) standing.set(edit.id, edit);
}

/**
 * What an edit changed. Undo makes an edit of its own, which can be undone in turn.
 * @param {Edit} first
 * @param {(edit: string) => Promise<Edit>} undo
 */
function editCard(first, undo) {
  const diff = readDiff(first.diff);
  let { latest, undone } = standing.get(first.id) ?? { latest: first.id, undone: false };
  const word = el("span", { role: "status" });
  const button = el("button", { type: "button", class: "button small", data: { chatUndo: "" } });
  const card = el("section", { class: "card diff-card", data: { edit: first.id, path: first.path }, "aria-label": `Edit of ${first.path}` },
    el("details", { open: diff.lines.length <= 60 },
      el("summary", { class: "diff-head" }, icon("pencil"), el("span", { class: "diff-path" }, first.path), diffCount(diff)),
      diffLines(diff.lines)),
    el("div", { class: "diff-foot" }, el("a", { href: browse(first.path) }, "Open the page"), word, button));
  const draw = () => {
    button.replaceChildren(icon(undone ? "redo-2" : "undo-2"), undone ? "Redo" : "Undo");
    card.classList.toggle("diff-undone", undone);
    card.dataset.undone = String(undone);
  };
  draw();
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      latest = (await undo(latest)).id;
      undone = !undone;
      stand([{ id: first.id, undone, latest }]);
      word.textContent = undone ? "Taken back" : "Done again";
      draw();
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      word.textContent = sentence(hint ? `${message}. ${hint}` : message);
    }
    button.disabled = false;
  });
  return card;
}
