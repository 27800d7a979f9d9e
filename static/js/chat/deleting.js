/* Deleting a message: at once, with a minute to take it back, in a toast and in its place. */

import { showToast } from "../shell.js";
import { onAct } from "./acts.js";
import { receive } from "./incoming.js";
import { chat, complain, elementsOf, messageUrl, post } from "./page.js";

const undoable = new Map(); // number -> what takes the offer away

function undoButton(number) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn--link btn--sm";
  button.dataset.undo = number;
  button.textContent = gettext("Undo");
  return button;
}

function showUndoInPlace(number) {
  for (const element of elementsOf(number)) {
    const text = element.querySelector('[data-part="text"]');
    if (text && !text.querySelector("[data-undo]")) text.append(" ", undoButton(number));
  }
}

/** Offer to take a deletion back, for as long as the server lets one. */
function offerUndo(number, seconds) {
  const toast = showToast(gettext("The message was deleted."), { button: undoButton(number), seconds });
  showUndoInPlace(number);
  const timer = setTimeout(() => withdraw(number), seconds * 1000);
  undoable.set(number, { toast, timer });
}

function withdraw(number) {
  const offer = undoable.get(number);
  if (!offer) return;
  clearTimeout(offer.timer);
  offer.toast?.remove();
  undoable.delete(number);
  for (const button of document.querySelectorAll(`[data-undo="${number}"]`)) button.remove();
}

onAct("delete", async (element, { number }) => {
  const hadFocus = element.contains(document.activeElement);
  const answer = await post(messageUrl(number, "delete"));
  if (!answer.ok) {
    complain(answer);
    return;
  }
  receive(answer.told.message);
  offerUndo(number, answer.told.undo_seconds ?? Number(chat.dataset.undoSeconds || 60));
  if (hadFocus) element.focus({ preventScroll: true });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-undo]");
  if (!button) return;
  const number = Number(button.dataset.undo);
  withdraw(number);
  const answer = await post(messageUrl(number, "restore"));
  if (answer.ok) receive(answer.told.message);
  else complain(answer);
  elementsOf(number)[0]?.focus({ preventScroll: true });
});

document.addEventListener("chat:message", ({ detail: { row } }) => {
  if (!undoable.has(row.number)) return;
  if (row.deleted) showUndoInPlace(row.number);
  else withdraw(row.number);
});
