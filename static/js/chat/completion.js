/*
 * While "@" and a name, or ":" and a word, stand before the caret, a list offers whom or what it could mean. It listens to the
 * text, not to keys, so that it follows half-composed syllables too. Arrows go through it, Enter and Tab choose, Esc closes it.
 */

import { say } from "../shell.js";
import { findEmoji, loadEmoji, remember } from "./emoji.js";
import { ask } from "./page.js";
import { writeInto } from "./writing.js";

const MENTION = /(?:^|[\s([{"'“‘«,.;:/-])@([^\n@]{0,40})$/u;
const EMOJI = /(?:^|[\s(])(:([\p{L}\p{N}_+-]{2,30}))$/u;
const WAIT_MS = 90;
const SHOWN = 8;
const WORDS = 3; // a name has no more spaces than this

let lists = 0;

export class Completion {
  #field;
  #form;
  #list;
  #found = [];
  #at = -1;
  #from = 0; // where what is completed begins
  #kind = "";
  #timer = 0;
  #turn = 0;
  #refused = ""; // what stood there when the list was closed by hand, or what was chosen

  constructor(field, form) {
    this.#field = field;
    this.#form = form;
    this.#list = document.createElement("ul");
    this.#list.className = "menu completion";
    this.#list.id = `completion-${(lists += 1)}`;
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", gettext("Suggestions"));
    this.#list.hidden = true;
    form.append(this.#list);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.#list.id);
    field.addEventListener("input", () => this.#look());
    field.addEventListener("keydown", (event) => this.#press(event));
    field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    field.addEventListener("click", () => this.#look());
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    this.#list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) this.#choose([...this.#list.children].indexOf(item));
    });
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  close() {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#found = [];
    this.#at = -1;
    this.#field.removeAttribute("aria-activedescendant");
  }

  /** What stands before the caret, if it is something to complete. */
  #sought() {
    const field = this.#field;
    if (field.selectionStart !== field.selectionEnd) return null;
    const before = field.value.slice(0, field.selectionStart);
    const mention = MENTION.exec(before);
    if (mention && mention[1].split(" ").length <= WORDS) return { kind: "mention", words: mention[1], from: before.length - mention[1].length - 1 };
    const emoji = EMOJI.exec(before);
    return emoji ? { kind: "emoji", words: emoji[2], from: before.length - emoji[1].length } : null;
  }

  #look() {
    clearTimeout(this.#timer);
    const sought = this.#sought();
    const isRefused = sought && this.#refused && this.#field.value.slice(sought.from).startsWith(this.#refused);
    if (!isRefused) this.#refused = "";
    if (!sought || isRefused) {
      this.close();
      return;
    }
    this.#timer = setTimeout(() => this.#fetch(sought), this.isOpen ? WAIT_MS : 0);
  }

  async #fetch({ kind, words, from }) {
    const turn = (this.#turn += 1);
    const found = kind === "mention" ? await this.#people(words) : await this.#faces(words);
    if (turn !== this.#turn || document.activeElement !== this.#field) return;
    this.#kind = kind;
    this.#from = from;
    this.#show(found);
  }

  async #people(words) {
    const answer = await ask(`${this.#form.dataset.mentionsUrl}?${new URLSearchParams({ q: words })}`);
    return (answer.told?.found ?? []).map(({ key, name, detail, insert }) => ({ key, name, detail, insert }));
  }

  async #faces(words) {
    const found = findEmoji(await loadEmoji(), words, SHOWN);
    return found.map((one) => ({ key: one.n, name: `:${one.n}:`, face: one.c, insert: `:${one.n}: `, one }));
  }

  #show(found) {
    if (!found.length) {
      this.close();
      return;
    }
    const isFirst = !this.isOpen;
    this.#found = found;
    this.#list.replaceChildren(...found.map((one, index) => this.#option(one, index)));
    this.#list.hidden = false;
    this.#mark(0);
    if (isFirst) say(interpolate(ngettext("%s suggestion", "%s suggestions", found.length), [found.length]));
  }

  #option({ name, detail, face }, index) {
    const item = document.createElement("li");
    item.className = "menu__item";
    item.id = `${this.#list.id}-${index}`;
    item.setAttribute("role", "option");
    if (face) item.append(Object.assign(document.createElement("span"), { className: "face", textContent: face }));
    const words = document.createElement("bdi");
    words.className = "truncate";
    words.textContent = name;
    item.append(words);
    if (detail) item.append(Object.assign(document.createElement("span"), { className: "completion__detail truncate", dir: "auto", textContent: detail }));
    return item;
  }

  #mark(index) {
    this.#at = index;
    [...this.#list.children].forEach((item, place) => {
      item.toggleAttribute("data-active", place === index);
      item.setAttribute("aria-selected", String(place === index));
    });
    const item = this.#list.children[index];
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.#field.setAttribute("aria-activedescendant", item.id);
  }

  #press(event) {
    if (!this.isOpen) return;
    const key = event.key === "Process" ? event.code : event.key;
    const count = this.#found.length;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      this.#mark((this.#at + (key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#refused = this.#field.value.slice(this.#from, this.#field.selectionStart);
      this.close();
    } else if (key === "Enter" || key === "Tab") {
      // A syllable that is being composed is finished first; the press after it chooses.
      if (event.isComposing || event.keyCode === 229 || event.shiftKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#choose(this.#at);
    }
  }

  #choose(index) {
    const one = this.#found[index];
    if (!one) return;
    const to = this.#field.selectionStart;
    const from = this.#from;
    if (this.#kind === "emoji") remember(one.one);
    this.close();
    writeInto(this.#field, one.insert, from, to);
    if (this.#kind === "mention") this.#refused = one.insert.trimEnd();
    this.close(); // what was written looks like the beginning of another name
  }
}
