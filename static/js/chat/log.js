/* The messages of a conversation, or of its open thread, in their order: where one belongs, and what stands between two. */

import { MessageView } from "./message.js";
import { clock, log } from "./page.js";

export const roots = new MessageView({ clock });
export const replies = new MessageView({ clock, inThread: true });

function neighbour(element, step) {
  let other = element[step];
  while (other && !other.classList.contains("msg")) other = other[step];
  return other;
}

/** Put a message at its place: by number, before those that are not stored yet. */
function place(element, into, number) {
  let before = null;
  for (const other of [...into.querySelectorAll(":scope > .msg")].reverse()) {
    if (other === element) continue;
    if (Number(other.dataset.number || Infinity) <= number) break;
    before = other;
  }
  // A divider belongs to the message below it.
  while (before?.previousElementSibling?.matches(".divider:not([data-replies])")) before = before.previousElementSibling;
  into.insertBefore(element, before ?? into.querySelector(":scope > [data-newer]"));
}

/** See to the day above a message and to whether it continues its neighbour. */
export function settle(element, view) {
  if (!element) return;
  const previous = neighbour(element, "previousElementSibling");
  const above = element.previousElementSibling;
  const isNewDay = !previous || clock.dayKey(previous.dataset.at) !== clock.dayKey(element.dataset.at);
  if (isNewDay && !above?.matches("[data-day]") && !(above?.matches("[data-unread-divider]") && above.previousElementSibling?.matches("[data-day]"))) {
    const divider = document.createElement("div");
    divider.className = "divider";
    divider.dataset.day = "";
    divider.textContent = clock.day(element.dataset.at);
    element.before(divider);
  } else if (!isNewDay && above?.matches("[data-day]")) above.remove();
  view.regroup(element);
}

export function settleAll(into = log, view = roots) {
  for (const element of into.querySelectorAll(":scope > .msg")) settle(element, view);
}

/** Whether a message belongs to a stretch of a log that was not fetched yet: it comes with that stretch. */
export function liesBeyond(row, into) {
  if (into.querySelector(`:scope > .msg[data-number="${row.number}"]`)) return false;
  const root = Number(into.closest("[data-thread]")?.dataset.thread ?? 0);
  const numbers = [...into.querySelectorAll(":scope > .msg[data-number]")].map((element) => Number(element.dataset.number)).filter((number) => number !== root);
  if (into.querySelector(":scope > .log__more:not([data-newer])") && row.number < Math.min(...numbers)) return true;
  return Boolean(into.querySelector(":scope > .log__more[data-newer]")) && row.number > Math.max(0, ...numbers);
}

/** Draw the line above which all is read; an older one goes. */
export function drawUnreadLine(element) {
  for (const old of log.querySelectorAll("[data-unread-divider]")) old.remove();
  const line = document.createElement("div");
  line.className = "divider divider--unread";
  line.id = "unread";
  line.dataset.unreadDivider = "";
  line.textContent = gettext("New messages");
  element.before(line);
  roots.regroup(element);
  return line;
}

/** Bring a row to the page: its element is made or updated; `isNew` tells which. */
export function show(row, into, view) {
  const known = into.querySelector(`:scope > .msg[data-number="${row.number}"]`) ?? into.querySelector(`:scope > .msg[data-client="${row.client_id}"]`);
  into.querySelector("[data-empty]")?.remove();
  const wasStored = Boolean(known?.dataset.number);
  const element = known ?? view.make(row);
  if (known) {
    known.querySelector("[data-pending]")?.remove();
    view.setTime(known, row.at);
    view.update(known, row);
  }
  if (!wasStored) {
    const followed = known ? neighbour(known, "nextElementSibling") : null;
    place(element, into, row.number);
    settle(element, view);
    settle(neighbour(element, "nextElementSibling"), view);
    settle(followed, view);
  }
  return { element, isNew: !known };
}
