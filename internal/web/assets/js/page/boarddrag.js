// @ts-check
// Cards by pointer. On a touch screen a finger scrolls, and the card's menu moves it.
import { all, el } from "../lib/dom.js";

/** @param {import("./board.js").Board} board */
export function dragging({ root, move }) {
  root.addEventListener("dragstart", (event) => event.preventDefault());
  root.addEventListener("pointerdown", (down) => {
    const target = /** @type {Element} */ (down.target);
    const card = /** @type {HTMLElement | null} */ (target.closest("[data-card]"));
    if (!card || down.button !== 0 || down.pointerType === "touch" || "fixed" in card.dataset || card.hasAttribute("aria-busy") || target.closest("button, .card-said")) return;
    const box = card.getBoundingClientRect();
    const [dx, dy] = [down.clientX - box.left, down.clientY - box.top];
    /** @type {HTMLElement | null} */
    let slot = null;
    /** @type {HTMLElement | null} */
    let over = null;

    document.documentElement.dataset.hold = "press"; // nothing moves under a button that is down
    const begin = () => {
      slot = el("li", { class: "card-slot", "aria-hidden": "true" });
      slot.style.blockSize = `${box.height}px`;
      card.before(slot);
      card.classList.add("dragged");
      card.style.inlineSize = `${box.width}px`;
      document.documentElement.dataset.hold = "drag";
    };
    const end = () => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onUp);
      removeEventListener("pointercancel", cancel);
      removeEventListener("keydown", onKey, true);
      card.classList.remove("dragged");
      card.style.removeProperty("inline-size");
      card.style.removeProperty("transform");
      slot?.replaceWith(card);
      over?.classList.remove("over");
      delete document.documentElement.dataset.hold;
      document.dispatchEvent(new CustomEvent("tasks:release"));
      if (!slot) return;
      // The click that ends a drag opens nothing; it comes at once or not at all.
      const swallow = (/** @type {Event} */ event) => { event.preventDefault(); event.stopPropagation(); };
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, true));
    };
    const cancel = () => end();
    /** @param {KeyboardEvent} event */
    const onKey = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      over?.classList.remove("over");
      over = null;
      end();
    };
    /** @param {PointerEvent} event */
    const onMove = (event) => {
      if (!slot && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < 5) return;
      if (!card.isConnected) return cancel(); // the page has brought another in its place
      if (!slot) begin();
      event.preventDefault();
      card.style.transform = `translate(${event.clientX - dx}px, ${event.clientY - dy}px)`;
      const now = all("[data-column]:not([data-fixed])", root).find((c) => {
        const b = c.getBoundingClientRect();
        return event.clientX >= b.left && event.clientX < b.right && event.clientY >= b.top && event.clientY < b.bottom;
      }) ?? null;
      if (now !== over) {
        over?.classList.remove("over");
        over = now;
        if (over && over.dataset.column !== card.dataset.status) over.classList.add("over");
      }
      const edge = root.getBoundingClientRect();
      if (event.clientX > edge.right - 40) root.scrollBy(12, 0);
      else if (event.clientX < edge.left + 40) root.scrollBy(-12, 0);
    };
    const onUp = () => {
      const to = slot ? over : null;
      end();
      if (to) void move(card, to);
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
    addEventListener("pointercancel", cancel);
    addEventListener("keydown", onKey, true);
  });
}
