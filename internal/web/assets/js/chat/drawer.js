// @ts-check
// The drawer itself: open state, width, focus. Beside the page it is a landmark; as
// a sheet over a phone's page it is a dialog that keeps the focus and gives it back.
import { all, one } from "../lib/dom.js";
import { local } from "../lib/store.js";

const root = document.documentElement;
const SHEET = matchMedia("(max-width: 48em)");
const [MIN, MAX] = [18, 40]; // rem

export class Drawer {
  /** @param {HTMLElement} aside */
  constructor(aside) {
    this.aside = aside;
    this.toggle = one("[data-chat-toggle]");
    /** @type {() => void} */
    this.onOpen = () => {};
    this.toggle.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    one("[data-chat-close]", aside).addEventListener("click", () => this.close());
    document.querySelector("[data-chat-skip]")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.open();
    });
    aside.addEventListener("keydown", (event) => {
      // An open menu takes the first Esc itself. A draft is never lost by either.
      if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented && !aside.querySelector(":popover-open")) this.close();
    });
    document.addEventListener("pointerdown", (event) => {
      const target = event.target instanceof Element ? event.target : null;
      if (this.isOpen && SHEET.matches && target && !aside.contains(target) && !target.closest("[popover]")) this.close();
    });
    SHEET.addEventListener("change", () => this.apply());
    this.grip();
    this.apply();
  }

  get isOpen() { return root.dataset.drawer === "open"; }

  open() {
    if (!this.isOpen) {
      root.dataset.drawer = "open";
      local.set("tasks.drawer", "open");
      this.apply();
    }
    this.onOpen();
  }

  close() {
    if (!this.isOpen) return;
    delete root.dataset.drawer;
    local.set("tasks.drawer", null);
    this.apply();
    this.toggle.focus();
  }

  apply() {
    this.toggle.setAttribute("aria-expanded", String(this.isOpen));
    const modal = this.isOpen && SHEET.matches;
    const panel = one("[data-chat-panel]", this.aside);
    if (modal) {
      panel.setAttribute("role", "dialog");
      panel.setAttribute("aria-modal", "true");
      panel.setAttribute("aria-label", "Assistant");
    } else for (const name of ["role", "aria-modal", "aria-label"]) panel.removeAttribute(name);
    for (const other of all("body > .top, body > .skip, .nav, .content")) other.inert = modal;
  }

  /** The left edge: dragged, or moved by the arrow keys. */
  grip() {
    const grip = one("[data-chat-grip]", this.aside);
    const rem = parseFloat(getComputedStyle(root).fontSize);
    const now = () => this.aside.getBoundingClientRect().width / rem;
    const set = (/** @type {number} */ width) => {
      const w = Math.round(Math.min(MAX, Math.max(MIN, width)) * 4) / 4;
      root.style.setProperty("--drawer-width", `${w}rem`);
      local.set("tasks.drawer.width", String(w));
      grip.setAttribute("aria-valuenow", String(Math.round(w)));
    };
    grip.setAttribute("aria-valuemin", String(MIN));
    grip.setAttribute("aria-valuemax", String(MAX));
    grip.setAttribute("aria-valuenow", String(Math.round(parseFloat(getComputedStyle(root).getPropertyValue("--drawer-width")) || 22)));
    const rtl = () => getComputedStyle(root).direction === "rtl";
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      grip.setPointerCapture(event.pointerId);
      grip.classList.add("dragging");
      const move = (/** @type {PointerEvent} */ e) => set((rtl() ? e.clientX : root.clientWidth - e.clientX) / rem);
      grip.addEventListener("pointermove", move);
      grip.addEventListener("lostpointercapture", () => {
        grip.removeEventListener("pointermove", move);
        grip.classList.remove("dragging");
      }, { once: true });
    });
    grip.addEventListener("dblclick", () => set(22));
    grip.addEventListener("keydown", (event) => {
      const wider = rtl() ? "ArrowRight" : "ArrowLeft", narrower = rtl() ? "ArrowLeft" : "ArrowRight";
      if (event.key === wider) set(now() + 1);
      else if (event.key === narrower) set(now() - 1);
      else if (event.key === "Home") set(MAX);
      else if (event.key === "End") set(MIN);
      else return;
      event.preventDefault();
    });
  }
}
