/* The menu of a message: beside its button, by keyboard, and from below after a long press. */

import { onAct, perform } from "./acts.js";
import { isInThread, mayManage, mayWrite, userId } from "./page.js";
import { closeOnOutside, openNear } from "./overlay.js";

const HOLD_MS = 500;
const MOVED_PX = 10;
const KEYS = { r: "reply", e: "edit", p: "pin", f: "forward", u: "unread", c: "link" };

const dialog = document.getElementById("message-menu");
const items = [...dialog.querySelectorAll('[role="menuitem"]')];
let shown = null; // the message whose menu is open
let returnTo = null;

/** Which of the conditions that an item names hold for a message. */
function traits(element) {
  const isOwn = Number(element.dataset.author) === userId;
  const isRoot = Number(element.dataset.ordinal || 0) === 0;
  const hasThread = isRoot && (element.querySelector(".threadlink") !== null || isInThread(element));
  return {
    write: mayWrite,
    root: isRoot,
    own: isOwn && element.dataset.fixed === undefined,
    deletable: isOwn || mayManage,
    pinned: element.dataset.pinned !== undefined,
    unpinned: element.dataset.pinned === undefined,
    edited: element.dataset.edited !== undefined,
    thread: hasThread,
    followed: element.dataset.followed !== undefined,
    unfollowed: element.dataset.followed === undefined,
  };
}

/** Whether an act can be done with a message; what its menu would not show no key does either. */
export function canAct(name, element) {
  if (!element.dataset.number || element.dataset.deleted !== undefined) return false;
  const item = items.find((one) => one.dataset.act === name);
  if (!item) return name === "react" ? mayWrite : false;
  const has = traits(element);
  return (item.dataset.needs ?? "").split(" ").every((need) => !need || has[need]);
}

export function openMenu(element, anchor) {
  if (!element.dataset.number || element.dataset.deleted !== undefined || dialog.open) return;
  shown = element;
  returnTo = document.activeElement;
  for (const item of items) item.hidden = !canAct(item.dataset.act, element);
  dialog.querySelector("[data-menu-text]").textContent = element.querySelector(".msg__text")?.textContent.trim().slice(0, 80) ?? "";
  element.dataset.active = "";
  openNear(dialog, anchor);
  items.find((item) => !item.hidden)?.focus();
}

function step(by) {
  const open = items.filter((item) => !item.hidden);
  const here = open.indexOf(document.activeElement);
  const next = by === "first" ? 0 : by === "last" ? open.length - 1 : (here + by + open.length) % open.length;
  open[next]?.focus();
}

function choose(name, detail = {}) {
  const element = shown;
  dialog.close();
  if (element?.isConnected && canAct(name, element)) perform(name, element, { button: element.querySelector('[data-act="menu"]'), ...detail });
}

/** The act that a key means, whatever the keyboard's layout or input method. */
export function actOfKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "Delete") return { name: "delete" };
  if (event.key === "+") return { name: "pick" };
  if (/^[1-5]$/.test(event.key)) {
    const quick = dialog.querySelectorAll('.msgmenu__quick [data-act="react"]')[Number(event.key) - 1];
    return quick ? { name: "react", emoji: quick.dataset.emoji } : null;
  }
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : /^Key[A-Z]$/.test(event.code) ? event.code.at(-1).toLowerCase() : "";
  return KEYS[letter] ? { name: KEYS[letter] } : null;
}

dialog.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" };
  if (event.key in steps) {
    event.preventDefault();
    step(steps[event.key]);
    return;
  }
  const act = actOfKey(event);
  if (!act || !shown) return;
  event.preventDefault();
  event.stopPropagation();
  const name = act.name === "pin" && shown.dataset.pinned !== undefined ? "unpin" : act.name;
  if (canAct(name, shown)) choose(name, act);
});

dialog.addEventListener("click", (event) => {
  const item = event.target.closest?.("[data-act]");
  if (item) choose(item.dataset.act, { ...item.dataset });
});

dialog.addEventListener("close", () => {
  if (shown) delete shown.dataset.active;
  shown = null;
  if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  returnTo = null;
});

closeOnOutside(dialog);
onAct("menu", (element, { button }) => openMenu(element, button));

// -- Long press ---------------------------------------------------------------------------------------------------------------
let press = null;

function forgetPress() {
  clearTimeout(press?.timer);
  press = null;
}

document.addEventListener("pointerdown", (event) => {
  forgetPress();
  const element = event.pointerType === "mouse" ? null : event.target.closest?.(".msg[data-number]");
  if (!element || event.target.closest("textarea, input, button, [data-edit]")) return;
  const timer = setTimeout(() => {
    if (!press) return;
    press.isHeld = true;
    navigator.vibrate?.(10);
    openMenu(element, null);
  }, HOLD_MS);
  press = { timer, x: event.clientX, y: event.clientY, isHeld: false };
});

document.addEventListener("pointermove", (event) => {
  if (press && !press.isHeld && Math.hypot(event.clientX - press.x, event.clientY - press.y) > MOVED_PX) forgetPress();
});
document.addEventListener("scroll", () => press && !press.isHeld && forgetPress(), { capture: true, passive: true });
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => {
    if (press && !press.isHeld) forgetPress();
    else setTimeout(forgetPress, 50);
  });
}

// The finger that held the message lifts over what has opened under it: that is no choice.
document.addEventListener(
  "click",
  (event) => {
    if (!press?.isHeld) return;
    event.preventDefault();
    event.stopPropagation();
    forgetPress();
  },
  { capture: true },
);
document.addEventListener("contextmenu", (event) => {
  if (press && event.target.closest?.(".msg, #message-menu")) event.preventDefault();
});
