/* The board stays true: it is fetched anew every half minute while it is looked at, and not under a finger or the keyboard. */

import { nodesOf } from "../markup.js";

const EVERY_MS = 30_000;
const place = document.querySelector("[data-board]");
let fetchedAt = Date.now();
let isUnderWay = false;

async function renew() {
  if (!place || document.hidden || isUnderWay || Date.now() - fetchedAt < EVERY_MS) return;
  if (place.querySelector(":focus-visible, a:active")) return;
  isUnderWay = true;
  try {
    const answer = await fetch(place.dataset.board, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) return;
    const nodes = nodesOf(await answer.text());
    fetchedAt = Date.now();
    const across = place.querySelector(".gridwrap")?.scrollLeft ?? 0;
    place.replaceChildren(...nodes);
    const wrap = place.querySelector(".gridwrap");
    if (wrap) wrap.scrollLeft = across;
  } catch {
    // the next time tries again
  } finally {
    isUnderWay = false;
  }
}

setInterval(renew, 1000);
document.addEventListener("visibilitychange", renew);
