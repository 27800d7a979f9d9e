/* Makes and updates the element of a message from its viewer-neutral row; it mirrors _message.html. */

import { nodesOf } from "../markup.js";
import { faceOf } from "./emoji.js";
import { mayWrite, myKeys, userId } from "./page.js";
import { learn, nameOfPerson, roleOf } from "./people.js";
import { colourOf, initialsOf, nameOf } from "./words.js";

const GROUP_WITHIN_MS = 300000;
const PARTS = ["pinned", "source", "text", "edited", "ack", "reactions", "thread"]; // from the top

function slot(element, name) {
  return element.querySelector(`[data-slot="${name}"]`);
}

function repliesWords(count) {
  return interpolate(ngettext("%s reply", "%s replies", count), [count]);
}

/** Colour the mentions that mean the reader. */
export function markMentions(element) {
  for (const mention of element.querySelectorAll(".mention[data-mention]")) {
    mention.classList.toggle("mention--me", mention.dataset.mention.split(" ").some((key) => myKeys.has(key)));
  }
}

/** What an emoji is called: as the server says it, as its drawing does, else its short name in words. */
function wordOf(chip) {
  return chip.dataset.word ?? chip.querySelector("[aria-label]")?.getAttribute("aria-label") ?? chip.dataset.emoji.replaceAll("_", " ");
}

/** What a chip of reactions is called: the emoji, how many gave it, and who, as far as this page knows their names. */
export function labelReaction(chip, names = usersOf(chip).map(nameOfPerson).filter(Boolean)) {
  const count = Number(chip.dataset.count);
  const others = Math.max(0, count - names.length);
  const who = [...names.slice(0, 8)];
  const rest = others + Math.max(0, names.length - 8);
  if (rest && who.length) who.push(interpolate(ngettext("%s other", "%s others", rest), [rest]));
  const words = who.length ? who.join(", ") : interpolate(ngettext("%s person", "%s people", count), [count]);
  chip.title = words;
  chip.setAttribute("aria-label", `${wordOf(chip)} ${count}, ${words}`);
}

/** The people whom a chip names: the first fifty. */
export function usersOf(chip) {
  return chip.dataset.users.split(" ").filter(Boolean).map(Number);
}

/** Whether the reader has given a reaction: the answer to their own says it; a row that names only some leaves it as it was. */
function isMine({ emoji, users, count }, mine, chip) {
  if (mine) return mine.includes(emoji);
  return users.includes(userId) || (count > users.length && chip?.getAttribute("aria-pressed") === "true");
}

export class MessageView {
  constructor({ clock, inThread = false }) {
    this.clock = clock;
    this.inThread = inThread;
    this.template = document.getElementById("message-template");
  }

