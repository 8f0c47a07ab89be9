// @ts-check
// The conversation of this tab: which one, what runs in it, what is sent. The
// journal on the server is the truth; here is only a reader of it.
import { all, el, icon, one } from "../lib/dom.js";
import { browse, Failure, getJSON, post, sentence } from "../lib/http.js";
import { session as tab } from "../lib/store.js";
import { Stream } from "./stream.js";
import { stand } from "./toolcard.js";
import { View } from "./view.js";

/** @typedef {{id: string, doc: string | null, page: string | null, title: string, updated_at?: string, running?: boolean}} Conversation */

const KEY = "tasks.chat"; // of this tab: {id, carry}: the conversation to go on with after a navigation

export class Session {
  /**
   * @param {HTMLElement} aside
   * @param {import("./composer.js").Composer} composer
   * @param {import("./drawer.js").Drawer} drawer
   */
  constructor(aside, composer, drawer) {
    this.aside = aside;
    this.composer = composer;
    this.here = { doc: aside.dataset.doc ?? "", page: aside.dataset.page ?? location.pathname };
    /** @type {Conversation | null} null: the next message begins one */
    this.conversation = null;
    this.fresh = false; // the person asked for a new one
    this.last = 0;
    this.awake = false;
    /** @type {Stream | null} */
    this.stream = null;
    this.view = new View(aside, {
      approve: (call, digest, decision) => post("/actions/chat/approve", { conversation: this.conversation?.id, call, digest, decision }),
      undo: async (edit) => (await post("/actions/chat/undo", { conversation: this.conversation?.id, edit })).edit,
      retry: (turn) => this.send(turn.message, turn.selection, turn.id ? undefined : turn),
    });
    composer.onSend = (text) => void this.send(text, composer.selection);
    composer.onDoc = (withDoc) => this.aim(withDoc);
    composer.draftOf(this.draftKey());
    one("[data-chat-stop]", aside).addEventListener("click", () => this.stop());
    one("[data-chat-new]", aside).addEventListener("click", () => { this.begin(); composer.focus(); });
    for (const starter of all("[data-chat-starter]", aside)) starter.addEventListener("click", () => void this.send(starter.textContent ?? "", composer.selection));
    // A link of an answer takes its conversation along.
    this.view.log.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (link instanceof HTMLAnchorElement && link.origin === location.origin) this.remember(true);
    });
    addEventListener("pagehide", () => { if (this.running) this.remember(true); });
    document.addEventListener("tasks:chat", (event) => this.heard(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("tasks:attention", (event) => drawer.toggle.classList.toggle("attention", /** @type {CustomEvent} */ (event).detail));
  }

  get running() { return this.stream !== null; }

  draftKey() { return this.composer.withDoc ? this.here.doc : this.here.doc ? "/" : this.here.page; }

  /** @param {boolean} carry */
  remember(carry) { tab.set(KEY, this.conversation ? JSON.stringify({ id: this.conversation.id, carry }) : null); }

  /** The drawer is closed: nothing is asked for, but a running turn is not forgotten. */
  peek() { if (tab.json(KEY)?.carry) this.wake(); }

  /** The drawer is open for the first time on this page. */
  wake() {
    if (this.awake) return;
    this.awake = true;
    void this.load();
  }

  async load() {
    try {
      const kept = tab.json(KEY);
      this.remember(false);
      if (kept?.carry && kept.id) {
        try { return await this.show(kept.id); } catch { /* gone: this page's own then */ }
      }
      const [newest] = await this.list();
      if (newest) await this.show(newest.id);
      else this.begin();
    } catch (reason) {
      this.trouble(/** @type {Failure} */ (reason));
    }
    this.aside.dataset.started = "";
  }

  /** The conversations of this page, newest first. @returns {Promise<Conversation[]>} */
  async list() {
    const query = new URLSearchParams(this.here.doc ? { doc: this.here.doc } : { page: this.here.page });
    return (await getJSON(`/actions/chat/conversations?${query}`)).conversations ?? [];
  }

  /** Shows a conversation from its beginning, and goes on with what runs in it. @param {string} id */
  async show(id) {
    const told = await getJSON(`/actions/chat/conversations/${encodeURIComponent(id)}`);
    this.leave();
    this.view.reset();
    this.conversation = told;
    this.fresh = false;
    stand(told.edits ?? []);
    for (const turn of told.turns ?? []) {
      for (const event of turn.events) this.view.apply(event, false);
    }
    this.last = told.last_id ?? 0;
    this.remember(false);
    this.head();
    this.view.toEnd();
    if (told.running) void this.follow();
    this.aside.dataset.started = "";
  }

  /** A new conversation, about this page. */
  begin() {
    this.leave();
    this.view.reset();
    this.conversation = null;
    this.fresh = true;
    this.last = 0;
    this.remember(false);
    this.head();
  }

  /** With this document, or about the whole repository: two conversations. @param {boolean} withDoc */
  aim(withDoc) {
    const text = this.composer.text;
    this.composer.setDoc(withDoc);
    this.begin();
    this.composer.draftOf(this.draftKey());
    if (text && !this.composer.text) this.composer.restore(text, null);
    this.composer.focus();
  }

  /** Stops listening to what runs; it goes on. */
  leave() {
    this.stream?.close();
    this.stream = null;
    this.busy(false);
  }

  /** @param {boolean} busy */
  busy(busy) {
    this.composer.setBusy(busy);
    this.aside.dataset.running = String(busy);
    if (!busy) this.view.working("");
  }

  /** Title, and a word where the conversation is another page's. */
  head() {
    one("[data-chat-title]", this.aside).textContent = this.conversation?.title || "New conversation";
    const bar = one("[data-chat-elsewhere]", this.aside);
    const c = this.conversation;
    const mine = !c || (c.doc ? c.doc === this.here.doc : this.here.doc ? !this.composer.withDoc && c.page === "/" : c.page === this.here.page);
    bar.hidden = mine;
    this.composer.about(mine || !c ? "" : c.doc ?? c.page ?? "/");
    if (mine || !c) return bar.replaceChildren();
    const back = el("button", { type: "button", class: "link-button" }, "Ask about this page");
    back.addEventListener("click", () => this.begin());
    bar.replaceChildren(icon("history"), el("span", null, "About ", el("a", { href: c.doc ? browse(c.doc) : c.page ?? "/" }, c.doc ?? c.page ?? "this repository"), ". ", back));
  }

  /** What is asked about, in the words of the request. */
  target() {
    const c = this.conversation;
    if (c) return { conversation: c.id, ...(c.doc ? { doc: c.doc } : { page: c.page }) };
    const place = this.here.doc ? (this.composer.withDoc ? { doc: this.here.doc } : { page: "/" }) : { page: this.here.page };
    return { ...place, ...(this.fresh ? { conversation: "new" } : {}) };
  }

  /**
   * Sends a message and follows its turn.
   * @param {string} message
   * @param {import("./composer.js").Selection | null} selection
   * @param {import("./turn.js").Turn} [again] the same request once more
   */
  async send(message, selection, again) {
    if (this.running) return;
    this.awake = true;
    again?.root.remove();
    if (again) this.view.turns = this.view.turns.filter((t) => t !== again);
    const request_id = again?.request || crypto.randomUUID();
    this.view.sending({ message, selection, request_id });
    const draft = this.composer.key;
    this.composer.clear();
    const body = { message, request_id, ...(selection ? { selection } : {}), ...this.target() };
    await this.run((stream) => stream.post(body), (event) => {
      if (event.event === "turn" && !this.conversation) {
        const { doc, page } = /** @type {{doc?: string, page?: string}} */ (body);
        this.conversation = { id: event.data.conversation, doc: doc ?? null, page: page ?? null, title: message.replace(/\s+/g, " ").slice(0, 80) };
        this.remember(false);
        this.head();
      }
    }, (failure) => {
      if (this.composer.key === draft) this.composer.restore(message, selection);
      this.trouble(failure);
      if (failure.status === 409) void this.follow();
    });
  }

  /** Goes on with what runs in the conversation. */
  async follow() {
    if (this.running || !this.conversation) return;
    const { id } = this.conversation;
    this.view.working(this.view.words || "Thinking");
    await this.run((stream) => stream.follow(id, this.last), () => {}, (failure) => this.trouble(failure));
  }

  /**
   * @param {(stream: Stream) => Promise<void>} how
   * @param {(event: import("./stream.js").ChatEvent) => void} first
   * @param {(failure: Failure) => void} failed
   */
  async run(how, first, failed) {
    const stream = new Stream({
      onEvent: (event) => {
        if (event.event === "reset") {
          this.view.reset();
          this.last = 0;
          return;
        }
        this.last = event.id || this.last;
        first(event);
        this.view.apply(event, true);
      },
      onLink: (link) => this.view.link(link === "cut"),
    });
    stream.last = this.last;
    this.stream = stream;
    this.busy(true);
    this.view.working(this.view.words || "Thinking");
    try {
      await how(stream);
    } catch (reason) {
      if (stream.closed) return;
      failed(reason instanceof Failure ? reason : new Failure(0, "internal", "Something went wrong in this page", String(reason)));
    } finally {
      if (this.stream === stream) {
        this.stream = null;
        this.view.link(false);
        this.busy(false);
      }
    }
  }

  /** An error that belongs to no turn of the server's. @param {Failure} failure */
  trouble(failure) {
    const turn = this.view.turns[this.view.turns.length - 1];
    this.view.live = true;
    if (turn && !turn.over) turn.error(failure);
    else {
      const { message, hint } = failure;
      const card = el("div", { class: "card error-card", role: "alert" }, el("p", null, icon("circle-alert"), el("span", null, sentence(message))), hint && el("p", { class: "hint" }, sentence(hint)));
      const retry = el("button", { type: "button", class: "button small" }, icon("refresh-cw"), "Try again");
      retry.addEventListener("click", () => { card.remove(); void this.load(); });
      card.append(retry);
      this.view.log.append(card);
    }
  }

  async stop() {
    if (!this.conversation) return;
    this.view.working("Stopping");
    try {
      await post("/actions/chat/stop", { conversation: this.conversation.id });
    } catch (reason) {
      this.trouble(/** @type {Failure} */ (reason));
    }
  }

  /** Another tab, or this one before, has news of a conversation. @param {{conversation: string, last_id: number}} news */
  heard(news) {
    if (!this.awake || this.running) return;
    if (this.conversation?.id === news.conversation) {
      if (news.last_id > this.last) void this.follow();
    } else if (!this.conversation && !this.composer.text && this.composer.withDoc && !this.view.turns.length) {
      void this.list().then(([newest]) => newest?.id === news.conversation && !this.conversation && !this.running ? this.show(newest.id) : undefined).catch(() => {});
    }
  }
}
