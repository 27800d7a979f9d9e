/* A composer: Enter sends, Shift+Enter breaks the line; a syllable that is being composed neither sends nor is lost. */

const isTouch = matchMedia("(pointer: coarse)");

function grow(field) {
  field.style.removeProperty("block-size");
  field.rows = Math.min(10, Math.max(1, field.value.split("\n").length));
}

export class Composer {
  /** `send(text, root)` takes a message over; the field is emptied at once. */
  constructor(form, send) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.limit = Number(this.field.dataset.limit);
    this.root = form.elements.root ? Number(form.elements.root.value) : null;
    let composing = false;
    this.field.addEventListener("compositionstart", () => (composing = true));
    this.field.addEventListener("compositionend", () => (composing = false));
    this.field.addEventListener("input", () => grow(this.field));
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
    grow(this.field);
    this.field.focus();
    send(text, this.root);
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
    if (!this.field.value) {
      this.field.value = text;
      grow(this.field);
    }
  }
}
