// @ts-check
// The conversations of this page.
import { el, one } from "../lib/dom.js";
import { ago } from "../lib/time.js";

export class History {
  /**
   * @param {HTMLElement} aside
   * @param {import("./session.js").Session} session
   */
  constructor(aside, session) {
    const menu = one("[data-chat-history-menu]", aside);
    menu.addEventListener("toggle", async (event) => {
      if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
      const fresh = el("button", { type: "button", on: { click: () => { menu.hidePopover(); session.begin(); session.composer.focus(); } } }, el("span", null, "New conversation"));
      menu.replaceChildren(el("h3", null, "Conversations with this page"));
      try {
        const list = await session.list();
        for (const c of list) {
          const now = c.id === session.conversation?.id;
          menu.append(el("button", { type: "button", "aria-current": now ? "true" : null, title: c.title, on: { click: () => { menu.hidePopover(); void session.show(c.id).catch((e) => session.trouble(e)); } } },
            el("span", null, c.title || "Without a title"), el("span", null, c.running ? "running" : ago(Date.now() - Date.parse(c.updated_at ?? "")))));
        }
        if (!list.length) menu.append(el("p", { class: "quiet menu-line" }, "None yet"));
      } catch (reason) {
        menu.append(el("p", { class: "quiet menu-line" }, /** @type {Error} */ (reason).message));
      }
      menu.append(fresh);
      menu.querySelector("button")?.focus();
    });
  }
}
