// @ts-check
import { icon } from "./dom.js";

/**
 * Copies text and says so on the button for a moment.
 * @param {HTMLElement} button
 * @param {string | Promise<string>} text
 */
export async function copyFrom(button, text) {
  const before = [...button.childNodes];
  let good = true;
  try {
    await navigator.clipboard.writeText(await text);
  } catch {
    good = false;
  }
  const word = good ? "Copied" : "Could not copy";
  const short = button.classList.contains("icon-button");
  button.replaceChildren(icon(good ? "check" : "x", short ? word : undefined), ...(short ? [] : [word]));
  button.classList.toggle("copied", good);
  setTimeout(() => {
    button.replaceChildren(...before);
    button.classList.remove("copied");
  }, 1600);
}
