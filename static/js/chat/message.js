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

  /** An element for a row; `previous` is the element before it, by which it groups. */
  make(row, previous) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    const name = nameOf(row.author.names);
    const groups = this.#groups(row, previous);
    element.dataset.author = row.author.id;
    element.dataset.at = row.at;
    if (row.client_id) element.dataset.client = row.client_id;
    element.classList.toggle("msg--next", groups);
    if (groups) {
      slot(element, "avatar").remove();
      slot(element, "head").className = "visually-hidden";
      slot(element, "time").remove();
      this.#setTime(slot(element, "clock"), row.at);
    } else {
      const avatar = slot(element, "avatar");
      avatar.classList.add(`avatar--${colourOf(row.author.id)}`);
      avatar.textContent = initialsOf(name);
      slot(element, "gutter").remove();
      this.#setTime(slot(element, "time"), row.at);
    }
    const author = slot(element, "author");
    author.href = author.getAttribute("href").replace("/0/", `/${row.author.id}/`);
    slot(element, "name").textContent = name;
    slot(element, "role").textContent = row.role ?? "";
    this.update(element, row);
    return element;
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

  showReplies(element, number, count) {
    if (this.inThread || !number) return;
    let link = element.querySelector(".threadlink");
    if (!count) return;
    if (!link) {
      link = this.template.content.querySelector(".threadlink").cloneNode(true);
      element.querySelector(".msg__body").append(link);
    }
    link.hidden = false;
    link.href = this.threadUrl(number);
    link.dataset.threadOpen = number;
    const words = slot(link, "replies");
    if (words) words.textContent = repliesWords(count);
    else {
      // A link that the server made: its words stand between the icon and the time of the last reply.
      const icon = link.querySelector("svg");
      link.replaceChildren(icon, document.createTextNode(repliesWords(count)));
    }
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

  #groups(row, previous) {
    if (!previous?.classList.contains("msg") || Number(previous.dataset.author) !== row.author.id) return false;
    const apart = new Date(row.at) - new Date(previous.dataset.at);
    return apart < GROUP_WITHIN_MS && this.clock.dayKey(row.at) === this.clock.dayKey(previous.dataset.at);
  }

  #setTime(element, at) {
    element.dateTime = at;
    element.textContent = this.clock.time(at);
  }
}
