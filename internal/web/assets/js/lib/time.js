// @ts-check
// Times in words; the same words as the server's.

/** @type {[number, number, string, string][]} size in seconds, up to, one, many */
const UNITS = [
  [60, 60, "min", "min"],
  [3600, 24, "h", "h"],
  [86_400, 14, "day", "days"],
  [604_800, 9, "week", "weeks"],
  [2_592_000, 18, "month", "months"],
];

/** @param {number} ms since then */
export function ago(ms) {
  const s = ms / 1000;
  if (s < 45) return "just now";
  for (const [size, upto, one, many] of UNITS) {
    const n = Math.max(1, Math.round(s / size));
    if (n < upto) return `${n} ${n === 1 ? one : many} ago`;
  }
  return `${Math.max(2, Math.floor(s / 31_536_000))} years ago`;
}

/** A duration as a clock shows it: 4 s, 1:05. @param {number} ms */
export function clock(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** A short duration: 0.3 s, 12 s. @param {number} ms */
export function took(ms) {
  if (ms < 100) return "";
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : clock(ms);
}

/** Keeps the times of the page fresh. */
export function keepFresh() {
  const tell = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const at = Date.parse(time.getAttribute("datetime") ?? "");
      if (at) {
        const all = ago(Date.now() - at), words = !time.hasAttribute("data-short") ? all : all === "just now" ? "" : all.replace(/ ago$/, "");
        if (time.textContent !== words) time.textContent = words;
      }
    }
  };
  tell(); // the page may have been made a while ago
  setInterval(tell, 20_000);
  setInterval(countDown, 1000);
  countDown();
}

/** Says how long it is to what lies ahead. */
function countDown() {
  for (const time of document.querySelectorAll("time[data-until]")) {
    const left = Math.round((Date.parse(time.getAttribute("datetime") ?? "") - Date.now()) / 1000);
    const words = left > 90 ? `in ${Math.round(left / 60)} min` : left > 0 ? `in ${left} s` : "now";
    if (time.textContent !== words) time.textContent = words;
  }
}
