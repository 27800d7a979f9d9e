/* On every page: has what waits sent, and says at its conversation's row, and in a word, that it was not sent yet. */

import { showToast } from "../shell.js";
import { saveLeftDrafts } from "./drafts.js";
import { drainOf } from "./drain.js";
import { outboxOf } from "./outbox.js";

const PATIENCE_MS = 5000; // a message that goes out at once needs no badge
const userId = document.body.dataset.userId;
const outbox = outboxOf(userId);
const drain = drainOf(userId);
let timer = 0;

/** How many messages of each conversation wait longer than they should. */
async function countUnsent() {
  const counts = new Map();
  const now = Date.now();
  let youngest = 0;
  for (const { channel, failed, tries, order } of await outbox.waiting()) {
    if (failed || tries || now - order > PATIENCE_MS || counts.has(channel)) counts.set(channel, (counts.get(channel) ?? 0) + 1);
    else youngest = Math.max(youngest, order);
  }
  return { counts, next: youngest && youngest + PATIENCE_MS - now };
}

function showCount(row, count) {
  let badge = row.querySelector("[data-unsent]");
  if (!count) {
    badge?.remove();
    return;
  }
  const words = interpolate(ngettext("%s not sent", "%s not sent", count), [count]);
  if (!badge) {
    badge = document.createElement("span");
    badge.className = "badge badge--warn";
    badge.dataset.unsent = "";
    const count = row.querySelector("[data-count]");
    if (count) count.before(badge);
    else row.append(badge);
  }
  if (badge.textContent !== words) badge.textContent = words;
}

async function showCounts() {
  clearTimeout(timer);
  const { counts, next } = await countUnsent();
  for (const row of document.querySelectorAll("[data-conversation]")) showCount(row, counts.get(Number(row.dataset.conversation)) ?? 0);
  if (next) timer = setTimeout(showCounts, Math.max(next, 0) + 100);
}

document.addEventListener("chat:entry", ({ detail: { entry, state, detail } }) => {
  showCounts();
  // The conversation's own page shows it in its place.
  if (document.querySelector(`[data-chat][data-channel="${entry.channel}"]`) || document.hidden) return;
  const names = { name: entry.title, reason: detail };
  if (state === "failed") showToast(interpolate(gettext("Your message to %(name)s was not stored: %(reason)s"), names, true), { trouble: true });
  else if (state === "sent" && entry.tries) showToast(interpolate(gettext("Sent to %(name)s: what had waited on this device."), names, true));
});

// Lists are fetched anew when something changes; their rows come without the badge.
const list = document.querySelector("[data-conversations]");
if (list) new MutationObserver(showCounts).observe(list, { childList: true });
for (const place of document.querySelectorAll("[data-refresh]")) new MutationObserver(showCounts).observe(place, { childList: true });

document.addEventListener("live:status", ({ detail }) => detail.status === "connected" && saveLeftDrafts());

showCounts();
drain.go();
