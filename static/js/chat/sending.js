/* Sending from this page: a message stands in its place at once, and says what becomes of it. */

import { say, showToast } from "../shell.js";
import { askQuestion } from "./overlay.js";
import { receive } from "./incoming.js";
import { replies, roots, settle } from "./log.js";
import { channel, chat, emit, log, me, messageAt, openThread, threadLog, threadUrl, userId } from "./page.js";
import { place, toEnd } from "./reading.js";
import { Sender } from "./sender.js";

const composers = { main: null, thread: null };

let isCutOff = false; // a message could not leave: what stands behind it waits for the same

const STATE_WORDS = {
  waiting: () => (isCutOff || !navigator.onLine ? STATE_WORDS.offline() : gettext("Waiting")),
  sending: () => gettext("Sending"),
  offline: () => gettext("Goes out when the connection is back"),
};

/** What waits says what it waits for, the same for all of them. */
function setCutOff(isNow) {
  if (isCutOff === isNow) return;
  isCutOff = isNow;
  for (const line of document.querySelectorAll('[data-pending][data-state="waiting"]')) line.querySelector('[data-slot="words"]').textContent = STATE_WORDS.waiting();
}

export function setComposer(composer) {
  composers[composer.root ? "thread" : "main"] = composer;
}

function giveBack(entry) {
  sender.discard(entry);
  const composer = entry.root ? (openThread() === entry.root ? composers.thread : null) : composers.main;
  composer?.restore(entry.text);
  composer?.field.focus();
}

/** The line under a message that is not stored yet. */
function pendingLine(element, entry) {
  let line = element.querySelector("[data-pending]");
  if (!line) {
    line = document.getElementById("pending-template").content.firstElementChild.cloneNode(true);
    line.dataset.extra = "";
    element.querySelector(".msg__body").append(line);
    line.querySelector('[data-slot="retry"]').addEventListener("click", () => sender.retry(line.entry));
    line.querySelector('[data-slot="discard"]').addEventListener("click", () => {
      giveBack(line.entry);
      element.remove();
    });
  }
  line.entry = entry;
  return line;
}

/** A reply in trouble whose thread is closed is told at its root. */
function showTroubleAtRoot(entry, words) {
  const root = messageAt(entry.root)?.querySelector(".msg__body");
  root?.querySelector("[data-trouble]")?.remove();
  if (!root || !words) return;
  const link = document.createElement("a");
  link.className = "msg__state danger-text";
  link.dataset.trouble = "";
  link.dataset.extra = "";
  link.dataset.threadOpen = entry.root;
  link.href = threadUrl(entry.root);
  link.textContent = words;
  root.append(link);
}

/** A message that mentions many people goes out when its writer has said yes to that. */
async function confirmMention(entry) {
  const words = interpolate(ngettext("This tells %s person.", "This tells %s people.", entry.confirm), [entry.confirm]);
  const isSure = await askQuestion({ words, detail: entry.text.slice(0, 200), yes: gettext("Send"), no: gettext("Write on") });
  if (isSure) {
    sender.retry({ ...entry, confirmed: true });
    return;
  }
  log.querySelector(`:scope > .msg[data-client="${entry.clientId}"]`)?.remove();
  threadLog()?.querySelector(`:scope > .msg[data-client="${entry.clientId}"]`)?.remove();
  giveBack(entry);
}

const written = new Set(); // what this page itself has sent: it alone asks about it

function showEntry(entry, state, detail) {
  if (state === "offline") setCutOff(true);
  else if (state === "sent") setCutOff(false);
  const isReply = Boolean(entry.root);
  const into = isReply ? (openThread() === entry.root ? threadLog() : null) : log;
  if (isReply) {
    const isInTrouble = !into && (state === "failed" || state === "offline");
    showTroubleAtRoot(entry, isInTrouble ? gettext("Your reply is not sent yet: open the thread") : "");
    if (isInTrouble && state === "failed") showToast(detail, { trouble: true });
  }
  if (state === "sent") {
    written.delete(entry.clientId);
    receive(detail.message);
    tellNotHere(detail.not_here);
    return;
  }
  if (state === "failed" && entry.confirm && written.delete(entry.clientId)) {
    confirmMention(entry);
    return;
  }
  if (into) showPending(entry, state, detail, into, isReply);
}

function showPending(entry, state, detail, into, isReply) {
  const view = isReply ? replies : roots;
  let element = into.querySelector(`:scope > .msg[data-client="${entry.clientId}"]`);
  if (element?.dataset.number) return; // the live frame was faster than the answer
  if (!element) {
    into.querySelector("[data-empty]")?.remove();
    const author = { id: userId, names: me.names, titles: me.titles };
    element = view.make({ client_id: entry.clientId, author, at: entry.at, text: entry.text });
    into.append(element);
    settle(element, view);
    if (isReply) element.scrollIntoView({ block: "end" });
    else {
      place.sticks = place.showsNewest;
      toEnd();
    }
  }
  const line = pendingLine(element, entry);
  const isFailed = state === "failed";
  line.dataset.state = state;
  line.querySelector('[data-slot="words"]').textContent = isFailed ? detail : STATE_WORDS[state]();
  line.classList.toggle("danger-text", isFailed);
  line.querySelector('[data-slot="retry"]').hidden = !isFailed && state !== "offline";
  line.querySelector('[data-slot="discard"]').hidden = !isFailed;
  if (isFailed) say(detail, { urgent: true });
}

/** Somebody who was mentioned and does not belong here reads nothing of it: the writer should know. */
function tellNotHere(names) {
  if (!names?.length) return;
  const words = ngettext("%(names)s does not belong to this conversation and was not told.", "%(names)s do not belong to this conversation and were not told.", names.length);
  showToast(interpolate(words, { names: names.join(", ") }, true));
}

const sender = new Sender({ userId, channel, url: chat.dataset.messagesUrl, show: showEntry });

/** Take a text over from a composer. */
export function send(text, root, options) {
  emit("sent", { root });
  return sender.send(text, root, options, (id) => written.add(id));
}

export function restorePending() {
  return sender.restore();
}
