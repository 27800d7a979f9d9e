/* The tools above a composer: marks of Markdown round what is selected, or at the beginning of its lines. */

import { pickEmoji } from "./picker.js";
import { remember } from "./emoji.js";
import { writeInto } from "./writing.js";
import { countOthers } from "./delivery.js";
import { log } from "./page.js";

const AROUND = { bold: "**", italic: "*", strike: "~~", code: "`" };
const BEFORE = { list: "- ", tasks: "- [ ] ", quote: "> " };
const KEYS = { KeyB: "bold", KeyI: "italic" };

function wrap(field, mark) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const chosen = value.slice(from, to);
  const isOn = value.slice(from - mark.length, from) === mark && value.slice(to, to + mark.length) === mark;
  if (isOn) {
    writeInto(field, chosen, from - mark.length, to + mark.length);
    field.setSelectionRange(from - mark.length, to - mark.length);
    return;
  }
  writeInto(field, `${mark}${chosen}${mark}`, from, to);
  field.setSelectionRange(from + mark.length, to + mark.length);
}

function fence(field) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const chosen = value.slice(from, to);
  const opens = from && value[from - 1] !== "\n" ? "\n" : "";
  writeInto(field, `${opens}\`\`\`\n${chosen}\n\`\`\`\n`, from, to);
}

/** Put a mark before each line that is selected, or take it away where all have it. */
function begin(field, mark) {
  const { value } = field;
  const from = value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  const end = value.indexOf("\n", field.selectionEnd);
  const to = end < 0 ? value.length : end;
  const lines = value.slice(from, to).split("\n");
  const areAll = lines.every((line) => line.startsWith(mark));
  const text = lines.map((line) => (areAll ? line.slice(mark.length) : mark + line)).join("\n");
  writeInto(field, text, from, to);
  field.setSelectionRange(from + text.length, from + text.length);
}

function link(field) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const chosen = value.slice(from, to);
  const isAddress = /^https?:\/\/\S+$/.test(chosen);
  const words = isAddress ? "" : chosen;
  const address = isAddress ? chosen : "https://";
  writeInto(field, `[${words}](${address})`, from, to);
  if (words) field.setSelectionRange(from + words.length + 3, from + words.length + 3 + address.length);
  else field.setSelectionRange(from + 1, from + 1);
}

function format(field, name) {
  if (name === "code" && field.value.slice(field.selectionStart, field.selectionEnd).includes("\n")) fence(field);
  else if (AROUND[name]) wrap(field, AROUND[name]);
  else if (BEFORE[name]) begin(field, BEFORE[name]);
  else if (name === "link") link(field);
}

function mention(field) {
  const before = field.value.slice(0, field.selectionStart);
  writeInto(field, before && !/\s$/u.test(before) ? " @" : "@");
}

async function insertEmoji(field, button) {
  const [from, to] = [field.selectionStart, field.selectionEnd];
  const one = await pickEmoji(button);
  if (!one) {
    field.focus();
    return;
  }
  remember(one);
  writeInto(field, `${one.c} `, from, to);
}

/** Say beside the box how many people are asked to acknowledge. */
async function showAsked(composer, box) {
  composer.form.querySelector("[data-asked]")?.remove();
  composer.form.classList.toggle("composer--asks", box.checked);
  if (!box.checked) return;
  const line = document.createElement("p");
  line.className = "composer__note composer__asked small";
  line.dataset.asked = "";
  line.setAttribute("role", "status");
  line.textContent = gettext("Everybody in this conversation is asked to acknowledge.");
  composer.form.prepend(line);
  const newest = [...log.querySelectorAll(":scope > .msg[data-number]")].at(-1);
  const count = newest ? await countOthers(newest.dataset.number) : null;
  if (count !== null) line.textContent = interpolate(ngettext("%s person is asked to acknowledge.", "%s people are asked to acknowledge.", count), [count]);
}

export function bindFormatting(composer) {
  const { form, field } = composer;
  const tools = form.querySelector("[data-tools]");
  const toggle = form.querySelector("[data-tools-toggle]");
  tools.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button, label")) event.preventDefault(); // the field keeps its selection, and a phone its keyboard
  });
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.format) format(field, button.dataset.format);
    else if (button.dataset.insert) mention(field);
    else insertEmoji(field, button);
  });
  toggle.addEventListener("pointerdown", (event) => event.preventDefault());
  toggle.addEventListener("click", () => {
    const isOpen = form.classList.toggle("composer--tools");
    toggle.setAttribute("aria-expanded", String(isOpen));
  });
  const box = form.elements.ask;
  box?.addEventListener("change", () => showAsked(composer, box));
  field.addEventListener("keydown", (event) => {
    const name = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && KEYS[event.code];
    if (!name) return;
    event.preventDefault();
    format(field, name);
  });
}
