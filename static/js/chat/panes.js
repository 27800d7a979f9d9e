/*
 * The one pane beside the conversation: a thread, who has read a message, earlier versions, pins. Each has an address of its own,
 * Esc closes it, and the focus goes back to where it was.
 */

import { nodesOf } from "../markup.js";
import { chat, complain, emit, threadUrl } from "./page.js";

let opener = null; // what the focus goes back to when the pane is closed
let asked = 0;

export function currentPane() {
  return document.querySelector("[data-pane]");
}

/** Fetch a pane and show it. `stay`: it is another view of the one that is open, which keeps its place in the history. */
export async function openPane(kind, url, { push = true, stay = false } = {}) {
  const turn = (asked += 1);
  if (!currentPane()) opener = document.activeElement;
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (turn !== asked) return;
  if (!answer?.ok || answer.redirected) {
    complain({ status: answer?.status ?? 0, told: null });
    return;
  }
  const nodes = nodesOf(await answer.text());
  if (turn !== asked) return;
  currentPane()?.remove();
  chat.after(...nodes);
  const pane = currentPane();
  if (!pane) return;
  window.htmx?.process(pane);
  if (push && !stay) history.pushState({ pane: kind }, "", url);
  else if (stay) history.replaceState({ pane: kind }, "", url);
  emit("pane", { kind, pane });
  focusIn(pane, stay);
}

function focusIn(pane, stay) {
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const field = isTouch ? null : pane.querySelector("textarea");
  const target = (stay && pane.querySelector(".chip[aria-current]")) || field || pane.querySelector("[data-pane-close]");
  target?.focus({ preventScroll: true });
}

export function closePane({ push = true } = {}) {
  const pane = currentPane();
  if (!pane) return;
  asked += 1;
  pane.remove();
  if (push) history.pushState({}, "", chat.dataset.channelUrl);
  emit("pane", { kind: "", pane: null });
  if (opener?.isConnected && opener !== document.body) opener.focus({ preventScroll: true });
  else chat.querySelector("textarea")?.focus({ preventScroll: true });
  opener = null;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest?.("[data-thread-open], [data-pane-open]");
  if (link) {
    event.preventDefault();
    if (link.dataset.threadOpen) openPane("thread", threadUrl(link.dataset.threadOpen));
    else openPane(link.dataset.paneOpen, link.href, { stay: link.dataset.paneStay !== undefined });
  } else if (event.target.closest?.("[data-pane-close]") || (currentPane() && event.target.closest?.("[data-back]"))) {
    event.preventDefault();
    closePane();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (document.querySelector("dialog[open]")) return;
  closePane();
});

document.addEventListener("chat:open-thread", ({ detail }) => openPane("thread", threadUrl(detail.number)));

window.addEventListener("popstate", () => {
  const kind = /\/(thread\/\d+|readers|versions|pins)\/$/.exec(location.pathname)?.[1];
  if (kind) openPane(kind.split("/")[0], location.href, { push: false });
  else closePane({ push: false });
});
