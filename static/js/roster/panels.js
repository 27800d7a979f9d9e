/* Round the table: forms that are sent in their turn, the pane of findings, the cell's own page in a dialog, the list of keys. */

import { nodesOf } from "../markup.js";

/** Panels are <details>, which open without a script; this closes them politely. */
function bindDisclosures(root) {
  const panels = [...root.querySelectorAll("details[data-panel]")];
  document.addEventListener("click", (event) => {
    for (const panel of panels) if (panel.open && !panel.contains(event.target)) panel.open = false;
  });
  for (const panel of panels) {
    panel.addEventListener("toggle", () => {
      if (!panel.open) return;
      for (const other of panels) if (other !== panel) other.open = false;
      panel.querySelector("input:not([type=hidden]), select, textarea, button:not(summary *)")?.focus();
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !panel.open) return;
      event.stopPropagation();
      panel.open = false;
      panel.querySelector("summary").focus();
    });
  }
}

export function bindPanels({ root, sheet, saver }) {
  const pane = root.querySelector("[data-pane]");
  const cellDialog = root.querySelector("[data-dialog=cell]");
  const keysDialog = root.querySelector("[data-dialog=keys]");
  let finding = -1;

  bindDisclosures(root);

  // -- Forms -------------------------------------------------------------------------------------------------------------------
  root.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-act]")) return;
    event.preventDefault();
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) return;
    if (form.hasAttribute("data-of-chosen")) writeChosen(form);
    const isDone = await saver.send(form, event.submitter);
    const panel = form.closest("details[data-panel]");
    if (isDone && panel) panel.open = false;
    if (isDone && form.closest("dialog")) cellDialog.close();
    if (isDone) root.dispatchEvent(new Event("roster:focus"));
  });

  /** Give a form the cells that are chosen. */
  function writeChosen(form) {
    for (const old of form.querySelectorAll("input[name=cell]")) old.remove();
    for (const { row, column } of sheet.chosen()) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = "cell";
      input.value = `${sheet.userOf(row)}:${sheet.days[column]}`;
      form.append(input);
    }
  }

  function submit(name, values = {}) {
    const form = root.querySelector(`form[data-act="${name}"]`);
    if (!form) return;
    for (const [field, value] of Object.entries(values)) form.elements[field].value = value;
    form.requestSubmit();
  }

  // -- What the server says beside the cells -------------------------------------------------------------------------------------
  saver.addEventListener("taken", ({ detail }) => {
    if (detail.pane !== undefined) {
      const holes = pane.querySelector("[data-holes]")?.open;
      const top = pane.scrollTop;
      const hadFocus = pane.contains(document.activeElement);
      pane.replaceChildren(...nodesOf(detail.pane));
      if (holes) pane.querySelector("[data-holes]").open = true;
      pane.scrollTop = top;
      if (hadFocus) root.dispatchEvent(new Event("roster:focus"));
      finding = -1;
    }
    if (detail.head !== undefined) root.querySelector("[data-head]").replaceChildren(...nodesOf(detail.head));
    if (detail.reload) {
      saver.waiting.length = 0;
      window.location.reload();
    }
  });

  // -- Findings ----------------------------------------------------------------------------------------------------------------
  const findings = () => [...pane.querySelectorAll("[data-jump]")];

  function jumpTo(line) {
    const [user, column, until] = line.dataset.jump.split(":").map(Number);
    const row = sheet.places.get(String(user));
    for (const other of findings()) other.closest(".finding").removeAttribute("aria-current");
    line.closest(".finding").setAttribute("aria-current", "true");
    line.closest(".finding").scrollIntoView({ block: "nearest" });
    if (row === undefined) {
      sheet.choose(sheet.anchor.row, column);
    } else {
      sheet.choose(row, column);
      if (until > column) sheet.choose(row, until, { stretch: true });
    }
    sheet.field.focus({ preventScroll: true });
  }

  pane.addEventListener("click", async (event) => {
    const line = event.target.closest("[data-jump]");
    if (line) {
      event.preventDefault();
      finding = findings().indexOf(line);
      jumpTo(line);
      return;
    }
    if (event.target.closest("[data-to-holes]")) {
      event.preventDefault();
      const holes = pane.querySelector("[data-holes]");
      holes.open = true;
      holes.scrollIntoView({ block: "start" });
      holes.querySelector("summary").focus({ preventScroll: true });
      return;
    }
    const why = event.target.closest("[data-why]");
    if (!why) return;
    event.preventDefault();
    const answer = await fetchPart(why.href);
    if (answer) why.closest(".finding").querySelector("[data-reasons]").replaceChildren(...answer);
  });

  function nextFinding(step) {
    const lines = findings();
    if (!lines.length) {
      saver.say(gettext("There are no findings."));
      return;
    }
    finding = finding < 0 ? (step > 0 ? 0 : lines.length - 1) : (finding + step + lines.length) % lines.length;
    jumpTo(lines[finding]);
    saver.say(lines[finding].closest(".finding").innerText);
  }

  // -- Parts of other pages ------------------------------------------------------------------------------------------------------
  async function fetchPart(address) {
    try {
      const response = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual" });
      if (!response.ok) throw new Error(`${address} answered ${response.status}.`);
      return nodesOf(await response.text());
    } catch {
      saver.say(gettext("The portal cannot be reached just now. Try again in a moment."), { urgent: true });
      return null;
    }
  }

  async function openCell() {
    const { row, column } = sheet.anchor;
    const nodes = await fetchPart(`${root.dataset.cells}${sheet.userOf(row)}/${sheet.days[column]}/`);
    if (!nodes) return;
    cellDialog.querySelector("[data-content]").replaceChildren(...nodes);
    cellDialog.showModal();
    cellDialog.querySelector("input:not([type=hidden]), textarea")?.focus();
  }

  root.querySelector("[data-cell-link]")?.addEventListener("click", (event) => {
    event.preventDefault();
    openCell();
  });
  for (const dialog of [cellDialog, keysDialog]) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
    dialog.addEventListener("close", () => root.dispatchEvent(new Event("roster:focus")));
  }
  root.querySelector("[data-keys-open]")?.addEventListener("click", () => keysDialog.showModal());

  return {
    openCell,
    nextFinding,
    showKeys: () => keysDialog.showModal(),
    undo: (verb) => submit(verb),
    lock: () => submit("lock"),
  };
}
