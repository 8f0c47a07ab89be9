// @ts-check
// Storage that may be missing, full or forbidden: then nothing is remembered.

/** @param {"localStorage" | "sessionStorage"} name */
const area = (name) => ({
  /** @param {string} key @returns {string | null} */
  get(key) {
    try { return window[name].getItem(key); } catch { return null; }
  },
  /** @param {string} key @param {string | null} value null removes it */
  set(key, value) {
    try {
      if (value === null) window[name].removeItem(key);
      else window[name].setItem(key, value);
    } catch { /* nothing is remembered */ }
  },
  /** @param {string} key @returns {any} null where nothing readable is there */
  json(key) {
    try { return JSON.parse(window[name].getItem(key) ?? "null"); } catch { return null; }
  },
});

/** Kept for this browser. */
export const local = area("localStorage");
/** Kept for this tab. */
export const session = area("sessionStorage");
