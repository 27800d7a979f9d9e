/* What the modules of a conversation's page share: where things stand, who reads, and how the server is asked. */

import { showToast } from "../shell.js";
import { Clock } from "./words.js";

export const chat = document.querySelector("[data-chat]");
export const userId = Number(document.body.dataset.userId);
export const channel = Number(chat.dataset.channel);
export const topic = `channel:${channel}`;
export const log = chat.querySelector("[data-log]");
export const scroller = chat.querySelector("[data-scroll]");
export const clock = new Clock(chat.dataset.zone);
export const mayWrite = chat.dataset.mayWrite !== undefined;
export const mayManage = chat.dataset.mayManage !== undefined;
export const me = JSON.parse(document.getElementById("me").textContent);
export const myKeys = new Set((chat.dataset.meKeys ?? "").split(" ").filter(Boolean));

export const threadUrl = (number) => chat.dataset.threadUrl.replace("/0/", `/${number}/`);
export const messageUrl = (number, verb = "") => `${chat.dataset.messagesUrl}${number}/${verb && `${verb}/`}`;

export function threadLog() {
  return document.querySelector("[data-thread-log]");
}

/** The number of the root whose thread is open; 0 where none is. */
export function openThread() {
  return Number(document.querySelector("[data-thread]")?.dataset.thread ?? 0);
}

/** The message of a number in the conversation itself. */
export function messageAt(number) {
  return log.querySelector(`:scope > .msg[data-number="${number}"]`);
}

/** Everywhere that a message stands on the page: in the conversation, and as the root of an open thread. */
export function elementsOf(number) {
  return [...document.querySelectorAll(`:is([data-log], [data-thread-log]) > .msg[data-number="${number}"]`)];
}

export function isInThread(element) {
  return Boolean(element.closest("[data-thread-log]"));
}

export function emit(name, detail) {
  document.dispatchEvent(new CustomEvent(`chat:${name}`, { detail }));
}

/** Ask for JSON; `told` is null and `status` 0 where no answer came. */
export async function ask(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers }, redirect: "manual" });
  } catch {
    return { ok: false, status: 0, told: null };
  }
  let told = null;
  try {
    told = await answer.json();
  } catch {
    // A proxy in between answered: its page says nothing to the reader.
  }
  if (answer.status === 401 || answer.type === "opaqueredirect") document.dispatchEvent(new CustomEvent("live:signed-out", { detail: {} }));
  return { ok: answer.ok && told !== null, status: answer.status, told };
}

/** Send a form's fields; a list gives the field several times. */
export function post(url, fields = {}) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one);
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["x-csrftoken"] ?? "";
  return ask(url, { method: "POST", body, headers: { "X-CSRFToken": token } });
}

/** Why a request did not succeed, in a sentence. */
export function reasonOf({ status, told }) {
  if (told?.message) return told.message;
  if (status === 0) return gettext("The portal cannot be reached. Nothing was lost; try again when the connection is back.");
  return gettext("That did not work. Reload the page and try again.");
}

export function complain(answer) {
  showToast(reasonOf(answer), { trouble: true });
}
