/* The two questions of the grid: whose version stands, and why a rule is passed over. */

function show(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

function lineOf(words) {
  const line = document.createElement("li");
  line.textContent = words;
  return line;
}

export class Questions {
  constructor(root) {
    this.reasonDialog = root.querySelector("[data-dialog=reason]");
    this.conflictDialog = root.querySelector("[data-dialog=conflict]");
    this.form = this.reasonDialog.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter?.value !== "yes") this.reasonDialog.close("");
      else if (this.form.reportValidity()) this.reasonDialog.close("yes");
    });
    for (const dialog of [this.reasonDialog, this.conflictDialog]) {
      dialog.addEventListener("close", () => root.dispatchEvent(new Event("roster:focus")));
    }
  }

  /** Ask why hard rules are passed over; null where they are not. */
  async reason(answer) {
    const list = this.reasonDialog.querySelector("[data-findings]");
    list.replaceChildren(...(answer.sentences ?? []).map(lineOf));
    this.form.reset();
    const said = await show(this.reasonDialog);
    if (said !== "yes") return null;
    return { reason: this.form.elements.reason.value.trim() };
  }

  /** Show both versions of each cell; returns the keys of those where one's own shall stand. */
  async conflict(cells, theirs, sheet) {
    const dialog = this.conflictDialog;
    const body = dialog.querySelector("[data-versions]");
    const pattern = dialog.querySelector("template");
    body.replaceChildren();
    for (const { row, column, codes } of cells) {
      const key = `${sheet.userOf(row)}:${sheet.days[column]}`;
      const their = theirs.get(key);
      if (!their) continue;
      const line = pattern.content.cloneNode(true);
      line.querySelector("[data-slot=who]").textContent = sheet.nameOf(row);
      line.querySelector("[data-slot=day]").textContent = sheet.heads[column].dataset.words;
      line.querySelector("[data-slot=theirs]").textContent = their.text || gettext("empty");
      line.querySelector("[data-slot=by]").textContent = `${their.by} · ${their.at}`;
      line.querySelector("[data-slot=mine]").textContent = codes.join("/") || gettext("empty");
      for (const choice of line.querySelectorAll("input")) choice.name = key;
      body.append(line);
    }
    dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close("done");
    };
    await show(dialog);
    // Closed by Escape, what somebody else saved stays.
    if (dialog.returnValue !== "done") return new Set();
    return new Set([...body.querySelectorAll("input[value=mine]:checked")].map((choice) => choice.name));
  }
}
