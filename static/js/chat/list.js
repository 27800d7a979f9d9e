/*
 * The chat list and the start page stay true: a message shows in its conversation's line and lifts it to the top, counts rise
 * with messages and fall with marks of any device, drafts, mentions and settings follow those of the other devices.
 *
 * Nothing moves under a finger: while the pointer is over a list or the keyboard in it, lines change where they stand, and what
 * would move waits until the list is left. After the list was filled anew, "chat:list" is sent to the document.
 */

import { live } from "../live/socket.js";
import { nodesOf } from "../markup.js";
import { outboxOf } from "./outbox.js";
import "./settings.js";
import { Clock, nameOf } from "./words.js";

const REFRESH_AT_MOST_EVERY_MS = 2000;
const LOOK_AGAIN_MS = 1000;
const CHIP_EDGE_PX = 24; // of the neighbour that shows that the row goes on
const STILL_AFTER_MS = 800; // a list that was scrolled until now is under a finger
const PREVIEW_LENGTH = 80; // characters, as in apps/messaging/queries/conversations.py
const DRAFT_AFTER_MS = 800;
const CLOSED = "portal-closed-sections"; // only which headings are closed; nothing of what stands under them
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

/** `isAsked`: the reader has just rearranged the list, and looks at it for that. */
async function fill(place, { isAsked = false } = {}) {
  let nodes;
  try {
    // The address carries what the list shows and which conversation is open.
    const answer = await fetch(place.dataset.conversations ?? place.dataset.refresh, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) return;
    nodes = nodesOf(await answer.text());
  } catch {
    return; // the next change tries again
  }
  if (!isAsked && isHeld(place)) {
    fillLater(place); // what was fetched now may be old by the time the place is left
    return;
  }
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const wanted = focused?.closest("[data-conversation], [data-show], [data-row-menu]")?.dataset;
  const { scrollTop } = place;
  const across = place.querySelector(".list__chips")?.scrollLeft ?? 0;
  place.replaceChildren(...nodes);
  closeSections(place);
  place.scrollTop = scrollTop;
  const chips = place.querySelector(".list__chips");
  if (chips) chips.scrollLeft = across;
  if (wanted) {
    const name = wanted.conversation ? `[data-conversation="${wanted.conversation}"]` : wanted.show ? `[data-show="${wanted.show}"]` : `[data-row-menu="${wanted.rowMenu}"]`;
    place.querySelector(name)?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("chat:list"));
  showLeftDrafts();
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
  if (unread <= 0) showMention(line, 0);
  countSection(line.closest("[data-section]"));
}

/** Make a part of a line that the server draws only where there is something to say. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

function showMention(line, count) {
  line.dataset.mentions = count;
  const mark = line.querySelector("[data-mention-count]");
  const place = line.querySelector("[data-count]");
  if (count <= 0) mark?.remove();
  else if (!mark && place) {
    const words = gettext("You are mentioned");
    const made = make("span", "count count--mention", "@", make("span", "visually-hidden", ` ${words}`));
    made.dataset.mentionCount = "";
    made.title = words;
    place.before(made);
  }
}

/** Whether a line counts among what waits: a muted one by a mention alone. */
function calls(line) {
  return Number(line.dataset.unread) > 0 && (line.dataset.notify === "all" || Number(line.dataset.mentions) > 0);
}

/** The heading of a section says how many of its conversations wait, while it is closed. */
function countSection(section) {
  const count = section?.querySelector("[data-section-count]");
  if (!count) return;
  const waiting = [...section.querySelectorAll("[data-conversation]")].filter(calls).length;
  count.hidden = !waiting;
  count.firstChild.textContent = String(waiting);
}

function clockOf(line) {
  const zone = line.closest("[data-zone]")?.dataset.zone ?? "";
  if (!clocks.has(zone)) clocks.set(zone, new Clock(zone));
  return clocks.get(zone);
}

/** The beginning of a message in one line, as the server writes it. */
function beginningOf(html) {
  const whole = document.createElement("div");
  whole.append(...nodesOf(html.replaceAll("<br>", " ")));
  const table = whole.querySelector("table");
  const beginning = document.createRange();
  beginning.selectNodeContents(whole);
  // In one line a table's values would run together.
  if (table) beginning.setEndBefore(table);
  const word = table ? gettext("[table]") : "";
  const limit = PREVIEW_LENGTH - (word && word.length + 1);
  const letters = [...beginning.toString().trim().replace(/\s+/g, " ")];
  const text = letters.length > limit ? `${letters.slice(0, limit - 1).join("")}…` : letters.join("");
  return `${text} ${word}`.trim();
}

function authorOf(line, author) {
  const words = document.createElement("span");
  words.className = "nav__author";
  if (author.id === live.userId) {
    const you = gettext("You"); // not inside the template: texts are gathered from calls that stand alone
    words.textContent = `${you}:`;
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
  if (message.deleted) text.textContent = gettext("This message was deleted.");
  else text.textContent = beginningOf(message.html) || (message.source ? gettext("Forwarded message") : "");
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
  if (item.parentElement.dataset.still !== undefined) return; // favourites keep their places
  const isOwn = section?.dataset.section?.startsWith("own-");
  const top = (!isOwn && list.querySelector("[data-newest]")) || item.parentElement;
  if (top.firstElementChild === item) return;
  const hadFocus = item.contains(document.activeElement);
  top.prepend(item);
  if (hadFocus) line.focus({ preventScroll: true });
  if (section && !section.querySelector("[data-conversation]")) section.remove();
}

// -- Sections -----------------------------------------------------------------------------------------------------------------
function closedSections() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(CLOSED) ?? "[]"));
  } catch {
    return new Set();
  }
}

