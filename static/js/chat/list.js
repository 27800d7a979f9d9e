/*
 * The chat list and the start page stay true: a message shows in its conversation's line and lifts it to the top, counts rise
 * with messages and fall with marks of any device.
 *
 * Nothing moves under a finger: while the pointer is over a list or the keyboard in it, lines change where they stand, and what
 * would move waits until the list is left. After the list was filled anew, "chat:list" is sent to the document.
 */

import { live } from "../live/socket.js";
import { nodesOf } from "../markup.js";
import { Clock, nameOf } from "./words.js";

const REFRESH_AT_MOST_EVERY_MS = 2000;
const LOOK_AGAIN_MS = 1000;
const STILL_AFTER_MS = 800; // a list that was scrolled until now is under a finger
const PREVIEW_LENGTH = 80; // characters, as in apps/messaging/queries.py
const MINE = "[data-conversations], [data-refresh]";
const here = document.querySelector("[data-chat]")?.dataset.channel;
const lastOf = new Map(); // channel -> the newest number heard of
const clocks = new Map();
let timer = 0;
let refillTimer = 0;
let filledAt = 0;

// -- Nothing moves under a finger -------------------------------------------------------------------------------------------
const waiting = new Map(); // place -> what is done when it is left, by name
const touched = new Set(); // places under a finger
const scrolled = new WeakMap(); // place -> when it was scrolled last
const hovers = window.matchMedia("(hover: hover)");
let lookTimer = 0;

function isHeld(place) {
  if (touched.has(place) || Date.now() - (scrolled.get(place) ?? 0) < STILL_AFTER_MS) return true;
  // The start page is a page: it waits only while a link is under the pointer.
  const under = place.dataset.refresh === undefined ? place.matches(":hover") : place.querySelector("a:hover, button:hover");
  return (hovers.matches && Boolean(under)) || place.querySelector(":focus-visible") !== null;
}

/** Do what moves lines, now or when the place is left; a later deed of the same name takes the place of an earlier one. */
function whenLeft(place, name, deed) {
  const deeds = waiting.get(place) ?? new Map();
  if (!deeds.size && !isHeld(place)) {
    deed();
    return;
  }
  deeds.delete(name);
  deeds.set(name, deed);
  waiting.set(place, deeds);
  lookTimer ||= setTimeout(look, LOOK_AGAIN_MS);
}

function look() {
  clearTimeout(lookTimer);
  lookTimer = 0;
  for (const [place, deeds] of [...waiting]) {
    if (place.isConnected && isHeld(place)) continue;
    waiting.delete(place);
    if (place.isConnected) for (const deed of deeds.values()) deed();
  }
  if (waiting.size) lookTimer = setTimeout(look, LOOK_AGAIN_MS);
}

for (const place of document.querySelectorAll(MINE)) {
  place.addEventListener("touchstart", () => touched.add(place), { passive: true });
  for (const name of ["touchend", "touchcancel"]) place.addEventListener(name, () => touched.delete(place), { passive: true });
  place.addEventListener("scroll", () => scrolled.set(place, Date.now()), { passive: true });
  for (const name of ["pointerleave", "focusout"]) place.addEventListener(name, () => setTimeout(look));
}

window.addEventListener("pageshow", () => touched.clear());

// -- Filling anew -------------------------------------------------------------------------------------------------------------
/** Fetch the parts of the page that say how to be fetched; at most once in two seconds. */
function refresh() {
  if (timer) return;
  timer = setTimeout(() => {
    timer = 0;
    if (document.hidden) return;
    for (const place of document.querySelectorAll("[data-refresh]")) fillLater(place);
  }, REFRESH_AT_MOST_EVERY_MS);
}

/** Fetch the chat list anew; at most once in two seconds. */
function refill() {
  const wait = Math.max(0, filledAt + REFRESH_AT_MOST_EVERY_MS - Date.now());
  refillTimer ||= setTimeout(() => {
    refillTimer = 0;
    filledAt = Date.now();
    for (const place of document.querySelectorAll("[data-conversations]")) fillLater(place);
  }, wait);
}

function fillLater(place) {
  whenLeft(place, "fill", () => fill(place));
}

async function fill(place) {
  let nodes;
  try {
    // The address carries what the list shows and which conversation is open.
    const answer = await fetch(place.dataset.conversations ?? place.dataset.refresh, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) return;
    nodes = nodesOf(await answer.text());
  } catch {
    return; // the next change tries again
  }
  if (isHeld(place)) {
    fillLater(place); // what was fetched now may be old by the time the place is left
    return;
  }
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const wanted = focused?.closest("[data-conversation], [data-show]")?.dataset;
  const { scrollTop } = place;
  place.replaceChildren(...nodes);
  place.scrollTop = scrollTop;
  if (wanted) {
    const name = wanted.conversation ? `[data-conversation="${wanted.conversation}"]` : `[data-show="${wanted.show}"]`;
    place.querySelector(name)?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("chat:list"));
  const isOld = (line) => Number(line.dataset.number) < (lastOf.get(line.dataset.conversation) ?? 0);
  if ([...place.querySelectorAll("[data-conversation]")].some(isOld)) {
    refill(); // a message came while the answer was on its way
    refresh();
  }
}

