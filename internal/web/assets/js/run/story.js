// @ts-check
// The story of a run: new steps come by an event stream while the page is looked at.
// What is read never moves: only a reader who is at the end is taken along.
import { all, one } from "../lib/dom.js";
import { Backoff } from "../lib/backoff.js";
import { readFrames } from "../lib/eventstream.js";
import { clock } from "../lib/time.js";
import { fragment, parsePage } from "../lib/trusted.js";

/** How many steps the page holds at most; those before are a link away. */
const MOST = 600;
/** The least time between two looks at the facts. */
const FACTS_EVERY = 2500;

/** @param {HTMLElement} page */
export function story(page) {
  const box = one("[data-story-box]", page), list = one("[data-steps]", page), pill = one("[data-to-end]", page);
  const working = one("[data-working]", page), what = one("[data-working-text]", page), time = one("[data-working-time]", page);
  let after = Number(page.dataset.after ?? 0), reading = false, again = false;
  const old = "old" in page.dataset;

  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 48;
  const toEnd = () => { box.scrollTop = box.scrollHeight; };
  const showPill = () => { pill.hidden = atEnd(); };
  box.addEventListener("scroll", showPill, { passive: true });
  pill.addEventListener("click", () => { toEnd(); showPill(); box.focus({ preventScroll: true }); });
  if (!old && !location.hash.startsWith("#s")) toEnd();
  showPill();

  /** Puts a step where it belongs, or in the place of what it was. @param {{key: string, seq: number, html: string}} step */
  const put = (step) => {
    const fresh = fragment(step.html).firstElementChild;
    if (!fresh) return;
    const was = document.getElementById(step.key);
    if (was && list.contains(was)) {
      const open = was.querySelector("details");
      const now = fresh.querySelector("details");
      if (open && now) now.open = open.open;
      const focused = was.contains(document.activeElement) && document.activeElement?.matches("summary");
      was.replaceWith(fresh);
      if (focused) fresh.querySelector("summary")?.focus({ preventScroll: true });
      return;
    }
    let before = list.lastElementChild;
    while (before && Number(before.getAttribute("data-step")) > step.seq) before = before.previousElementSibling;
    if (before) before.after(fresh);
    else list.prepend(fresh);
  };

  /** @param {() => void} change */
  const keeping = (change) => {
    const end = atEnd();
    const top = box.getBoundingClientRect().top;
    const mark = end ? null : all(":scope > li", list).find((li) => li.getBoundingClientRect().bottom > top);
    const was = mark?.getBoundingClientRect().top ?? 0, key = mark?.id ?? "";
    change();
    if (end) {
      while (list.children.length > MOST) list.firstElementChild?.remove();
      toEnd();
    } else {
      const now = key && document.getElementById(key);
      if (now) box.scrollTop += now.getBoundingClientRect().top - was;
    }
    showPill();
  };

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let facts;
  let looked = 0;
  const askFacts = () => {
    facts ??= setTimeout(() => {
      facts = undefined;
      looked = Date.now();
      document.dispatchEvent(new CustomEvent("tasks:refresh"));
    }, Math.max(150, looked + FACTS_EVERY - Date.now()));
  };

  /** @type {{step: any[]}} */
  const heap = { step: [] };
  let drawing = false;
  const draw = () => {
    drawing = false;
    const steps = heap.step.splice(0);
    if (!steps.length) return;
    keeping(() => {
      page.querySelector("[data-story-empty]")?.remove();
      steps.forEach(put);
    });
    nowDoing();
  };

  const nowDoing = () => {
    const last = all(':scope > [data-state="busy"]', list).at(-1);
    const words = last?.querySelector(".step-what")?.textContent?.trim();
    what.textContent = words || "At work";
  };

  const isLive = () => Boolean(page.querySelector("[data-at-work]")) && !old;

  /** Reads what is new, on and on while an agent is at work. @param {boolean} once also where none is: an attempt may have come and gone between two looks at the facts */
  const read = async (once) => {
    if (reading) { again = true; return; }
    reading = true;
    const backoff = new Backoff();
    for (; (once || again || isLive()) && !document.hidden; once = false) {
      again = false;
      const rested = !isLive();
      const abort = new AbortController();
      const hide = () => { if (document.hidden) abort.abort(); };
      document.addEventListener("visibilitychange", hide);
      let rests = false;
      try {
        const response = await fetch(`${page.dataset.events}&after=${after}`, { headers: { Accept: "text/event-stream" }, signal: abort.signal });
        if (response.status === 204 || response.status === 404) rests = true;
        else if (response.ok) {
          backoff.opened();
          await readFrames(response, ({ id, event, data }) => {
            if (id) after = Math.max(after, Number(id));
            if (event === "step") {
              heap.step.push(JSON.parse(data));
              if (!drawing) { drawing = true; requestAnimationFrame(draw); }
            } else if (event === "facts") askFacts();
            else if (event === "reset") location.reload();
            else if (event === "rest") rests = true;
          }, abort);
        }
      } catch { /* cut; tried again */ }
      document.removeEventListener("visibilitychange", hide);
      if (rests && rested) break; // the facts are as new as the story
      if (rests) { askFacts(); break; }
      if (!document.hidden) await backoff.wait();
    }
    reading = false;
  };

  const look = () => {
    const live = isLive();
    if (working.hidden === live) working.hidden = !live;
    if (live) nowDoing();
    if (!old) void read(true);
  };
  const tick = () => {
    const began = all(":scope > .of-attempt time", list).at(-1)?.getAttribute("datetime");
    if (!working.hidden && began) time.textContent = clock(Date.now() - Date.parse(began));
  };
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("tasks:swapped", look);
  look();
  tick();

  page.addEventListener("click", async (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("[data-earlier]");
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    try {
      const response = await fetch(link.href.split("#")[0]);
      if (!response.ok) { location.href = link.href; return; }
      const fresh = parsePage(await response.text());
      const first = list.firstElementChild, was = first?.getBoundingClientRect().top ?? 0;
      const steps = [...(fresh.querySelector("[data-steps]")?.children ?? [])].filter((li) => !document.getElementById(li.id));
      list.prepend(...steps.map((li) => document.importNode(li, true)));
      const more = fresh.querySelector("[data-earlier]");
      if (more) link.replaceWith(document.importNode(more, true));
      else link.parentElement?.remove();
      if (first) box.scrollTop += first.getBoundingClientRect().top - was;
    } catch { location.href = link.href; }
  });
}
