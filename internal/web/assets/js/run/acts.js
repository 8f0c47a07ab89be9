// @ts-check
// What can be done with a run. What cannot be taken back is asked for in place first.
import { all, one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";
import { say } from "../page/say.js";
import { push } from "./push.js";

/** @param {unknown} reason */
export const wordsOf = (reason) => {
  const { message, hint } = /** @type {Failure} */ (reason);
  return sentence(hint ? `${message}\n${sentence(hint)}` : message);
};

/** @param {HTMLElement} page */
export function acts(page) {
  const slug = page.dataset.slug ?? "";
  const error = one(".run-do [data-action-error]", page);
  const refresh = () => document.dispatchEvent(new CustomEvent("tasks:refresh"));

  /** @param {HTMLElement} where @param {string} words */
  const tell = (where, words) => { where.textContent = words; where.hidden = !words; };

  /** @param {string} path @param {object} body @param {HTMLElement} by @param {HTMLElement} where @param {string} done */
  const act = async (path, body, by, where, done) => {
    const buttons = [by, ...all("button", by)].filter((b) => b instanceof HTMLButtonElement);
    for (const b of buttons) /** @type {HTMLButtonElement} */ (b).disabled = true;
    tell(where, "");
    try {
      const answer = await post(path, { slug, ...body });
      say(answer.warning ? sentence(answer.warning) : done, Boolean(answer.warning));
      refresh();
      return true;
    } catch (reason) {
      tell(where, wordsOf(reason));
      return false;
    } finally {
      for (const b of buttons) /** @type {HTMLButtonElement} */ (b).disabled = false;
    }
  };

  const said = /** @type {Record<string, string>} */ ({
    "/actions/dispatch": "The run is started", "/actions/unqueue": "Taken out of the queue", "/actions/run/retry": "Another attempt begins", "/actions/kickoff": "Handed over", "/actions/run/send": "Sent to the agent", "/actions/run/rebase": "Rebased",
    accept: "Accepted", reject: "Rejected; the work is kept", stop: "Stopped", review: "The review is sent",
  });

  page.addEventListener("click", async (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (!button || !page.contains(button)) return;
    const { do: path, open, decide } = button.dataset;
    if (path) await act(path, button.dataset.message ? { message: button.dataset.message } : {}, button, error, said[path] ?? "Done");
    else if (open) show(open, button);
    else if (decide) {
      const ask = /** @type {HTMLElement} */ (button.closest("[data-ask]"));
      await act("/actions/run/answer", { ask: ask.dataset.ask, decision: decide }, ask, error, decide === "allow" ? "Allowed" : "Denied");
    } else if ("cancel" in button.dataset) hide(/** @type {HTMLElement} */ (button.closest("form")));
  });

  /** @param {string} name @param {HTMLElement} button */
  const show = (name, button) => {
    const form = one(`#do-${name}`, page), now = form.hidden;
    for (const other of all(".act-form", page)) other.hidden = true;
    for (const b of all("[data-open]", page)) b.setAttribute("aria-expanded", "false");
    form.hidden = !now;
    button.setAttribute("aria-expanded", String(now));
    tell(error, "");
    if (now) form.dispatchEvent(new Event("shown"));
    if (now) (/** @type {HTMLElement | null} */ (form.querySelector("textarea, input:not([type=radio])")) ?? one("input, button[data-cancel]", form)).focus();
  };
  /** @param {HTMLElement} form */
  const hide = (form) => {
    form.hidden = true;
    const button = page.querySelector(`[data-open="${form.id.slice(3)}"]`);
    button?.setAttribute("aria-expanded", "false");
    if (button instanceof HTMLElement) button.focus();
  };

  push(page, act);
  for (const form of all(".act-form", page)) form.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); hide(form); } });
  for (const form of all("form[data-act]", page)) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = form.dataset.act ?? "", data = new FormData(/** @type {HTMLFormElement} */ (form));
      /** @type {Record<string, any>} */
      const body = name === "accept" ? { merge: data.get("how") === "merge" } : name === "review" ? { message: data.get("message") ?? "" } : { why: data.get("why") ?? "" };
      const where = /** @type {HTMLElement | null} */ (form.querySelector("[data-action-error]")) ?? error;
      if (await act(`/actions/run/${name}`, body, form, where, said[name])) {
        /** @type {HTMLFormElement} */ (form).reset();
        form.hidden = true;
      }
    });
  }
}
