/*
 * A composer: Enter sends, Shift+Enter breaks the line; a syllable that is being composed neither sends nor is lost. What stands
 * in it is kept by drafts.js until it is sent.
 */

import { watchComposition } from "./composition.js";
import { Completion } from "./completion.js";
import { bindFormatting } from "./formatting.js";
import { bindPasting } from "./pasting.js";
import { editLast } from "./editing.js";

const COUNT_FROM = 0.9; // of the limit: from here on the composer counts
const COMMIT_MS = 150; // in which an input method hands over its last syllable

function grow(field) {
  field.rows = Math.min(10, Math.max(1, field.value.split("\n").length));
}

export class Composer {
  #timer = 0;

  /** `send(text, root, { ask })` takes a message over; the field is emptied at once. */
  constructor(form, send) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.limit = Number(this.field.dataset.limit);
    this.root = form.elements.root ? Number(form.elements.root.value) : null;
    this.send = send;
    // The completion hears a key first: an Enter that chooses a name does not send.
    this.completion = new Completion(this.field, form);
    this.composition = watchComposition(this.field, { enter: () => this.#submit() });
    bindFormatting(this);
    bindPasting(this);
    this.field.addEventListener("input", () => this.#show());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" || this.field.value || event.isComposing || event.defaultPrevented) return;
      if (editLast(this.root)) event.preventDefault();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#show();
  }

  #show() {
    grow(this.field);
    // An empty box reads as the page does; what is written, as it is.
    this.field.dir = this.field.value ? "auto" : document.documentElement.dir;
    const length = [...this.field.value].length;
    const place = this.form.querySelector("[data-count-left]");
    place.hidden = length < this.limit * COUNT_FROM;
    if (place.hidden) return;
    const left = this.limit - length;
    place.classList.toggle("danger-text", left < 0);
    place.textContent = left < 0 ? interpolate(ngettext("%s too many", "%s too many", -left), [-left]) : interpolate(ngettext("%s left", "%s left", left), [left]);
  }

  #submit() {
    clearTimeout(this.#timer);
    if (this.composition.isComposing()) {
      // The button was pressed in the middle of a syllable: the input method hands it over when the field is left.
      this.field.blur();
      this.#timer = setTimeout(() => this.#submit(), COMMIT_MS);
      return;
    }
    const text = this.field.value.replace(/\s+$/u, "");
    if (!text.trim()) {
      this.field.focus();
      return;
    }
    const length = [...text].length;
    if (length > this.limit) {
      this.say(interpolate(gettext("The message has %(length)s characters; %(limit)s are allowed. Split it."), { length, limit: this.limit }, true));
      return;
    }
    this.say("");
    const box = this.form.elements.ask;
    const ask = Boolean(box?.checked);
    if (ask) {
      box.checked = false;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.completion.close();
    this.field.value = "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
    this.send(text, this.root, { ask });
  }

  /** Show a sentence above the field; an empty one removes it. */
  say(words) {
    for (const old of this.form.querySelectorAll(".composer__note")) if (!words || old.matches(".field__error")) old.remove();
    if (!words) return;
    const place = document.createElement("p");
    place.className = "field__error composer__note";
    place.setAttribute("role", "alert");
    place.textContent = words;
    this.form.prepend(place);
  }

  /** Give a text back to its writer; what stands there already stays below it. */
  restore(text) {
    if (this.field.value === text) return;
    this.field.value = this.field.value ? `${text}\n${this.field.value}` : text;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
