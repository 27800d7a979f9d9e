/* "?" shows all keys; Alt and an arrow goes from one conversation of the list to the next. */

import { nodesOf } from "./markup.js";
import { showToast } from "./shell.js";

const QUESTIONS = ["?", "؟", "？"]; // as keyboards write it
const NO_QUESTION = "portal_keys=no-question";
const dialog = document.querySelector("dialog[data-keys]");
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const MAC_SIGNS = { Control: "⌘", Alt: "⌥", Shift: "⇧" };

function writesInto(element) {
  if (!(element instanceof HTMLElement)) return false;
  const isButton = element.matches("input:is([type=checkbox], [type=radio], [type=button], [type=submit])");
  return element.isContentEditable || (element.matches("input, textarea, select") && !isButton);
}

function isBusy() {
  return Boolean(document.querySelector("dialog[open], [data-cover]:not([hidden])"));
}

/** Write the keys as they stand on this machine's keyboard. */
function signKeys(place) {
  if (!isMac) return;
  for (const key of place.querySelectorAll("[data-key]")) {
    const sign = MAC_SIGNS[key.dataset.key];
    if (sign) key.textContent = sign;
  }
}

// -- The list of keys -----------------------------------------------------------------------------------------------------------
async function openKeys() {
  if (isBusy()) return;
  const list = dialog.querySelector("[data-keys-list]");
  if (!list.childElementCount) {
    try {
      const answer = await fetch(dialog.dataset.keys, { headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) throw new Error(`The list of keys answered ${answer.status}.`);
      list.replaceChildren(...nodesOf(await answer.text()));
      signKeys(list);
    } catch {
      showToast(gettext("The portal cannot be reached just now. Try again in a moment."), { trouble: true });
      return;
    }
  }
  if (isBusy()) return;
  dialog.querySelector("[data-keys-question]").checked = !document.cookie.includes(NO_QUESTION);
  dialog.showModal();
  dialog.querySelector("[data-keys-close]").focus();
}

// -- From conversation to conversation ------------------------------------------------------------------------------------------
/** The conversations of the list that is shown, in the order in which they stand. */
function conversations() {
  const list = [...document.querySelectorAll("[data-conversations]")].find((place) => place.offsetParent !== null);
  return [...(list?.querySelectorAll("a[data-conversation]") ?? [])].filter((line) => line.offsetParent !== null);
}

function goToConversation(step, isUnread) {
  const all = conversations();
  const here = all.findIndex((line) => line.hasAttribute("aria-current"));
  const start = here < 0 && step < 0 ? 0 : here;
  for (let away = 1; away <= all.length; away += 1) {
    const line = all[(((start + step * away) % all.length) + all.length) % all.length];
    if (line === all[here]) return;
    if (isUnread && !(Number(line.dataset.unread) > 0)) continue;
    line.click();
    return;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  const { key, target } = event;
  if (QUESTIONS.includes(key) && dialog) {
    if (event.ctrlKey || event.altKey || event.metaKey || writesInto(target) || document.cookie.includes(NO_QUESTION)) return;
    event.preventDefault();
    openKeys();
  } else if (event.altKey && !event.ctrlKey && !event.metaKey && (key === "ArrowUp" || key === "ArrowDown")) {
    if (target instanceof Element && target.matches("select")) return;
    if (isBusy() || !conversations().length) return;
    event.preventDefault();
    goToConversation(key === "ArrowDown" ? 1 : -1, event.shiftKey);
  }
});

if (dialog) {
  for (const opener of document.querySelectorAll("[data-keys-open]")) {
    opener.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      opener.closest("details[data-menu]")?.removeAttribute("open");
      openKeys();
    });
  }
  dialog.querySelector("[data-keys-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.querySelector("[data-keys-question]").addEventListener("change", ({ target }) => {
    const days = target.checked ? 0 : 365;
    document.cookie = `${NO_QUESTION}; path=/; max-age=${days * 86400}; samesite=lax`;
  });
}
signKeys(document);
