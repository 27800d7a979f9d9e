/*
 * Signing out removes what this browser keeps of the person. Where something was not sent yet it asks first, and names it. The
 * form goes on its way when the removing is done, or after a second.
 */

import { forgetEverything, outboxOf } from "./chat/outbox.js";
import { tellSignedOut } from "./live/cover.js";

const PATIENCE_MS = 1000;
const READING_MS = 3000;
const lists = new Intl.ListFormat(document.documentElement.lang, { type: "unit" });
const userId = document.body.dataset.userId;

function within(patience, work) {
  return Promise.race([work, new Promise((resolve) => setTimeout(() => resolve(null), patience))]);
}

/** What would be lost, a line for each conversation and roster. */
function describe(entries) {
  const places = new Map();
  for (const { channel, title, isDraft, isCells, place: roster, edits } of entries) {
    const key = isCells ? roster : channel;
    const place = places.get(key) ?? { title: "", messages: 0, drafts: 0, cells: 0 };
    place.title ||= title;
    if (isCells) place.cells += edits.length;
    else if (isDraft) place.drafts += 1;
    else place.messages += 1;
    places.set(key, place);
  }
  return [...places.values()].map(({ title, messages, drafts, cells }) => {
    const parts = [];
    if (cells) parts.push(interpolate(ngettext("%s cell not saved", "%s cells not saved", cells), [cells]));
    if (messages) parts.push(interpolate(ngettext("%s message not sent", "%s messages not sent", messages), [messages]));
    if (drafts) parts.push(gettext("text in the composer"));
    return { title: title || gettext("Conversation"), words: lists.format(parts) };
  });
}

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Ask whether what was not sent may be deleted; null is "nobody knows what there is". */
function ask(entries) {
  return new Promise((resolve) => {
    const dialog = make("dialog", "dialog");
    dialog.setAttribute("aria-labelledby", "sign-out-title");
    const head = make("div", "dialog__head");
    const title = make("h2", "", entries ? gettext("Not everything has been sent") : gettext("Perhaps not everything has been sent"));
    title.id = "sign-out-title";
    head.append(title);
    const body = make("div", "dialog__body stack stack--2");
    body.append(make("p", "", entries ? gettext("Signing out deletes it from this device:") : gettext("Signing out deletes what was not sent from this device.")));
    const list = make("ul", "stack stack--2");
    for (const { title: place, words } of describe(entries ?? [])) {
      const line = make("li", "");
      const name = document.createElement("bdi");
      name.append(make("strong", "", place));
      line.append(name, `: ${words}`);
      list.append(line);
    }
    body.append(list);
    const foot = make("div", "dialog__foot");
    const stay = make("button", "btn btn--primary", gettext("Stay and send it"));
    const leave = make("button", "btn btn--danger", gettext("Delete it and sign out"));
    leave.dataset.signOutAnyway = "";
    stay.type = leave.type = "button";
    stay.addEventListener("click", () => dialog.close("stay"));
    leave.addEventListener("click", () => dialog.close("leave"));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "leave");
    });
    foot.append(leave, stay);
    dialog.append(head, body, foot);
    document.body.append(dialog);
    dialog.showModal();
    stay.focus();
  });
}

let isAsking = false;
for (const button of document.querySelectorAll("[data-sign-out]")) {
  button.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    const entries = await within(READING_MS, outboxOf(userId).all());
    const goes = entries?.length === 0 || (await ask(entries));
    isAsking = false;
    if (!goes) return;
    tellSignedOut();
    await within(PATIENCE_MS, forgetEverything(userId));
    event.target.submit();
  });
}
