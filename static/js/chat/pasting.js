/* What is pasted keeps its shape: a table becomes a table, code keeps its indentation. What is far too long is refused whole. */

import { say } from "../shell.js";
import { writeInto } from "./writing.js";

const MOST_ROWS = 200;
const MOST_COLUMNS = 20;
const MOST_MARKUP = 2_000_000; // characters; above, only the plain text is looked at
const CODE = /<pre[\s>]|white-space:\s*pre|font-family:[^;"]*(?:mono|consolas|courier|menlo)/i;
const LIST = /^\s*(?:[-*+]|\d+[.)])\s/;

const cellOf = (text) => text.replace(/\s+/gu, " ").trim().replaceAll("|", "\\|");

function tableOf(rows) {
  const width = Math.max(...rows.map((row) => row.length));
  if (rows.length < 2 || width < 2 || rows.length > MOST_ROWS || width > MOST_COLUMNS) return "";
  const line = (row) => `| ${Array.from({ length: width }, (_, index) => cellOf(row[index] ?? "")).join(" | ")} |`;
  return [line(rows[0]), `|${" --- |".repeat(width)}`, ...rows.slice(1).map(line)].join("\n");
}

/** The rows of the one table that a copied document holds; null where it holds more than that. */
function rowsOfMarkup(markup) {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  for (const other of parsed.querySelectorAll("style, script, template")) other.remove();
  const tables = parsed.querySelectorAll("table");
  if (tables.length !== 1) return null;
  const rows = [...tables[0].rows].map((row) => [...row.cells].flatMap((cell) => [cell.textContent, ...Array(Math.min(cell.colSpan, MOST_COLUMNS) - 1).fill("")]));
  tables[0].remove();
  return parsed.body.textContent.trim() ? null : rows;
}

function rowsOfTabs(text) {
  const lines = text.replace(/\n+$/u, "").split("\n");
  const rows = lines.map((line) => line.split("\t"));
  const isTable = lines.length > 1 && rows.every((row) => row.length === rows[0].length) && rows[0].length > 1 && !lines.some((line) => line.startsWith("\t"));
  return isTable ? rows : null;
}

function isCode(text, markup) {
  const lines = text.split("\n");
  if (lines.length < 2) return false;
  const indented = lines.filter((line) => /^(?:\t| {2,})\S/.test(line) && !LIST.test(line));
  return indented.length >= 2 || (CODE.test(markup) && lines.length > 2);
}

/** Whether the caret stands between the fences of code already. */
function isInFence(field) {
  return (field.value.slice(0, field.selectionStart).match(/^```/gmu) ?? []).length % 2 === 1;
}

function fenced(field, text) {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const before = field.value.slice(0, field.selectionStart);
  return `${before && !before.endsWith("\n") ? "\n" : ""}${fence}\n${text.replace(/\n+$/u, "")}\n${fence}\n`;
}

function standAlone(field, table) {
  const before = field.value.slice(0, field.selectionStart);
  const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  return `${gap}${table}\n`;
}

export function bindPasting(composer) {
  const { field } = composer;
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n") ?? "";
    if (!text) return;
    const room = field.maxLength - field.value.length + (field.selectionEnd - field.selectionStart);
    if (text.length > room) {
      event.preventDefault();
      const numbers = { length: text.length.toLocaleString("en"), limit: composer.limit.toLocaleString("en") };
      const words = interpolate(gettext("What you paste has %(length)s characters; a message holds %(limit)s. Nothing was pasted, and your text is as it was."), numbers, true);
      composer.say(words);
      return;
    }
    if (isInFence(field)) return;
    let markup = event.clipboardData.getData("text/html");
    if (markup.length > MOST_MARKUP) markup = "";
    const rows = (/<table[\s>]/i.test(markup) && rowsOfMarkup(markup)) || rowsOfTabs(text);
    const table = rows ? tableOf(rows) : "";
    if (!table && !isCode(text, markup)) return;
    event.preventDefault();
    const shaped = table ? standAlone(field, table) : fenced(field, text);
    if (shaped.length > room) {
      writeInto(field, text);
      return;
    }
    writeInto(field, shaped);
    say(table ? gettext("Pasted as a table.") : gettext("Pasted as code."));
  });
}
