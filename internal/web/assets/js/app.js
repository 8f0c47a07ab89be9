// @ts-check
// Starts what the page asks for: each [data-controller] gets its function once,
// also those that an in-place update brought.
import { all } from "./lib/dom.js";
import { keepFresh } from "./lib/time.js";
import { help } from "./page/help.js";
import { doc } from "./page/doc.js";
import { autosubmit, graph } from "./page/graph.js";
import { board } from "./page/board.js";
import { list } from "./page/list.js";
import { newtask } from "./page/newtask.js";
import { words } from "./page/words.js";
import { keepPristine } from "./live/morph.js";
import { live } from "./live/live.js";
import { nav } from "./page/nav.js";
import { outline } from "./page/outline.js";
import { past } from "./page/past.js";
import { handover } from "./page/handover.js";
import { rows } from "./page/rows.js";
import { run, rundo } from "./run/index.js";
import { search } from "./page/search.js";
import { sections } from "./page/sections.js";
import { talk, task } from "./page/task.js";
import { theme } from "./page/theme.js";
import { copySource } from "./page/source.js";

/** @type {Record<string, (element: HTMLElement) => void>} */
const controllers = { words, handover, run, rundo, board, list, newtask, autosubmit, graph, past, doc, help, live, nav, outline, rows, search, talk, task, theme };

/** @type {WeakSet<Element>} */
const started = new WeakSet();

/** @param {ParentNode} root */
function start(root) {
  for (const element of all("[data-controller]", root)) {
    if (started.has(element)) continue;
    started.add(element);
    controllers[element.dataset.controller ?? ""]?.(element);
  }
}

keepPristine(); // before anything decorates the page
start(document);
copySource();
sections();
keepFresh();
document.addEventListener("tasks:swapped", () => start(document));
document.documentElement.dataset.ready = "";
