/*
 * Sends a channel's messages one after the other, each with an id of its own, until the server says that it is stored.
 * A message that cannot go now waits in the outbox; one that the server refuses is given back with its reason.
 */

import { Outbox } from "./outbox.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
const TIMEOUT_MS = 15000;

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Only secure pages have randomUUID; a portal that is tried over plain HTTP in a ward network has not.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export class Sender {
  #queue = [];
  #busy = false;
  #failures = 0;
  #timer = 0;

  /** `show(entry, state, message?)` is told "waiting", "sending", "offline", "failed" (with the reason) and "sent" (with the answer). */
  constructor({ userId, channel, url, csrf, show }) {
    this.outbox = new Outbox(userId);
    this.channel = channel;
    this.url = url;
    this.csrf = csrf;
    this.show = show;
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("live:status", (event) => {
      if (event.detail.status === "connected") this.#hurry();
    });
  }

  async restore() {
    for (const entry of await this.outbox.waiting(this.channel)) {
      if (this.#queue.some((waiting) => waiting.clientId === entry.clientId)) continue;
      this.show(entry, entry.failed ? "failed" : "waiting", entry.failed);
      if (!entry.failed) this.#queue.push(entry);
    }
    this.#next();
  }

  async send(text, root) {
    const entry = { clientId: newId(), channel: this.channel, text, root, at: new Date().toISOString(), order: Date.now() };
    this.show(entry, "waiting");
    this.#queue.push(entry);
    await this.outbox.keep(entry);
    this.#next();
  }

  async retry(entry) {
    delete entry.failed;
    this.#queue.push(entry);
    await this.outbox.keep(entry);
    this.#hurry();
  }

  async discard(entry) {
    this.#queue = this.#queue.filter((waiting) => waiting.clientId !== entry.clientId);
    await this.outbox.forget(entry.clientId);
  }

  #hurry() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#next();
  }

  async #next() {
    if (this.#busy || this.#timer || !this.#queue.length) return;
    this.#busy = true;
    const entry = this.#queue[0];
    this.show(entry, "sending");
    let wait = 0;
    try {
      wait = await this.#post(entry);
    } catch {
      wait = this.#backOff();
      this.show(entry, "offline");
    }
    this.#busy = false;
    if (wait) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.#next();
      }, wait);
    } else {
      this.#failures = 0;
      this.#next();
    }
  }

  /** Returns how long to wait before the next try, 0 when this entry is done with. */
  async #post(entry) {
    const body = new URLSearchParams({ text: entry.text, client_id: entry.clientId });
    if (entry.root) body.set("root", entry.root);
    const answer = await fetch(this.url, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": this.csrf() },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
    });
    if (answer.status === 201 || answer.status === 200) {
      this.#queue.shift();
      const stored = await answer.json();
      await this.outbox.forget(entry.clientId);
      this.show(entry, "sent", stored);
      return 0;
    }
    if (answer.status >= 500 || answer.status === 429) {
      const told = Number(answer.headers.get("Retry-After")) * 1000;
      this.show(entry, "offline");
      return told || this.#backOff();
    }
    let message = gettext("This message was not stored.");
    try {
      message = (await answer.json()).message ?? message;
    } catch {
      // a proxy in between answered; its page says nothing to the writer
    }
    this.#queue.shift();
    entry.failed = message;
    await this.outbox.keep(entry);
    this.show(entry, "failed", message);
    return 0;
  }

  #backOff() {
    this.#failures += 1;
    return Math.random() * Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
  }
}
