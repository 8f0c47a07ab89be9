// @ts-check
// The wire of a conversation. A turn belongs to the server: we post the message,
// read the events of the answer, and where the stream is cut ask for what came
// after the last event, for as long as it takes.
import { Backoff } from "../lib/backoff.js";
import { readFrames } from "../lib/eventstream.js";
import { Failure, failureOf, unreachable } from "../lib/http.js";

/** @typedef {{id: number, event: string, data: any}} ChatEvent */
/** @typedef {{onEvent: (event: ChatEvent) => void, onLink: (link: "open" | "cut") => void}} Listener */

const TRIES = 3; // of a post that got no answer at all

export class Stream {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    this.last = 0;
    this.conversation = "";
    this.abort = new AbortController();
  }

  /** Stops listening; the turn goes on. */
  close() { this.abort.abort(); }

  get closed() { return this.abort.signal.aborted; }

  /**
   * Sends a message and follows its turn to the end. The request's id makes a
   * second try the same turn.
   * @param {Record<string, unknown>} body
   * @returns {Promise<void>} rejected with a Failure where no turn began
   */
  async post(body) {
    const backoff = new Backoff();
    for (let n = 1; ; n++) {
      /** @type {Response} */
      let response;
      const attempt = this.attempt();
      try {
        response = await fetch("/actions/chat", {
          method: "POST",
          headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
          body: JSON.stringify(body),
          signal: attempt.signal,
        });
      } catch {
        if (this.closed) return;
        if (n >= TRIES) throw unreachable();
        this.listener.onLink("cut");
        await backoff.wait(this.abort.signal);
        continue;
      }
      if (!response.ok) throw await failureOf(response);
      if (await this.read(response, attempt)) return;
      if (this.conversation) return this.follow(this.conversation, this.last);
      if (n >= TRIES) throw unreachable();
      await backoff.wait(this.abort.signal);
    }
  }

  /**
   * Follows what runs in a conversation, from after an event to the end of the turn.
   * @param {string} conversation
   * @param {number} after
   */
  async follow(conversation, after) {
    this.conversation = conversation;
    this.last = after;
    const backoff = new Backoff();
    while (!this.closed) {
      const attempt = this.attempt();
      try {
        const query = new URLSearchParams({ conversation, after: String(this.last) });
        const response = await fetch(`/actions/chat/events?${query}`, { headers: { Accept: "text/event-stream" }, signal: attempt.signal });
        if (response.status === 204) return;
        if (!response.ok && response.status < 500) throw await failureOf(response);
        if (response.ok) {
          backoff.opened();
          if (await this.read(response, attempt)) return;
        }
      } catch (reason) {
        if (reason instanceof Failure) throw reason;
      }
      if (this.closed) return;
      this.listener.onLink("cut");
      await backoff.wait(this.abort.signal);
    }
  }

  /** A request of its own that ends with us. */
  attempt() {
    const attempt = new AbortController();
    this.abort.signal.addEventListener("abort", () => attempt.abort(), { once: true });
    return attempt;
  }

  /**
   * Reads one answer.
   * @param {Response} response
   * @param {AbortController} attempt
   * @returns {Promise<boolean>} whether the turn is over
   */
  async read(response, attempt) {
    let over = false;
    this.listener.onLink("open");
    try {
      await readFrames(response, (frame) => {
        if (this.closed) return;
        const id = Number(frame.id) || 0;
        let data;
        try { data = JSON.parse(frame.data); } catch { return; }
        if (frame.event === "reset") this.last = 0;
        else if (id && id <= this.last) return; // seen
        else this.last = id || this.last;
        if (frame.event === "turn") {
          this.conversation = data.conversation;
          over = false;
        }
        if (frame.event === "done") over = true;
        this.listener.onEvent({ id, event: frame.event, data });
      }, attempt);
    } catch { /* cut: the caller asks for the rest */ }
    return over;
  }
}
