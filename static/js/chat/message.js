/* Makes and updates the element of a message from its viewer-neutral row; it mirrors _message.html. */

import { nodesOf } from "../markup.js";
import { colourOf, initialsOf, nameOf } from "./words.js";

const GROUP_WITHIN_MS = 300000;

function slot(element, name) {
  return element.querySelector(`[data-slot="${name}"]`);
}

/** Our icon of a reaction where there is one, else its short name. */
function face(emoji) {
  const known = document.querySelector(`template[data-face="${CSS.escape(emoji)}"]`);
  if (known) return known.content.firstElementChild.cloneNode(true);
  const name = document.createElement("span");
  name.dir = "ltr";
  name.textContent = `:${emoji}:`;
  return name;
}

function repliesWords(count) {
  return interpolate(ngettext("%s reply", "%s replies", count), [count]);
}

export class MessageView {
  constructor({ clock, threadUrl, prefix = "message", inThread = false }) {
    this.clock = clock;
    this.threadUrl = threadUrl;
    this.prefix = prefix;
    this.inThread = inThread;
    this.template = document.getElementById("message-template");
  }

  /** An element for a row; `regroup` says afterwards whether it stands alone or continues its neighbour. */
  make(row) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    const name = nameOf(row.author.names);
    element.dataset.author = row.author.id;
    if (row.client_id) element.dataset.client = row.client_id;
    const avatar = slot(element, "avatar");
    avatar.classList.add(`avatar--${colourOf(row.author.id)}`);
    avatar.textContent = initialsOf(name);
    const author = slot(element, "author");
    author.href = author.getAttribute("href").replace("/0/", `/${row.author.id}/`);
    slot(element, "name").textContent = name;
    slot(element, "role").textContent = row.role ?? "";
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
      Boolean(previous.dataset.number) === Boolean(element.dataset.number) &&
      new Date(element.dataset.at) - new Date(previous.dataset.at) < GROUP_WITHIN_MS &&
      this.clock.dayKey(element.dataset.at) === this.clock.dayKey(previous.dataset.at);
    element.classList.toggle("msg--next", Boolean(continues));
  }

  setTime(element, at) {
    element.dataset.at = at;
    for (const time of element.querySelectorAll(".msg__time")) {
      time.dateTime = at;
      time.textContent = this.clock.time(at);
    }
  }

  /** Bring an element to a row's newest state. */
  update(element, row) {
    if (row.number) {
      element.dataset.number = row.number;
      element.id = `${this.prefix}-${row.number}`;
    }
    const text = element.querySelector(".msg__text");
    if (row.deleted) {
      text.textContent = gettext("This message was deleted.");
      text.classList.add("muted");
    } else if (row.html !== undefined) {
      text.replaceChildren(...nodesOf(row.html));
    } else {
      text.textContent = row.text;
      text.classList.add("msg__text--plain");
    }
    this.#showReactions(element, row.reactions ?? []);
    this.showReplies(element, row.number, row.reply_count ?? 0);
    const actions = element.querySelector(".msg__actions");
    if (actions) {
      if (this.inThread || row.deleted || !row.number) {
        if (row.number) actions.remove();
        else actions.hidden = true;
      } else {
        actions.hidden = false;
        const reply = actions.querySelector("a");
        reply.href = this.threadUrl(row.number);
        reply.dataset.threadOpen = row.number;
      }
    }
  }

  /** Show that a thread hangs on a message; `fresh` counts replies that came while the reader looked elsewhere. */
  showReplies(element, number, count, fresh = 0) {
    if (this.inThread || !number || !count) return;
    let link = element.querySelector(".threadlink");
    if (!link) {
      link = this.template.content.querySelector(".threadlink").cloneNode(true);
      element.querySelector(".msg__body").append(link);
    }
    link.hidden = false;
    link.href = this.threadUrl(number);
    link.dataset.threadOpen = number;
    const badge = link.querySelector("[data-new-replies]") ?? document.createElement("span");
    if (fresh) {
      badge.className = "badge badge--brand";
      badge.dataset.newReplies = Number(badge.dataset.newReplies || Number.parseInt(badge.textContent, 10) || 0) + fresh;
      badge.textContent = interpolate(ngettext("%s new", "%s new", Number(badge.dataset.newReplies)), [badge.dataset.newReplies]);
    }
    const words = document.createElement("span");
    words.textContent = repliesWords(count);
    link.replaceChildren(link.querySelector("svg"), words);
    if (badge.textContent) link.append(badge);
  }

  #showReactions(element, reactions) {
    const list = element.querySelector(".reactions");
    if (!list) return;
    list.hidden = !reactions.length;
    list.replaceChildren(
      ...reactions.map(({ emoji, users }) => {
        const item = document.createElement("li");
        item.className = "reaction";
        item.append(face(emoji), ` ${users.length}`);
        return item;
      }),
    );
  }
}
