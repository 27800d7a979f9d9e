/*
 * Sends what waits in the outbox, of every channel and from every page: within a channel one message after the other, in the
 * order in which they were written, by one tab at a time. When a message may be tried again is written beside it, so that ten
 * tabs do not ask ten times.
 */

import { outboxOf } from "./outbox.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
const LONGEST_TOLD_MS = 300000;
const TIMEOUT_MS = 15000;
const LOCK_MS = 20000;

/** Run while no other tab has the lock. */
async function alone(name, work) {
  // Only secure pages have locks. A tab that was put to sleep with one in its hand must not hold up the others for ever: the
  // server stores an id once, whoever sends it.
  if (!navigator.locks) return work();
  let began = false;
  try {
    return await navigator.locks.request(name, { signal: AbortSignal.timeout(LOCK_MS) }, () => {
      began = true;
      return work();
    });
  } catch (error) {
    if (began) throw error;
    return work();
  }
}

/** The page's own token: it does not fit a session that another person has begun in this browser since. */
export function pageToken() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["x-csrftoken"] ?? "";
}

async function readJson(answer) {
  try {
    return await answer.json();
  } catch {
    return null; // a proxy in between answered; its page says nothing to the writer
  }
}

class Drain {
  #outbox;
  #userId;
  #busy = new Map(); // channel -> how to go on when the present round is over: null, "again", "hurry"
  #timer = 0;
  #wakesAt = Infinity;
  #isOver = false;

  constructor(userId) {
    this.#userId = userId;
    this.#outbox = outboxOf(userId);
    window.addEventListener("online", () => this.hurry());
    document.addEventListener("live:status", ({ detail }) => {
      if (detail.status === "connected") this.hurry();
    });
    document.addEventListener("live:signed-out", () => (this.#isOver = true));
  }

  /** Send what is due, in one channel or in all. */
  async go(channel = null, { hurry = false } = {}) {
    if (this.#isOver) return;
    const waiting = await this.#outbox.waiting(channel);
    const channels = new Set(waiting.filter((entry) => !entry.failed).map((entry) => entry.channel));
    await Promise.all([...channels].map((one) => this.#drain(one, hurry)));
  }

  /** Try now, unless the server itself has said when. */
  hurry(channel = null) {
    return this.go(channel, { hurry: true });
  }

  async #drain(channel, hurry) {
    if (this.#busy.has(channel)) {
      if (this.#busy.get(channel) !== "hurry") this.#busy.set(channel, hurry ? "hurry" : "again");
      return;
    }
    this.#busy.set(channel, null);
    let next = null;
    try {
      await alone(`portal-unsent-${this.#userId}-${channel}`, () => this.#sendAll(channel, hurry));
    } finally {
      next = this.#busy.get(channel);
      this.#busy.delete(channel);
    }
    if (next) await this.#drain(channel, next === "hurry");
  }

  async #sendAll(channel, hurry) {
    while (!this.#isOver) {
      const entry = (await this.#outbox.waiting(channel)).find((one) => !one.failed);
      if (!entry) return;
      const due = (entry.notBefore ?? 0) - Date.now();
      // A clock that was set back must not keep a message for a day.
      if (due > 0 && due <= LONGEST_TOLD_MS && (!hurry || entry.isTold)) {
        this.#wakeIn(due);
        return;
      }
      this.#outbox.tell(entry, "sending");
      const wait = await this.#post(entry);
      if (wait === null) continue;
      entry.tries = (entry.tries ?? 0) + 1;
      entry.isTold = wait > 0;
      const pause = wait || this.#backOff(entry.tries);
      entry.notBefore = Date.now() + pause;
      // Whoever threw it away meanwhile, here or in another tab, does not get it back.
      if ((await this.#outbox.waiting(channel)).some((one) => one.clientId === entry.clientId)) await this.#outbox.keep(entry);
      this.#outbox.tell(entry, "offline");
      this.#wakeIn(pause);
      return;
    }
  }

  /** Returns null when this entry is done with, else how long the server wants us to wait (0: it did not say). */
  async #post(entry) {
    const body = new URLSearchParams({ text: entry.text, client_id: entry.clientId });
    if (entry.root) body.set("root", entry.root);
    if (entry.ask) body.set("ask", "1");
    if (entry.confirmed) body.set("confirmed", "1");
    let answer;
    try {
      answer = await fetch(entry.url, {
        method: "POST",
        body,
        headers: { Accept: "application/json", "X-CSRFToken": pageToken() },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: "manual",
      });
    } catch {
      return 0;
    }
    const told = await readJson(answer);
    if (answer.status === 201 || answer.status === 200) {
      if (!told?.message) return 0; // not our server: a page of some network's door
      await this.#outbox.forget(entry.clientId);
      this.#outbox.tell(entry, "sent", told);
      return null;
    }
    if (answer.status === 401 || answer.type === "opaqueredirect" || (answer.status === 403 && told?.error === "csrf")) {
      this.#isOver = true;
      document.dispatchEvent(new CustomEvent("live:signed-out", { detail: {} }));
      return 0;
    }
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
      return Math.min(Number(answer.headers.get("Retry-After")) * 1000 || 0, LONGEST_TOLD_MS);
    }
    entry.failed = told?.message ?? gettext("This message was not stored.");
    if (told?.error === "confirm_mention") entry.confirm = told.people; // it tells many: its writer has to say yes
    await this.#outbox.keep(entry);
    this.#outbox.tell(entry, "failed", entry.failed);
    return null;
  }

  #wakeIn(pause) {
    const at = Date.now() + pause;
    if (this.#timer && this.#wakesAt <= at) return;
    clearTimeout(this.#timer);
    this.#wakesAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.go();
    }, pause);
  }

  #backOff(tries) {
    return 1 + Math.random() * Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS);
  }
}

const drains = new Map();

/** The one drain of a person on this page. */
export function drainOf(userId) {
  const key = String(userId);
  if (!drains.has(key)) drains.set(key, new Drain(key));
  return drains.get(key);
}
