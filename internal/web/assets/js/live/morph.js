// @ts-check
// Brings a page up to date in place. What has not changed stays the very same
// node, so that selection, focus, scroll and open details are kept.
//
// Compared is what the server sent then with what it sends now, not the decorated
// page. Each [data-live] region is updated on its own; one with [data-blocks] block
// by block.
import { all } from "../lib/dom.js";

/** @typedef {{pristine: Element, live: Element, blocks: Element[] | null}} Region */

/** @type {Map<string, Region>} */
let regions = new Map();

/** @param {ParentNode} root */
const liveElements = (root) => all("body [data-live]", root); // the root element's own says how the connection is

/** A copy to compare with: words of time passing are no change. @param {Element} element */
function comparable(element) {
  const copy = /** @type {Element} */ (element.cloneNode(true));
  for (const time of all("time[data-ago], time[data-until]", copy)) time.textContent = "";
  return copy;
}

/** Keeps what the server sent; to be called before anything decorates the page. */
export function keepPristine() {
  regions = new Map();
  for (const live of liveElements(document)) {
    regions.set(live.dataset.live ?? "", { pristine: comparable(live), live, blocks: "blocks" in live.dataset ? [...live.children] : null });
  }
}

/**
 * @param {Document} fresh the page as it is now
 * @returns {boolean} whether anything changed
 */
export function bringUpToDate(fresh) {
  if (document.title !== fresh.title) document.title = fresh.title;
  const theirs = new Map(liveElements(fresh).map((e) => [e.dataset.live ?? "", e]));
  const anchor = holdScroll();
  let changed = false;
  if (sameShape(theirs)) {
    for (const [key, region] of regions) {
      const now = theirs.get(key);
      if (now && update(region, now)) changed = true;
    }
  } else {
    changed = replaceWhole(fresh);
  }
  if (!changed) return false;
  document.dispatchEvent(new CustomEvent("tasks:swapped"));
  anchor();
  return true;
}

/** @param {Map<string, Element>} theirs */
function sameShape(theirs) {
  return theirs.size === regions.size && [...theirs.keys()].every((key) => regions.has(key));
}

/** The page has other parts than before: its content is taken over whole. @param {Document} fresh */
function replaceWhole(fresh) {
  if (fresh.querySelector("[data-light]")) { // it is not the whole
    location.reload();
    return false;
  }
  for (const selector of [".content", ".crumbs", ".nav [data-live]"]) {
    const [mine, now] = [document.querySelector(selector), fresh.querySelector(selector)];
    if (mine && now) mine.replaceWith(document.importNode(now, true));
  }
  keepPristine();
  return true;
}

/**
 * @param {Region} region
 * @param {Element} now
 */
function update(region, now) {
  const known = comparable(now);
  if (region.pristine.isEqualNode(known)) return false;
  if (region.blocks) updateBlocks(region, now, known);
  else {
    const keep = keepState(region.live);
    region.live.replaceChildren(...[...now.childNodes].map((n) => document.importNode(n, true)));
    keep();
  }
  region.pristine = known;
  return true;
}

/**
 * @param {Region} region
 * @param {Element} now
 * @param {Element} known
 */
function updateBlocks(region, now, known) {
  const before = [...region.pristine.children], after = [...now.children];
  const kept = common(before, [...known.children]);
  const mine = /** @type {Element[]} */ (region.blocks);
  const keep = keepState(region.live);
  const used = new Set(kept.values());
  const gone = before.map((_, i) => i).filter((i) => !used.has(i));
  const blocks = after.map((block, i) => {
    const was = kept.get(i);
    return was === undefined ? /** @type {Element} */ (document.importNode(block, true)) : mine[was];
  });
  const tops = gone.map((i) => topOf(mine[i], region.live));
  for (const top of tops) top.remove();
  /** @type {Element | null} */
  let next = null;
  for (let i = blocks.length - 1; i >= 0; i--) {
    if (kept.has(i)) next = topOf(blocks[i], region.live);
    else {
      region.live.insertBefore(blocks[i], next);
      next = blocks[i];
    }
  }
  region.blocks = blocks;
  const fresh = blocks.filter((_, i) => !kept.has(i));
  region.live.dispatchEvent(new CustomEvent("tasks:blocks", { detail: fresh }));
  keep();
  for (const [n, block] of fresh.entries()) glow(block, before[gone[n]]);
}

