/*
 * Ctrl+K: a few letters, and Enter goes there. The server's list of places becomes a list box that the arrow keys walk while the
 * text field keeps the focus. Letters count while a syllable is being composed; Enter then belongs to the syllable.
 */

import { nodesOf } from "./markup.js";
import { say } from "./shell.js";

const PATIENCE_MS = 120;
const ids = "jump-option-";
const dialog = document.querySelector("[data-jump-dialog]");
const form = dialog?.querySelector("form");
const field = dialog?.querySelector("[data-jump-field]");
const list = dialog?.querySelector("[data-jump-list]");
const nothing = dialog?.querySelector("[data-jump-nothing]");
const keptList = new Map(); // text -> the nodes' markup, while the dialog is open
let timer = 0;
let request = null;
let shown = null; // the text whose places are listed
let goes = false; // Enter was pressed before the places of the present text were there

// -- What is listed -----------------------------------------------------------------------------------------------------------
const options = () => [...list.querySelectorAll('[role="option"]')];

function choose(option, { isSeen = true } = {}) {
  for (const other of list.querySelectorAll('[aria-selected="true"]')) other.setAttribute("aria-selected", "false");
  if (!option) {
    field.removeAttribute("aria-activedescendant");
    return;
  }
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  if (isSeen) option.scrollIntoView({ block: "nearest" });
}

const chosen = () => list.querySelector('[aria-selected="true"]');

/** Take the server's sections as groups of options. */
function fill(markup) {
  list.replaceChildren(...nodesOf(markup));
  const empty = list.querySelector(".jump__nothing");
  nothing.hidden = !empty;
  nothing.textContent = empty?.textContent ?? "";
  empty?.remove();
  for (const title of list.querySelectorAll("h2")) {
    title.id = `dialog-${title.id}`;
    title.setAttribute("role", "presentation");
  }
  for (const group of list.querySelectorAll("ul")) {
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", `dialog-${group.getAttribute("aria-labelledby")}`);
  }
  for (const item of list.querySelectorAll("li, section, [data-jump-found]")) item.setAttribute("role", "presentation");
  for (const found of list.querySelectorAll("[id=jump-found]")) found.removeAttribute("id");
  for (const [place, link] of [...list.querySelectorAll("a")].entries()) {
    link.id = ids + place;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
  }
  const [first] = options();
  list.scrollTop = 0;
  choose(first);
  field.setAttribute("aria-expanded", first ? "true" : "false");
}

function announce() {
  const count = options().length;
  if (!count) say(nothing.textContent);
  else say(interpolate(ngettext("%s place found", "%s places found", count), [count]));
}

function show(text, markup) {
  shown = text;
  fill(markup);
  if (text) announce();
  if (goes) go();
}

function fail() {
  goes = false;
  shown = null;
  list.replaceChildren();
  field.setAttribute("aria-expanded", "false");
  choose(null);
  nothing.textContent = gettext("The portal cannot be reached just now. Try again in a moment.");
  nothing.hidden = false;
}

async function look() {
  timer = 0;
  const text = field.value.trim();
  if (text === shown) return;
  request?.abort();
  const mine = new AbortController();
  request = mine;
  try {
    let markup = keptList.get(text);
    if (markup === undefined) {
      const answer = await fetch(`${form.action}?${new URLSearchParams({ q: text })}`, { headers: { "HX-Request": "true" }, signal: mine.signal });
      if (answer.redirected || !answer.ok) throw new Error(`The list of places answered ${answer.status}.`);
      markup = await answer.text();
      keptList.set(text, markup);
    }
    if (request === mine && dialog.open) show(text, markup);
  } catch (error) {
    if (error.name !== "AbortError" && request === mine && dialog.open) fail();
  }
}

function lookSoon() {
  goes = false;
  clearTimeout(timer);
  timer = setTimeout(look, PATIENCE_MS);
}

/** Go to the chosen place; where the places of the present text are still on their way, when they are there. */
function go({ apart = false } = {}) {
  if (field.value.trim() !== shown) {
    goes = true;
    clearTimeout(timer);
    look();
    return;
  }
  goes = false;
  const option = chosen();
  if (!option) return;
  if (apart) window.open(option.href, "_blank", "noopener");
  else option.click();
}

// -- Opening and closing --------------------------------------------------------------------------------------------------------
function open() {
  const isCovered = document.querySelector("[data-cover]:not([hidden])");
  if (dialog.open || isCovered || document.querySelector("dialog[open]")) return;
  keptList.clear();
  shown = null;
  goes = false;
  field.value = "";
  list.replaceChildren();
  nothing.hidden = true;
  choose(null);
  dialog.showModal();
  field.focus();
  look();
}

function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

if (dialog) {
  for (const opener of document.querySelectorAll("[data-jump-open]")) {
    opener.setAttribute("aria-haspopup", "dialog");
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      open();
    });
  }

  document.addEventListener("keydown", (event) => {
    const isAsked = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    // With a Korean or Arabic layout the letter is another; the key is the same.
    if (!isAsked || (event.key.toLowerCase() !== "k" && event.code !== "KeyK")) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });

  field.addEventListener("input", lookSoon);
  field.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    const all = options();
    const here = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(here + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(here - 1 + all.length) % all.length]);
    else if (event.key === "PageDown") choose(all[Math.min(here + 8, all.length - 1)]);
    else if (event.key === "PageUp") choose(all[Math.max(here - 8, 0)]);
    else if (event.key === "Enter") go({ apart: event.ctrlKey || event.metaKey });
    else return;
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => event.preventDefault()); // Enter is a key here, see above

  list.addEventListener("pointermove", ({ target }) => {
    const option = target.closest('[role="option"]');
    if (option && option !== chosen()) choose(option, { isSeen: false });
  });
  list.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    if (target.closest("a") && !ctrlKey && !metaKey && !shiftKey) dialog.close();
  });

  // Escape in the middle of a syllable belongs to the syllable.
  let composing = false;
  field.addEventListener("compositionstart", () => (composing = true));
  field.addEventListener("compositionend", () => (composing = false));
  dialog.addEventListener("cancel", (event) => {
    if (composing) event.preventDefault();
  });
  dialog.querySelector("[data-jump-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // the scrim
  });
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    request?.abort();
  });
}
