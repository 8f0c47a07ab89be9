// @ts-check
// A message to the agent: kept until it is sent, the earlier ones with the arrows.
import { one } from "../lib/dom.js";
import { post } from "../lib/http.js";
import { local } from "../lib/store.js";
import { say } from "../page/say.js";
import { wordsOf } from "./acts.js";

/** @param {HTMLElement} page @param {HTMLFormElement} form */
export function composer(page, form) {
  const slug = page.dataset.slug ?? "", place = document.documentElement.dataset.place;
  const text = /** @type {HTMLTextAreaElement} */ (one("textarea", form)), error = one("[data-action-error]", form);
  const send = /** @type {HTMLButtonElement} */ (one("[type=submit]", form));
  const draft = `tasks.run:${place}:${slug}`, past = `tasks.run.past:${place}`;
  text.value = local.get(draft) ?? "";
  let at = -1, typed = "";
  const fit = () => { text.rows = Math.min(10, Math.max(2, text.value.split("\n").length)); };
  fit();
  text.addEventListener("input", () => { at = -1; local.set(draft, text.value || null); fit(); });

  text.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); return; }
    if ((event.key !== "ArrowUp" && event.key !== "ArrowDown") || text.value.includes("\n") || event.shiftKey) return;
    const list = /** @type {string[]} */ (local.json(past) ?? []);
    const next = at + (event.key === "ArrowUp" ? 1 : -1);
    if (next >= list.length || next < -1) return;
    event.preventDefault();
    if (at < 0) typed = text.value;
    at = next;
    text.value = at < 0 ? typed : list[at];
    fit();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const message = text.value.trim();
    if (!message) { text.focus(); return; }
    const now = new FormData(form).get("when") === "now";
    send.disabled = true;
    error.hidden = true;
    try {
      await post("/actions/run/send", { slug, message, now });
      const list = /** @type {string[]} */ (local.json(past) ?? []);
      local.set(past, JSON.stringify([message, ...list.filter((m) => m !== message)].slice(0, 30)));
      local.set(draft, null);
      text.value = "";
      form.reset();
      at = -1;
      fit();
      say(now ? "Sent; the agent is interrupted" : "Sent; the agent gets it after this step");
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    } catch (reason) {
      error.textContent = wordsOf(reason);
      error.hidden = false;
    } finally {
      send.disabled = false;
      text.focus();
    }
  });
}
