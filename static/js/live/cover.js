/*
 * Covers the page when its session is over: nothing is read or written behind it, and what was not sent stays on this device.
 * The pages of one browser tell each other when somebody signs out, or somebody else signs in.
 */

import { outboxOf } from "../chat/outbox.js";

const userId = document.body.dataset.userId;
const outbox = outboxOf(userId);
const pages = new BroadcastChannel("portal-pages");
const cover = document.querySelector("[data-cover]");

/** `reason`: "ended", "signed-out" (by the person, in another tab: nothing is kept) or "stranger" (another person has signed in). */
function coverPage(reason) {
  if (!cover.hidden && cover.dataset.cover === reason) return;
  cover.dataset.cover = reason;
  for (const words of cover.querySelectorAll("[data-cover-for]")) words.hidden = words.dataset.coverFor !== reason;
  const link = cover.querySelector("[data-cover-sign-in]");
  link.href = `${link.dataset.coverSignIn}?${new URLSearchParams({ next: location.pathname + location.search })}`;
  for (const element of document.querySelectorAll(".app, .skip, [data-toasts], dialog[open]")) {
    element.hidden = true;
    element.inert = true;
  }
  document.title = cover.querySelector("h1").textContent.trim();
  cover.hidden = false;
  link.focus();
}

/** Open the page anew for whoever is signed in now; text that only this page has keeps it covered instead. */
function reopen(reason) {
  coverPage(reason);
  if (!outbox.isOnlyInMemory) location.reload();
}

document.addEventListener("live:signed-out", () => {
  if (cover.hidden) coverPage("ended");
});
document.addEventListener("live:stranger", () => reopen("stranger"));

pages.addEventListener("message", ({ data }) => {
  if (data.kind === "signed-out" && data.userId === userId) {
    outbox.end();
    coverPage("signed-out");
    document.dispatchEvent(new CustomEvent("live:signed-out", { detail: {} }));
  } else if (data.kind === "opened" && (data.userId !== userId || !cover.hidden)) {
    reopen(data.userId === userId ? "ended" : "stranger");
  }
});
pages.postMessage({ kind: "opened", userId });

/** Tell the person's other pages in this browser that they are signed out. */
export function tellSignedOut() {
  pages.postMessage({ kind: "signed-out", userId });
}
