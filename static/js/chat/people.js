/* The people whose names this page has shown: what they are called and what they do. */

import { me, userId } from "./page.js";
import { nameOf } from "./words.js";

const names = new Map([[userId, nameOf(me.names)]]);
const roles = new Map();

for (const element of document.querySelectorAll(".msg[data-author]")) learnFrom(element);

/** Remember the author of a message that the server drew. */
export function learnFrom(element) {
  const id = Number(element.dataset.author);
  const name = element.querySelector(".msg__author")?.textContent.trim();
  const role = element.querySelector(".msg__role")?.textContent.trim();
  if (name) names.set(id, name);
  if (role) roles.set(id, role);
}

/** Remember the author of a row. */
export function learn(author) {
  names.set(author.id, nameOf(author.names));
}

export function nameOfPerson(id) {
  return names.get(id) ?? "";
}

export function roleOf(author) {
  return roles.get(author.id) ?? nameOf(author.titles ?? {});
}
