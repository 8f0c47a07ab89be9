// @ts-check
// Bytes to events, after the event stream format: any chunking, CR, LF and CRLF,
// comments, a byte order mark, several data lines.

/** @typedef {{id: string, event: string, data: string}} Frame */

/** Takes text in pieces and gives whole frames. */
export class Parser {
  /** @param {(frame: Frame) => void} onFrame */
  constructor(onFrame) {
    this.onFrame = onFrame;
    this.rest = "";
    this.first = true;
    /** @type {string[]} */
    this.data = [];
    this.event = "";
    this.id = "";
  }

  /** @param {string} text */
  push(text) {
    this.rest += text;
    if (this.first && this.rest) {
      if (this.rest.charCodeAt(0) === 0xfeff) this.rest = this.rest.slice(1);
      this.first = false;
    }
    for (;;) {
      const at = this.rest.search(/[\r\n]/);
      // A lone CR at the end may be the first half of CRLF.
      if (at < 0 || (this.rest[at] === "\r" && at === this.rest.length - 1)) return;
      const line = this.rest.slice(0, at);
      this.rest = this.rest.slice(at + (this.rest.startsWith("\r\n", at) ? 2 : 1));
      this.line(line);
    }
  }

  /** @param {string} line */
  line(line) {
    if (line === "") {
      if (this.data.length) this.onFrame({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
      this.data = [];
      this.event = "";
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.data.push(value);
    else if (field === "event") this.event = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
  }
}

/** How long a stream may be silent: the server says something every 15 s. */
const SILENCE = 45_000;
const SILENCE_ON_WAKE = 35_000;

/**
 * Reads a stream to its end. A stream that is silent for too long, judged by the
 * clock and not by timers, counts as cut.
 * @param {Response} response
 * @param {(frame: Frame) => void} onFrame
 * @param {AbortController} abort ends the request of the response
 * @returns {Promise<void>} rejected where the stream was cut
 */
export async function readFrames(response, onFrame, abort) {
  if (!response.body) return;
  const parser = new Parser(onFrame);
  const reader = response.body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let last = Date.now();
  const watch = setInterval(() => { if (Date.now() - last > SILENCE) abort.abort(); }, 5000);
  const wake = () => { if (!document.hidden && Date.now() - last > SILENCE_ON_WAKE) abort.abort(); };
  document.addEventListener("visibilitychange", wake);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      last = Date.now();
      parser.push(value);
    }
  } finally {
    clearInterval(watch);
    document.removeEventListener("visibilitychange", wake);
  }
}
