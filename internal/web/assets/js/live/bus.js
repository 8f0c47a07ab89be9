// @ts-check
// One event stream for a browser, not one for a tab: the tab that holds the lock
// reads it and tells the others. Where there are no locks each tab reads its own.
import { Backoff } from "../lib/backoff.js";
import { readFrames } from "../lib/eventstream.js";

/** @typedef {{state: "connecting" | "live" | "offline" | "locked", since: number}} State */
/** @typedef {{event: string, data: any}} LiveEvent */

export class Bus {
  /**
   * @param {(event: LiveEvent) => void} onEvent
   * @param {(state: State) => void} onState
   */
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    /** @type {State} */
    this.state = { state: "connecting", since: Date.now() };
    this.leader = false;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("tasks-live") : null;
    this.channel?.addEventListener("message", ({ data }) => this.heard(data));
  }

  start() {
    if (navigator.locks && this.channel) {
      this.channel.postMessage({ ask: true });
      navigator.locks.request("tasks-live", () => this.lead()).catch(() => this.lead());
    } else void this.lead();
  }

  /** @param {{ask?: boolean, state?: State, event?: LiveEvent}} message */
  heard(message) {
    if (message.ask && this.leader) this.channel?.postMessage({ state: this.state });
    if (this.leader) return;
    if (message.state) this.onState(message.state);
    if (message.event) this.onEvent(message.event);
  }

  /** @param {State["state"]} state */
  tell(state) {
    if (this.state.state === state) return;
    this.state = { state, since: Date.now() };
    this.channel?.postMessage({ state: this.state });
    this.onState(this.state);
  }

  /** @param {LiveEvent} event */
  give(event) {
    this.channel?.postMessage({ event });
    this.onEvent(event);
  }

  /** Reads the stream for good, with pauses. */
  async lead() {
    this.leader = true;
    const backoff = new Backoff();
    for (;;) {
      const abort = new AbortController();
      let locked = false; // the server is there, but wants its token
      try {
        const response = await fetch("/events", { headers: { Accept: "text/event-stream" }, signal: abort.signal });
        locked = response.status === 401;
        if (response.ok) {
          backoff.opened();
          await readFrames(response, ({ event, data }) => {
            if (event === "hello") this.tell("live");
            try { this.give({ event, data: JSON.parse(data) }); } catch { /* not for us */ }
          }, abort);
        }
      } catch { /* cut; tried again */ }
      this.tell(locked ? "locked" : "offline");
      await backoff.wait();
    }
  }
}
