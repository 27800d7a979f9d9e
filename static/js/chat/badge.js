/*
 * On every page: how many conversations hold something unread that calls, on the rail and before the page's title. A muted one
 * calls by a mention alone.
 *
 * Which ones they are is asked once, when something changes first, and again after a loss; from then on messages and marks say
 * the rest, so that a message to a whole hospital does not make each page ask.
 */

import { live } from "../live/socket.js";

const ASK_AT_MOST_EVERY_MS = 5000;
const SPREAD_MS = 1500;
const MARKS_TAKE_MS = 3000; // until the server has what this page marked as read
const badge = document.querySelector('[data-badge="chat"]');
const here = document.querySelector("[data-chat]")?.dataset.channel;
const plainTitle = document.title;
const lastOf = new Map(); // channel -> the newest number heard of
const heard = new Map(); // channel -> [whether it is unread, since when]: what an answer may not know yet
let unread = readList(); // ids of channels, once they are known
let quiet = readQuiet(); // ids of the muted ones, once they are known
let timer = 0;
let askedAt = 0;

/** What the chat list of this page knows, where it shows all conversations. */
function readList() {
  const list = document.querySelector("[data-conversations][data-whole]");
  const lines = list?.querySelectorAll('[data-conversation]:not([data-unread="0"])');
  const calling = lines && [...lines].filter(({ dataset }) => dataset.notify === "all" || dataset.mentions > 0);
  return calling ? new Set(calling.map((line) => line.dataset.conversation)) : null;
}

function readQuiet() {
  if (unread === null) return null;
  const lines = document.querySelectorAll('[data-whole] [data-conversation]:not([data-notify="all"])');
  return new Set([...lines].map((line) => line.dataset.conversation));
}

function show(count) {
  if (badge) {
    badge.hidden = count <= 0;
    badge.firstChild.textContent = count > 99 ? "99+" : String(count);
  }
  document.title = count > 0 ? `(${count > 99 ? "99+" : count}) ${plainTitle}` : plainTitle;
}

function ask() {
  if (timer || !badge) return;
  // A message to everybody is heard by everybody in the same moment: their questions are spread.
  const wait = Math.max(Math.random() * SPREAD_MS, askedAt + ASK_AT_MOST_EVERY_MS - Date.now());
  timer = setTimeout(async () => {
    askedAt = Date.now();
    try {
      const answer = await fetch(`${badge.closest("a").href}?badge=1`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const told = await answer.json();
      unread = new Set(told.channels.map(String));
      quiet = new Set(told.quiet.map(String));
      for (const [channel, [isUnread, since]] of heard) {
        if (since < askedAt - MARKS_TAKE_MS) heard.delete(channel);
        else if (isUnread && !quiet.has(channel)) unread.add(channel);
        else if (!isUnread) unread.delete(channel);
      }
      show(unread.size);
    } catch {
      // the next change asks again
    } finally {
      timer = 0;
    }
  }, wait);
}

function set(channel, isUnread) {
  heard.set(channel, [isUnread, Date.now()]);
  if (unread === null) {
    ask();
    return;
  }
  if (isUnread === unread.has(channel)) return;
  if (isUnread) unread.add(channel);
  else unread.delete(channel);
  show(unread.size);
}

document.addEventListener("live:change", ({ detail }) => {
  const [kind, channel] = detail.topic.split(":");
  if (kind !== "channel") return;
  const { body } = detail;
  if (body.kind === "archived") set(channel, false);
  else if (body.kind === "restored") ask();
  if (body.kind !== "message") return;
  const { number, author, mentions = [] } = body.message;
  if (number <= (lastOf.get(channel) ?? 0)) return;
  lastOf.set(channel, number);
  if (author.id === live.userId || (channel === here && !document.hidden)) return;
  if (!quiet?.has(channel)) set(channel, true);
  else if (mentions.length && !unread.has(channel)) ask(); // whether it is this person who is meant
});

document.addEventListener("live:hint", ({ detail }) => {
  const { topic, body } = detail;
  if (!topic.startsWith("user:")) return;
  if (body.kind === "setting") ask();
  if (body.kind !== "mark") return;
  const channel = body.topic.split(":")[1];
  if (channel === here && !document.hidden && !body.by_hand) return; // this page knows better what its reader has seen
  const isUnread = Math.max(lastOf.get(channel) ?? 0, body.last) > body.read;
  if (!isUnread || !quiet?.has(channel)) set(channel, isUnread);
});

document.addEventListener("chat:read", ({ detail }) => set(detail.channel, false));
for (const name of ["live:topic", "live:gone", "live:reload"]) document.addEventListener(name, ask);
// A page that comes back from the browser's memory may be hours old.
window.addEventListener("pageshow", (event) => event.persisted && ask());
show(unread?.size ?? (badge?.hidden ? 0 : Number.parseInt(badge?.firstChild.textContent, 10) || 0));
