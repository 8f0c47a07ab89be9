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
    port.onmessage = (event) => void serve(port, event.data);
    void serve(port, data);
  }, { once: true });

  /** @type {any} */
  let wanted = null;
  let busy = false;

  /** One drawing at a time, in one place; of several wishes the last counts, and it alone is
   * answered. @param {MessagePort} port @param {any} wish */
  async function serve(port, wish) {
    wanted = wish;
    if (busy) return;
    busy = true;
    while (wanted) {
      const now = wanted;
      wanted = null;
      const answer = await draw(now);
      if (!wanted) port.postMessage(answer);
    }
    busy = false;
  }

  // A link of a diagram leads nowhere: the frame must not leave.
  for (const type of ["click", "auxclick"]) document.addEventListener(type, (event) => event.preventDefault(), true);

  /** @param {{text: string, dark: boolean, colors: Record<string, string>, title: string}} wish */
  async function draw({ text, dark, colors }) {
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
      await mermaid.render(`diagram-${++drawn}`, text, out);
      const svg = out.querySelector("svg");
      if (!svg) throw new Error("nothing was drawn");
      const box = svg.viewBox.baseVal, seen = svg.getBoundingClientRect();
      return { width: box?.width || seen.width, height: box?.height || seen.height, name: svg.querySelector("title")?.textContent ?? "", about: svg.querySelector("desc")?.textContent ?? "" };
    } catch (error) {
      out.replaceChildren();
      return { error: String(error instanceof Error ? error.message : error).slice(0, 2000) };
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
