// @ts-check
// Where the work of a run can go: a branch on a remote, a pull request, its merge. What is
// possible is asked for when the form opens, because it is git and another program that say.
import { el, one } from "../lib/dom.js";
import { getJSON } from "../lib/http.js";
import { wordsOf } from "./acts.js";

/** @typedef {{name: string, address: string, confirmed: boolean, pulls: boolean}} Way */
/** @typedef {{branch: string, state: string, pr_url: string | null, pr: {state: string, checks: string, conflicts: boolean} | null}} Told */
/** @typedef {(path: string, body: object, by: HTMLElement, where: HTMLElement, done: string) => Promise<boolean>} Act */

/** @param {HTMLElement} page @param {Act} act */
export function push(page, act) {
  const form = /** @type {HTMLFormElement} */ (one("#do-push", page)), body = one("[data-ways]", form), submit = /** @type {HTMLButtonElement} */ (one("[type=submit]", form));
  const error = one(".run-do [data-action-error]", page), slug = page.dataset.slug ?? "";
  /** @type {Way[]} */
  let ways = [];
  const chosen = () => ways.find((way) => way.name === (form.elements.namedItem("remote") instanceof HTMLSelectElement ? value("remote") : ways[0]?.name));
  /** @param {string} name */
  const value = (name) => String(new FormData(form).get(name) ?? "");

  const draw = () => {
    if (!form.querySelector("[data-to]")) return;
    const way = chosen(), how = value("how"), leaves = how === "pr" || how === "push";
    one("[data-to]", form).hidden = !leaves;
    one("[data-address]", form).textContent = way?.address ?? "";
    const consent = one("[data-consent]", form), box = /** @type {HTMLInputElement} */ (one("input", consent));
    consent.hidden = !leaves || !way || way.confirmed;
    box.required = !consent.hidden;
    const pull = /** @type {HTMLInputElement | null} */ (form.querySelector("[value=pr]"));
    const only = /** @type {HTMLInputElement | null} */ (form.querySelector("[value=push]"));
    if (pull && only) pull.disabled = !way?.pulls;
    one("[data-no-pull]", form).hidden = Boolean(way?.pulls);
    if (only && pull?.disabled && pull.checked) {
      only.checked = true;
      return draw();
    }
    submit.textContent = how === "squash" || how === "merge" ? "Merge" : "Push";
  };

  form.addEventListener("change", draw);
  form.addEventListener("shown", async () => {
    submit.disabled = true;
    body.replaceChildren(el("p", { class: "quiet" }, "Looking at the remotes"));
    try {
      const told = /** @type {{run: Told, remotes: Way[]}} */ (await getJSON(`/remotes.json?slug=${encodeURIComponent(slug)}`));
      ways = told.remotes;
      body.replaceChildren(...choices(told.run, ways));
      draw();
      submit.disabled = ways.length === 0;
      one("input:not(:disabled), select", body).focus();
    } catch (reason) {
      body.replaceChildren(el("p", null, wordsOf(reason)));
    }
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const way = chosen(), how = value("how");
    if (!way) return;
    const merges = how === "squash" || how === "merge", words = submit.textContent;
    submit.textContent = merges ? "Merging" : "Pushing";
    const done = merges ? "The pull request is merged" : how === "pr" ? "The pull request has the work" : `Pushed to ${way.name}`;
    const what = merges ? { squash: how === "squash" } : { remote: way.name, ...(way.confirmed ? {} : { confirm: way.address }) };
    if (await act(`/actions/run/${merges ? "merge" : how}`, what, form, error, done)) form.hidden = true;
    submit.textContent = words;
  });
}

/** The form for a run. @param {Told} run @param {Way[]} ways */
function choices(run, ways) {
  const open = run.pr_url && (!run.pr || run.pr.state === "open") ? run.pr_url : "";
  /** @param {string} value @param {string} words @param {boolean} checked */
  const choice = (value, words, checked) => el("label", null, el("input", { type: "radio", name: "how", value, checked }), ` ${words}`);
  const list = [choice("pr", open ? "Bring the newest work to the pull request" : "Push it and open a pull request", true)];
  if (!open) list.push(choice("push", "Only push the branch", false));
  else if (run.state === "review") list.push(choice("squash", "Merge the pull request as one commit", false), choice("merge", "Merge it with a merge commit", false));
  const to = ways.length > 1
    ? el("label", { class: "list-menu" }, el("span", null, "To"), el("select", { name: "remote" }, ...ways.map((way) => el("option", null, way.name))))
    : el("span", null, "To ", el("b", null, ways[0]?.name ?? ""));
  return [
    el("fieldset", null, el("legend", null, open ? "The pull request of " : "Push ", el("code", null, run.branch)), ...list),
    el("p", { class: "quiet", "data-no-pull": "", hidden: true }, "A pull request needs gh, installed and on the path, and a remote of the form HOST/OWNER/NAME."),
    el("p", { class: "push-to", "data-to": "" }, to, el("code", { dir: "ltr", "data-address": "" })),
    el("label", { "data-consent": "", hidden: true }, el("input", { type: "checkbox", name: "consent" }), " Work of this repository may go to this address from now on"),
  ];
}