// -- Lines --------------------------------------------------------------------------------------------------------------------
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

function clockOf(line) {
  const zone = line.closest("[data-zone]")?.dataset.zone ?? "";
  if (!clocks.has(zone)) clocks.set(zone, new Clock(zone));
  return clocks.get(zone);
}

/** The beginning of a message in one line, as the server writes it. */
function beginningOf(html) {
  const text = nodesOf(html.replaceAll("<br>", " "))
    .map((node) => node.textContent)
    .join("")
    .trim()
    .replace(/\s+/g, " ");
  const letters = [...text];
  return letters.length > PREVIEW_LENGTH ? `${letters.slice(0, PREVIEW_LENGTH - 1).join("")}…` : text;
}

function authorOf(line, author) {
  const words = document.createElement("span");
  words.className = "nav__author";
  if (author.id === live.userId) {
    words.textContent = `${gettext("You")}:`;
    return words;
  }
  if (line.dataset.kind === "direct") return null;
  const name = document.createElement("bdi");
  name.className = "truncate";
  name.textContent = nameOf(author.names);
  words.append(name, ":");
  return words;
}

function preview(line, message) {
  const place = line.querySelector("[data-preview]");
  if (!place) return;
  const text = document.createElement("span");
  text.className = "truncate";
  text.dir = "auto";
  text.textContent = message.deleted ? gettext("This message was deleted.") : beginningOf(message.html);
  place.replaceChildren(...[authorOf(line, message.author), text].filter(Boolean));
  const time = document.createElement("time");
  const clock = clockOf(line);
  time.dateTime = message.at;
  time.textContent = clock.dayKey(message.at) === clock.dayKey(Date.now()) ? clock.time(message.at) : clock.shortDay(message.at);
  line.querySelector("[data-time]")?.replaceChildren(time);
  line.dataset.number = message.number;
}

/** Move a line to the top of its list: that of the newest ones where the list has one, else of its section. */
function rise(line) {
  const list = line.closest("[data-conversations]");
  const item = line.closest("li");
  if (!list || !item) return;
  const section = item.closest(".nav__group");
  const top = list.querySelector("[data-newest]") ?? item.parentElement;
  if (top.firstElementChild === item) return;
  const hadFocus = item.contains(document.activeElement);
  top.prepend(item);
  if (hadFocus) line.focus({ preventScroll: true });
  if (section && !section.querySelector("[data-conversation]")) section.remove();
}

// -- What is heard ------------------------------------------------------------------------------------------------------------
document.addEventListener("live:change", ({ detail }) => {
  const { topic, body } = detail;
  const [kind, channel] = topic.split(":");
  if (kind !== "channel") return;
  if (["archived", "restored"].includes(body.kind)) {
    refill();
    refresh();
  }
  if (body.kind !== "message") return;
  const { message } = body;
  const found = lines(channel);
  const known = Math.max(lastOf.get(channel) ?? 0, ...[...found].map((line) => Number(line.dataset.number) || 0));
  if (message.number < known) return;
  lastOf.set(channel, message.number);
  for (const line of found) preview(line, message);
  if (message.number === known) return; // edited or deleted
  refresh();
  if (!document.querySelector('[data-conversations*="show=archived"]') && ![...found].some((line) => line.closest("[data-conversations]"))) refill();
  const isSeen = message.author.id === live.userId || (channel === here && !document.hidden);
  for (const line of found) {
    if (!isSeen) show(line, Number(line.dataset.unread || 0) + 1);
    const list = line.closest("[data-conversations]");
    if (list) whenLeft(list, `rise ${channel}`, () => lines(channel).forEach(rise));
  }
});

document.addEventListener("live:hint", ({ detail }) => {
  const { topic, body } = detail;
  if (!topic.startsWith("user:") || body.kind !== "mark") return;
  const channel = body.topic.split(":")[1];
  if (channel === here && !document.hidden) return; // this page knows better what its reader has seen
  const unread = Math.max(0, Math.max(lastOf.get(channel) ?? 0, body.last) - body.read);
  for (const line of lines(channel)) show(line, unread);
  refresh();
});

document.addEventListener("chat:read", ({ detail }) => {
  for (const line of lines(detail.channel)) show(line, 0);
});

for (const name of ["live:topic", "live:gone", "live:reload"]) {
  document.addEventListener(name, () => {
    refill();
    refresh();
  });
}
