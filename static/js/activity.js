/*
 * On every page: how many notices are unread, on the rail, and a toast for a new one. On the Activity page: read state follows
 * that of the other devices where the lines stand, and what is new waits behind "Show 2 new notices", so that nothing moves under a finger.
 */

import { nameOf } from "./chat/words.js";
import { nodesOf } from "./markup.js";
import { say, showToast } from "./shell.js";

const TOAST_AT_MOST_EVERY_MS = 3000;
const LOOK_AT_MOST_EVERY_MS = 1000;
const TOAST_SECONDS = 8;
const FIRST_LOOK_SPREAD_MS = 1500;
const badge = document.querySelector('[data-badge="activity"]');
const address = badge?.closest("a").href; // of the Activity page
const place = document.querySelector("[data-activity]");

// -- The badge ----------------------------------------------------------------------------------------------------------------
function showCount(count) {
  if (!badge) return;
  badge.hidden = count <= 0;
  badge.firstChild.textContent = count > 99 ? "99+" : String(count);
}

/** Ask how many there are, after hints may have been missed. Many pages come back in the same moment: they are spread. */
function askCount() {
  if (!badge) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(`${address}?badge=1`, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) showCount((await answer.json()).unread);
    } catch {
      // the next hint carries the count
    }
  }, Math.random() * FIRST_LOOK_SPREAD_MS);
}

// -- The toast ----------------------------------------------------------------------------------------------------------------
const waiting = new Map(); // notice id -> notice, while a toast was shown just now
const heard = new Set(); // ids with their counts: a hint may come twice
let toastedAt = 0;
let toastTimer = 0;

function sentenceOf({ kind, actor, count }) {
  const name = actor ? nameOf(actor.names) : "";
  if (kind === "mention") return interpolate(gettext("%s mentioned you"), [name]);
  if (kind === "reply") return interpolate(gettext("%s replied in a thread that you follow"), [name]);
  if (kind === "acknowledgement") return interpolate(gettext("%s asks you to acknowledge a message"), [name]);
  if (kind === "invitation") return interpolate(gettext("%s invited you"), [name]);
  if (kind !== "reaction") return gettext("Something new in Activity");
  if (count < 2) return interpolate(gettext("%s reacted to your message"), [name]);
  const others = count - 1;
  return interpolate(ngettext("%s and %s other reacted to your message", "%s and %s others reacted to your message", others), [name, others]);
}

/** Whether the reader is looking at the very conversation, or thread, that the notice is about. */
function isInSight({ channel, root }) {
  if (!channel || String(channel) !== document.querySelector("[data-chat]")?.dataset.channel) return false;
  return root === null || document.querySelector(`[data-thread="${root}"]`) !== null;
}

function toast(notice) {
  const name = `${notice.id}:${notice.count}`;
  if (notice.quiet || heard.has(name) || document.hidden || place || isInSight(notice)) return;
  heard.add(name);
  waiting.set(notice.id, notice);
  toastTimer ||= setTimeout(showWaiting, Math.max(0, toastedAt + TOAST_AT_MOST_EVERY_MS - Date.now()));
}

function showWaiting() {
  toastTimer = 0;
  toastedAt = Date.now();
  const notices = [...waiting.values()];
  waiting.clear();
  if (!notices.length) return;
  const link = document.createElement("a");
  link.className = "btn btn--sm";
  link.textContent = gettext("Open");
  const [first] = notices;
  link.href = notices.length > 1 ? address : new URL(`${first.id}/`, address).href;
  const count = notices.length;
  const text = count > 1 ? interpolate(ngettext("%s new in Activity", "%s new in Activity", count), [count]) : sentenceOf(first);
  showToast(text, { button: link, seconds: TOAST_SECONDS });
}

// -- The page -----------------------------------------------------------------------------------------------------------------
let lookTimer = 0;
let lookedAt = 0;

const lines = (root) => new Map([...root.querySelectorAll("[data-notice]")].map((line) => [line.dataset.notice, line]));

/** Fetch the list and compare; at most once a second. */
function look() {
  if (!place || lookTimer) return;
  lookTimer = setTimeout(async () => {
    lookTimer = 0;
    lookedAt = Date.now();
    try {
      const answer = await fetch(place.dataset.activity, { headers: { "HX-Request": "true" } });
      if (answer.ok && !answer.redirected) compare(nodesOf(await answer.text()));
    } catch {
      // the next hint looks again
    }
  }, Math.max(200, lookedAt + LOOK_AT_MOST_EVERY_MS - Date.now()));
}

