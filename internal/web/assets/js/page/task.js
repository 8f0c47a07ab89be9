// @ts-check
// What can be done with a task on its page: its fields, into the queue, out of it.
import { all, one } from "../lib/dom.js";
import { Failure, post, sentence } from "../lib/http.js";
import { pick } from "./picker.js";
import { followUp } from "./runchoices.js";
import { say, sayWhy } from "./say.js";

/** @param {HTMLElement} section */
export function task(section) {
  const { slug = "", path = "" } = section.dataset;
  const error = one("[data-action-error]", section);

  /**
   * @param {HTMLElement} control @param {string} path @param {object} body @param {string} [words]
   * @param {object} [before] the field and value that take it back
   */
  const act = async (control, path, body, words, before) => {
    const button = /** @type {HTMLButtonElement} */ (control);
    button.disabled = true;
    error.hidden = true;
    try {
      const answer = await post(path, body);
      const told = [words, answer.warning && sentence(answer.warning)].filter(Boolean).join(". ");
      const undo = before && (() => post("/actions/set-field", { slug: answer.task.path, hash: answer.task.hash, ...before }));
      if (told) say(told, Boolean(answer.warning), undo);
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      tell(sentence(hint ? `${message}\n${hint}` : message));
    } finally {
      button.disabled = false;
      // The page may have come anew before the answer did, with another button in its place.
      const which = button.dataset.pick, now = button.isConnected || !which ? button : document.querySelector(`[data-pick="${CSS.escape(which)}"]`);
      if (document.activeElement === document.body && now instanceof HTMLElement) now.focus({ preventScroll: true });
    }
  };
  const tell = (/** @type {string} */ words) => {
    error.textContent = words;
    error.hidden = false;
  };

  const here = section.querySelector(".near .focus"), around = here?.closest(".graph-scroll");
  if (here && around) { // what the drawing is about is seen first
    const [a, b] = [here.getBoundingClientRect(), around.getBoundingClientRect()];
    around.scrollLeft += a.left + a.width / 2 - b.left - b.width / 2;
  }

  for (const button of all("[data-pick]", section)) {
    const { pick: field = "", pickName = "", pickAdd, pickClear } = button.dataset;
    button.addEventListener("click", () => pick(button, {
      slug: path, field, name: pickName, now: button.dataset.value ?? "", clear: pickClear !== undefined,
      take: (value) => {
        const was = button.dataset.value ?? "";
        // Into the queue and out of it is more than a field: that has buttons of its own.
        const before = pickAdd !== undefined ? { field, value: `-${value}` } : value === "ready" || was === "ready" ? undefined : { field, value: was };
        return act(button, "/actions/set-field", { slug: path, field, value: pickAdd === undefined ? value : `+${value}` }, pickAdd === undefined ? `${pickName}: ${(field === "status" ? value.replace("_", " ") : value) || "not set"}` : `${value} is added`, before);
      },
    }));
  }
  for (const button of all("[data-drop]", section)) {
    const { drop = "", field = "" } = button.dataset;
    button.addEventListener("click", () => act(button, "/actions/set-field", { slug: path, field, value: { add: [], drop: [drop] } }, `${drop} is taken away`, { field, value: `+${drop}` }));
  }
  for (const [selector, to] of [["[data-kickoff]", "/actions/kickoff"], ["[data-unqueue]", "/actions/unqueue"]]) {
    const button = /** @type {HTMLButtonElement | null} */ (section.querySelector(selector));
    button?.addEventListener("click", () => act(button, to, { slug }));
  }
  const talk = section.querySelector("[data-talk]"), form = document.getElementById("task-talk");
  talk?.addEventListener("click", () => {
    if (!form) return;
    form.hidden = !form.hidden;
    talk.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) one("textarea", form).focus();
  });
  section.querySelector("[data-follow-up]")?.addEventListener("click", () => { followUp(section.dataset.title ?? slug, section.dataset.workstream ?? "").catch(sayWhy); });
}

/** The message to the agent that works on the task. It stands outside of what is brought up to date. @param {HTMLElement} form */
export function talk(form) {
  const text = /** @type {HTMLTextAreaElement} */ (one("textarea", form)), error = one("[data-action-error]", form);
  const close = () => {
    form.hidden = true;
    const button = document.querySelector("[data-talk]");
    button?.setAttribute("aria-expanded", "false");
    if (button instanceof HTMLElement) button.focus();
  };
  one("[data-cancel]", form).addEventListener("click", close);
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); close(); } });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const now = Boolean(new FormData(/** @type {HTMLFormElement} */ (form)).get("now"));
    if (!text.value.trim()) { text.focus(); return; }
    try {
      await post("/actions/run/send", { slug: form.dataset.slug, message: text.value.trim(), now });
      /** @type {HTMLFormElement} */ (form).reset();
      close();
      say(now ? "Sent; the agent is interrupted" : "Sent; the agent gets it after this step");
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      const { message, hint } = /** @type {Failure} */ (reason);
      error.textContent = sentence(hint ? `${message}\n${hint}` : message);
      error.hidden = false;
    }
  });
}
