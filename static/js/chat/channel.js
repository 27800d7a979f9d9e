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

function markRead() {
  sticks = showsNewest && isAtEnd();
  if (document.hidden || !sticks) return;
  unseen = 0;
  jump.hidden = true;
  document.dispatchEvent(new CustomEvent("chat:read", { detail: { channel: String(channel) } }));
  if (last > read) {
    read = last;
    live.mark(topic, "read", last);
  }
}

scroller.addEventListener("scroll", markRead, { passive: true });
new ResizeObserver(() => sticks && toEnd()).observe(log);
new ResizeObserver(() => sticks && toEnd()).observe(scroller);
document.addEventListener("visibilitychange", markRead);
window.addEventListener("focus", markRead);
jump.addEventListener("click", () => {
  if (!showsNewest) {
    window.location.href = chat.dataset.channelUrl;
    return;
  }
  toEnd();
  markRead();
});

// -- Messages -------------------------------------------------------------------------------------------------------------
function lastMessage(place) {
  const found = place.querySelectorAll(":scope > .msg");
  return found[found.length - 1] ?? null;
}

/** Put a message at its place: by number, before those that are not stored yet. */
function place(element, into, number) {
  const later = [...into.querySelectorAll(":scope > .msg")].reverse();
  let before = null;
  for (const other of later) {
    const itsNumber = Number(other.dataset.number || Infinity);
    if (itsNumber <= number) break;
    before = other;
  }
  into.insertBefore(element, before);
}

function addDay(row, into) {
  const previous = lastMessage(into);
  if (previous && clock.dayKey(previous.dataset.at) === clock.dayKey(row.at)) return;
  if (!previous && into.querySelector("[data-day]")) return;
  const divider = document.createElement("div");
  divider.className = "divider";
  divider.dataset.day = "";
  divider.textContent = clock.day(row.at);
  into.append(divider);
}

function show(row, into, view) {
  row.role ??= roles.get(row.author.id) ?? nameOf(row.author.titles ?? {});
  const known = into.querySelector(`:scope > .msg[data-number="${row.number}"]`) ?? into.querySelector(`:scope > .msg[data-client="${row.client_id}"]`);
  into.querySelector("[data-empty]")?.remove();
  if (known) {
    known.querySelector("[data-pending]")?.remove();
    view.update(known, row);
    known.dataset.at = row.at;
    return { element: known, isNew: false };
  }
  addDay(row, into);
  const element = view.make(row, lastMessage(into));
  place(element, into, row.number);
  return { element, isNew: true };
}

function threadLog() {
  return document.querySelector("[data-thread-log]");
}

function openThread() {
  return Number(document.querySelector("[data-thread]")?.dataset.thread ?? 0);
}

function receive(row) {
  const isNew = row.number > last;
  if (isNew) last = row.number;
  if (row.root) {
    const root = log.querySelector(`.msg[data-number="${row.root.number}"]`);
    if (root) roots.showReplies(root, row.root.number, row.root.reply_count);
    if (openThread() === row.root.number) {
      const { element, isNew: added } = show(row, threadLog(), replies);
      const divider = threadLog().querySelector("[data-replies]");
      if (divider) divider.textContent = interpolate(ngettext("%s reply", "%s replies", row.root.reply_count), [row.root.reply_count]);
      if (added) element.scrollIntoView({ block: "end" });
    }
  } else if (showsNewest) {
    const stay = isAtEnd();
    const { isNew: added } = show(row, log, roots);
    if (added && (stay || row.author.id === userId)) {
      sticks = true;
      toEnd();
    }
    else if (added && isNew) unseen += 1;
  } else if (isNew) unseen += 1;
  if (row.author.id === userId && isNew) read = Math.max(read, row.number === read + 1 ? row.number : read);
  if (unseen) {
    jump.hidden = false;
    jump.querySelector("[data-jump-words]").textContent = interpolate(ngettext("%s new message", "%s new messages", unseen), [unseen]);
  }
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
    if (!answer.ok) return;
    const missed = await answer.json();
    if (missed.reload) window.location.reload();
    for (const change of missed.changes) {
      if (change.body.kind === "message") receive(change.body.message);
      else if (change.body.kind === "archived") window.location.reload();
    }
    chat.dataset.change = missed.newest;
    live.has(topic, missed.newest);
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
    else if (body.kind === "archived") window.location.reload();
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

function showEntry(entry, state, detail) {
  const isReply = Boolean(entry.root);
  const into = isReply ? (openThread() === entry.root ? threadLog() : null) : log;
  if (state === "sent") {
    receive(detail.message);
    return;
  }
  if (!into) return;
  let element = into.querySelector(`:scope > .msg[data-client="${entry.clientId}"]`);
  if (element?.dataset.number) return; // the live frame was faster than the answer
  if (!element) {
    into.querySelector("[data-empty]")?.remove();
    const row = { client_id: entry.clientId, author: { id: userId, names: me.names }, at: entry.at, text: entry.text };
    row.role = roles.get(userId) ?? nameOf(me.titles);
    const view = isReply ? replies : roots;
    addDay(row, into);
    element = view.make(row, lastMessage(into));
    into.append(element);
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

const csrf = () => document.querySelector('[data-composer] input[name="csrfmiddlewaretoken"]').value;
const sender = new Sender({ userId, channel, url: chat.dataset.messagesUrl, csrf, show: showEntry });
let mainComposer = null;
let threadComposer = null;

function bindComposers() {
  for (const form of document.querySelectorAll("[data-composer]:not([data-bound])")) {
    form.dataset.bound = "";
    const composer = new Composer(form, (text, root) => sender.send(text, root));
    if (composer.root) threadComposer = composer;
    else mainComposer = composer;
  }
}

// -- Threads ------------------------------------------------------------------------------------------------------------------
async function showThread(number, { push = true } = {}) {
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
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const opener = event.target.closest?.("[data-thread-open]");
  if (opener) {
    event.preventDefault();
    showThread(Number(opener.dataset.threadOpen));
  } else if (event.target.closest?.("[data-thread-close]")) {
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
if (target) target.scrollIntoView({ block: "center" });
else if (showsNewest) {
  const unread = document.getElementById("unread");
  if (unread) unread.scrollIntoView({ block: "start" });
  else toEnd();
}
showReaders();
markRead();
