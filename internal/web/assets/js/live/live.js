// @ts-check
// The live dot, and the page that changes when its file does.
import { el, icon, one } from "../lib/dom.js";
import { parsePage } from "../lib/trusted.js";
import { Bus } from "./bus.js";
import { bringUpToDate } from "./morph.js";

const LISTS = new Set(["tasks", "home", "board", "status", "run", "activity", "task"]);

/** @param {HTMLElement} dot */
export function live(dot) {
  const text = one("[data-live-text]", dot);
  let state = "connecting", since = Date.now(), saved = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  let running = false, again = false, heard = false;

  const draw = () => {
    const age = (/** @type {number} */ at) => {
      const s = Math.round((Date.now() - at) / 1000);
      return s < 60 ? `${s} s` : `${Math.round(s / 60)} min`;
    };
    const fresh = state === "live" && Date.now() - saved < 60_000;
    dot.dataset.liveState = fresh ? "saved" : state;
    const words = state === "locked" ? "Not signed in" : fresh ? `Updated ${age(saved)} ago` : state === "live" ? "Live" : state === "offline" ? `Offline ${age(since)}` : "Connecting";
    if (text.textContent !== words) text.textContent = words;
    dot.title = state === "offline" ? "The server does not answer. You can go on reading; it is tried again."
      : state === "locked" ? "Open the login address that tasks serve printed to follow changes." : "This page follows its file";
  };
  setInterval(draw, 1000);

  /** Fetches this page and takes over what changed. */
  const refresh = async () => {
    clearTimeout(later);
    later = undefined;
    if (running) { again = true; return; }
    running = true;
    do {
      again = false;
      try { if (await takeOver() && heard) saved = Date.now(); } catch { /* the dot says that the server is gone */ }
    } while (again);
    running = false;
    draw();
  };
  const soon = () => { later ??= setTimeout(refresh, 250); };

  const bus = new Bus(({ event, data }) => {
    const { docRel, pageKind = "" } = document.body.dataset;
    heard ||= event === "page";
    if (event === "page" && data.path === docRel) void refresh();
    else if (event === "page" && (data.change !== "changed" || LISTS.has(pageKind) || document.querySelector("[data-follow]"))) soon();
    if (event === "status" || event === "hello") document.dispatchEvent(new CustomEvent("tasks:status"));
    if (event === "status" || (event === "hello" && pageKind !== "error")) soon(); // hello: what was missed while nobody listened
    else if (event === "chat") document.dispatchEvent(new CustomEvent("tasks:chat", { detail: data }));
  }, (now) => {
    ({ state, since } = now);
    document.documentElement.dataset.live = state;
    draw();
    if (state === "live" && document.body.dataset.pageKind !== "error") soon();
  });
  bus.start();
  document.addEventListener("tasks:refresh", () => void refresh());
}

/** Fetches this page and takes over what changed; whether anything did. */
async function takeOver() {
  const light = document.querySelector("[data-refresh]"); // a page with much that does not change by itself
  const response = await fetch(light?.getAttribute("data-refresh") ?? location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (document.body.dataset.pageKind === "error") {
    if (response.ok) location.reload(); // it is there now
    return false;
  }
  if (response.status === 404 || response.status === 410) gone(true);
  if (!response.ok) return false;
  gone(false);
  const fresh = parsePage(await response.text());
  await released();
  return bringUpToDate(fresh);
}

/** Waits while something of the page is held by hand: it must not be taken away. */
async function released() {
  while ("hold" in document.documentElement.dataset) await new Promise((go) => document.addEventListener("tasks:release", go, { once: true }));
}

/** Says that the file is gone; what was read stays. @param {boolean} is */
function gone(is) {
  const note = document.querySelector("[data-gone]");
  if (!is) note?.remove();
  else if (!note) {
    one("main").prepend(el("p", { class: "note bad", data: { gone: "" }, role: "status" }, icon("circle-x"),
      el("span", null, "This page's file is gone. What you see is what it was.")));
  }
}
