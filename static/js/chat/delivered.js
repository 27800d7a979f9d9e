/*
 * On every page: tell that this device has what came for one's conversations, so that a sender sees "delivered" though the
 * conversation is not open. A message to a whole hospital reaches everybody in the same moment: what they answer is spread.
 */

import { live } from "../live/socket.js";

const SOON_MS = 1000;
const SPREAD_MS = 12000;
const here = document.querySelector("[data-chat]")?.dataset.channel;
const me = Number(document.body.dataset.userId);
const due = new Map(); // topic -> the highest number that came
let timer = 0;

function tell() {
  timer = 0;
  for (const [topic, number] of due) live.mark(topic, "delivered", number);
  due.clear();
}

document.addEventListener("live:change", ({ detail: { topic, body } }) => {
  if (body.kind !== "message" || topic === `channel:${here}`) return; // the open conversation tells more
  const { author, number } = body.message;
  if (author.id === me || number <= (due.get(topic) ?? 0)) return;
  due.set(topic, number);
  timer ||= setTimeout(tell, SOON_MS + Math.random() * SPREAD_MS);
});
window.addEventListener("pagehide", () => {
  if (timer) tell();
});
