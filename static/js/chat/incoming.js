/* What comes to the conversation: by the socket, as the answer to one's own deed, or by catching up; newest state, by number. */

import { live } from "../live/socket.js";
import { showToast } from "../shell.js";
import { liesBeyond, replies, roots, show } from "./log.js";
import { chat, emit, log, messageAt, openThread, scroller, threadLog, topic, userId } from "./page.js";
import { isAtEnd, markRead, noteArrival, place, showJump, toEnd } from "./reading.js";

const CATCH_UP_AGAIN_MS = 3000;

/** A reply that came while its thread is closed: the root says so, and the pill where the root is out of view. */
function announceReply(row, root) {
  const isOthers = row.author.id !== userId;
  if (root) roots.showReplies(root, row.root.number, row.root.reply_count, isOthers ? 1 : 0);
  if (!isOthers) return;
  const box = root?.getBoundingClientRect();
  const frame = scroller.getBoundingClientRect();
  if (box && box.top >= frame.top && box.bottom <= frame.bottom) return;
  place.newsIn = row.root.number;
  showJump();
}

function receiveReply(row, isNew) {
  const root = messageAt(row.root.number);
  if (openThread() !== row.root.number) {
    if (isNew) announceReply(row, root);
    return;
  }
  if (root) roots.showReplies(root, row.root.number, row.root.reply_count);
  const words = threadLog().querySelector("[data-replies]");
  if (words) {
    words.dataset.count = row.root.reply_count;
    words.textContent = interpolate(ngettext("%s reply", "%s replies", row.root.reply_count), [row.root.reply_count]);
  }
  if (liesBeyond(row, threadLog())) {
    // One's own reply stands at the end, which is not shown yet: the thread opens there.
    if (threadLog().querySelector(`:scope > .msg[data-client="${row.client_id}"]`)) emit("open-thread", { number: row.root.number });
    return;
  }
  const pane = threadLog().closest("[data-thread-scroll]");
  const stays = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 80;
  const { element, isNew: isAdded } = show(row, threadLog(), replies);
  if (isAdded && (stays || row.author.id === userId)) element.scrollIntoView({ block: "end" });
  emit("reply", { root: row.root.number });
}

function receiveRoot(row, isNew) {
  const stay = place.sticks || isAtEnd();
  if (openThread() === row.number) show(row, threadLog(), replies);
  if ((place.showsNewest && !liesBeyond(row, log)) || messageAt(row.number)) {
    const { element, isNew: isAdded } = show(row, log, roots);
    if (isAdded && isNew) noteArrival(element, row);
    if (isAdded && (stay || row.author.id === userId)) {
      place.sticks = true;
      toEnd();
    } else if (isAdded && isNew) place.unseen += 1;
  } else if (isNew) {
    log.querySelector(`:scope > .msg[data-client="${row.client_id}"]`)?.remove(); // it stands further on, on a later page
    place.unseen += 1;
  }
}

/** Bring the newest state of a message to the page. */
export function receive(row) {
  const isNew = row.number > place.last;
  const wasPinned = messageAt(row.number)?.dataset.pinned !== undefined;
  if (isNew) place.last = row.number;
  if (row.root) receiveReply(row, isNew);
  else receiveRoot(row, isNew);
  if (place.unseen) showJump();
  if (document.hidden) live.mark(topic, "delivered", row.number);
  else markRead();
  emit("message", { row, wasPinned, isNew });
}

// -- Catching up --------------------------------------------------------------------------------------------------------------
let isCatching = false;

export async function catchUp(from = Number(chat.dataset.change)) {
  if (isCatching) return;
  isCatching = true;
  try {
    const answer = await fetch(`${chat.dataset.messagesUrl}?after=${from}`, { headers: { Accept: "application/json" } });
    if (answer.status === 404) return leave();
    if (!answer.ok) throw new Error(String(answer.status));
    const missed = await answer.json();
    if (missed.reload) {
      window.location.reload();
      return;
    }
    for (const { body } of missed.changes) take(body);
    chat.dataset.change = missed.newest;
    live.has(topic, missed.newest);
  } catch {
    setTimeout(() => catchUp(), CATCH_UP_AGAIN_MS);
  } finally {
    isCatching = false;
  }
}

function take(body) {
  if (body.kind === "message") receive(body.message);
  else if (["archived", "restored"].includes(body.kind)) window.location.reload();
}

function leave() {
  showToast(gettext("You no longer belong to this conversation."), { trouble: true });
  for (const composer of document.querySelectorAll("[data-composer]")) composer.querySelector("button[type=submit]").disabled = true;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  log.replaceChildren();
  document.querySelector("[data-pane]")?.remove();
}

document.addEventListener("chat:behind", () => catchUp());

/** Begin to hear the conversation; an archived one is read, but there is nothing to hear from it. */
export function listen() {
  if (chat.dataset.archived !== undefined) return;
  live.follow(topic, Number(chat.dataset.change), {
    change: ({ change, body }) => {
      chat.dataset.change = change;
      take(body);
    },
    hint: ({ body }) => {
      if (body.kind === "marks") emit("marks", { marks: body.marks });
    },
    topic: () => catchUp(),
    reload: () => catchUp(),
    gone: leave,
  });
}

