/*
 * What stands half written in a composer, the same on all devices. It is kept in this browser at once and on the server soon
 * after; the browser forgets it as soon as the server has it. Where two devices have written different things, both are shown
 * and the writer chooses: nothing is lost, and no text changes under a hand that writes.
 *
 *   bindDraft({ form, field }, { channel: 12, root: null });
 */

import { live } from "../live/socket.js";
import { say } from "../shell.js";
import { pageToken } from "./drain.js";
import { outboxOf } from "./outbox.js";
import { titleOfPage } from "./sender.js";

const KEEP_AFTER_MS = 400; // in this browser
const SAVE_AFTER_MS = 1500; // on the server
const LOOK_AFTER_MS = 300;
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60000;
const TIMEOUT_MS = 15000;
const KEEPALIVE_BYTES = 60000; // browsers refuse more from a page that goes away
const LEFT_AFTER_MS = 10000; // a draft that no page has touched for so long was left behind
const bound = new Map(); // "channel root" -> its keeper

const key = (channel, root) => `${channel} ${root || 0}`;
const outline = (text) => text.normalize("NFC").replace(/\r\n?/g, "\n").trim();
const isSame = (one, other) => outline(one) === outline(other);
const outbox = () => outboxOf(document.body.dataset.userId);

/** Ask the server to keep a text; null while it cannot be reached, else the status and what it told. */
async function post(url, { text, root, base }) {
  // Named, because another person may have signed in in this browser since: their session keeps none of it.
  const body = new URLSearchParams({ text, root: root || 0, base, user: document.body.dataset.userId }).toString();
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": pageToken(), "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8" },
      keepalive: body.length < KEEPALIVE_BYTES,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "manual",
    });
    return { status: answer.type === "opaqueredirect" ? 401 : answer.status, told: await answer.json().catch(() => null) };
  } catch {
    return null;
  }
}

class DraftKeeper {
  #outbox = outbox();
  #version = 0; // the newest that this page knows
  #synced = ""; // the text of that version
  #tried = null; // what was handed to the server last: it may have it although no answer came
  #other = null; // what another device has written, while the writer chooses
  #note = null;
  #isTouched = false;
  #isFilling = false;
  #isComposing = false;
  #isSaving = false;
  #isStopped = false; // the server will not take it; this browser keeps it
  #failures = 0;
  #keepTimer = 0;
  #saveTimer = 0;
  #lookTimer = 0;
  #listening = new AbortController();

  constructor({ form, field }, { channel, root }) {
    this.form = form;
    this.field = field;
    this.channel = channel;
    this.root = root || 0;
    this.url = form.dataset.draftUrl ?? `/chat/${channel}/draft/`;
    // A browser that comes back to a page would put in what stood there when it was left.
    form.autocomplete = "off";
    this.#begin();
    this.#listen();
  }

