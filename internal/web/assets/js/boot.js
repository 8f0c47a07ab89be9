// Runs before anything is drawn, so that neither theme nor drawer flashes. A classic
// script: no imports, and nothing here may throw.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  /** @param {string} key */
  const read = (key) => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const theme = read("tasks.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (read("tasks.contrast") === "more" || matchMedia("(prefers-contrast: more)").matches) root.dataset.contrast = "more";
  // A sheet over the whole page would be in the way of every page on a phone.
  if (read("tasks.drawer") === "open" && matchMedia("(min-width: 48.01em)").matches) root.dataset.drawer = "open";
  const width = Number(read("tasks.drawer.width"));
  if (width >= 18 && width <= 40) root.style.setProperty("--drawer-width", `${width}rem`);
})();
