/* The chat list and the start page stay true: counts rise with messages and fall with marks of any device. */

import { live } from "../live/socket.js";
import { nodesOf } from "../markup.js";

const REFRESH_AT_MOST_EVERY_MS = 2000;
let timer = 0;

/** Fetch the parts of the page that say how to be fetched; at most once in two seconds. */
function refresh() {
  if (timer) return;
  timer = setTimeout(async () => {
    timer = 0;
    if (document.hidden) return;
    for (const place of document.querySelectorAll("[data-refresh]")) await fill(place, place.dataset.refresh);
  }, REFRESH_AT_MOST_EVERY_MS);
}

async function fill(place, url) {
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (answer.ok) place.replaceChildren(...nodesOf(await answer.text()));
  } catch {
    // the next change tries again
  }
}

function lines(channel) {
  return document.querySelectorAll(`[data-conversation="${channel}"]`);
}

function show(line, unread) {
  line.dataset.unread = unread;
  line.classList.toggle("nav__item--unread", unread > 0);
  const count = line.querySelector("[data-count]");
  if (!count) return;
  count.hidden = unread <= 0;
  count.firstChild.textContent = unread > 99 ? "99+" : String(unread);
}

function showBadge() {
  const list = document.querySelector("[data-conversations]");
  const badge = document.querySelector('[data-badge="chat"]');
  if (!list || !badge || new URLSearchParams(location.search).has("show")) return;
  const waiting = list.querySelectorAll('[data-conversation]:not([data-unread="0"])').length;
  badge.hidden = !waiting;
  badge.firstChild.textContent = waiting > 99 ? "99+" : String(waiting);
}

const here = document.querySelector("[data-chat]")?.dataset.channel;
const lastOf = new Map();

document.addEventListener("live:change", ({ detail }) => {
  const { topic, body } = detail;
  const [kind, channel] = topic.split(":");
  if (kind !== "channel" || body.kind !== "message") return;
  const { number, author } = body.message;
  if (number <= (lastOf.get(channel) ?? 0)) return;
  lastOf.set(channel, number);
  refresh();
  const found = lines(channel);
  if (!found.length) {
    const list = document.querySelector("[data-conversations]");
    if (list) fill(list, list.dataset.conversations);
    return;
  }
  if (author.id === live.userId || (channel === here && !document.hidden)) return;
  for (const line of found) show(line, Number(line.dataset.unread || 0) + 1);
  showBadge();
});

document.addEventListener("live:hint", ({ detail }) => {
  const { topic, body } = detail;
  if (!topic.startsWith("user:") || body.kind !== "mark") return;
  const channel = body.topic.split(":")[1];
  if (channel === here && !document.hidden) return; // this page knows better what its reader has seen
  const unread = Math.max(0, Math.max(lastOf.get(channel) ?? 0, body.last) - body.read);
  for (const line of lines(channel)) show(line, unread);
  showBadge();
  refresh();
});

document.addEventListener("chat:read", ({ detail }) => {
  for (const line of lines(detail.channel)) show(line, 0);
  showBadge();
});

for (const name of ["live:topic", "live:gone"]) {
  document.addEventListener(name, () => {
    const list = document.querySelector("[data-conversations]");
    if (list) fill(list, list.dataset.conversations);
    refresh();
  });
}
