// @ts-check
// What to do with a change of a worksheet that an agent is at work on: it goes on with
// what it was given, so the change is sent to it, or becomes a task of its own.
import { el } from "../lib/dom.js";
import { post } from "../lib/http.js";
import { say, sayWhy } from "./say.js";

/**
 * Writes a task that follows another one, and opens it.
 * @param {string} title of the task that it follows
 * @param {string} workstream
 */
export async function followUp(title, workstream) {
  const { task } = await post("/actions/new", { title: `Follow-up: ${title}`.slice(0, 300), workstream });
  location.assign(`/tasks/${encodeURIComponent(task.slug)}`);
}

/**
 * @param {string} slug
 * @param {string} section
 * @param {() => string} text what the section is to say
 * @returns {HTMLElement}
 */
export function runChoices(slug, section, text) {
  const head = /** @type {HTMLElement | null} */ (document.querySelector(".task-head"));
  const send = el("button", { type: "button", class: "button small", data: { toRun: "" } }, "Send it to the run");
  send.addEventListener("click", async () => {
    send.disabled = true;
    try {
      await post("/actions/run/send", { slug, message: `The section “${section}” of the worksheet is to read as follows from now on:\n\n${text()}` });
      say("Sent; the agent gets it after this step");
    } catch (reason) { sayWhy(reason); }
    send.disabled = false;
  });
  const follow = el("button", { type: "button", class: "button small", data: { followUp: "" } }, "Make a follow-up task");
  follow.addEventListener("click", () => { followUp(head?.dataset.title || slug, head?.dataset.workstream ?? "").catch(sayWhy); });
  return el("p", { class: "editor-choices" }, send, follow, el("a", { href: `/runs/${slug}` }, "Look at the run"));
}
