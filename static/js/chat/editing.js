/* Changing one's own message in its place. What another device changed meanwhile is shown beside one's own text. */

import { say } from "../shell.js";
import { onAct } from "./acts.js";
import { canAct } from "./message-menu.js";
import { receive } from "./incoming.js";
import { askQuestion } from "./overlay.js";
import { ask, complain, log, messageUrl, post, reasonOf, threadLog, userId } from "./page.js";
import { watchComposition } from "./composition.js";

function end(element, form) {
  form.remove();
  element.classList.remove("msg--editing");
  element.focus({ preventScroll: true });
}

function tell(form, words) {
  form.querySelector(".field__error")?.remove();
  if (!words) return;
  const line = document.createElement("p");
  line.className = "field__error";
  line.setAttribute("role", "alert");
  line.textContent = words;
  form.prepend(line);
}

/** Both texts side by side: the writer takes one, or writes a third. */
function showConflict(form, told) {
  form.querySelector("[data-conflict]")?.remove();
  const banner = document.getElementById("conflict-template").content.firstElementChild.cloneNode(true);
  banner.querySelector('[data-slot="words"]').textContent = told.message;
  banner.querySelector('[data-slot="text"]').textContent = told.text;
  banner.querySelector("[data-take-theirs]").addEventListener("click", () => {
    form.elements.text.value = told.text;
    banner.remove();
    form.elements.text.focus();
  });
  banner.querySelector("[data-keep-mine]").addEventListener("click", () => {
    banner.remove();
    form.elements.text.focus();
  });
  form.prepend(banner);
}

async function save(element, form, number, { confirmed = false } = {}) {
  const text = form.elements.text.value.replace(/\s+$/u, "");
  const button = form.querySelector("[type=submit]");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const answer = await post(messageUrl(number, "edit"), { text, base: form.dataset.base, ...(confirmed ? { confirmed: "1" } : {}) });
  button.removeAttribute("aria-busy");
  tell(form, "");
  if (answer.ok) {
    end(element, form);
    receive(answer.told.message);
    say(gettext("Saved."));
  } else if (answer.told?.error === "edited_meanwhile") {
    const newest = await ask(messageUrl(number));
    form.dataset.base = newest.told?.message?.edited_at ?? form.dataset.base;
    showConflict(form, { ...answer.told, text: answer.told.text ?? newest.told?.text ?? "" });
  } else if (answer.told?.error === "confirm_mention") {
    const words = interpolate(ngettext("This tells %s person.", "This tells %s people.", answer.told.people), [answer.told.people]);
    const isSure = await askQuestion({ words, yes: gettext("Save"), no: gettext("Write on") });
    if (isSure) save(element, form, number, { confirmed: true });
    else form.elements.text.focus();
  } else tell(form, reasonOf(answer));
}

async function edit(element, number) {
  if (element.querySelector("[data-edit]")) return;
  const answer = await ask(messageUrl(number));
  if (!answer.ok) {
    complain(answer);
    return;
  }
  if (element.querySelector("[data-edit]")) return;
  const form = document.getElementById("edit-template").content.firstElementChild.cloneNode(true);
  const field = form.elements.text;
  form.dataset.base = answer.told.message.edited_at ?? "";
  field.value = answer.told.text;
  field.rows = Math.min(12, Math.max(2, field.value.split("\n").length));
  form.dataset.extra = "";
  const body = element.querySelector(":scope > .msg__body");
  body.insertBefore(form, body.querySelector('[data-part="text"]')?.nextElementSibling ?? body.querySelector('[data-part="reactions"], [data-part="thread"], [data-extra]'));
  element.classList.add("msg--editing");
  watchComposition(field, { enter: () => save(element, form, number) });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    event.stopPropagation();
    end(element, form);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(element, form, number);
  });
  form.querySelector("[data-edit-cancel]").addEventListener("click", () => end(element, form));
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  form.scrollIntoView({ block: "nearest" });
}

onAct("edit", (element, { number }) => edit(element, number));

/** Open one's last message that can still be changed, for the arrow in an empty composer; false where there is none. */
export function editLast(root) {
  const place = root ? threadLog() : log;
  const own = [...place.querySelectorAll(`:scope > .msg[data-author="${userId}"][data-number]`)];
  const last = own.filter((element) => canAct("edit", element) && (!root || Number(element.dataset.ordinal))).at(-1);
  if (!last) return false;
  edit(last, Number(last.dataset.number));
  return true;
}