function closeSections(place) {
  const closed = closedSections();
  for (const section of place.querySelectorAll("[data-section]")) {
    // What is open stays in sight, whatever was closed.
    if (closed.has(section.dataset.section) && !section.querySelector("[aria-current]")) section.open = false;
  }
}

// "toggle" does not bubble.
document.addEventListener("toggle", ({ target }) => {
  const name = target.dataset?.section;
  if (!name) return;
  const closed = closedSections();
  if (target.open) closed.delete(name);
  else closed.add(name);
  try {
    sessionStorage.setItem(CLOSED, JSON.stringify([...closed]));
  } catch {
    // it is open again on the next page
  }
}, true);

// -- Drafts -------------------------------------------------------------------------------------------------------------------
const drafts = new Map(); // channel -> the timer that asks for its draft

function showDraft(line, text) {
  const preview = line.querySelector("[data-preview]");
  if (!preview || line.matches("[aria-current]")) return; // what is open is seen in its composer
  line.querySelector("[data-draft-line]")?.remove();
  const words = [...text.trim().replace(/\s+/g, " ")].slice(0, PREVIEW_LENGTH).join("");
  preview.hidden = Boolean(words);
  if (!words) return;
  const beginning = make("span", "truncate", words);
  beginning.dir = "auto";
  beginning.dataset.draftText = "";
  const label = gettext("Draft");
  const made = make("span", "nav__preview", make("span", "nav__draft", `${label}:`), beginning);
  made.dataset.draftLine = "";
  preview.before(made);
}

/** What only this browser has yet. */
async function showLeftDrafts() {
  for (const { channel, root, text } of await outboxOf(document.body.dataset.userId).drafts()) {
    if (!root) for (const line of lines(channel)) showDraft(line, text);
  }
}

function hearDraft({ channel, root }) {
  const found = [...lines(channel)];
  if (root || String(channel) === here || drafts.has(channel)) return;
  drafts.set(channel, setTimeout(async () => {
    drafts.delete(channel);
    try {
      const answer = await fetch(`/chat/${channel}/draft/`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const { text } = await answer.json();
      const isNews = found.some((line) => Boolean(line.querySelector("[data-draft-line]")) !== Boolean(text.trim()));
      for (const line of lines(channel)) showDraft(line, text);
      if (isNews) refill(); // how many there are is said above
    } catch {
      // the next page knows
    }
  }, DRAFT_AFTER_MS));
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
  const isMention = !isSeen && (message.mentions ?? []).some((one) => one === "channel:" || one === `user:${live.userId}`);
  for (const line of found) {
    if (isMention) showMention(line, Number(line.dataset.mentions || 0) + 1);
    if (!isSeen) show(line, Number(line.dataset.unread || 0) + 1);
    const list = line.closest("[data-conversations]");
    if (list) whenLeft(list, `rise ${channel}`, () => lines(channel).forEach(rise));
  }
});

function hearMark(body) {
  const channel = body.topic.split(":")[1];
  if (channel === here && !document.hidden && !body.by_hand) return; // this page knows better what its reader has seen
  const unread = Math.max(0, Math.max(lastOf.get(channel) ?? 0, body.last) - body.read);
  for (const line of lines(channel)) show(line, unread);
  refresh();
}

document.addEventListener("live:hint", ({ detail: { topic, body } }) => {
  if (!topic.startsWith("user:")) return;
  if (body.kind === "mark") hearMark(body);
  else if (body.kind === "draft") hearDraft(body);
  // Where lines stand, what counts of them, and how many threads wait, is the server's to say.
  else if (["setting", "thread", "notice", "notices"].includes(body.kind)) {
    refill();
    refresh();
  }
});

document.addEventListener("chat:read", ({ detail }) => {
  for (const line of lines(detail.channel)) show(line, 0);
});

document.addEventListener("chat:arranged", () => {
  for (const place of document.querySelectorAll("[data-conversations]")) fill(place, { isAsked: true });
  refresh();
});

for (const name of ["live:topic", "live:gone", "live:reload"]) {
  document.addEventListener(name, () => {
    refill();
    refresh();
  });
}

// The row of filters is longer than the list is wide: the chosen one is in view, and a wheel moves the row.
for (const place of document.querySelectorAll("[data-conversations]")) {
  closeSections(place);
  const row = place.querySelector(".list__chips");
  const chip = row?.querySelector("[aria-current]");
  if (chip) {
    const [inner, outer] = [chip.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += Math.min(0, inner.left - outer.left - CHIP_EDGE_PX) + Math.max(0, inner.right - outer.right + CHIP_EDGE_PX);
  }
  place.addEventListener("wheel", (event) => {
    const under = event.target.closest?.(".list__chips");
    if (!under || event.deltaX || event.shiftKey || event.ctrlKey || under.scrollWidth <= under.clientWidth) return;
    event.preventDefault();
    under.scrollLeft += document.documentElement.dir === "rtl" ? -event.deltaY : event.deltaY;
  }, { passive: false });
}
showLeftDrafts();
