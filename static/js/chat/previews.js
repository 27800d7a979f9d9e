/* A link to a message of this portal shows who said it, when, and how it begins; nothing else in the world is looked up. */

import { nodesOf } from "../markup.js";
import { clock, topic } from "./page.js";
import { nameOf } from "./words.js";

const PATH = /^\/chat\/\d+\/messages\/\d+\/$/;
const MOST = 3; // in one message
const LETTERS = 240;

const known = new Map(); // path -> a promise of the row, or null where the reader may not see it

function fetchRow(path) {
  if (!known.has(path)) {
    const row = fetch(path, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((told) => (told?.message && !told.message.deleted ? told.message : null))
      .catch(() => null);
    known.set(path, row);
  }
  return known.get(path);
}

function pathsIn(element) {
  const links = [...element.querySelectorAll(":scope > .msg__body > .msg__text a[href]")];
  const paths = links.map((link) => new URL(link.href, location.href)).filter((url) => url.origin === location.origin && PATH.test(url.pathname));
  return [...new Set(paths.map((url) => url.pathname))].slice(0, MOST);
}

function cardOf(path, row) {
  const card = document.getElementById("card-template").content.firstElementChild.cloneNode(true);
  card.href = path;
  card.dataset.card = path;
  card.dataset.extra = "";
  card.querySelector('[data-slot="name"]').textContent = nameOf(row.author.names);
  const time = card.querySelector('[data-slot="time"]');
  time.dateTime = row.at;
  time.textContent = `${clock.shortDay(row.at)} ${clock.time(row.at)}`;
  const text = nodesOf((row.html || row.source?.html || "").replaceAll("<br>", " ")).map((node) => node.textContent).join(" ");
  card.querySelector('[data-slot="text"]').textContent = text.trim().replace(/\s+/g, " ").slice(0, LETTERS);
  return card;
}

/** Look again at a message that was changed since: where its text differs, what stands on the page follows it. */
async function refresh(row) {
  const path = `/chat/${row.channel}/messages/${row.number}/`;
  if (!known.has(path)) return;
  const before = await known.get(path);
  if (before && !row.deleted && before.html === row.html) return;
  known.delete(path);
  const newest = await fetchRow(path);
  for (const card of document.querySelectorAll(`[data-card="${path}"]`)) {
    if (newest) card.replaceWith(cardOf(path, newest));
    else card.remove();
  }
  if (!newest) return;
  for (const link of document.querySelectorAll(`.msg[data-number] .msg__text a[href$="${path}"]`)) show(link.closest(".msg"));
}

async function show(element) {
  const paths = pathsIn(element);
  for (const card of element.querySelectorAll("[data-card]")) if (!paths.includes(card.dataset.card)) card.remove();
  for (const path of paths) {
    const row = await fetchRow(path);
    const body = element.querySelector(":scope > .msg__body");
    if (!row || !body || body.querySelector(`[data-card="${path}"]`) || !pathsIn(element).includes(path)) continue;
    const after = body.querySelector('[data-part="edited"]') ?? body.querySelector('[data-part="text"]');
    after.after(cardOf(path, row));
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    show(target);
  }
});

/** Look for links when a message comes into view. */
export function watchPreviews(root = document) {
  for (const element of root.querySelectorAll(".msg[data-number]")) {
    if (pathsIn(element).length || element.querySelector("[data-card]")) seen.observe(element);
  }
}

document.addEventListener("chat:message", ({ detail: { row } }) => {
  refresh(row);
  for (const element of document.querySelectorAll(`.msg[data-number="${row.number}"]`)) {
    if (pathsIn(element).length || element.querySelector("[data-card]")) seen.observe(element);
  }
});

// What is linked may stand in another conversation.
document.addEventListener("live:change", ({ detail: { topic: where, body } }) => {
  if (body.kind === "message" && where !== topic) refresh(body.message);
});
