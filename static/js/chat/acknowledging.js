/* Taking note of a message that asks for it; how many have, and what on this page still waits for the reader. */

import { say } from "../shell.js";
import { countOthers } from "./delivery.js";
import { receive } from "./incoming.js";
import { chat, clock, complain, elementsOf, log, messageUrl, post, scroller } from "./page.js";

const strip = chat.querySelector("[data-ack-strip]");
const next = chat.querySelector("[data-ack-next]");

const seen = new Set(); // messages whose button is in view
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) seen.add(target);
    else seen.delete(target);
  }
  showStrip();
}, { root: scroller, threshold: 0.9 });
let watched = new Set();

function waiting() {
  return [...log.querySelectorAll(":scope > .msg[data-waits]:not([data-deleted])")];
}

/** The strip above the composer: what waits, and the way to it; not while the buttons themselves are in view. */
function showStrip() {
  const all = waiting();
  const count = all.length;
  strip.hidden = all.every((element) => seen.has(element.querySelector("[data-ack-form] button")));
  if (count) next.textContent = interpolate(ngettext("%s message waits for your acknowledgement", "%s messages wait for your acknowledgement", count), [count]);
}

export function showWaiting() {
  const buttons = new Set(waiting().map((element) => element.querySelector("[data-ack-form] button")).filter(Boolean));
  for (const old of watched) {
    if (buttons.has(old)) continue;
    watch.unobserve(old);
    seen.delete(old);
  }
  for (const button of buttons) if (!watched.has(button)) watch.observe(button);
  watched = buttons;
  showStrip();
  showTotals();
}

/** How many of how many: the whole number is asked for once a page, when a message here asks for it. */
async function showTotals() {
  const links = [...document.querySelectorAll(".msg[data-number] [data-ack-count]")];
  if (!links.length) return;
  const total = await countOthers(links[0].closest(".msg").dataset.number);
  if (total === null) return;
  for (const link of links) {
    const count = Number(link.closest("[data-part]").dataset.count);
    const words = interpolate(gettext("%(count)s of %(total)s acknowledged"), { count, total: Math.max(total, count) }, true);
    if (link.textContent !== words) link.textContent = words;
  }
}

next.addEventListener("click", () => {
  const all = waiting();
  const after = all.find((element) => element.getBoundingClientRect().top > chat.getBoundingClientRect().bottom);
  const target = all.find((element) => !element.contains(document.activeElement) && element !== document.activeElement) ?? after ?? all[0];
  target?.scrollIntoView({ block: "center" });
  target?.querySelector("[data-ack-form] button")?.focus({ preventScroll: true });
});

async function acknowledge(form) {
  const element = form.closest(".msg");
  const number = Number(element.dataset.number);
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const answer = await post(messageUrl(number, "acknowledge"));
  if (!answer.ok) {
    button.removeAttribute("aria-busy");
    complain(answer);
    return;
  }
  // A large channel's frame names the first two hundred only: this page knows that its reader has.
  for (const one of elementsOf(number)) one.querySelector('[data-part="ack"]')?.setAttribute("data-acknowledged", "");
  receive(answer.told.message);
  const at = clock.time(new Date().toISOString());
  for (const one of elementsOf(number)) {
    const words = one.querySelector(".ack__mine > span") ?? one.querySelector(".ack__mine");
    if (words) words.lastChild.textContent = interpolate(gettext("You acknowledged this at %s"), [at]);
  }
  say(gettext("Acknowledged."));
  element.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-ack-form]");
  if (!form) return;
  event.preventDefault();
  acknowledge(form);
});

for (const name of ["chat:message", "chat:history", "chat:pane"]) document.addEventListener(name, showWaiting);
