/* A thread beside the conversation: what was read in it, its badge at the root, following it or not. */

import { live } from "../live/socket.js";
import { say, showToast } from "../shell.js";
import { onAct } from "./acts.js";
import { replies, roots, settleAll } from "./log.js";
import { complain, emit, elementsOf, log, messageAt, openThread, post, threadLog, threadUrl, topic, userId } from "./page.js";
import { openPane } from "./panes.js";
import { place, showJump } from "./reading.js";

const NEAR_END_PX = 80;
const marked = new Map(); // root -> the ordinal up to which this page has marked it read

/** The highest ordinal among the replies that have come into view. */
function lastInView(pane) {
  const edge = pane.getBoundingClientRect().bottom;
  const seen = [...threadLog().querySelectorAll(":scope > .msg[data-number]")].reverse().find((element) => element.getBoundingClientRect().top < edge);
  return Number(seen?.dataset.ordinal ?? 0);
}

/** Mark read what was in view of the open thread, in a visible tab. */
function markThread() {
  const root = openThread();
  const pane = document.querySelector("[data-thread-scroll]");
  if (!root || !pane || document.hidden || pane.offsetParent === null) return;
  const upTo = lastInView(pane);
  if (upTo <= (marked.get(root) ?? 0)) return;
  marked.set(root, upTo);
  live.mark(topic, "thread", upTo, { root });
  const count = Number(threadLog().querySelector("[data-replies]")?.dataset.count ?? 0);
  const element = messageAt(root);
  if (element) roots.showFresh(element, count - upTo);
}

let isStuck = false;

function watch(pane) {
  const scroll = pane.querySelector("[data-thread-scroll]");
  const isWhole = () => !threadLog()?.querySelector(":scope > [data-newer]"); // else the end is not on the page
  const isAtEnd = () => isWhole() && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END_PX;
  const named = threadLog().querySelector(":scope > .msg--target");
  let isHeld = Boolean(named); // a reply that the address names stays in view until the reader moves
  for (const gesture of ["wheel", "touchmove", "pointerdown", "keydown"]) scroll.addEventListener(gesture, () => (isHeld = false), { passive: true });
  scroll.addEventListener(
    "scroll",
    () => {
      isStuck = !isHeld && isAtEnd();
      markThread();
    },
    { passive: true },
  );
  const observer = new ResizeObserver(() => {
    if (!scroll.isConnected) observer.disconnect();
    else if (isStuck) scroll.scrollTop = scroll.scrollHeight;
  });
  observer.observe(threadLog());
  observer.observe(scroll);
  const root = Number(pane.dataset.thread);
  const fresh = Number(messageAt(root)?.querySelector("[data-new-replies]")?.dataset.newReplies ?? 0);
  const answers = [...threadLog().querySelectorAll(":scope > .msg[data-ordinal]:not([data-ordinal='0'])")];
  const isCut = Boolean(threadLog().querySelector("[data-earlier]"));
  // It opens at the reply that the address names, else at the first new one, else at the end.
  if (named) named.scrollIntoView({ block: "center" });
  else if (fresh && answers.length && (isCut || fresh < answers.length)) answers[Math.max(0, answers.length - fresh)].scrollIntoView({ block: "start" });
  else scroll.scrollTop = scroll.scrollHeight;
  isStuck = !isHeld && isAtEnd();
  markThread();
}

// Older replies come in above: what the reader looks at stays where it is.
let fromEnd = 0;
document.addEventListener("htmx:beforeSwap", (event) => {
  const scroll = event.detail.target?.closest?.("[data-thread-scroll]");
  if (scroll) fromEnd = scroll.scrollHeight - scroll.scrollTop;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const path = event.detail.requestConfig?.path ?? "";
  const scroll = document.querySelector("[data-thread-scroll]");
  if (!scroll || !path.startsWith(threadUrl(openThread()))) return;
  isStuck = false;
  if (path.includes("before=")) scroll.scrollTop = scroll.scrollHeight - fromEnd;
  settleAll(threadLog(), replies);
  emit("history", {});
  markThread();
});

function showCurrent(number) {
  for (const link of log.querySelectorAll(".threadlink")) {
    if (Number(link.dataset.threadOpen) === number) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("chat:pane", ({ detail }) => {
  const number = openThread();
  if (number && place.newsIn === number) {
    place.newsIn = 0;
    showJump();
  }
  showCurrent(number);
  if (detail.kind === "thread") watch(detail.pane);
});
document.addEventListener("chat:reply", () => requestAnimationFrame(markThread));
document.addEventListener("visibilitychange", markThread);
window.addEventListener("focus", markThread);

document.addEventListener("live:hint", ({ detail }) => {
  const { body } = detail;
  if (detail.topic !== `user:${userId}` || body.kind !== "thread" || body.topic !== topic) return;
  marked.set(body.root, Math.max(marked.get(body.root) ?? 0, body.read));
  const element = messageAt(body.root);
  if (element) roots.showFresh(element, body.replies - body.read);
});

// -- Following ----------------------------------------------------------------------------------------------------------------
function showFollowing(root, on) {
  for (const element of elementsOf(root)) element.toggleAttribute("data-followed", on);
  if (openThread() !== root) return;
  const form = document.querySelector("[data-follow-form]");
  if (!form) return;
  form.elements.on.value = on ? "0" : "1";
  form.querySelector("button").setAttribute("aria-pressed", String(on));
  form.querySelector("[data-followed]").hidden = !on;
  form.querySelector("[data-not-followed]").hidden = on;
}

async function follow(root, on) {
  showFollowing(root, on);
  const answer = await post(`${threadUrl(root)}follow/`, { on: on ? "1" : "0" });
  if (!answer.ok) {
    showFollowing(root, !on);
    complain(answer);
    return;
  }
  say(on ? gettext("You follow this thread.") : gettext("You do not follow this thread any more."));
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-follow-form]");
  if (!form) return;
  event.preventDefault();
  follow(openThread(), form.elements.on.value === "1");
});

onAct("follow", (_element, { number }) => {
  follow(number, true);
  showToast(gettext("You follow this thread."));
});
onAct("unfollow", (_element, { number }) => {
  follow(number, false);
  showToast(gettext("You do not follow this thread any more."));
});
onAct("reply", (element, { number }) => {
  if (element.closest("[data-thread-log]")) document.querySelector("[data-thread] textarea")?.focus();
  else openPane("thread", threadUrl(number));
});

// Who answers follows.
document.addEventListener("chat:message", ({ detail: { row, isNew } }) => {
  if (isNew && row.root && row.author.id === userId) showFollowing(row.root.number, true);
});

/** A thread that came with the page. */
export function beginThread() {
  const pane = document.querySelector("[data-thread]");
  if (pane) emit("pane", { kind: "thread", pane });
}
