// @ts-check
// The dependency graph: smaller and larger, moved by keys, wheel or by pulling it.
import { all, one } from "../lib/dom.js";

/** @param {HTMLElement} box */
export function graph(box) {
  const scroll = one("div.graph-scroll", box);
  const svg = /** @type {SVGSVGElement | null} */ (scroll.querySelector("svg"));
  if (!svg) return;
  const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value];
  const is = one("[data-zoom-is]", box);
  let zoom = 1;
  /** @param {number} to @param {number} [x] @param {number} [y] what stays in place, within the box */
  const set = (to, x = scroll.clientWidth / 2, y = scroll.clientHeight / 2) => {
    to = Math.min(2.5, Math.max(0.15, to));
    const [left, top] = [(scroll.scrollLeft + x) / zoom, (scroll.scrollTop + y) / zoom];
    zoom = to;
    svg.setAttribute("width", String(width * zoom));
    svg.setAttribute("height", String(height * zoom));
    scroll.scrollLeft = left * zoom - x;
    scroll.scrollTop = top * zoom - y;
    is.textContent = `${Math.round(zoom * 100)} %`;
  };
  const fit = () => set(Math.min(1, scroll.clientWidth / width, Math.max(scroll.clientHeight, 320) / height));
  for (const button of all("[data-zoom]", box)) {
    button.addEventListener("click", () => button.dataset.zoom === "fit" ? fit() : set(button.dataset.zoom === "in" ? zoom * 1.25 : zoom / 1.25));
  }
  scroll.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 80;
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => set(zoom * 1.25), "=": () => set(zoom * 1.25), "-": () => set(zoom / 1.25), "0": fit,
      ArrowLeft: () => { scroll.scrollLeft -= step; }, ArrowRight: () => { scroll.scrollLeft += step; },
      ArrowUp: () => { scroll.scrollTop -= step; }, ArrowDown: () => { scroll.scrollTop += step; },
    };
    if (!keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = scroll.getBoundingClientRect();
    set(zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1), event.clientX - at.left, event.clientY - at.top);
  }, { passive: false });
  let pulled = false;
  scroll.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const [x, y, left, top] = [event.clientX, event.clientY, scroll.scrollLeft, scroll.scrollTop];
    pulled = false;
    const move = (/** @type {PointerEvent} */ e) => {
      pulled ||= Math.abs(e.clientX - x) + Math.abs(e.clientY - y) > 5;
      if (!pulled) return;
      scroll.scrollLeft = left - (e.clientX - x);
      scroll.scrollTop = top - (e.clientY - y);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  });
  scroll.addEventListener("click", (event) => { if (pulled) event.preventDefault(); pulled = false; }, true);
  scroll.addEventListener("dragstart", (event) => event.preventDefault());
  is.textContent = "100 %";
}

/** A form that is sent when a choice is made. @param {HTMLElement} form */
export function autosubmit(form) {
  form.addEventListener("change", () => /** @type {HTMLFormElement} */ (form).requestSubmit());
}
