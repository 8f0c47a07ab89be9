// @ts-check
// The run that a task was handed over to, as it goes on: below the call that handed it over.
import { el, icon } from "../lib/dom.js";
import { getJSON, sentence } from "../lib/http.js";
import { ago } from "../lib/time.js";

/** How often a run at work is asked about, beside the changes that are told. */
const EVERY = 3000;
const SIGNS = /** @type {Record<string, string>} */ ({
  queued: "hourglass", blocked: "octagon-alert", review: "file-check", accepted: "circle-check", failed: "circle-x", interrupted: "circle-x", rejected: "circle-slash",
});
const OVER = new Set(["accepted", "rejected"]);

/**
 * @param {string} slug
 * @param {string} id of the run, "" for the latest
 * @returns {HTMLElement}
 */
export function runCard(slug, id) {
  const card = el("section", { class: "card run-card", data: { runCard: slug }, "aria-label": `Run of ${slug}` });
  const status = el("p", { class: "run-card-state", role: "status" });
  const more = el("div", { class: "run-card-more" });
  const link = el("a", { href: `/runs/${slug}${id ? `?run=${id}` : ""}` }, "Open the run");
  card.append(status, more, el("p", { class: "run-card-foot" }, link));
  let over = false, known = "", asking = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const look = async () => {
    clearTimeout(timer);
    if (asking || over || document.hidden) return;
    if (!card.isConnected && known) return;
    asking = true;
    try {
      const view = await getJSON(`/run.json?${new URLSearchParams({ slug, ...(id ? { run: id } : {}) })}`);
      draw(view);
      over = OVER.has(view.run.state);
      if (view.at_work) timer = setTimeout(look, EVERY);
    } catch (reason) {
      const { status: code } = /** @type {import("../lib/http.js").Failure} */ (reason);
      if (code === 404) {
        over = true;
        status.replaceChildren(icon("circle-slash"), el("span", null, "It was taken out of the queue."));
        more.replaceChildren();
      } else if (!known) timer = setTimeout(look, EVERY);
    }
    asking = false;
  };

  /** @param {any} view */
  const draw = (view) => {
    const { run } = view, key = JSON.stringify(view);
    if (key === known) return;
    known = key;
    const busy = view.at_work || run.state === "retrying";
    const since = run.ended_at ?? run.started_at ?? run.queued_at;
    const words = [view.label, view.phase, run.attempt > 1 ? `attempt ${run.attempt} of ${Math.max(run.attempt, view.attempts)}` : "", since ? ago(Date.now() - Date.parse(since)) : ""].filter(Boolean).join(", ");
    card.dataset.state = run.state;
    status.replaceChildren(busy ? el("span", { class: "dot busy", "aria-hidden": "true" }) : icon(SIGNS[run.state] ?? "activity"), el("b", null, view.title), el("span", null, words));
    const lines = [];
    if (view.questions) lines.push(el("p", { class: "run-card-ask" }, icon("shield-alert"), "Its agent waits for your answer"));
    if (run.reason?.text) lines.push(el("p", { dir: "auto" }, `${sentence(run.reason.text)}.`));
    if (view.at_work && view.progress.total) lines.push(el("p", { class: "quiet" }, `${view.progress.done} of ${view.progress.total} steps of the plan are done`));
    if (view.at_work && view.last) lines.push(el("p", { class: "quiet run-card-last", dir: "auto" }, view.last));
    const stat = view.diffstat;
    if (stat?.files?.length) {
      lines.push(el("p", { class: "run-card-stat" }, `${stat.files.length === 1 ? "1 file" : `${stat.files.length} files`} `, el("span", { class: "diff-count" }, el("span", { class: "plus" }, `+${stat.added}`), " ", el("span", { class: "minus" }, `−${stat.removed}`))));
      lines.push(el("ul", { class: "run-card-files" }, ...stat.files.slice(0, 6).map((/** @type {any} */ f) => el("li", null, el("code", { dir: "auto" }, f.path))), stat.files.length > 6 && el("li", { class: "quiet" }, `${stat.files.length - 6} more`)));
    }
    if (run.cost_usd) lines.push(el("p", { class: "quiet" }, `It cost $${run.cost_usd.toFixed(2)}`));
    more.replaceChildren(...lines);
    link.textContent = view.questions ? "Answer" : run.state === "review" ? "Review the work" : "Open the run";
    if (run.state === "review") link.hash = "changes";
  };

  document.addEventListener("tasks:status", look);
  document.addEventListener("visibilitychange", look);
  void look();
  return card;
}
