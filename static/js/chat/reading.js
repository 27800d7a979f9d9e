/* Where the reader is in the conversation, and what they have read: marks, the pill for what is new, the way to what is not. */

import { live } from "../live/socket.js";
import { drawUnreadLine, settleAll } from "./log.js";
import { channel, chat, emit, log, scroller, topic, userId } from "./page.js";

const NEAR_END_PX = 80;
const HAND_MS = 400; // after a mark was set back, the gesture that did it is not yet reading

const jump = chat.querySelector("[data-jump]");
const toFirst = chat.querySelector("[data-first-unread]");

export const place = {
  last: Number(chat.dataset.last), // the newest number in the conversation, replies included
  read: Number(chat.dataset.read),
  showsNewest: chat.dataset.newest === "yes",
  sticks: false, // the reader is at the end and stays there, whatever grows
  unseen: 0,
  newsIn: 0, // the root of the newest reply that the reader has not in view
  heldFrom: 0, // from where the reader has set it back by hand
  heldAt: 0, // when the reader marked it unread by hand: until they go on reading, nothing is marked
};
let hasSeenLine = false; // the line above the first unread message was in view
let isAwayLine = false; // the line stands for what came while nobody looked

export function isAtEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
}

export function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

/** The highest number that has come into view. */
function lastInView() {
  const edge = scroller.getBoundingClientRect().bottom;
  const seen = [...log.querySelectorAll(":scope > .msg[data-number]")].reverse().find((element) => element.getBoundingClientRect().top < edge);
  return Number(seen?.dataset.number ?? 0);
}

/** Offer the way to the first unread message while it lies above, and was not looked at yet. */
function showWayToFirst() {
  const line = document.getElementById("unread");
  const top = scroller.getBoundingClientRect().top;
  const isAbove = Boolean(line) && line.getBoundingClientRect().bottom < top;
  if (line && !isAbove && !document.hidden) hasSeenLine = true;
  toFirst.hidden = !isAbove || hasSeenLine;
}

/** Mark read what was passed: everything at the end, else as far as the reader has come. */
export function markRead() {
  place.sticks = place.showsNewest && isAtEnd();
  showWayToFirst();
  if (document.hidden || place.heldAt) return;
  const upTo = place.sticks ? place.last : Math.min(lastInView(), place.last);
  if (place.sticks) {
    place.unseen = 0;
    if (!place.newsIn) jump.hidden = true;
    emit("read", { channel: String(channel) });
  }
  if (upTo > place.read) {
    place.read = upTo;
    live.mark(topic, "read", upTo);
  }
}

let marking = 0;
function markSoon() {
  if (marking) return;
  marking = requestAnimationFrame(() => {
    marking = 0;
    markRead();
  });
}

export function showJump() {
  jump.hidden = !place.unseen && !place.newsIn;
  const words = place.unseen ? interpolate(ngettext("%s new message", "%s new messages", place.unseen), [place.unseen]) : gettext("New reply in a thread");
  jump.querySelector("[data-jump-words]").textContent = words;
}

/** A message came: where nobody looks, the line of what is new is drawn above the first such message. */
export function noteArrival(element, row) {
  if (!document.hidden || row.author.id === userId || isAwayLine) return;
  isAwayLine = true;
  hasSeenLine = false;
  drawUnreadLine(element);
}

/** Go on from a mark that was set back by hand, here or on another device: nothing is marked until the reader reads on. */
export function holdAt(number) {
  place.heldAt = Date.now();
  place.heldFrom = number;
  place.read = number - 1;
  live.forgetMark(topic, "read");
  const first = [...log.querySelectorAll(":scope > .msg[data-number]")].find((element) => Number(element.dataset.number) >= number);
  if (first) drawUnreadLine(first);
  hasSeenLine = true; // it is where the reader has just been
}

function release() {
  if (!place.heldAt || Date.now() - place.heldAt < HAND_MS) return;
  place.heldAt = 0;
  markSoon();
}

scroller.addEventListener("scroll", markSoon, { passive: true });
for (const gesture of ["wheel", "touchmove", "pointerdown"]) scroller.addEventListener(gesture, release, { passive: true });
scroller.addEventListener("keydown", (event) => {
  if (["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "].includes(event.key)) release();
});
document.addEventListener("chat:sent", release);
new ResizeObserver(() => place.sticks && toEnd()).observe(log);
new ResizeObserver(() => place.sticks && toEnd()).observe(scroller);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) isAwayLine = false;
  markRead();
});
window.addEventListener("focus", markRead);

jump.addEventListener("click", () => {
  if (place.newsIn && !place.unseen) {
    emit("open-thread", { number: place.newsIn });
    return;
  }
  if (!place.showsNewest) {
    window.location.href = `${chat.dataset.channelUrl}?around=${place.last}`;
    return;
  }
  toEnd();
  release();
  markRead();
});

toFirst.addEventListener("click", () => {
  const line = document.getElementById("unread");
  line?.scrollIntoView({ block: "start" });
  const message = line?.nextElementSibling?.closest(".msg") ?? line?.parentElement.querySelector("#unread ~ .msg");
  message?.focus({ preventScroll: true });
  markRead();
});

// Older messages come in above: what the reader looks at stays where it is. At the seam a day is named once.
let fromEnd = 0;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (log.contains(event.detail.target)) fromEnd = scroller.scrollHeight - scroller.scrollTop;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const path = event.detail.requestConfig?.path ?? "";
  if (!path.startsWith(chat.dataset.messagesUrl)) return; // a thread's
  if (path.includes("before=")) scroller.scrollTop = scroller.scrollHeight - fromEnd;
  if (path.includes("newer=") && !log.querySelector("[data-newer]")) {
    place.showsNewest = true;
    emit("behind", {}); // what came meanwhile
  }
  if (path.includes("before=") || path.includes("newer=")) {
    settleAll();
    emit("history", {});
    markRead();
  }
});

document.addEventListener("live:hint", ({ detail }) => {
  const { body } = detail;
  if (detail.topic === `user:${userId}` && body.kind === "mark" && body.by_hand && body.topic === topic) holdAt(body.read + 1);
});

/** Open at the message that the address names, else at what is unread, else at the end. */
export function openAtPlace() {
  const name = location.hash.slice(1);
  const target = name ? (document.getElementById(name) ?? document.getElementById(name.replace("message-", "thread-"))) : null;
  const line = document.getElementById("unread");
  if (target?.classList.contains("msg")) {
    target.classList.add("msg--target");
    target.scrollIntoView({ block: "center" });
  } else if (line) line.scrollIntoView({ block: "start" });
  else if (place.showsNewest) toEnd();
  markRead();
}
