/*
 * The page's one live socket (docs/realtime-protocol.md).
 *
 * (No import line stands here: collectstatic would take it for one that it has to resolve.)
 *
 *   const stop = live.follow("channel:12", 345, { change, hint, reload, gone, topic });
 *   live.mark("channel:12", "read", 345);
 *
 * `follow` says what the page has (its newest change) and gets everything after it, each change once and in order, over as
 * many connections as it takes. Without a listener a topic's frames are still seen as events on `document`:
 * "live:change", "live:hint", "live:topic", "live:gone", "live:reload", "live:error", "live:status".
 */

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
const MARK_MS = 1000;
const HEALTHY_MS = 10000;
const BAD_HELLO = 4400;
const SIGNED_OUT = 4401;
const REPLACED = 4408;
const BUSY = 4503;

function emit(name, detail) {
  document.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));
}

class Live {
  status = "connecting";
  userId = null;
  topics = new Map(); // what the server subscribes this page to: name -> newest change, or null where none is counted
  #listeners = new Map(); // topic -> Set of handlers
  #have = new Map(); // topic -> the newest change that this page has
  #marks = new Map(); // "topic kind" -> the frame that is due
  #markTimer = 0;
  #socket = null;
  #failures = 0;
  #retryTimer = 0;
  #isReady = false;
  #openedAt = 0;
  #isOver = false; // signed out, or replaced by a newer page

  start() {
    window.addEventListener("online", () => this.#hurry());
    window.addEventListener("offline", () => this.#show("offline"));
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#hurry();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#sendMarks();
      else this.#hurry();
    });
    this.#connect();
  }

  /** Hear a topic from the change that the page has; returns a function that ends it. */
  follow(topic, have, handlers) {
    let group = this.#listeners.get(topic);
    if (!group) this.#listeners.set(topic, (group = new Set()));
    group.add(handlers);
    if (have !== null && have !== undefined) {
      const known = this.#have.get(topic);
      this.#have.set(topic, known === undefined ? have : Math.max(known, have));
      // The server went on from its own newest change; what lies between it and the page's is asked for over HTTP.
      if (this.#isReady && this.topics.has(topic) && this.topics.get(topic) > have) {
        queueMicrotask(() => handlers.reload?.({ topic, change: this.topics.get(topic) }));
      }
    }
    return () => {
      group.delete(handlers);
      if (!group.size) this.#listeners.delete(topic);
    };
  }

  /** Tell that the page has a topic up to a change, because it was fetched over HTTP. */
  has(topic, change) {
    if (change > (this.#have.get(topic) ?? -1)) this.#have.set(topic, change);
  }

  /** Send a frame of an app; false while there is no connection (marks are kept, other frames are not). */
  send(frame) {
    if (!this.#isReady) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Move a watermark ("read" or "delivered"); at most one frame a topic and kind leaves in a second. */
  mark(topic, kind, upTo) {
    const key = `${topic} ${kind}`;
    const due = this.#marks.get(key);
    if (due && due.up_to >= upTo) return;
    this.#marks.set(key, { t: "mark", topic, kind, up_to: upTo });
    if (!this.#markTimer) this.#markTimer = setTimeout(() => this.#sendMarks(), MARK_MS);
  }

  #sendMarks() {
    clearTimeout(this.#markTimer);
    this.#markTimer = 0;
    if (!this.#isReady) return; // they leave with the next hello
    for (const frame of this.#marks.values()) this.send(frame);
    this.#marks.clear();
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    if (this.#socket || this.#isOver) return;
    const url = new URL("/live/", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#openedAt = Date.now();
      socket.send(JSON.stringify({ t: "hello", have: Object.fromEntries(this.#have) }));
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#lose(event);
    });
  }

  #receive(frame) {
    const { t, topic } = frame;
    if (t === "change") {
      const have = this.#have.get(topic);
      if (have !== undefined && frame.change <= have) return;
      this.#have.set(topic, frame.change);
      this.topics.set(topic, frame.change);
    } else if (t === "ready") {
      this.#isReady = true;
      this.userId = frame.user;
      this.topics = new Map(Object.entries(frame.topics));
      // From here on the server sends everything, so a later connection may start from here too.
      for (const [name, change] of this.topics) {
        if (change !== null && !this.#have.has(name)) this.#have.set(name, change);
      }
      this.#show("connected");
      this.#sendMarks();
    } else if (t === "topic") {
      this.topics.set(topic, frame.change);
    } else if (t === "gone") {
      this.topics.delete(topic);
      this.#have.delete(topic);
    } else if (t === "reload") {
      this.topics.set(topic, frame.change);
    } else if (t === "error") {
      console.warn("live:", frame.code, frame.re ?? "");
    }
    for (const handlers of this.#listeners.get(topic) ?? []) handlers[t]?.(frame);
    emit(t, frame);
  }

  #lose(event) {
    const lived = this.#openedAt && this.#isReady ? Date.now() - this.#openedAt : 0;
    this.#socket = null;
    this.#isReady = false;
    this.#openedAt = 0;
    if (lived > HEALTHY_MS) this.#failures = 0;
    if (event.code === SIGNED_OUT) {
      this.#isOver = true;
      this.#show("offline");
      emit("signed-out", {});
      return;
    }
    if (event.code === REPLACED) {
      // Ten newer pages took over. This one comes back when somebody looks at it.
      this.#show("offline");
      return;
    }
    if (event.code === BAD_HELLO) this.#have.clear();
    this.#show(navigator.onLine === false ? "offline" : "reconnecting");
    const told = event.code === BUSY ? Number(/retry=(\d+)/.exec(event.reason)?.[1]) : 0;
    const window_ = told || Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    // Full jitter: a thousand pages that lost the same server come back spread over the window.
    this.#retryTimer = setTimeout(() => this.#connect(), Math.random() * window_);
  }

  #hurry() {
    if (this.#isOver || this.#socket || document.hidden) return;
    this.#show("reconnecting");
    // A little jitter still: many pages hear "online" in the same moment.
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#connect(), Math.random() * FIRST_RETRY_MS);
  }

  #leave() {
    this.#sendMarks();
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    socket?.close(1000);
  }

  #show(status) {
    if (status !== this.status) {
      this.status = status;
      emit("status", { status });
    }
    for (const element of document.querySelectorAll("[data-live-status]")) element.dataset.liveStatus = status;
  }
}

export const live = new Live();
if (document.querySelector("[data-live-status]")) live.start();