function compare(nodes) {
  const fetched = document.createElement("div");
  fetched.append(...nodes);
  const list = place.querySelector("[data-notices]");
  const [mine, newest] = [lines(list), lines(fetched)];
  // What is new stands first, since a notice that gathers more is lifted.
  const rows = [...newest.entries()];
  const oldAt = rows.findIndex(([id, line]) => !isNews(mine.get(id), line));
  const count = oldAt < 0 ? rows.length : oldAt;
  // The last lines of a full page were only pushed off its end.
  const inRange = mine.size - (fetched.querySelector('[rel="next"]') ? count : 0);
  [...mine.entries()].forEach(([id, line], index) => {
    const now = newest.get(id);
    if (now) {
      setUnread(line, now.classList.contains("notice--unread"));
      showAct(line, now);
    }
    else if (index >= inRange) return;
    else if (place.dataset.show === "unread") setUnread(line, false);
    else remove(line);
  });
  list.querySelector(".activity__filters")?.replaceWith(fetched.querySelector(".activity__filters"));
  offer(count);
}

/** A notice that is not on the page, or one that gathered more since. */
function isNews(old, line) {
  if (place.dataset.older !== undefined) return false;
  if (!old) return true;
  const words = (row) => row.querySelector(".notice__words").textContent;
  return words(old) !== words(line);
}

function setUnread(line, isUnread) {
  line.classList.toggle("notice--unread", isUnread);
}

/** What was asked may have been done on another device. */
function showAct(line, now) {
  const [mine, theirs] = [line, now].map((one) => one.querySelector(".notice__act, .notice__done"));
  if (mine?.className === theirs?.className) return;
  mine?.remove();
  if (theirs) line.append(theirs);
}

/** What is no longer there keeps its place until the list is opened anew, without its words. */
function remove(line) {
  if (line.classList.contains("notice--gone")) return;
  line.classList.add("notice--gone");
  setUnread(line, false);
  for (const part of line.querySelectorAll("[data-excerpt], .notice__act, .notice__done")) part.remove();
  line.querySelector(".notice__words").textContent = gettext("This is no longer there.");
  const box = line.querySelector("input");
  box.checked = false;
  box.disabled = true;
  line.querySelector("a").removeAttribute("href");
  choose();
}

function offer(count) {
  const link = place.querySelector("[data-fresh]");
  link.hidden = count === 0;
  if (count) link.textContent = interpolate(ngettext("Show %s new notice", "Show %s new notices", count), [count]);
}

// -- Choosing -----------------------------------------------------------------------------------------------------------------
/** Show what may be done with the chosen ones, once there are some. */
function choose() {
  const form = place?.querySelector("[data-choosing]");
  if (!form) return;
  const boxes = [...form.querySelectorAll('[name="ids"]:enabled')];
  const chosen = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-verbs]").hidden = chosen === 0;
  const words = form.querySelector("[data-chosen]");
  words.textContent = chosen ? interpolate(ngettext("%s chosen", "%s chosen", chosen), [chosen]) : "";
  const all = form.querySelector("[data-choose-all]");
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

place?.addEventListener("change", ({ target }) => {
  if (target.matches("[data-choose-all]")) {
    for (const box of place.querySelectorAll('[name="ids"]:enabled')) box.checked = target.checked;
  }
  choose();
});

// -- What is heard ------------------------------------------------------------------------------------------------------------
document.addEventListener("live:hint", ({ detail }) => {
  const { topic, body } = detail;
  if (!topic.startsWith("user:")) return;
  if (body.kind === "notice") {
    showCount(body.unread);
    toast(body.notice);
    if (place && !body.notice.quiet) say(sentenceOf(body.notice));
    look();
  } else if (body.kind === "notices") {
    showCount(body.unread);
    look();
  }
});

let wasLost = false;
document.addEventListener("live:status", ({ detail }) => {
  if (detail.status !== "connected") {
    wasLost = true;
  } else if (wasLost) {
    wasLost = false;
    askCount();
    look();
  }
});

// A page that comes back from the browser's memory may be hours old.
window.addEventListener("pageshow", (event) => {
  choose();
  if (!event.persisted) return;
  askCount();
  look();
});
choose();