  async #begin() {
    if (this.form.dataset.draftVersion === undefined) {
      const kept = await this.#fetch();
      this.#version = kept?.version ?? 0;
      this.#synced = kept?.text ?? "";
    } else {
      this.#version = Number(this.form.dataset.draftVersion);
      this.#synced = this.field.defaultValue;
    }
    // Whoever began to write before this was loaded goes on writing.
    if (document.activeElement === this.field && !isSame(this.field.value, this.#synced)) this.#hear();
    if (!this.#isTouched && !isSame(this.field.value, this.#synced)) this.#fill(this.#synced);
    const entry = await this.#outbox.draftEntry(this.channel, this.root);
    if (entry) this.#restore(entry);
  }

  /** Bring back what this browser has and the server has not, as far as this page knows. */
  #restore(entry) {
    if (isSame(entry.text, this.#synced)) {
      this.#forget();
      return;
    }
    if (this.#isTouched) {
      // Whoever was faster than the storage goes on writing; the old text is offered.
      this.#choose({ text: entry.text, version: this.#version });
      return;
    }
    this.#fill(entry.text);
    this.#tried = entry.tried ?? null;
    const isNewest = entry.base === this.#version;
    const mayBeSent = this.#tried !== null && isSame(this.#tried, entry.text);
    if (isNewest || (!this.#synced && !mayBeSent)) this.#saveSoon();
    else this.#choose({ text: this.#synced, version: this.#version });
  }

  #listen() {
    const { signal } = this.#listening;
    this.field.addEventListener("input", () => this.#hear(), { signal });
    this.field.addEventListener("compositionstart", () => (this.#isComposing = true), { signal });
    this.field.addEventListener("compositionend", () => (this.#isComposing = false), { signal });
    window.addEventListener("pagehide", () => this.#flush(), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#lookSoon(), { signal });
    window.addEventListener("online", () => this.#saveNow(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.#flush(), { signal });
    document.addEventListener("live:status", ({ detail }) => detail.status === "connected" && this.#comeBack(), { signal });
    document.addEventListener("live:hint", ({ detail: { topic, body } }) => {
      if (!topic.startsWith("user:") || body.kind !== "draft") return;
      if (body.channel === this.channel && body.root === this.root && body.version > this.#version) this.#lookSoon();
    }, { signal });
    document.addEventListener("live:change", ({ detail: { topic, body } }) => {
      if (topic !== `channel:${this.channel}` || body.kind !== "message" || !this.field.value) return;
      const { author, root } = body.message;
      // One's own message from another device may be the draft that stands here.
      if (author.id === live.userId && (root?.number ?? 0) === this.root) this.#lookSoon();
    }, { signal });
  }

  /** A thread that was closed is heard no more; what stands in it is still kept. */
  end() {
    this.#flush();
    this.#listening.abort();
    clearTimeout(this.#lookTimer);
  }

  #hear() {
    if (this.#isFilling) return;
    this.#isTouched = true;
    if (this.#note?.dataset.draftNote === "used") this.#unchoose();
    clearTimeout(this.#keepTimer);
    this.#keepTimer = setTimeout(() => this.#keep(), KEEP_AFTER_MS);
    // What was sent or emptied is so at once, everywhere.
    this.#saveSoon(this.field.value ? SAVE_AFTER_MS : 0);
    this.#announce();
  }

  #announce() {
    const detail = { channel: this.channel, root: this.root, text: this.field.value };
    document.dispatchEvent(new CustomEvent("chat:draft", { detail }));
  }

  #fill(text) {
    this.#isFilling = true;
    this.field.value = text;
    // Whoever else listens to the field (its height, its direction) hears of it as of any other text.
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.#isFilling = false;
    this.field.setSelectionRange(text.length, text.length);
  }

  // -- In this browser ----------------------------------------------------------------------------------------------------
  #keep() {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = 0;
    const text = this.field.value;
    if (isSame(text, this.#synced) && !this.#other) {
      this.#forget();
      return;
    }
    const { channel, root, url } = this;
    this.#outbox.keepDraft({ channel, root, url, title: titleOfPage(), text, base: this.#version, tried: this.#tried });
  }

  #forget() {
    this.#outbox.forgetDraft(this.channel, this.root);
  }

  // -- On the server ------------------------------------------------------------------------------------------------------
  #saveSoon(after = SAVE_AFTER_MS) {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => this.#saveNow(), after);
  }

  /** The page goes, or is looked away from: everything at once. */
  #flush() {
    if (!this.#isTouched) return;
    if (this.#keepTimer) this.#keep();
    if (this.#saveTimer) this.#saveNow();
  }

  async #saveNow() {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = 0;
    const text = this.field.value;
    if (this.#other || this.#isStopped || this.#isSaving || isSame(text, this.#synced)) return;
    this.#isSaving = true;
    this.#tried = text;
    if (text.trim()) this.#keep();
    const answer = await post(this.url, { text, root: this.root, base: this.#version });
    this.#isSaving = false;
    this.#take(text, answer);
  }

  #take(text, answer) {
    if (answer?.status === 200 && answer.told) {
      this.#failures = 0;
      this.#version = answer.told.version;
      this.#synced = text;
      if (isSame(this.field.value, text)) this.#forget();
      else this.#saveSoon();
    } else if (answer?.told?.error === "draft_conflict") this.#meet(answer.told);
    else if (!answer || answer.status >= 500 || answer.status === 429) {
      this.#saveSoon(Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS));
      this.#failures += 1;
    } else this.#isStopped = true;
  }

  // -- From other devices -------------------------------------------------------------------------------------------------
  async #fetch() {
    try {
      const answer = await fetch(`${this.url}?root=${this.root}`, { headers: { Accept: "application/json" } });
      return answer.ok && !answer.redirected ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  #comeBack() {
    this.#isStopped = false;
    this.#saveNow();
    if (this.#isTouched || this.field.value) this.#lookSoon(); // a hint may have been missed
  }

  #lookSoon() {
    clearTimeout(this.#lookTimer);
    this.#lookTimer = setTimeout(() => this.#look(), LOOK_AFTER_MS);
  }

  async #look() {
    if (!this.field.isConnected) {
      this.end();
      return;
    }
    if (this.#isSaving) {
      this.#lookSoon();
      return;
    }
    const newest = await this.#fetch();
    if (newest && !this.#isSaving && newest.version > this.#version) this.#meet(newest);
  }

  /** Another text is the newest: take it where this page has nothing of its own, else let the writer choose. */
  #meet(newest) {
    const mine = this.field.value;
    const isOwn = this.#tried !== null && isSame(newest.text, this.#tried); // the answer to it was lost
    if (isSame(newest.text, mine) || isOwn || !newest.text.trim()) {
      const wasClean = isSame(mine, this.#synced);
      this.#adopt(newest);
      if (isSame(newest.text, mine)) this.#forget();
      else if (wasClean && !isOwn) this.#replace(newest.text);
      else this.#saveSoon(); // this device went on writing
    } else if (isSame(mine, this.#synced) && !this.#isComposing) {
      this.#adopt(newest);
      this.#replace(newest.text);
    } else this.#choose(newest);
  }

  #adopt({ text, version }) {
    this.#version = version;
    this.#synced = text;
    this.#unchoose();
  }

  #replace(text) {
    this.#fill(text);
    this.#forget();
    this.#announce();
    if (text) say(gettext("Your text from another device stands here now."));
  }

  // -- Choosing -----------------------------------------------------------------------------------------------------------
  #choose(other) {
    this.#other = other;
    const words = other.text.trim() ? gettext("Another device has written something else here:") : gettext("This text may have been sent or deleted on another device.");
    const first = outline(other.text).split("\n")[0];
    const use = other.text.trim() ? gettext("Use that") : gettext("Empty it here");
    this.#say("other", words, first, [
      [use, () => this.#use(other)],
      [gettext("Keep mine"), () => this.#keepMine(other)],
    ]);
    say(words);
    this.#keep();
  }

  #use(other) {
    const mine = this.field.value;
    this.#adopt(other);
    this.#replace(other.text);
    this.#say("used", gettext("Your own text is still here, until you write on:"), outline(mine).split("\n")[0], [
      [gettext("Put mine back"), () => this.#putBack(mine)],
    ]);
    this.field.focus();
  }

  #putBack(mine) {
    this.#unchoose();
    this.#fill(mine);
    this.#hear();
    this.field.focus();
  }

  #keepMine(other) {
    this.#adopt(other);
    this.#saveSoon(0);
    this.field.focus();
  }

  #unchoose() {
    this.#other = null;
    this.#note?.remove();
    this.#note = null;
  }

  #say(kind, words, text, deeds) {
    this.#note?.remove();
    const note = document.createElement("div");
    note.className = "banner draftnote";
    note.dataset.draftNote = kind;
    note.setAttribute("role", "group");
    note.setAttribute("aria-label", words);
    const body = document.createElement("p");
    body.className = "grow draftnote__words";
    const beginning = document.createElement("bdi");
    beginning.className = "draftnote__text truncate";
    beginning.textContent = text;
    body.append(words, beginning);
    note.append(body);
    for (const [index, [label, deed]] of deeds.entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = index ? "btn btn--sm btn--quiet" : "btn btn--sm";
      button.textContent = label;
      button.addEventListener("click", deed);
      note.append(button);
    }
    this.form.before(note);
    this.#note = note;
  }
}

/** Keep what stands in a composer on all devices; `field` is its textarea. Returns what ends it. */
export function bindDraft({ form, field }, { channel, root }) {
  const name = key(channel, root);
  bound.get(name)?.end();
  const keeper = new DraftKeeper({ form, field }, { channel, root });
  bound.set(name, keeper);
  return () => {
    keeper.end();
    if (bound.get(name) === keeper) bound.delete(name);
  };
}

/** Hand the server what pages have left behind in this browser; what two devices disagree on waits for its composer. */
export async function saveLeftDrafts() {
  for (const { channel, root, text, base, url, order } of await outbox().drafts()) {
    if (!url || bound.has(key(channel, root)) || Date.now() - order < LEFT_AFTER_MS) continue;
    const answer = await post(url, { text, root, base: base ?? 0 });
    if (!answer) return;
    if (answer.status === 200 && answer.told) await outbox().forgetDraft(channel, root);
  }
}
