// @ts-check
// The inside of the sandboxed frame that draws one diagram. It has no origin, no
// network and no way out but the port that the page hands in: text comes by it, the
// drawing's size or an error goes back.
(() => {
  const mermaid = /** @type {any} */ (globalThis).mermaid;
  const out = /** @type {HTMLElement} */ (document.getElementById("out"));
  let drawn = 0;

  // The library draws in place and takes its drawing away to give it back as text. It
  // stays: text is never made into elements again.
  const remove = Element.prototype.remove;
  Element.prototype.remove = function () { if (this.parentNode !== out) remove.call(this); };

  addEventListener("message", ({ source, ports: [port], data }) => {
    if (source !== parent || !port) return;
    port.onmessage = (event) => void draw(port, event.data);
    void draw(port, data);
  }, { once: true });

  // A link of a diagram leads nowhere: the frame must not leave.
  for (const type of ["click", "auxclick"]) document.addEventListener(type, (event) => event.preventDefault(), true);

  /** @param {MessagePort} port @param {{text: string, dark: boolean, colors: Record<string, string>, title: string}} wish */
  async function draw(port, { text, dark, colors }) {
    const n = ++drawn;
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    out.style.setProperty("--page", colors.page);
    try {
      mermaid.initialize({
        startOnLoad: false, securityLevel: "strict", suppressErrorRendering: true, deterministicIds: true,
        maxTextSize: 50_000, maxEdges: 500, fontFamily: "Inter, system-ui, sans-serif", fontSize: 14,
        theme: "base", themeVariables: theme(dark, colors), darkMode: dark,
        flowchart: { useMaxWidth: true, curve: "basis" }, sequence: { useMaxWidth: true }, gantt: { useMaxWidth: true },
      });
      await document.fonts.ready;
      out.replaceChildren();
      document.adoptedStyleSheets = [];
      await mermaid.render(`diagram-${n}`, text, out);
      const svg = out.querySelector("svg");
      if (n !== drawn) return;
      if (!svg) throw new Error("nothing was drawn");
      const box = svg.viewBox.baseVal, seen = svg.getBoundingClientRect();
      port.postMessage({ width: box?.width || seen.width, height: box?.height || seen.height, name: svg.querySelector("title")?.textContent ?? "", about: svg.querySelector("desc")?.textContent ?? "" });
    } catch (error) {
      out.replaceChildren();
      port.postMessage({ error: String(error instanceof Error ? error.message : error).slice(0, 2000) });
    }
  }

  /** @param {boolean} dark @param {Record<string, string>} c */
  const theme = (dark, c) => ({
    darkMode: dark, fontFamily: "Inter, system-ui, sans-serif", fontSize: "14px",
    background: c.page, primaryColor: c.wash, primaryTextColor: c.text, primaryBorderColor: c.accent,
    secondaryColor: c.sunken, secondaryTextColor: c.text, secondaryBorderColor: c.line,
    tertiaryColor: c.sunken, tertiaryTextColor: c.text, tertiaryBorderColor: c.line,
    lineColor: c.soft, textColor: c.text, mainBkg: c.wash, nodeBorder: c.accent, nodeTextColor: c.text,
    clusterBkg: c.sunken, clusterBorder: c.line, titleColor: c.text, edgeLabelBackground: c.page,
    actorBkg: c.wash, actorBorder: c.accent, actorTextColor: c.text, actorLineColor: c.line, signalColor: c.soft, signalTextColor: c.text,
    labelBoxBkgColor: c.sunken, labelBoxBorderColor: c.line, labelTextColor: c.text, loopTextColor: c.text,
    noteBkgColor: c.sunken, noteBorderColor: c.line, noteTextColor: c.text, activationBkgColor: c.sunken, activationBorderColor: c.line,
  });
})();
