// @ts-check
// Draws text that strangers wrote in a sandboxed frame: without origin, cookies or
// network. What comes back is a size, or an error, and nothing else is believed.
import { el, icon } from "../lib/dom.js";
import { session } from "../lib/store.js";

const PATIENCE = 8_000; // ms until a frame that does not answer is taken away
const MAX = 50_000; // letters

/** @typedef {{width: number, height: number, name: string, about: string}} Drawn */

/** @type {Set<() => void>} */
const redraws = new Set();

// The frames share a process. A few at a time, the first is seen early, and none spends
// its patience on the others.
const TURNS = 3;
/** @typedef {{box: Element, work: (done: () => void) => void}} Turn */
/** @type {Set<Turn>} */
const drawing = new Set();
/** @type {Turn[]} */
const queue = [];

/** Calls work when it may draw in the box; work calls done when it has. @param {Turn} wanted */
function turn(wanted) {
  queue.push(wanted);
  next();
}

function next() {
  for (const t of drawing) if (!t.box.isConnected) drawing.delete(t); // it is never answered
  while (drawing.size < TURNS) {
    const t = queue.shift();
    if (!t) return;
    drawing.add(t);
    t.work(() => { if (drawing.delete(t)) next(); });
  }
}

/** Replaces the source of a diagram by its drawing, when it comes near the screen. @param {HTMLElement} pre */
export function diagram(pre) {
  if (pre.parentElement?.classList.contains("diagram")) return;
  const text = pre.textContent ?? "";
  const view = el("div", { class: "diagram-view", hidden: true });
  const toggle = el("button", { type: "button", class: "link-button", "aria-pressed": "false", hidden: true }, icon("file-text"), "Source");
  const note = el("p", { class: "diagram-note", role: "status", hidden: true });
  const box = el("figure", { class: "diagram", "aria-label": "Diagram" });
  pre.replaceWith(box);
  box.append(view, pre, note, el("div", { class: "diagram-bar" }, toggle));
  toggle.addEventListener("click", () => {
    const source = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(source));
    pre.hidden = !source;
    view.hidden = source;
  });
  reserve(box, text);
  if (text.length > MAX) return fail(box, note, "It is too long to be drawn: more than 50,000 letters.");
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    near.disconnect();
    turn({ box, work: begin });
  }, { rootMargin: "800px 0px" });
  near.observe(box);

  /** @param {() => void} done */
  function begin(done) {
    if (!box.isConnected) return done();
    const frame = el("iframe", { sandbox: "allow-scripts", title: "Diagram", tabindex: "-1", referrerpolicy: "no-referrer" });
    const channel = new MessageChannel();
    /** @type {ReturnType<typeof setTimeout>} */
    let late;
    let asked = false; // waits for a turn to draw again
    const answered = () => {
      clearTimeout(late);
      done();
    };
    const wait = () => {
      clearTimeout(late);
      late = setTimeout(() => end("It took too long to draw."), PATIENCE);
    };
    const end = (/** @type {string} */ why) => {
      answered();
      redraws.delete(again);
      channel.port1.close();
      frame.remove();
      fail(box, note, why);
      pre.hidden = false;
      view.hidden = toggle.hidden = true;
    };
    const again = () => {
      if (asked) return;
      asked = true;
      turn({ box, work: (given) => {
        asked = false;
        done();
        done = given;
        if (!redraws.has(again)) return done(); // it failed meanwhile
        if (!box.isConnected) { redraws.delete(again); channel.port1.close(); return answered(); }
        wait();
        channel.port1.postMessage(wish(text));
      } });
    };
    channel.port1.onmessage = ({ data }) => {
      answered();
      const size = drawn(data);
      if (!size) return end(typeof data?.error === "string" ? `It cannot be drawn: ${firstLines(data.error)}` : "The drawing is of no use.");
      show(size);
    };
    const show = (/** @type {Drawn} */ size) => {
      frame.style.inlineSize = `${size.width}px`;
      frame.style.aspectRatio = `${size.width} / ${size.height}`;
      frame.style.minInlineSize = `${Math.min(size.width, 480)}px`;
      if (size.name) frame.title = box.ariaLabel = `Diagram: ${size.name}`;
      if (size.about) frame.title += `. ${size.about}`;
      view.classList.add("drawn");
      if (toggle.hidden) {
        view.hidden = false;
        pre.hidden = true;
        toggle.hidden = false;
      }
      box.style.minBlockSize = "";
      session.set(memory(text), String(Math.round(box.getBoundingClientRect().height)));
    };
    frame.addEventListener("load", () => {
      wait();
      frame.contentWindow?.postMessage(wish(text), "*", [channel.port2]); // it has no origin to name
      redraws.add(again);
    }, { once: true });
    frame.src = new URL("../../frame/diagram.html", import.meta.url).href;
    wait();
    view.hidden = false; // a frame that is not laid out cannot measure
    view.append(frame);
  }
}

