/* What else is done with a message: pinning it, marking unread from it, copying its text or address, looking who has it. */

import { showToast } from "../shell.js";
import { onAct } from "./acts.js";
import { receive } from "./incoming.js";
import { chat, complain, messageAt, messageUrl, post, topic, userId } from "./page.js";
import { closePane, currentPane, openPane } from "./panes.js";
import { holdAt, place } from "./reading.js";

const count = chat.querySelector("[data-pins-count]");

// -- Pins ---------------------------------------------------------------------------------------------------------------------
async function setPin(number, on) {
  const answer = await post(messageUrl(number, "pin"), { on: on ? "1" : "0" });
  if (!answer.ok) {
    complain(answer);
    return;
  }
  receive(answer.told.message);
  showToast(on ? gettext("Pinned for everybody here.") : gettext("Taken from the pins."));
}

onAct("pin", (_element, { number }) => setPin(number, true));
onAct("unpin", (_element, { number }) => setPin(number, false));

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-unpin-form]");
  if (!form) return;
  event.preventDefault();
  setPin(Number(form.dataset.unpinForm), false);
});

function showCount(by) {
  if (!count) return;
  const now = Math.max(0, Number(count.textContent) + by);
  count.textContent = now;
  count.hidden = !now;
}

document.addEventListener("chat:message", ({ detail: { row, wasPinned } }) => {
  const isPinned = Boolean(row.pinned);
  const isListed = currentPane()?.querySelector(`[data-pinned-number="${row.number}"]`) !== null;
  if (isPinned !== (wasPinned || (isListed && !messageAt(row.number)))) showCount(isPinned ? 1 : -1);
  if (currentPane()?.dataset.pane === "pins" && isPinned !== isListed) openPane("pins", chat.dataset.pinsUrl, { stay: true });
});

// A link of a pane to a message that stands on this page goes there.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-go]");
  const element = link && messageAt(link.dataset.go);
  if (!element || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (window.matchMedia("(max-width: 68rem)").matches) closePane();
  showMessage(element);
});

/** Bring a message into view and let it be seen. */
export function showMessage(element) {
  for (const other of document.querySelectorAll(".msg--target")) other.classList.remove("msg--target");
  element.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
  requestAnimationFrame(() => element.classList.add("msg--target"));
}

// -- Unread -------------------------------------------------------------------------------------------------------------------
const AGAIN_MS = 4000; // a mark that had left before is stored by then

// A mark that was on its way when the reader set it back overtakes what was done by hand: it is said once more.
document.addEventListener("live:hint", ({ detail: { topic: heard, body } }) => {
  if (heard !== `user:${userId}` || body.kind !== "mark" || body.by_hand || body.topic !== topic) return;
  if (!place.heldAt || Date.now() - place.heldAt > AGAIN_MS || body.read < place.heldFrom) return;
  post(messageUrl(place.heldFrom, "unread"));
});

onAct("unread", async (element, { number }) => {
  holdAt(number);
  const answer = await post(messageUrl(number, "unread"));
  if (!answer.ok) {
    complain(answer);
    return;
  }
  showToast(gettext("Marked unread from here."));
  element.focus({ preventScroll: true });
});

// -- Copying ------------------------------------------------------------------------------------------------------------------
async function copy(text, words) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only secure pages have a clipboard; a portal that is tried over plain HTTP in a ward network has not.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  showToast(words);
}

onAct("copy", async (element, { number }) => {
  const answer = await fetch(messageUrl(number), { headers: { Accept: "application/json" } }).catch(() => null);
  const told = answer?.ok ? await answer.json() : null;
  const text = told?.text || (element.querySelector(".msg__text")?.innerText ?? "");
  await copy(text, gettext("The text is copied."));
});
onAct("link", (_element, { number }) => copy(new URL(messageUrl(number), location.href).href, gettext("The link is copied.")));

// -- Looking ------------------------------------------------------------------------------------------------------------------
onAct("readers", (_element, { number }) => openPane("readers", messageUrl(number, "readers")));
onAct("versions", (_element, { number }) => openPane("versions", messageUrl(number, "versions")));

