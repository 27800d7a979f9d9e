/*
 * What was typed goes to the server gesture by gesture, in order. It stands in the grid at once and is kept, in this browser too,
 * until the server has answered: without a connection it waits and is tried again, and whoever closes the page is asked first.
 */

import { Kept } from "./keeping.js";

const RETRY_SECONDS = [1, 2, 5, 10, 20];
const POLL_SECONDS = 10;
const FOLLOW_MS = 300;

export class Saver extends EventTarget {
  constructor(root, sheet, ask) {
    super();
    this.root = root;
    this.sheet = sheet;
    this.ask = ask;
    this.change = Number(root.dataset.change); // the newest that is known of the cells that were edited here
    this.seen = this.change; // and of the whole roster
    this.waiting = []; // {kind: "cells", cells, batch, …} or {kind: "form", form, …}
    this.isBusy = false;
    this.tries = 0;
    this.kept = new Kept(root, sheet);
    this.token = root.querySelector("[name=csrfmiddlewaretoken]").value;
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting.length) event.preventDefault();
    });
    window.addEventListener("online", () => this.run());
    document.addEventListener("visibilitychange", () => this.look());
    setInterval(() => this.look(), POLL_SECONDS * 1000);
  }

  get count() {
    return this.waiting.reduce((sum, work) => sum + (work.cells?.length ?? 1), 0);
  }

  tell() {
    this.dispatchEvent(new Event("state"));
  }

  say(text, { urgent = false } = {}) {
    this.dispatchEvent(new CustomEvent("said", { detail: { text, urgent } }));
  }

  // -- Cells -------------------------------------------------------------------------------------------------------------------
  /** Save cells: [{row, column, codes, typed}]; one gesture, which one undo takes back. */
  save(cells) {
    if (!cells.length) return;
    this.notePending(cells);
    const work = { kind: "cells", cells, batch: crypto.randomUUID?.() ?? randomId() };
    this.waiting.push(work);
    this.kept.keep(work, this.change);
    this.tell();
    this.run();
  }

  /** Send what an earlier page of this roster could not. */
  async resume() {
    const works = await this.kept.restore();
    if (!works.length) return;
    for (const { cells } of works) this.notePending(cells);
    this.waiting.unshift(...works);
    const count = works.reduce((sum, { cells }) => sum + cells.length, 0);
    this.say(interpolate(ngettext("%s cell that was typed before is saved now.", "%s cells that were typed before are saved now.", count), [count]));
    this.tell();
    this.run();
  }

  notePending(cells) {
    for (const { row, column, codes, typed } of cells) this.sheet.note(row, column, { state: "pending", codes, typed: "", kept: typed });
  }

  /** Send a form of the page in its turn; resolves with whether it was done. */
  send(form, submitter) {
    return new Promise((resolve) => {
      const data = new FormData(form, submitter);
      this.waiting.push({ kind: "form", address: form.getAttribute("action"), data, resolve });
      this.tell();
      this.run();
    });
  }

  async run() {
    if (this.isBusy || !this.waiting.length) return;
    this.isBusy = true;
    clearTimeout(this.timer);
    const work = this.waiting[0];
    let answer = null;
    try {
      answer = await this.post(work);
    } catch {
      answer = null;
    }
    this.isBusy = false;
    if (answer === null) {
      this.retry();
      return;
    }
    this.tries = 0;
    await this.settle(work, answer);
    this.tell();
    this.run();
    // What follows from the cells for the whole unit is asked for once the typing pauses.
    if (!this.waiting.length && this.seen !== this.change) {
      clearTimeout(this.following);
      this.following = setTimeout(() => this.look(), FOLLOW_MS);
    }
  }

  /** Ask the server; null where it did not answer, so that it is tried again. */
  async post(work) {
    const headers = { Accept: "application/json", "X-CSRFToken": this.token };
    let address = work.address;
    let body = work.data;
    if (work.kind === "cells") {
      address = this.root.dataset.edit;
      headers["Content-Type"] = "application/json";
      body = JSON.stringify({
        edits: work.cells.map(({ row, column, codes }) => [this.sheet.userOf(row), this.sheet.days[column], codes]),
        base_change: work.base ?? this.change,
        batch: work.batch,
        reason: work.reason ?? "",
        is_approved: work.isApproved ?? false,
      });
    }
    const response = await fetch(address, { method: "POST", headers, body, redirect: "manual" });
    this.isSignedOut = response.type === "opaqueredirect" || response.status === 401;
    if (this.isSignedOut || response.status >= 500 || response.status === 429) return null;
    const answer = await response.json();
    return { status: response.status, ...answer };
  }

  retry() {
    const seconds = RETRY_SECONDS[Math.min(this.tries, RETRY_SECONDS.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.run(), seconds * 1000);
    this.tell();
  }

  // -- Answers -----------------------------------------------------------------------------------------------------------------
  async settle(work, answer) {
    if (answer.status < 300) {
      this.waiting.shift();
      this.release(work);
      this.take(answer);
      if (answer.message) this.say(answer.message);
      work.resolve?.(true);
      return;
    }
    if (answer.error === "edited_meanwhile" && work.kind === "cells") {
      await this.resolveConflict(work, answer);
      return;
    }
    if (answer.error === "rule_broken") {
      const consent = await this.ask.reason(answer);
      if (consent) {
        if (work.kind === "cells") {
          work.reason = consent.reason;
          work.isApproved = true;
        } else {
          work.data.set("reason", consent.reason);
          work.data.set("is_approved", "on");
        }
        return; // the same work again, now with its reason
      }
    }
    this.waiting.shift();
    if (work.kind === "cells") this.kept.forget(work);
    this.fail(work, answer);
    work.resolve?.(false);
  }

  async resolveConflict(work, answer) {
    const theirs = new Map(answer.cells.map((cell) => [`${cell.user}:${cell.day}`, cell]));
    const keepMine = await this.ask.conflict(work.cells, theirs, this.sheet);
    this.waiting.shift();
    this.release(work);
    this.take(answer.state);
    const mine = work.cells.filter(({ row, column }) => {
      const key = `${this.sheet.userOf(row)}:${this.sheet.days[column]}`;
      return !theirs.has(key) || keepMine.has(key);
    });
    if (mine.length) {
      this.notePending(mine);
      const rest = { ...work, cells: mine, base: undefined }; // both versions were seen
      this.waiting.unshift(rest);
      this.kept.keep(rest, this.change);
    }
  }

  /** What the server has answered is waited for no more. */
  release(work) {
    if (work.kind !== "cells") return;
    for (const { row, column } of work.cells) this.sheet.note(row, column, null);
    this.kept.forget(work);
  }

  /** A refusal stands at its cell with what was typed; the other cells of the gesture go back to what the server has. */
  fail(work, answer) {
    const named = new Set((answer.cells ?? []).map(({ user, day }) => `${user}:${day}`));
    for (const { row, column, codes, typed } of work.cells ?? []) {
      const key = `${this.sheet.userOf(row)}:${this.sheet.days[column]}`;
      const isNamed = !named.size || named.has(key);
      const message = isNamed ? answer.message : gettext("Not saved, because another cell of the same step was refused.");
      this.sheet.note(row, column, { state: "failed", codes, typed: typed || codes.join(" "), message });
    }
    this.say(answer.message ?? gettext("That did not work. Reload the page and try again."), { urgent: true });
    this.sheet.place();
  }

  take(state) {
    if (!state) return 0;
    if (state.change !== undefined) this.change = state.change;
    if (state.rows) this.seen = state.change;
    const changed = this.sheet.apply(state);
    this.dispatchEvent(new CustomEvent("taken", { detail: state }));
    return changed;
  }

  // -- What others do ----------------------------------------------------------------------------------------------------------
  /** Fetch everything as the server has it, in place of what was refused here. */
  reload() {
    this.seen = -1;
    this.tell();
    return this.look({ isOwn: true });
  }

  /** Fetch what somebody else changed; not while something of one's own is on its way. */
  async look({ isOwn = false } = {}) {
    if (document.hidden || this.isBusy || this.waiting.length || this.isLooking) return;
    this.isLooking = true;
    try {
      const response = await fetch(`${this.root.dataset.state}?after=${this.seen}`, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (response.status === 200 && !this.isBusy && !this.waiting.length) {
        const changed = this.take(await response.json());
        if (changed && !isOwn) this.say(interpolate(ngettext("%s cell was changed by somebody else.", "%s cells were changed by somebody else.", changed), [changed]));
      }
    } catch {
      // It is asked again in some seconds; what is typed meanwhile says by itself that it waits.
    } finally {
      this.isLooking = false;
    }
  }
}

/** A UUID where the page is not served over a safe connection. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}
