// @ts-check
// The tree: arrows go through it, folders open in place, its scroll is kept from
// page to page. On a phone the menu closes with Esc.
import { all, el, one } from "../lib/dom.js";
import { session } from "../lib/store.js";
import { parsePage } from "../lib/trusted.js";

/** @param {HTMLElement} nav */
export function nav(nav) {
  nav.scrollTop = Number(session.get("tasks.nav.scroll")) || 0;
  const current = /** @type {HTMLElement | null} */ (nav.querySelector(".tree [aria-current]"));
  if (current) {
    const [a, b] = [current.getBoundingClientRect(), nav.getBoundingClientRect()];
    if (a.top < b.top || a.bottom > b.bottom) nav.scrollTop += a.top - b.top - b.height / 2;
  }
  addEventListener("pagehide", () => session.set("tasks.nav.scroll", String(nav.scrollTop)));

  nav.addEventListener("click", (event) => {
    const twist = event.target instanceof Element ? event.target.closest(".twist") : null;
    const item = twist?.closest("li");
    if (!item) return;
    event.preventDefault();
    void toggle(item);
  });
  nav.addEventListener("keydown", (event) => keys(nav, event));

  const menu = /** @type {HTMLDetailsElement | null} */ (document.querySelector(".nav-toggle"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu?.open) {
      menu.open = false;
      one("summary", menu).focus();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    const at = event.target instanceof Node ? event.target : null;
    if (menu?.open && !nav.contains(at) && !menu.contains(at)) menu.open = false;
  });
}

/**
 * Opens or closes a folder. What is in it comes from the folder's own page.
 * @param {HTMLElement} item
 * @param {boolean} [want]
 */
async function toggle(item, want = !item.classList.contains("open")) {
  const link = /** @type {HTMLAnchorElement} */ (one("a", item));
  let list = item.querySelector("ul");
  if (want && !list) {
    try {
      const page = parsePage(await (await fetch(link.href)).text());
      const same = all(".tree a[data-path]", page).find((a) => a.dataset.path === link.dataset.path);
      const theirs = same?.parentElement?.querySelector("ul");
      list = theirs ? document.importNode(theirs, true) : el("ul");
      for (const a of all("[aria-current]", list)) a.removeAttribute("aria-current");
      item.append(list);
    } catch {
      location.href = link.href;
      return;
    }
  }
  if (list) list.hidden = !want;
  item.classList.toggle("open", want);
}

/** @param {HTMLElement} nav @param {KeyboardEvent} event */
function keys(nav, event) {
  const link = event.target instanceof HTMLElement ? event.target.closest("a") : null;
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = all("a", nav).filter((a) => a.offsetParent !== null);
  const item = /** @type {HTMLElement} */ (link.closest("li"));
  const rtl = getComputedStyle(nav).direction === "rtl";
  const [open, close] = rtl ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
  const at = links.indexOf(link);
  /** @type {HTMLElement | null | undefined} */
  let next;
  switch (event.key) {
    case "ArrowDown": next = links[at + 1]; break;
    case "ArrowUp": next = links[at - 1]; break;
    case "Home": next = links[0]; break;
    case "End": next = links.at(-1); break;
    case open:
      if (item.classList.contains("dir") && !item.classList.contains("open")) void toggle(item, true);
      else next = links[at + 1];
      break;
    case close:
      if (item.classList.contains("open")) void toggle(item, false);
      else next = item.parentElement?.closest("li")?.querySelector("a");
      break;
    default: return;
  }
  event.preventDefault();
  next?.focus();
}
