/*
 * A channel's way into the outbox: gives each message an id of its own, keeps it, has it sent, and tells the page what becomes
 * of it. Who sends it, and when, is the drain's business; this page need not live to see it.
 */

import { drainOf } from "./drain.js";
import { outboxOf } from "./outbox.js";

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Only secure pages have randomUUID; a portal that is tried over plain HTTP in a ward network has not.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The name of the conversation that this page shows. */
export function titleOfPage() {
  return document.querySelector("[data-chat]")?.getAttribute("aria-label") ?? "";
}

export class Sender {
  #drain;

  /** `show(entry, state, detail?)` is told "waiting", "sending", "offline", "failed" (with the reason) and "sent" (with the answer). */
  constructor({ userId, channel, url, show }) {
    this.outbox = outboxOf(userId);
    this.#drain = drainOf(userId);
    this.channel = channel;
    this.url = url;
    this.show = show;
    document.addEventListener("chat:entry", ({ detail }) => {
      if (detail.entry.channel === channel) this.#hear(detail);
    });
  }

  #hear({ entry, state, detail }) {
    const pending = [...document.querySelectorAll(`.msg[data-client="${CSS.escape(entry.clientId)}"]:not([data-number])`)];
    if (state === "discarded") {
      for (const element of pending) element.remove();
      return;
    }
    if (state === "sent") {
      // The answer was lost once, and the page came from the server with the message in it.
      const number = Number(detail.message.number);
      for (const element of pending) {
        if (element.parentElement.querySelector(`:scope > .msg[data-number="${number}"]`)) element.remove();
      }
    }
    this.show(entry, state === "kept" ? "waiting" : state, detail ?? undefined);
  }

  /** Show what waits in this channel, and have it sent. */
  async restore() {
    for (const entry of await this.outbox.waiting(this.channel)) {
      const state = entry.failed ? "failed" : entry.tries ? "offline" : "waiting";
      this.show(entry, state, entry.failed);
    }
    this.#drain.go(this.channel);
  }

  /** `options.ask` asks everybody to acknowledge; `begin` hears the id before anything else happens. */
  async send(text, root, { ask = false } = {}, begin = () => {}) {
    const at = new Date().toISOString();
    const entry = { clientId: newId(), channel: this.channel, title: titleOfPage(), url: this.url, text, root, ask, at, order: this.outbox.nextOrder() };
    begin(entry.clientId);
    this.show(entry, "waiting");
    await this.outbox.keep(entry);
    this.outbox.tell(entry, "kept");
    this.#drain.go(this.channel);
  }

  async retry(entry) {
    const again = { ...entry, tries: 0, notBefore: 0, isTold: false };
    // What asks for a yes is sent again with that yes: whoever presses "Send again" has read how many it tells.
    if (again.confirm) again.confirmed = true;
    delete again.failed;
    delete again.confirm;
    await this.outbox.keep(again);
    this.show(again, "waiting");
    this.#drain.hurry(this.channel);
  }

  async discard(entry) {
    await this.outbox.forget(entry.clientId);
    this.outbox.tell(entry, "discarded");
  }
}
