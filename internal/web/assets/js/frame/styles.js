// @ts-check
// Runs first in a sandboxed frame. The frame's policy has no unsafe-inline, so what a
// drawing library writes as style text is set through the object model instead.
(() => {
  const write = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (String(name).toLowerCase() === "style" && "style" in this) {
      /** @type {HTMLElement} */ (/** @type {unknown} */ (this)).style.cssText = String(value);
    } else write.call(this, name, value);
  };

  /** @param {Node} node */
  const adopted = (node) => {
    if (!(node instanceof HTMLStyleElement || node instanceof SVGStyleElement)) return false;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(node.textContent ?? "");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return true;
  };
  const before = Node.prototype.insertBefore, append = Node.prototype.appendChild;
  Node.prototype.insertBefore = function (node, child) { return adopted(node) ? node : /** @type {any} */ (before.call(this, node, child)); };
  Node.prototype.appendChild = function (node) { return adopted(node) ? node : /** @type {any} */ (append.call(this, node)); };
})();