  /** An element for a row; `regroup` says afterwards whether it stands alone or continues its neighbour. */
  make(row) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    const name = nameOf(row.author.names);
    learn(row.author);
    element.dataset.author = row.author.id;
    if (row.client_id) element.dataset.client = row.client_id;
    const avatar = slot(element, "avatar");
    avatar.classList.add(`avatar--${colourOf(row.author.id)}`);
    avatar.textContent = initialsOf(name);
    const author = slot(element, "author");
    author.href = author.getAttribute("href").replace("/0/", `/${row.author.id}/`);
    slot(element, "name").textContent = name;
    slot(element, "role").textContent = roleOf(row.author);
    for (const part of element.querySelectorAll("[data-part]")) part.remove();
    this.setTime(element, row.at);
    this.update(element, row);
    return element;
  }

  /** Let a message continue the one right before it, or stand alone; a message that is not stored yet continues none. */
  regroup(element) {
    const previous = element.previousElementSibling;
    const continues =
      previous?.classList.contains("msg") &&
      previous.dataset.author === element.dataset.author &&
      !element.querySelector(':scope > .msg__body > [data-part="ack"]') && // who asks for something is named
      Boolean(previous.dataset.number) === Boolean(element.dataset.number) &&
      new Date(element.dataset.at) - new Date(previous.dataset.at) < GROUP_WITHIN_MS &&
      this.clock.dayKey(element.dataset.at) === this.clock.dayKey(previous.dataset.at);
    element.classList.toggle("msg--next", Boolean(continues));
  }

  setTime(element, at) {
    element.dataset.at = at;
    for (const time of element.querySelectorAll(":scope > .msg__gutter .msg__time, .msg__head > .msg__time")) {
      time.dateTime = at;
      time.textContent = this.clock.time(at);
    }
  }

  /** Bring an element to a row's newest state. */
  update(element, row) {
    if (row.number) {
      element.dataset.number = row.number;
      element.dataset.ordinal = row.ordinal ?? 0;
      element.id = `${this.inThread && !row.root ? "thread" : "message"}-${row.number}`;
    }
    const isDeleted = Boolean(row.deleted);
    const acknowledged = Boolean(row.ack?.users.includes(userId)) || (element.querySelector("[data-acknowledged]") !== null && Boolean(row.ack));
    element.toggleAttribute("data-deleted", isDeleted);
    element.toggleAttribute("data-pinned", Boolean(row.pinned));
    element.toggleAttribute("data-waits", Boolean(row.ack) && row.author.id !== userId && !acknowledged);
    if (row.edited_at) element.dataset.edited = row.edited_at;
    const mentionsMe = !isDeleted && row.author.id !== userId && (row.mentions ?? []).some((key) => myKeys.has(key));
    element.classList.toggle("msg--mentions", mentionsMe);
    this.#part(element, "pinned", Boolean(row.pinned), row);
    this.#showSource(element, row);
    this.#showText(element, row);
    this.#showEdited(element, row);
    this.#showAck(element, row, acknowledged);
    this.showReactions(element, row);
    this.showReplies(element, row.number, isDeleted && !row.reply_count ? 0 : row.reply_count ?? 0);
    this.#showActions(element, row);
  }

  /** A part of a message, made from the template where it is not there yet; removed where it is not wanted. */
  #part(element, name, isWanted, row) {
    const body = element.querySelector(":scope > .msg__body");
    let part = body.querySelector(`:scope > [data-part="${name}"]`);
    if (!isWanted) {
      part?.remove();
      return null;
    }
    if (!part) {
      part = this.template.content.querySelector(`[data-part="${name}"]`).cloneNode(true);
      const later = PARTS.slice(PARTS.indexOf(name) + 1).map((one) => body.querySelector(`:scope > [data-part="${one}"]`));
      body.insertBefore(part, later.find(Boolean) ?? body.querySelector(":scope > [data-extra]"));
    }
    if (row.number) this.#number(part, row.number);
    return part;
  }

  /** Put a message's number into the addresses of what came from the template. */
  #number(part, number) {
    for (const one of [part, ...part.querySelectorAll("[href], [action]")]) {
      for (const name of ["href", "action"]) {
        const address = one.getAttribute(name);
        if (address) one.setAttribute(name, address.replace("/messages/0/", `/messages/${number}/`).replace("/thread/0/", `/thread/${number}/`));
      }
    }
  }

  #showSource(element, row) {
    const part = this.#part(element, "source", Boolean(row.source) && !row.deleted, row);
    if (!part || !slot(part, "source-name")) return; // drawn by the server: a forwarded text never changes
    learn(row.source.author);
    slot(part, "source-name").textContent = nameOf(row.source.author.names);
    const time = slot(part, "source-time");
    time.dateTime = row.source.at;
    time.textContent = `${this.clock.shortDay(row.source.at)} ${this.clock.time(row.source.at)}`;
    slot(part, "source-text").replaceChildren(...nodesOf(row.source.html));
  }

  #showText(element, row) {
    const part = this.#part(element, "text", Boolean(row.deleted || row.html || row.text), row);
    if (!part) return;
    part.classList.toggle("muted", Boolean(row.deleted));
    part.classList.toggle("msg__text--plain", !row.deleted && row.html === undefined);
    if (row.deleted) part.textContent = gettext("This message was deleted.");
    else if (row.html === undefined) part.textContent = row.text;
    else if (part.dataset.html !== row.html) {
      part.dataset.html = row.html;
      part.replaceChildren(...nodesOf(row.html));
    }
    if (row.deleted || row.html === undefined) delete part.dataset.html;
    markMentions(part);
  }

  #showEdited(element, row) {
    const part = this.#part(element, "edited", Boolean(row.edited_at) && !row.deleted, row);
    if (part) part.textContent = interpolate(gettext("edited %s"), [this.clock.time(row.edited_at)]);
  }

  #showAck(element, row, acknowledged) {
    const part = this.#part(element, "ack", Boolean(row.ack) && !row.deleted, row);
    if (!part) return;
    const waits = row.author.id !== userId && !acknowledged && mayWrite;
    part.classList.toggle("ack--waits", waits);
    part.dataset.count = row.ack.count;
    const [form, mine] = [part.querySelector("[data-ack-form]"), part.querySelector(".ack__mine")];
    if (waits && !form) {
      part.prepend(this.template.content.querySelector("[data-ack-form]").cloneNode(true));
      this.#number(part, row.number);
    } else if (!waits) form?.remove();
    if (acknowledged && !mine) part.prepend(this.template.content.querySelector(".ack__mine").cloneNode(true));
    else if (!acknowledged) mine?.remove();
    part.querySelector("[data-ack-count]").textContent = interpolate(ngettext("%s acknowledged", "%s acknowledged", row.ack.count), [row.ack.count]);
  }

  /** Bring the chips to what a row says; `mine`, where it is known, are the reader's own emoji. */
  showReactions(element, row) {
    const given = row.deleted ? [] : row.reactions ?? [];
    const list = this.#part(element, "reactions", given.length > 0, row);
    if (!list) return;
    const known = new Map([...list.querySelectorAll(".reaction[data-emoji]")].map((chip) => [chip.dataset.emoji, chip.closest("li")]));
    const items = given.map(({ emoji, users, count }) => {
      // A chip that is there stays the same element: the finger on it, and the focus, stay where they are.
      const item = known.get(emoji) ?? document.getElementById("reaction-template").content.firstElementChild.cloneNode(true);
      const chip = item.querySelector(".reaction");
      chip.disabled = !mayWrite;
      chip.setAttribute("aria-pressed", String(isMine({ emoji, users, count }, row.mine, known.has(emoji) ? chip : null)));
      chip.dataset.emoji = emoji;
      chip.dataset.count = count;
      chip.dataset.users = users.join(" ");
      chip.replaceChildren(faceOf(emoji), ` ${count}`);
      labelReaction(chip);
      return item;
    });
    const add = list.querySelector(".reaction--add")?.closest("li") ?? (mayWrite ? document.getElementById("reaction-add-template").content.firstElementChild.cloneNode(true) : null);
    if (add && row.number) this.#number(add, row.number);
    for (const item of list.children) if (item !== add && !items.includes(item)) item.remove();
    items.forEach((item, index) => list.children[index] === item || list.insertBefore(item, list.children[index] ?? null));
    if (add && add !== list.lastElementChild) list.append(add);
  }

  /** Show that a thread hangs on a message; `fresh` counts replies that came while the reader looked elsewhere. */
  showReplies(element, number, count, fresh = 0) {
    if (this.inThread) return;
    const link = this.#part(element, "thread", Boolean(number && count), { number });
    if (!link) return;
    link.dataset.threadOpen = number;
    link.querySelector("[data-replies-words]").textContent = repliesWords(count);
    if (fresh) this.showFresh(element, Number(link.querySelector("[data-new-replies]")?.dataset.newReplies ?? 0) + fresh);
  }

  /** Show how many replies in a message's thread were not read; 0 takes the badge away. */
  showFresh(element, count) {
    const link = element.querySelector(".threadlink");
    let badge = link?.querySelector("[data-new-replies]");
    if (!link || count <= 0) {
      badge?.remove();
      return;
    }
    if (!badge) {
      badge = document.createElement("span");
      badge.className = "badge badge--brand";
      link.append(badge);
    }
    badge.dataset.newReplies = count;
    badge.textContent = interpolate(ngettext("%s new", "%s new", count), [count]);
  }

  #showActions(element, row) {
    let actions = element.querySelector(":scope > .msg__actions");
    if (row.deleted) {
      actions?.remove();
      return;
    }
    if (!actions) {
      actions = this.template.content.querySelector(".msg__actions").cloneNode(true);
      element.append(actions);
    }
    actions.hidden = !row.number;
    if (!row.number) return;
    this.#number(actions, row.number);
    const reply = slot(actions, "reply");
    if (reply && this.inThread) reply.remove();
    else if (reply) reply.dataset.threadOpen = row.number;
  }
}
