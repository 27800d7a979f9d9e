/* The emoji to choose from: a grid for the arrows, found by a word in the reader's language. */

import { findEmoji, loadEmoji, recentEmoji } from "./emoji.js";
import { closeOnOutside, openNear } from "./overlay.js";

const FOUND = 120;

const dialog = document.getElementById("emoji-picker");
const search = dialog.querySelector("[data-picker-search]");
const grid = dialog.querySelector("[data-picker-grid]");
const caption = dialog.querySelector("[data-picker-name]");
let all = [];
let settle = null;

function option(one) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "picker__emoji";
  button.setAttribute("role", "option");
  button.setAttribute("aria-selected", "false");
  button.setAttribute("aria-label", one.w?.split(",")[0] || one.n);
  button.title = `:${one.n}:`;
  button.tabIndex = -1;
  button.textContent = one.c;
  button.one = one;
  return button;
}

function fill(found) {
  grid.replaceChildren(...found.map(option));
  grid.firstElementChild?.setAttribute("tabindex", "0");
  grid.scrollTop = 0;
  caption.textContent = found.length ? "\u00a0" : gettext("No emoji is called that.");
}

function showAll() {
  const recent = recentEmoji();
  const names = new Set(recent.map(({ n }) => n));
  fill([...recent, ...all.filter(({ n }) => !names.has(n))]);
}

function finish(one) {
  const done = settle;
  settle = null;
  if (dialog.open) dialog.close();
  done?.(one);
}

/** Let the reader choose one; null where they did not. */
export async function pickEmoji(anchor) {
  if (dialog.open) return null;
  const before = document.activeElement;
  search.value = "";
  openNear(dialog, anchor);
  search.focus();
  const chosen = new Promise((resolve) => (settle = resolve));
  if (!all.length) all = await loadEmoji();
  if (dialog.open) showAll();
  const one = await chosen;
  if (before?.isConnected) before.focus({ preventScroll: true });
  return one;
}

search.addEventListener("input", () => {
  const sought = search.value.trim();
  if (sought) fill(findEmoji(all, sought, FOUND));
  else showAll();
});

search.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const first = grid.firstElementChild;
  if (event.key === "Enter" && first) {
    event.preventDefault();
    finish(first.one);
  } else if (event.key === "ArrowDown" && first) {
    event.preventDefault();
    first.focus();
  }
});

/** How many stand in a row just now. */
function columns() {
  const options = [...grid.children];
  const top = options[0]?.offsetTop;
  const next = options.findIndex((one) => one.offsetTop !== top);
  return next < 0 ? options.length || 1 : next;
}

grid.addEventListener("keydown", (event) => {
  const options = [...grid.children];
  const here = options.indexOf(document.activeElement);
  const forward = document.documentElement.dir === "rtl" ? -1 : 1;
  const steps = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: columns(), ArrowUp: -columns() };
  if (!(event.key in steps) || here < 0) return;
  event.preventDefault();
  const next = options[here + steps[event.key]];
  if (next) next.focus();
  else if (event.key === "ArrowUp") search.focus();
});

grid.addEventListener("focusin", (event) => {
  for (const other of grid.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
  event.target.tabIndex = 0;
  caption.textContent = `:${event.target.one.n}:`;
});
grid.addEventListener("pointerover", (event) => {
  if (event.target.one) caption.textContent = `:${event.target.one.n}:`;
});
grid.addEventListener("click", (event) => {
  const button = event.target.closest(".picker__emoji");
  if (button) finish(button.one);
});
dialog.addEventListener("close", () => finish(null));
closeOnOutside(dialog);

