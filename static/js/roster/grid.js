/* The editable grid of a roster: puts its parts together and binds the tools around the table. */

import { Questions } from "./asking.js";
import { Codes } from "./codes.js";
import { Filling } from "./filling.js";
import { bindPanels } from "./panels.js";
import { Saver } from "./saving.js";
import { Sheet } from "./sheet.js";
import { Typing } from "./typing.js";

const root = document.querySelector("[data-roster]");

/** Show how it stands with saving, in the line below the grid. */
function bindStatus(saver, sheet, said) {
  const status = root.querySelector("[data-saving]");
  saver.addEventListener("state", () => {
    const { count } = saver;
    const refused = [...sheet.notes.values()].filter(({ state }) => state === "failed").length;
    let words = gettext("Everything is saved.");
    if (refused) words = interpolate(ngettext("%s cell was refused and is not saved.", "%s cells were refused and are not saved.", refused), [refused]);
    if (count && saver.isSignedOut) words = gettext("You are signed out. Sign in in another tab: what was typed is kept here and saved then.");
    else if (count && saver.tries) words = interpolate(ngettext("No connection: %s step is kept and sent again.", "No connection: %s steps are kept and sent again.", count), [count]);
    else if (count) words = interpolate(ngettext("Saving %s cell.", "Saving %s cells.", count), [count]);
    if (status.textContent !== words) status.textContent = words;
    status.dataset.state = count ? (saver.tries ? "waiting" : "busy") : refused ? "refused" : "saved";
  });
  saver.addEventListener("said", ({ detail }) => {
    const line = said[detail.urgent ? "urgent" : "calm"];
    line.textContent = "";
    requestAnimationFrame(() => {
      line.textContent = detail.text;
    });
    const shown = root.querySelector("[data-message]");
    shown.textContent = shown.title = detail.text;
    shown.dataset.level = detail.urgent ? "error" : "info";
  });
}

/** Say in words which cell is chosen and what is wrong with it. */
function bindLine(sheet) {
  const line = root.querySelector("[data-cell-words]");
  const link = root.querySelector("[data-cell-link]");
  const message = root.querySelector("[data-message]");
  const say = () => {
    const { row, column } = sheet.anchor;
    const [name, day, ...words] = sheet.wordsOf(row, column);
    line.textContent = sheet.isSingle ? [name, day, ...words].join(" · ") : interpolate(ngettext("%s cell", "%s cells", [...sheet.chosen()].length), [[...sheet.chosen()].length]);
    line.title = line.textContent;
    link.href = `${root.dataset.cells}${sheet.userOf(row)}/${sheet.days[column]}/`;
  };
  sheet.addEventListener("renamed", say);
  sheet.addEventListener("chosen", () => {
    say();
    message.textContent = message.title = "";
  });
}

function bindWeeks(sheet) {
  for (const button of root.querySelectorAll("[data-week-step]")) {
    button.addEventListener("click", () => sheet.stepWeek(Number(button.dataset.weekStep)));
  }
}

function start() {
  const codes = new Codes(JSON.parse(document.getElementById("roster-codes").textContent));
  const sheet = new Sheet(root, codes);
  if (sheet.isEmpty) return;
  const ask = new Questions(root);
  const saver = new Saver(root, sheet, ask);
  const filling = new Filling({ sheet, codes, saver });
  const commands = bindPanels({ root, sheet, saver });
  const typing = new Typing({ sheet, codes, saver, filling, commands });
  bindStatus(saver, sheet, { calm: root.querySelector("[data-say=polite]"), urgent: root.querySelector("[data-say=assertive]") });
  bindLine(sheet);
  bindWeeks(sheet);
  for (const button of root.querySelectorAll("[data-code]")) {
    button.addEventListener("click", () => typing.put(button.dataset.code ? [button.dataset.code] : []));
  }
  sheet.table.tBodies[0].addEventListener("click", (event) => {
    const place = sheet.placeOf(event.target.closest("td"));
    if (place && event.detail && !event.shiftKey && sheet.isSingle) sheet.choose(place.row, place.column);
  });
  sheet.table.tBodies[0].addEventListener("dblclick", () => commands.openCell());
  root.addEventListener("roster:focus", () => sheet.field.focus({ preventScroll: true }));
  sheet.markFindings(JSON.parse(document.getElementById("roster-findings").textContent));
  sheet.dispatchEvent(new Event("chosen"));
  if (root.hasAttribute("data-editable") && window.matchMedia("(pointer: fine)").matches) sheet.field.focus({ preventScroll: true });
  root.dataset.ready = "";
  if (root.hasAttribute("data-editable")) saver.resume();
}

if (root) start();
