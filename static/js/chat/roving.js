/*
 * A log is one stop of the Tab key: the arrows go from message to message, letters act on the one that has the focus, Esc goes
 * back to writing. What lies inside a message can be reached by Tab while the message has the focus.
 */

import { perform } from "./acts.js";
import { actOfKey, canAct, openMenu } from "./message-menu.js";
import { chat } from "./page.js";

const LOGS = "[data-log], [data-thread-log]";
const CONTROLS = "a[href], button, input, textarea, select, summary";
const active = new WeakMap(); // log -> the message that Tab reaches

function setReach(message, isReached) {
  message.tabIndex = isReached ? 0 : -1;
  for (const control of message.querySelectorAll(CONTROLS)) {
    if (isReached || control.closest("[data-edit]")) control.removeAttribute("tabindex");
    else control.tabIndex = -1;
  }
}

function messagesOf(log) {
  return [...log.querySelectorAll(":scope > .msg[data-number]")];
}

function activate(log, message) {
  const before = active.get(log);
  if (before !== message && before) setReach(before, false);
  active.set(log, message);
  setReach(message, true);
}

/** See to it that exactly one message of a log is reached by Tab. */
function tend(log) {
  const messages = messagesOf(log);
  const current = active.get(log);
  const chosen = current?.isConnected && current.parentElement === log ? current : messages.at(-1);
  for (const message of log.querySelectorAll(":scope > .msg")) setReach(message, message === chosen);
  if (chosen) active.set(log, chosen);
  const scroller = log.closest(".pane__scroll");
  if (chosen) scroller.removeAttribute("tabindex");
  else scroller.tabIndex = 0;
}

function watch(log) {
  tend(log);
  new MutationObserver(() => tend(log)).observe(log, { childList: true, subtree: true });
}

for (const log of document.querySelectorAll(LOGS)) watch(log);
document.addEventListener("chat:pane", ({ detail }) => {
  const log = detail.pane?.querySelector("[data-thread-log]");
  if (log && !active.has(log)) watch(log);
});

document.addEventListener("focusin", (event) => {
  const message = event.target.closest?.(".msg[data-number]");
  const log = message?.parentElement;
  if (log?.matches(LOGS)) activate(log, message);
});

function go(message) {
  if (!message) return;
  message.focus({ preventScroll: true });
  message.scrollIntoView({ block: "nearest" });
}

function writesInto(element) {
  return element.matches("input:not([type=checkbox]), textarea, select") || element.isContentEditable;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || !(event.target instanceof HTMLElement)) return;
  const message = event.target.closest(".msg[data-number]");
  const log = message?.parentElement;
  if (!log?.matches(LOGS) || writesInto(event.target)) return;
  const messages = messagesOf(log);
  const here = messages.indexOf(message);
  const targets = { ArrowUp: messages[here - 1], ArrowDown: messages[here + 1], Home: messages[0], End: messages.at(-1) };
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key in targets && isPlain && !event.shiftKey) {
    event.preventDefault();
    go(targets[event.key]);
  } else if ((event.key === "Enter" && event.target === message) || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
    event.preventDefault();
    openMenu(message, message.querySelector('[data-act="menu"]') ?? message);
  } else if (event.key === "Escape" && isPlain && !document.querySelector("[data-pane]")) {
    event.preventDefault();
    chat.querySelector("[data-composer] textarea")?.focus();
  } else {
    const act = actOfKey(event);
    if (!act) return;
    const name = act.name === "pin" && message.dataset.pinned !== undefined ? "unpin" : act.name;
    if (!canAct(name, message)) return;
    event.preventDefault();
    perform(name, message, { ...act, button: message.querySelector('[data-act="menu"]') });
  }
});
