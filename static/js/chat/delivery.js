/* How far one's newest message has come, in one quiet line under it: sent, delivered, read; who exactly is a press away. */

import { chat, log, userId } from "./page.js";

const isBetweenTwo = chat.dataset.kind === "direct"; // where a number would say nothing
const marks = new Map(Object.entries(JSON.parse(document.getElementById("channel-marks").textContent)).map(([id, mark]) => [Number(id), mark]));

function wordsFor(number) {
  let [read, delivered] = [0, 0];
  for (const [id, [base, upTo, got = 0]] of marks) {
    if (id === userId) continue;
    if (base < number && upTo >= number) read += 1;
    else if (Math.max(base, got) >= number) delivered += 1;
  }
  if (isBetweenTwo && (read || delivered)) return read ? { state: "read", words: gettext("Read") } : { state: "delivered", words: gettext("Delivered") };
  if (read) return { state: "read", words: interpolate(ngettext("Read by %s person", "Read by %s people", read), [read]) };
  if (delivered) return { state: "delivered", words: interpolate(ngettext("Delivered to %s person", "Delivered to %s people", delivered), [delivered]) };
  if (marks.size) return { state: "sent", words: gettext("Sent") };
  return { state: "sent", words: gettext("Sent. See who has read it") }; // a large channel: marks are not sent to everybody
}

export function showDelivery() {
  const own = [...log.querySelectorAll(`:scope > .msg[data-author="${userId}"][data-number]:not([data-deleted])`)].at(-1);
  for (const old of log.querySelectorAll("[data-readers]")) if (old.closest(".msg") !== own) old.remove();
  if (!own) return;
  const number = Number(own.dataset.number);
  let line = own.querySelector("[data-readers]");
  if (!line) {
    line = document.getElementById("state-template").content.firstElementChild.cloneNode(true);
    line.href = line.getAttribute("href").replace("/messages/0/", `/messages/${number}/`);
    line.dataset.extra = "";
    own.querySelector(":scope > .msg__body").append(line);
  }
  const { state, words } = wordsFor(number);
  line.dataset.state = state;
  const place = line.querySelector('[data-slot="words"]');
  if (place.textContent !== words) place.textContent = words;
}

document.addEventListener("chat:marks", ({ detail }) => {
  for (const [id, ...mark] of detail.marks) marks.set(id, mark);
  showDelivery();
});
document.addEventListener("chat:message", showDelivery);

let total = null;

/** How many people belong to this conversation besides the author of a message; null where it could not be asked. */
export async function countOthers(number) {
  total ??= fetch(`${chat.dataset.messagesUrl}${number}/readers/`, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : null))
    .then((told) => (told ? Object.values(told.counts).reduce((sum, count) => sum + count, 0) : null))
    .catch(() => null);
  const found = await total;
  if (found === null) total = null;
  return found;
}