/** A decorated block may have been wrapped: the part of it that stands in the region. @param {Element} block @param {Element} region */
function topOf(block, region) {
  let top = block;
  while (top.parentElement && top.parentElement !== region) top = top.parentElement;
  return top;
}

/**
 * Which blocks stayed: index now to index before, in order.
 * @param {Element[]} before
 * @param {Element[]} after
 */
export function common(before, after) {
  /** @type {Map<number, number>} */
  const kept = new Map();
  let start = 0;
  while (start < before.length && start < after.length && before[start].isEqualNode(after[start])) kept.set(start, start++);
  let endB = before.length, endA = after.length;
  while (endB > start && endA > start && before[endB - 1].isEqualNode(after[endA - 1])) kept.set(--endA, --endB);
  const b = before.slice(start, endB).map((e) => e.outerHTML), a = after.slice(start, endA).map((e) => e.outerHTML);
  if (a.length * b.length > 250_000) return kept; // a rewritten page: all of it is new
  /** @type {number[][]} */
  const longest = Array.from({ length: b.length + 1 }, () => new Array(a.length + 1).fill(0));
  for (let i = b.length - 1; i >= 0; i--) {
    for (let j = a.length - 1; j >= 0; j--) {
      longest[i][j] = b[i] === a[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < b.length && j < a.length;) {
    if (b[i] === a[j]) kept.set(start + j++, start + i++);
    else if (longest[i + 1][j] >= longest[i][j + 1]) i++;
    else j++;
  }
  return kept;
}

/** Lets a changed block glow once; of a list or table only what changed in it. @param {Element} block @param {Element | undefined} before */
function glow(block, before) {
  /** @type {Element[]} */
  let parts = [block];
  if (before?.tagName === block.tagName && block.matches("ul, ol, dl, table, .table-scroll")) {
    const items = (/** @type {Element} */ e) => [...e.querySelectorAll("li, dt, dd, tr")].filter((x) => !x.querySelector("li"));
    const known = new Set(items(before).map((x) => x.textContent));
    const some = items(block).filter((x) => !known.has(x.textContent));
    if (some.length) parts = some;
  }
  for (const part of parts) {
    part.classList.add("changed");
    setTimeout(() => part.classList.remove("changed"), 2400);
  }
}

/** Keeps which details are open and where the focus is. @param {Element} region */
function keepState(region) {
  // Where one more or less has come, they are told apart by their words, numbers aside.
  const nameOf = (/** @type {Element} */ d) => `${d.className} ${(d.querySelector("summary")?.textContent ?? "").replace(/[\d\s\u202f]+/g, "")}`;
  const before = all("details", region);
  const open = before.map((d) => /** @type {HTMLDetailsElement} */ (d).open);
  const byName = new Map(before.map((d, i) => [nameOf(d), open[i]]));
  const focusable = "a[href], button, input, select, textarea, summary, [tabindex]";
  const active = document.activeElement;
  const at = active && region.contains(active) ? all(focusable, region).indexOf(/** @type {HTMLElement} */ (active)) : -1;
  const name = at >= 0 ? keyOf(/** @type {Element} */ (active)) : "";
  return () => {
    const details = all("details", region);
    const same = details.length === open.length;
    details.forEach((d, i) => {
      const was = same ? open[i] : byName.get(nameOf(d));
      if (was !== undefined) /** @type {HTMLDetailsElement} */ (d).open = was;
    });
    if (at < 0 || region.contains(document.activeElement)) return;
    const now = all(focusable, region);
    (now.find((e) => name && keyOf(e) === name) ?? now[at])?.focus({ preventScroll: true });
  };
}

/** What an element is known by when it comes anew, "" for nothing. @param {Element} e */
const keyOf = (e) => e.id || e.getAttribute("href") || e.getAttribute("aria-label") || "";

/** Keeps what is read where it is on the screen. */
function holdScroll() {
  if (scrollY < 4) return () => {};
  const edge = 56;
  const blocks = all("main [data-blocks] > *, main [data-live] > *, main [data-live] li").filter((b) => b.getBoundingClientRect().bottom > edge).slice(0, 60);
  const marks = blocks.map((b) => ({ b, top: b.getBoundingClientRect().top }));
  return () => {
    const mark = marks.find((m) => m.b.isConnected);
    if (mark) scrollBy(0, mark.b.getBoundingClientRect().top - mark.top);
  };
}