/** What is believed of an answer. @param {any} data @returns {Drawn | null} */
export function drawn(data) {
  const fine = (/** @type {unknown} */ n) => typeof n === "number" && Number.isFinite(n) && n > 0;
  if (!data || !fine(data.width) || !fine(data.height)) return null;
  const width = Math.min(Math.max(data.width, 24), 8000), height = Math.min(Math.max(data.height, 16), 12_000);
  const words = (/** @type {unknown} */ s) => (typeof s === "string" ? s.slice(0, 300) : "");
  return { width, height, name: words(data.name), about: words(data.about) };
}

/** Says why, below the source. @param {HTMLElement} box @param {HTMLElement} note @param {string} why */
function fail(box, note, why) {
  box.style.minBlockSize = "";
  box.classList.add("failed");
  note.hidden = false;
  note.replaceChildren(icon("triangle-alert"), el("span", null, why));
}

const firstLines = (/** @type {string} */ s) => s.split("\n").slice(0, 6).join("\n");

/** Keeps room: what it was last time, else a guess by its lines. @param {HTMLElement} box @param {string} text */
function reserve(box, text) {
  const lines = text.trim().split("\n").length;
  const was = Number(session.get(memory(text)));
  box.style.minBlockSize = `${was > 0 && was < 12_000 ? was : Math.min(Math.max(lines * 34, 120), 420)}px`;
}

/** A name for a text, within a browser's session. @param {string} text */
function memory(text) {
  let h = 0;
  for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) | 0;
  return `tasks.diagram.${h}.${innerWidth}`;
}

/** What a drawing is coloured with; where the system forces its colours, with those. */
const palette = {
  page: "var(--page)", text: "var(--text)", soft: "var(--text-soft)", line: "var(--line-strong)", accent: "var(--accent)", wash: "var(--accent-wash)", sunken: "var(--sunken)",
};
const forcedPalette = { page: "Canvas", text: "CanvasText", soft: "CanvasText", line: "CanvasText", accent: "CanvasText", wash: "Canvas", sunken: "Canvas" };
const forced = matchMedia("(forced-colors: active)");

/** @param {string} text */
function wish(text) {
  const style = getComputedStyle(document.documentElement);
  const dark = style.colorScheme === "dark" || (style.colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  /** @type {Record<string, string>} */
  const colors = {};
  const wanted = forced.matches ? forcedPalette : palette;
  for (const [name, color] of Object.entries(wanted)) colors[name] = hex(color, wanted.page);
  return { text, dark, colors };
}

const probe = el("span", { hidden: true });

/** A colour as #rrggbb, whatever it is written in. @param {string} color @param {string} page */
function hex(color, page) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.setProperty("forced-color-adjust", "none"); // else every one is the text's
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const g = canvas.getContext("2d", { willReadFrequently: true });
  if (!g) return "";
  for (const layer of [page, color]) { // a wash may be thin: it is seen on the page
    probe.style.color = layer;
    g.fillStyle = getComputedStyle(probe).color;
    g.fillRect(0, 0, 1, 1);
  }
  return `#${[...g.getImageData(0, 0, 1, 1).data].slice(0, 3).map((v) => v.toString(16).padStart(2, "0")).join("")}`;
}

const redraw = () => { for (const again of [...redraws]) again(); };
new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-contrast"] });
for (const query of [forced, matchMedia("(prefers-color-scheme: dark)")]) query.addEventListener("change", redraw);
