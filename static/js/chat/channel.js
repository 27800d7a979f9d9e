/* A channel's page: live messages in order, sending that survives a lost connection, reading marks, threads beside it. */

import { live } from "../live/socket.js";
import { say, showToast } from "../shell.js";
import { nodesOf } from "../markup.js";
import { Composer } from "./composer.js";
import "./list.js";
import { MessageView } from "./message.js";
import { Sender } from "./sender.js";
import { Clock, nameOf } from "./words.js";

const NEAR_END_PX = 80;
const CATCH_UP_AGAIN_MS = 3000;
const chat = document.querySelector("[data-chat]");
const userId = Number(document.body.dataset.userId);
const channel = Number(chat.dataset.channel);
const topic = `channel:${channel}`;
const log = chat.querySelector("[data-log]");
const scroller = chat.querySelector("[data-scroll]");
const jump = chat.querySelector("[data-jump]");
const clock = new Clock(chat.dataset.zone);
const threadUrl = (number) => chat.dataset.threadUrl.replace("/0/", `/${number}/`);
const roots = new MessageView({ clock, threadUrl });
const replies = new MessageView({ clock, threadUrl, prefix: "thread", inThread: true });
const marks = new Map(Object.entries(JSON.parse(document.getElementById("channel-marks").textContent)).map(([id, [base, upTo]]) => [Number(id), [base, upTo]]));
const roles = new Map();
let showsNewest = chat.dataset.newest === "yes";
let last = Number(chat.dataset.last); // the newest number in the channel, replies included
let read = Number(chat.dataset.read);
let unseen = 0;
let newsIn = 0; // the root of the newest reply that the reader has not in view
let sticks = false; // the reader is at the end and stays there, whatever grows

document.cookie = "portal_script=1; path=/; max-age=31536000; samesite=lax";
for (const element of document.querySelectorAll(".msg[data-author]")) {
  const role = element.querySelector(".msg__role")?.textContent.trim();
  if (role) roles.set(Number(element.dataset.author), role);
}

// -- Where the reader is ------------------------------------------------------------------------------------------------
function isAtEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

/** The highest number that has come into view. */
function lastInView() {
  const edge = scroller.getBoundingClientRect().bottom;
  const seen = [...log.querySelectorAll(":scope > .msg[data-number]")].reverse().find((element) => element.getBoundingClientRect().top < edge);
  return Number(seen?.dataset.number ?? 0);
}

/** Mark read what was passed: everything at the end, else as far as the reader has come. */
function markRead() {
  sticks = showsNewest && isAtEnd();
  if (document.hidden) return;
  const upTo = sticks ? last : Math.min(lastInView(), last);
  if (sticks) {
    unseen = 0;
    if (!newsIn) jump.hidden = true;
    document.dispatchEvent(new CustomEvent("chat:read", { detail: { channel: String(channel) } }));
  }
  if (upTo > read) {
    read = upTo;
    live.mark(topic, "read", upTo);
  }
}

let marking = 0;
function markSoon() {
  if (!marking) {
    marking = requestAnimationFrame(() => {
      marking = 0;
      markRead();
    });
  }
}

scroller.addEventListener("scroll", markSoon, { passive: true });
new ResizeObserver(() => sticks && toEnd()).observe(log);
new ResizeObserver(() => sticks && toEnd()).observe(scroller);
document.addEventListener("visibilitychange", markRead);
window.addEventListener("focus", markRead);
jump.addEventListener("click", () => {
  if (newsIn && !unseen) {
    showThread(newsIn);
    return;
  }
  if (!showsNewest) {
    window.location.href = `${chat.dataset.channelUrl}?around=${last}`;
    return;
  }
  toEnd();
  markRead();
});

function showJump() {
  jump.hidden = !unseen && !newsIn;
  const words = unseen ? interpolate(ngettext("%s new message", "%s new messages", unseen), [unseen]) : gettext("New reply in a thread");
  jump.querySelector("[data-jump-words]").textContent = words;
}

