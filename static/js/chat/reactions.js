/* Reactions: shown at once, taken back where the server refuses; who gave one is named when its chip is looked at. */

import { nodesOf } from "../markup.js";
import { onAct } from "./acts.js";
import { remember } from "./emoji.js";
import { labelReaction, usersOf } from "./message.js";
import { replies, roots } from "./log.js";
import { complain, elementsOf, messageUrl, post, userId } from "./page.js";
import { pickEmoji } from "./picker.js";
import { receive } from "./incoming.js";

/** What the page shows of a message's reactions, as a frame would say it. */
function shownReactions(element) {
  return [...element.querySelectorAll(".reaction[data-emoji]")].map((chip) => ({
    emoji: chip.dataset.emoji,
    count: Number(chip.dataset.count),
    users: usersOf(chip),
    mine: chip.getAttribute("aria-pressed") === "true",
  }));
}

/** These reactions after the reader gave one, or took it back; only the first people are named, so it is counted apart. */
function withMine(reactions, emoji, on) {
  const found = reactions.find((one) => one.emoji === emoji);
  if (!found) return on ? [...reactions, { emoji, count: 1, users: [userId], mine: true }] : reactions;
  if (found.mine !== on) found.count += on ? 1 : -1;
  found.mine = on;
  const isWhole = found.users.length >= found.count - 1;
  found.users = found.users.filter((id) => id !== userId);
  if (on && isWhole) found.users.push(userId);
  return reactions.filter((one) => one.count > 0);
}

function draw(number, emoji, on) {
  for (const element of elementsOf(number)) {
    const view = element.closest("[data-thread-log]") ? replies : roots;
    const reactions = withMine(shownReactions(element), emoji, on);
    view.showReactions(element, { number, reactions, mine: reactions.filter((one) => one.mine).map((one) => one.emoji) });
  }
}

/** Put one's reaction to a message, or take it back: at once on the page, and back again where that was refused. */
async function react(element, number, emoji) {
  const chip = element.querySelector(`.reaction[data-emoji="${CSS.escape(emoji)}"]`);
  const on = chip?.getAttribute("aria-pressed") !== "true";
  draw(number, emoji, on);
  const answer = await post(messageUrl(number, "reactions"), { emoji, on: on ? "1" : "0" });
  if (answer.ok && answer.told.message) {
    receive({ ...answer.told.message, mine: answer.told.mine });
    return;
  }
  draw(number, emoji, !on);
  complain(answer);
}

onAct("react", (element, { number, emoji }) => react(element, number, emoji));
onAct("pick", async (element, { number, button }) => {
  const chosen = await pickEmoji(button ?? element);
  if (!chosen) return;
  remember(chosen);
  react(element, number, chosen.n);
});

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.("button.reaction[data-emoji]");
  const element = chip?.closest(".msg[data-number]");
  if (!element) return;
  event.preventDefault();
  react(element, Number(element.dataset.number), chip.dataset.emoji);
});

// -- Who -----------------------------------------------------------------------------------------------------------------------
const asked = new WeakMap(); // chip -> how many, and who, when it was labelled

async function nameReactors(chip) {
  const element = chip.closest(".msg[data-number]");
  const state = `${chip.dataset.count}: ${chip.dataset.users}`;
  if (!element || asked.get(chip) === state) return;
  asked.set(chip, state);
  const answer = await fetch(messageUrl(element.dataset.number, "reactions"), { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = document.createElement("div");
  page.append(...nodesOf(await answer.text()));
  const group = page.querySelector(`[data-reactors="${CSS.escape(chip.dataset.emoji)}"]`);
  const names = [...(group?.querySelectorAll("[data-name]") ?? [])].map((one) => one.textContent.trim());
  if (names.length) labelReaction(chip, names);
}

for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, (event) => {
    const chip = event.target.closest?.(".reaction[data-emoji]");
    if (chip) nameReactors(chip);
  });
}

/** Name the people of the chips that the server drew, as far as this page knows them. */
export function labelReactions(root = document) {
  for (const chip of root.querySelectorAll(".reaction[data-emoji]:not([title])")) {
    labelReaction(chip);
  }
}
