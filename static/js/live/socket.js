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
 * "live:change", "live:hint", "live:topic", "live:gone", "live:reload", "live:error", "live:status", "live:signed-out",
 * and "live:stranger" where the browser's session has become another person's.
 */

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
const MARK_MS = 1000;
const HEALTHY_MS = 10000;
const PING_AFTER_MS = 25000; // of silence
const PONG_MS = 8000;
const PONG_IN_SIGHT_MS = 4000; // when somebody looks, or the device has just come back to a network
const OPEN_MS = 15000;
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
  #said = new Set(); // the topics of which the last hello said what the page has
  #marks = new Map(); // "topic kind" -> the frame that is due
  #markTimer = 0;
  #socket = null;
  #failures = 0;
  #retryTimer = 0;
  #isReady = false;
  #openedAt = 0;
  #isOver = false; // signed out, or the session has become another person's
  #heardAt = 0;
  #beatTimer = 0;
  #deadline = 0; // the timer at whose end the connection is given up
  #deadlineAt = Infinity;

  start() {
    window.addEventListener("online", () => {
      this.#hurry();
      this.#ask(PONG_IN_SIGHT_MS);
    });
    window.addEventListener("offline", () => this.#show("offline"));
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#hurry();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#sendMarks();
      else {
        this.#hurry();
        this.#ask(PONG_IN_SIGHT_MS);
      }
    });
    document.addEventListener("live:signed-out", () => this.#end());
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

  /** Move a watermark ("read", "delivered", or "thread" with its `root`); at most one frame a topic and kind leaves in a second. */
  mark(topic, kind, upTo, { root } = {}) {
    const key = root ? `${topic} ${kind} ${root}` : `${topic} ${kind}`;
    const due = this.#marks.get(key);
    if (due && due.up_to >= upTo) return;
    this.#marks.set(key, root ? { t: "mark", topic, kind, root, up_to: upTo } : { t: "mark", topic, kind, up_to: upTo });
    if (!this.#markTimer) this.#markTimer = setTimeout(() => this.#sendMarks(), MARK_MS);
  }

  /** Take back a mark that has not left yet, because the reader has set it back by hand. */
  forgetMark(topic, kind) {
    this.#marks.delete(`${topic} ${kind}`);
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
    this.#expect(OPEN_MS);
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return socket.close(1000);
      this.#openedAt = Date.now();
      this.#expect(OPEN_MS);
      this.#said = new Set(this.#have.keys());
      socket.send(JSON.stringify({ t: "hello", have: Object.fromEntries(this.#have) }));
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#lose(event);
    });
  }

  // -- Silence. A network that swallows everything closes nothing, so a page that hears nothing asks. -----------------------
  /** Give the connection up unless something is heard within this time; an earlier deadline stands. */
  #expect(wait) {
    const at = Date.now() + wait;
    if (this.#deadline && this.#deadlineAt <= at) return;
    clearTimeout(this.#deadline);
    this.#deadlineAt = at;
    this.#deadline = setTimeout(() => this.#giveUp(), wait);
  }

  #ask(wait) {
    if (this.#isReady && this.send({ t: "ping" })) this.#expect(wait);
  }

  #beat() {
    const silence = Date.now() - this.#heardAt;
    // A clock that was set back counts as silence.
    if (silence < 0 || silence >= PING_AFTER_MS) this.#ask(PONG_MS);
    const rest = silence >= 0 && silence < PING_AFTER_MS ? PING_AFTER_MS - silence : PING_AFTER_MS;
    this.#beatTimer = setTimeout(() => this.#beat(), rest);
  }

  #hear() {
    this.#heardAt = Date.now();
    if (!this.#deadline) return;
    clearTimeout(this.#deadline);
    this.#deadline = 0;
    if (this.#isReady) this.#show("connected");
  }

  #still() {
    clearTimeout(this.#beatTimer);
    clearTimeout(this.#deadline);
    this.#deadline = 0;
  }

  #giveUp() {
    this.#deadline = 0;
    const socket = this.#socket;
    if (!socket) return;
    // Its own end may come minutes later, when the network gives up; what it still says is not heard.
    this.#lose({ code: 1006, reason: "" });
    socket.close();
  }

  #end() {
    this.#isOver = true;
    clearTimeout(this.#retryTimer);
    this.#still();
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    socket?.close(1000);
    this.#show("offline");
  }

  #receive(frame) {
    const { t, topic } = frame;
    this.#hear();
    if (t === "pong") return;
    if (t === "change") {
      const have = this.#have.get(topic);
      if (have !== undefined && frame.change <= have) return;
      this.#have.set(topic, frame.change);
      this.topics.set(topic, frame.change);
    } else if (t === "ready") {
      if (String(frame.user) !== document.body.dataset.userId) {
        // Somebody else has signed in in this browser: nothing of theirs belongs on this page, nor this page's marks to them.
        this.#end();
        emit("stranger", {});
        return;
      }
      this.#isReady = true;
      clearTimeout(this.#beatTimer);
      this.#beatTimer = setTimeout(() => this.#beat(), PING_AFTER_MS);
      this.userId = frame.user;
      this.topics = new Map(Object.entries(frame.topics));
      // From here on the server sends everything, so a later connection may start from here too.
      for (const [name, change] of this.topics) {
        if (change !== null && !this.#have.has(name)) this.#have.set(name, change);
      }
      this.#show("connected");
      this.#sendMarks();
      this.#askForEarlier();
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

  /** A listener that came between the hello and its answer was not spoken of: what it lacks is asked for over HTTP. */
  #askForEarlier() {
    for (const [topic, change] of this.topics) {
      if (change === null || this.#said.has(topic) || change <= (this.#have.get(topic) ?? change)) continue;
      for (const handlers of this.#listeners.get(topic) ?? []) handlers.reload?.({ topic, change });
    }
  }

  #lose(event) {
    const lived = this.#openedAt && this.#isReady ? Date.now() - this.#openedAt : 0;
    this.#socket = null;
    this.#isReady = false;
    this.#openedAt = 0;
    this.#still();
    if (lived > HEALTHY_MS) this.#failures = 0;
    if (event.code === SIGNED_OUT) {
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
    this.#still();
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
