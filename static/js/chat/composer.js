/*
 * A composer: Enter sends, Shift+Enter breaks the line; a syllable that is being composed neither sends nor is lost. What stands
 * in it is kept in this browser until it is sent.
 */

import { outboxOf } from "./outbox.js";
import { titleOfPage } from "./sender.js";

const KEEP_AFTER_MS = 400;

const isTouch = matchMedia("(pointer: coarse)");

function grow(field) {
  field.style.removeProperty("block-size");
  field.rows = Math.min(10, Math.max(1, field.value.split("\n").length));
}

export class Composer {
  #outbox = outboxOf(document.body.dataset.userId);
  #timer = 0;
  #isTouched = false;

  /** `send(text, root)` takes a message over; the field is emptied at once. */
  constructor(form, send) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.limit = Number(this.field.dataset.limit);
    this.root = form.elements.root ? Number(form.elements.root.value) : null;
    this.channel = Number(document.querySelector("[data-chat]").dataset.channel);
    let composing = false;
    this.field.addEventListener("compositionstart", () => (composing = true));
    this.field.addEventListener("compositionend", () => (composing = false));
    this.field.addEventListener("input", () => {
      grow(this.field);
      this.#keepSoon();
    });
    window.addEventListener("pagehide", () => this.#keepNow());
    document.addEventListener("visibilitychange", () => document.hidden && this.#keepNow());
    this.field.addEventListener("keydown", (event) => {
      // 229 is what browsers give for a key that an input method has taken.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || composing || event.keyCode === 229) return;
      if (isTouch.matches && !event.ctrlKey && !event.metaKey) return; // on a phone Enter makes a line, the button sends
      event.preventDefault();
      this.#submit(send);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    grow(this.field);
    this.#restoreDraft();
  }

  async #restoreDraft() {
    const text = await this.#outbox.draft(this.channel, this.root);
    // Whoever was faster than the storage has the word; what the server gave back stays, too.
    if (text && !this.#isTouched) this.#fill(text);
  }

  #fill(text) {
    if (this.field.value) return;
    this.field.value = text;
    // Whoever else listens to the field (its height, its direction) hears of it as of any other text.
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #keepSoon() {
    this.#isTouched = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keepNow(), KEEP_AFTER_MS);
  }

  #keepNow() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    // A thread that was closed meanwhile still has its text; the page's own words name the conversation.
    this.#outbox.keepDraft({ channel: this.channel, root: this.root, title: titleOfPage(), text: this.field.value });
  }

  #submit(send) {
    const text = this.field.value.replace(/\s+$/u, "");
    if (!text.trim()) {
      this.field.focus();
      return;
    }
    if ([...text].length > this.limit) {
      this.say(
        interpolate(gettext("The message has %(length)s characters; %(limit)s are allowed. Split it."), { length: [...text].length, limit: this.limit }, true),
      );
      return;
    }
    this.say("");
    this.field.value = "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
    send(text, this.root); // kept as a message first, forgotten as a draft afterwards
    this.#keepNow();
  }

  /** Show a sentence above the field; an empty one removes it. */
  say(words) {
    let place = this.form.querySelector(".field__error");
    if (!words) {
      place?.remove();
      return;
    }
    if (!place) {
      place = document.createElement("p");
      place.className = "field__error";
      place.setAttribute("role", "alert");
      this.form.prepend(place);
    }
    place.textContent = words;
  }

  restore(text) {
    this.#fill(text);
  }
}