// Older messages come in above: what the reader looks at stays where it is. At the seam a day is named once.
let fromEnd = 0;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (log.contains(event.detail.target)) fromEnd = scroller.scrollHeight - scroller.scrollTop;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const path = event.detail.requestConfig?.path ?? "";
  if (path.includes("before=")) scroller.scrollTop = scroller.scrollHeight - fromEnd;
  if (path.includes("newer=") && !log.querySelector("[data-newer]")) {
    showsNewest = true;
    catchUp(Number(chat.dataset.change)); // what came meanwhile
  }
  if (path.includes("before=") || path.includes("newer=")) {
    settleAll();
    markRead();
  }
});

// -- Messages -------------------------------------------------------------------------------------------------------------
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
function settle(element, view) {
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

function settleAll() {
  for (const element of log.querySelectorAll(":scope > .msg")) settle(element, roots);
}

function show(row, into, view) {
  row.role ??= roles.get(row.author.id) ?? nameOf(row.author.titles ?? {});
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

function threadLog() {
  return document.querySelector("[data-thread-log]");
}

function openThread() {
  return Number(document.querySelector("[data-thread]")?.dataset.thread ?? 0);
}

/** A reply that came while its thread is closed: the root says so, and the pill where the root is out of view. */
function announceReply(row) {
  const root = log.querySelector(`:scope > .msg[data-number="${row.root.number}"]`);
  const isOthers = row.author.id !== userId;
  if (root) roots.showReplies(root, row.root.number, row.root.reply_count, isOthers ? 1 : 0);
  if (!isOthers) return;
  const box = root?.getBoundingClientRect();
  const frame = scroller.getBoundingClientRect();
  if (box && box.top >= frame.top && box.bottom <= frame.bottom) return;
  newsIn = row.root.number;
  showJump();
}

function receiveReply(row, isNew) {
  if (openThread() !== row.root.number) {
    if (isNew) announceReply(row);
    return;
  }
  const root = log.querySelector(`:scope > .msg[data-number="${row.root.number}"]`);
  if (root) roots.showReplies(root, row.root.number, row.root.reply_count);
  const { element, isNew: added } = show(row, threadLog(), replies);
  const divider = threadLog().querySelector("[data-replies]");
  if (divider) divider.textContent = interpolate(ngettext("%s reply", "%s replies", row.root.reply_count), [row.root.reply_count]);
  if (added) element.scrollIntoView({ block: "end" });
}

function receive(row) {
  const isNew = row.number > last;
  const stay = sticks || isAtEnd();
  if (isNew) last = row.number;
  if (row.root) receiveReply(row, isNew);
  else if (showsNewest) {
    const { isNew: added } = show(row, log, roots);
    if (added && (stay || row.author.id === userId)) {
      sticks = true;
      toEnd();
    } else if (added && isNew) unseen += 1;
  } else if (isNew) {
    log.querySelector(`:scope > .msg[data-client="${row.client_id}"]`)?.remove(); // it stands further on, on a later page
    unseen += 1;
  }
  if (unseen) showJump();
  if (document.hidden) live.mark(topic, "delivered", row.number);
  else markRead();
  showReaders();
}

// -- Who has read -----------------------------------------------------------------------------------------------------------
function showReaders() {
  const own = [...log.querySelectorAll(`:scope > .msg[data-author="${userId}"][data-number]`)].at(-1);
  for (const old of log.querySelectorAll("[data-readers]")) if (old.parentElement?.closest(".msg") !== own) old.remove();
  if (!own) return;
  const number = Number(own.dataset.number);
  const count = [...marks].filter(([id, [base, upTo]]) => id !== userId && base < number && upTo >= number).length;
  let line = own.querySelector("[data-readers]");
  if (!count) {
    line?.remove();
    return;
  }
  if (!line) {
    line = document.createElement("span");
    line.className = "msg__state";
    line.dataset.readers = "";
    own.querySelector(".msg__body").append(line);
  }
  line.textContent = interpolate(ngettext("Read by %s person", "Read by %s people", count), [count]);
}

// -- Catching up --------------------------------------------------------------------------------------------------------------
let catching = false;

async function catchUp(from) {
  if (catching) return;
  catching = true;
  try {
    const answer = await fetch(`${chat.dataset.messagesUrl}?after=${from}`, { headers: { Accept: "application/json" } });
    if (answer.status === 404) return leave();
    if (!answer.ok) throw new Error(String(answer.status));
    const missed = await answer.json();
    if (missed.reload) {
      window.location.reload();
      return;
    }
    for (const change of missed.changes) {
      if (change.body.kind === "message") receive(change.body.message);
      else if (["archived", "restored"].includes(change.body.kind)) window.location.reload();
    }
    chat.dataset.change = missed.newest;
    live.has(topic, missed.newest);
  } catch {
    setTimeout(() => catchUp(Number(chat.dataset.change)), CATCH_UP_AGAIN_MS);
  } finally {
    catching = false;
  }
}

function leave() {
  showToast(gettext("You no longer belong to this conversation."), { trouble: true });
  for (const composer of document.querySelectorAll("[data-composer]")) composer.querySelector("button[type=submit]").disabled = true;
  log.replaceChildren();
  threadLog()?.closest("[data-thread]").remove();
}

// An archived channel is read, but there is nothing to hear from it.
if (chat.dataset.archived === undefined) live.follow(topic, Number(chat.dataset.change), {
  change: ({ change, body }) => {
    chat.dataset.change = change;
    if (body.kind === "message") receive(body.message);
    else if (["archived", "restored"].includes(body.kind)) window.location.reload();
  },
  hint: ({ body }) => {
    if (body.kind !== "marks") return;
    for (const [id, base, upTo] of body.marks) marks.set(id, [base, upTo]);
    showReaders();
  },
  topic: () => catchUp(Number(chat.dataset.change)),
  reload: () => catchUp(Number(chat.dataset.change)),
  gone: leave,
});

// -- Sending ----------------------------------------------------------------------------------------------------------------
const me = JSON.parse(document.getElementById("me").textContent);

function pendingLine(element, entry) {
  let line = element.querySelector("[data-pending]");
  if (!line) {
    line = document.getElementById("pending-template").content.firstElementChild.cloneNode(true);
    line.dataset.pending = "";
    element.querySelector(".msg__body").append(line);
    line.querySelector('[data-slot="retry"]').addEventListener("click", () => sender.retry(entry));
    line.querySelector('[data-slot="discard"]').addEventListener("click", () => {
      sender.discard(entry);
      const composer = entry.root ? threadComposer : mainComposer;
      composer?.restore(entry.text);
      element.remove();
    });
  }
  return line;
}

const STATE_WORDS = {
  waiting: () => gettext("Waiting"),
  sending: () => gettext("Sending"),
  offline: () => gettext("Not sent yet: it is kept on this device and goes out when the connection is back."),
};

/** A reply in trouble whose thread is closed is told at its root. */
function showTroubleAtRoot(entry, words) {
  const root = log.querySelector(`:scope > .msg[data-number="${entry.root}"] .msg__body`);
  root?.querySelector("[data-trouble]")?.remove();
  if (!words) return;
  const link = document.createElement("a");
  link.className = "msg__state danger-text";
  link.dataset.trouble = "";
  link.dataset.threadOpen = entry.root;
  link.href = threadUrl(entry.root);
  link.textContent = words;
  root?.append(link);
}

function showEntry(entry, state, detail) {
  const isReply = Boolean(entry.root);
  const into = isReply ? (openThread() === entry.root ? threadLog() : null) : log;
  if (isReply) {
    const isInTrouble = !into && (state === "failed" || state === "offline");
    showTroubleAtRoot(entry, isInTrouble ? gettext("Your reply is not sent yet: open the thread") : "");
    if (isInTrouble && state === "failed") showToast(detail, { trouble: true });
  }
  if (state === "sent") {
    receive(detail.message);
    return;
  }
  if (!into) return;
  const view = isReply ? replies : roots;
  let element = into.querySelector(`:scope > .msg[data-client="${entry.clientId}"]`);
  if (element?.dataset.number) return; // the live frame was faster than the answer
  if (!element) {
    into.querySelector("[data-empty]")?.remove();
    const row = { client_id: entry.clientId, author: { id: userId, names: me.names }, at: entry.at, text: entry.text };
    row.role = roles.get(userId) ?? nameOf(me.titles);
    element = view.make(row);
    into.append(element);
    settle(element, view);
    if (!isReply) toEnd();
    else element.scrollIntoView({ block: "end" });
  }
  const line = pendingLine(element, entry);
  const failed = state === "failed";
  line.querySelector('[data-slot="words"]').textContent = failed ? detail : STATE_WORDS[state]();
  line.classList.toggle("danger-text", failed);
  line.querySelector('[data-slot="retry"]').hidden = !failed && state !== "offline";
  line.querySelector('[data-slot="discard"]').hidden = !failed;
  if (failed) say(detail, { urgent: true });
}

const sender = new Sender({ userId, channel, url: chat.dataset.messagesUrl, show: showEntry });
let mainComposer = null;
let threadComposer = null;

function bindComposers() {
  for (const form of document.querySelectorAll("[data-composer]:not([data-bound])")) {
    form.dataset.bound = "";
    const composer = new Composer(form, (text, root) => sender.send(text, root));
    // An empty box reads as the page does; what is written, as it is.
    const turn = () => (composer.field.dir = composer.field.value ? "auto" : document.documentElement.dir);
    composer.field.addEventListener("input", turn);
    turn();
    if (composer.root) threadComposer = composer;
    else mainComposer = composer;
  }
}

// -- Threads ------------------------------------------------------------------------------------------------------------------
let opener = null; // what the focus goes back to when the thread is closed

async function showThread(number, { push = true } = {}) {
  opener = document.activeElement;
  if (newsIn === number) newsIn = 0;
  showJump();
  log.querySelector(`:scope > .msg[data-number="${number}"] [data-new-replies]`)?.remove();
  const answer = await fetch(threadUrl(number), { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  document.querySelector("[data-thread]")?.remove();
  chat.after(...nodesOf(await answer.text()));
  bindComposers();
  await sender.restore();
  const pane = document.querySelector("[data-thread]");
  const body = pane.querySelector(".pane__scroll");
  body.scrollTop = body.scrollHeight;
  if (!matchMedia("(pointer: coarse)").matches) pane.querySelector("textarea")?.focus();
  if (push) history.pushState({ thread: number }, "", threadUrl(number));
  for (const link of log.querySelectorAll(".threadlink")) link.toggleAttribute("aria-current", Number(link.dataset.threadOpen) === number);
}

function closeThread({ push = true } = {}) {
  document.querySelector("[data-thread]")?.remove();
  threadComposer = null;
  if (push) history.pushState({}, "", chat.dataset.channelUrl);
  for (const link of log.querySelectorAll(".threadlink[aria-current]")) link.removeAttribute("aria-current");
  if (opener?.isConnected) opener.focus();
  else mainComposer?.field.focus();
  opener = null;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest?.("[data-thread-open]");
  if (link) {
    event.preventDefault();
    showThread(Number(link.dataset.threadOpen));
  } else if (event.target.closest?.("[data-thread-close]") || (openThread() && event.target.closest?.("[data-back]"))) {
    event.preventDefault();
    closeThread();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && openThread()) closeThread();
});

window.addEventListener("popstate", () => {
  const number = Number(/\/thread\/(\d+)\//.exec(location.pathname)?.[1] ?? 0);
  if (number) showThread(number, { push: false });
  else closeThread({ push: false });
});

// -- Begin ----------------------------------------------------------------------------------------------------------------------
bindComposers();
sender.restore();
const target = location.hash && document.getElementById(location.hash.slice(1));
const unreadLine = document.getElementById("unread");
if (target) target.scrollIntoView({ block: "center" });
else if (unreadLine) unreadLine.scrollIntoView({ block: "start" });
else if (showsNewest) toEnd();
showReaders();
markRead();
