// @ts-check
// Marks the heading that is being read.
import { all } from "../lib/dom.js";

/** @param {HTMLElement} outline */
export function outline(outline) {
  let pending = false;
  const mark = () => {
    pending = false;
    if (!outline.isConnected) return;
    const links = /** @type {HTMLAnchorElement[]} */ (all("a[href^='#']", outline));
    let current = links[0];
    for (const link of links) {
      const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (heading && heading.getBoundingClientRect().top < innerHeight * 0.3) current = link;
    }
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2 && scrollY > 0) current = links.at(-1) ?? current;
    for (const link of links) {
      if (link === current) {
        if (link.getAttribute("aria-current") !== "true") {
          link.setAttribute("aria-current", "true");
          keepInView(link, outline);
        }
      } else link.removeAttribute("aria-current");
    }
  };
  const soon = () => {
    if (!pending) requestAnimationFrame(mark);
    pending = true;
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon, { passive: true });
  document.addEventListener("tasks:swapped", soon);
  mark();
}

/** @param {HTMLElement} link @param {HTMLElement} box */
function keepInView(link, box) {
  const [a, b] = [link.getBoundingClientRect(), box.getBoundingClientRect()];
  if (a.top < b.top || a.bottom > b.bottom) box.scrollTop += a.top - b.top - b.height / 2;
}
