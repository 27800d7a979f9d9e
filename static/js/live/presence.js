/*
 * Who is reachable, in words: fills [data-presence="17"] for the first fifty people that the page shows, as their pages say; and
 * tells whether somebody sits at this one. What was chosen by hand comes with the page and, later, the same way.
 */

import { nodesOf } from "../markup.js";
import { live } from "./socket.js";

const WATCH_LIMIT = 50;
const LOOK_AFTER_MS = 300; // rows that come in a swap are looked at together
const IDLE_MS = 5 * 60 * 1000;
const CHECK_MS = 20 * 1000;
const AGAIN_MS = 10 * 1000;
const STIRRINGS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focus"];
const WORDS = {
  reachable: pgettext("presence", "Reachable"),
  away: pgettext("presence", "Away"),
  do_not_disturb: gettext("Do not disturb"),
  absent: "", // no page is open: nothing is said, since a phone in a pocket may still be heard
};

const states = new Map(); // person -> what the server said last
let watched = ""; // what it was asked for on this connection
let isConnected = false;
let lookTimer = 0;

// -- Whom the page shows ----------------------------------------------------------------------------------------------------
function shownPeople() {
  const ids = new Set();
  for (const element of document.querySelectorAll("[data-presence]")) {
    ids.add(Number(element.dataset.presence));
    if (ids.size === WATCH_LIMIT) break;
  }
  return [...ids];
}

function fill() {
  for (const element of document.querySelectorAll("[data-presence]")) {
    const state = states.get(element.dataset.presence);
    if (state === undefined || element.dataset.state === state) continue;
    element.dataset.state = state;
    element.textContent = WORDS[state] ?? "";
  }
}

function look() {
  lookTimer = 0;
  fill();
  const people = shownPeople();
  const asked = people.join();
  if (asked !== watched && isConnected && live.send({ t: "watch", people })) watched = asked;
}

function lookSoon() {
  if (!lookTimer) lookTimer = setTimeout(look, LOOK_AFTER_MS);
}

new MutationObserver((changes) => {
  const isOurs = changes.every(({ target }) => target instanceof Element && target.matches("[data-presence]"));
  if (!isOurs) lookSoon();
}).observe(document.body, { childList: true, subtree: true });

document.addEventListener("live:presence", ({ detail }) => {
  for (const [person, state] of Object.entries(detail.people)) states.set(person, state);
  fill();
});
document.addEventListener("live:error", ({ detail }) => {
  if (detail.re !== "watch" || detail.code !== "failed") return;
  watched = "";
  setTimeout(lookSoon, AGAIN_MS);
});

// -- Whether somebody sits here -----------------------------------------------------------------------------------------------
let stirredAt = Date.now();
let isHere = true;
let toldHere = true; // a new connection counts as somebody who is here

function tellHere() {
  if (isConnected && isHere !== toldHere && live.send({ t: "presence", state: isHere ? "here" : "away" })) toldHere = isHere;
}

function stir() {
  if (document.hidden) return;
  stirredAt = Date.now();
  if (isHere) return;
  isHere = true;
  tellHere();
}

function checkIdle() {
  if (isHere && Date.now() - stirredAt >= IDLE_MS) isHere = false;
  tellHere();
}

for (const name of STIRRINGS) window.addEventListener(name, stir, { capture: true, passive: true });
document.addEventListener("visibilitychange", stir);
setInterval(checkIdle, CHECK_MS);

function begin() {
  isConnected = true;
  watched = "";
  toldHere = true;
  checkIdle();
  if (document.querySelector("[data-presence]")) look();
}

document.addEventListener("live:ready", begin);
document.addEventListener("live:status", ({ detail }) => {
  if (detail.status !== "connected") isConnected = false;
});
if (live.status === "connected") begin();

// -- One's own status -----------------------------------------------------------------------------------------------------------
/** Another page of this person changed it: the line of the menu is fetched anew. */
async function refreshOwn() {
  const lines = document.querySelectorAll("[data-own-status]");
  if (!lines.length) return;
  const answer = await fetch(lines[0].dataset.ownStatus, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const markup = await answer.text();
  for (const line of lines) line.replaceWith(...nodesOf(markup));
}

live.follow(`user:${document.body.dataset.userId}`, null, {
  hint: ({ body }) => {
    if (body.kind === "status") refreshOwn();
  },
});

// Words that end by themselves do so on the page as well.
function dropEnded() {
  const now = Date.now() / 1000;
  for (const element of document.querySelectorAll("[data-until]")) if (Number(element.dataset.until) <= now) element.remove();
}

setInterval(dropEnded, CHECK_MS);
