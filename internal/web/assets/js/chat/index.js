// @ts-check
// The assistant of the page: drawer, composer, transcript and what lies between.
import { one } from "../lib/dom.js";
import { Composer } from "./composer.js";
import { Drawer } from "./drawer.js";
import { History } from "./history.js";
import { Session } from "./session.js";
import { quoting } from "./quote.js";

export function startChat() {
  const aside = document.querySelector("[data-chat-drawer]");
  if (!(aside instanceof HTMLElement)) return;
  const drawer = new Drawer(aside);
  const usable = aside.dataset.ready === "true" && aside.dataset.needToken !== "true";
  if (!usable) {
    for (const selector of ["[data-chat-new]", "[data-chat-history]"]) one(selector, aside).hidden = true;
    aside.dataset.started = "";
    return;
  }
  const composer = new Composer(one("[data-chat-form]", aside), aside);
  const session = new Session(aside, composer, drawer);
  new History(aside, session);
  quoting(composer, drawer);
  drawer.onOpen = () => {
    session.wake();
    composer.focus();
  };
  if (drawer.isOpen) session.wake();
  else session.peek();
}
