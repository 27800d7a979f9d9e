/*
 * The menu of a conversation's line: favourite, what is told of it, its section, read or unread, leave. It opens from the button
 * beside the line, by the right mouse button, the menu key and a long press; without a script the button leads to a page.
 */

import { nodesOf } from "../markup.js";
import { say, showToast } from "../shell.js";
import { pageToken } from "./drain.js";

const PRESS_MS = 500;
const LIFT_MS = 400; // in which a click belongs to the finger that was lifted
const STAYS_WITHIN_PX = 10;
const EDGE_PX = 8;
const UNDO_SECONDS = 10;
const narrow = matchMedia("(max-width: 48rem)");
let pressed = null; // a finger that stays: its timer and where it is
let isHeld = false; // the finger that opened the menu has not touched anything else since
let isOpening = false;

function addressOf(channel) {
  return document.querySelector(`[data-row-menu="${channel}"]`)?.href;
}

/** Put a menu at a point of the window, wholly in view. */
function placeAt(menu, { x, y }) {
  if (narrow.matches) return; // a sheet at the bottom, by its style
  const { width, height } = menu.getBoundingClientRect();
  const fromStart = document.documentElement.dir === "rtl" ? innerWidth - x : x;
  menu.style.insetInlineStart = `${Math.max(EDGE_PX, Math.min(fromStart, innerWidth - width - EDGE_PX))}px`;
  menu.style.insetBlockStart = `${Math.max(EDGE_PX, Math.min(y, innerHeight - height - EDGE_PX))}px`;
}

async function open(channel, point, opener) {
  const address = addressOf(channel);
  if (!address || isOpening) return;
  isOpening = true;
  let menu;
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    menu = nodesOf(await answer.text()).find((node) => node instanceof HTMLElement);
  } catch {
    window.location.href = address;
    return;
  } finally {
    isOpening = false;
  }
  document.querySelector("[data-conversation-menu]")?.hidePopover();
  menu.popover = "manual"; // one that closes by itself would do so when the finger that opened it is lifted
  document.body.append(menu);
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    menu.remove();
    if (document.activeElement === document.body && opener?.isConnected) opener.focus({ preventScroll: true });
  });
  menu.showPopover();
  placeAt(menu, point);
  menu.querySelector(".menu__item").focus({ preventScroll: true });
}

function pointOf(element) {
  const box = element.getBoundingClientRect();
  return { x: document.documentElement.dir === "rtl" ? box.right : box.left, y: box.bottom };
}

/** The line under an event, where lists have menus. */
function lineOf(event) {
  return event.target.closest?.("[data-conversations] [data-conversation]");
}

document.addEventListener("click", (event) => {
  // The finger that held the line lifts over what has opened under it, or over the line: that is no choice.
  if (isHeld) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  const button = event.target.closest?.("[data-row-menu]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(button.dataset.rowMenu, pointOf(button), button);
}, true);

document.addEventListener("contextmenu", (event) => {
  const line = lineOf(event);
  if (!line || event.shiftKey) return; // with Shift the browser's own
  event.preventDefault();
  endPress();
  isHeld = event.pointerType === "touch";
  if (document.querySelector(`[data-conversation-menu="${line.dataset.conversation}"]`)) return;
  // The menu key has no place of its own.
  const point = event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : pointOf(line);
  open(line.dataset.conversation, point, line);
});

// -- A long press -------------------------------------------------------------------------------------------------------------
function endPress() {
  clearTimeout(pressed?.timer);
  pressed = null;
}

document.addEventListener("pointerdown", (event) => {
  const menu = document.querySelector("[data-conversation-menu]");
  if (menu && !menu.contains(event.target)) menu.hidePopover();
  isHeld = false;
  const line = event.pointerType === "touch" && event.isPrimary ? lineOf(event) : null;
  endPress();
  if (!line) return;
  const point = { x: event.clientX, y: event.clientY };
  const timer = setTimeout(() => {
    pressed = null;
    isHeld = true;
    open(line.dataset.conversation, point, line);
  }, PRESS_MS);
  pressed = { timer, ...point };
});

document.addEventListener("pointermove", (event) => {
  if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > STAYS_WITHIN_PX) endPress();
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => {
    endPress();
    // The click of this finger comes at once or not at all; one by keyboard or by a reader's gesture is a choice again.
    setTimeout(() => {
      isHeld = false;
    }, LIFT_MS);
  });
}

// -- In the menu ----------------------------------------------------------------------------------------------------------------
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-conversation-menu]");
  if (menu && event.key === "Escape") {
    event.stopPropagation();
    menu.hidePopover();
    return;
  }
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll(".menu__item")];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  items[next % items.length].focus();
});

/** Post one change; true when it is kept. */
async function post(channel, address, fields) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { Accept: "application/json", "X-CSRFToken": pageToken() },
      redirect: "manual",
    });
    if (answer.status === 401 || answer.type === "opaqueredirect") {
      document.dispatchEvent(new CustomEvent("live:signed-out", { detail: {} }));
      return false;
    }
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.message);
    // The list of this page at once; other devices hear of it.
    document.dispatchEvent(new CustomEvent("chat:arranged", { detail: { channel, setting: told } }));
    return true;
  } catch (error) {
    const words = error instanceof TypeError || error instanceof SyntaxError ? "" : error.message;
    showToast(words || gettext("That did not work. Try again when the connection is back."), { trouble: true });
    return false;
  }
}

/** Say what was changed, of which conversation; with the way back where what stood before is known. */
function tell(channel, address, { name, value, dataset }, before) {
  if (before === undefined || before === value) {
    showToast(dataset.told);
    return;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn--sm";
  button.textContent = gettext("Undo");
  const toast = showToast(dataset.told, { button, seconds: UNDO_SECONDS });
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (await post(channel, address, { [name]: before })) say(gettext("Undone."));
    toast?.remove();
  });
}

async function send(form, submitter) {
  const channel = form.closest("[data-conversation-menu]").dataset.conversationMenu;
  const isKept = await post(channel, form.action, new FormData(form, submitter));
  if (isKept && submitter?.dataset.told) tell(channel, form.action, submitter, form.dataset.was);
}

document.addEventListener("submit", async (event) => {
  const menu = event.target.closest?.("[data-conversation-menu]");
  if (!menu || event.target.dataset.keepOpen === undefined) return;
  event.preventDefault();
  await send(event.target, event.submitter);
  if (menu.isConnected) menu.hidePopover();
});
