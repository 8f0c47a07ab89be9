// @ts-check
// The one place where text becomes HTML. It is given what our own server rendered
// and sanitised, and nothing else: its pages, and the blocks of an answer.

const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("tasks", { createHTML: (/** @type {string} */ html) => html });

/** @param {string} html */
const trust = (html) => /** @type {string} */ (policy ? policy.createHTML(html) : html);

/**
 * A fragment of sanitised HTML. Nothing in it has run or loaded yet.
 * @param {string} html
 * @returns {DocumentFragment}
 */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = trust(html);
  return template.content;
}

/**
 * A page of this server as a document of its own.
 * @param {string} html
 * @returns {Document}
 */
export function parsePage(html) {
  return new DOMParser().parseFromString(trust(html), "text/html");
}
