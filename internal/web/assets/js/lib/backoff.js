// @ts-check
// How long to wait before the next try: 1, 2, 5, then 30 s, with jitter, and back to
// the beginning only after a connection has lived for a while.

const STEPS = [1000, 2000, 5000, 30_000];
const STABLE = 30_000;

export class Backoff {
  constructor() {
    this.step = 0;
    this.since = 0;
  }

  /** A connection stands. */
  opened() { this.since = Date.now(); }

  /** The connection is gone: how many milliseconds to wait. */
  next() {
    if (this.since && Date.now() - this.since > STABLE) this.step = 0;
    this.since = 0;
    const base = STEPS[Math.min(this.step, STEPS.length - 1)];
    this.step++;
    return base * (0.7 + Math.random() * 0.6);
  }

  /**
   * Waits, or less where the browser comes online or the tab is looked at again.
   * @param {AbortSignal} [signal]
   */
  wait(signal) {
    const ms = this.next();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        removeEventListener("online", done);
        signal?.removeEventListener("abort", done);
        resolve(undefined);
      };
      const timer = setTimeout(done, ms);
      addEventListener("online", done, { once: true });
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}
