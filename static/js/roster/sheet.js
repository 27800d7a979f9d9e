/*
 * The table of people and days: where a cell is, how it looks, which ones are chosen. One field is moved from cell to cell and has
 * the focus, so that the Tab key stops here once, an input method can compose in it, and copying and pasting are the browser's.
 */

const STATES = ["pending", "failed"];
const WEEK = 7;
const narrow = window.matchMedia("(max-width: 48rem)");

export class Sheet extends EventTarget {
  constructor(root, codes) {
    super();
    this.root = root;
    this.codes = codes;
    this.table = root.querySelector("[data-sheet]");
    this.rows = [...this.table.querySelectorAll("tr[data-user]")];
    this.heads = [...this.table.tHead.rows[0].querySelectorAll("[data-day]")];
    this.days = this.heads.map((head) => head.dataset.day);
    this.places = new Map(this.rows.map((row, index) => [row.dataset.user, index]));
    this.columns = new Map(this.days.map((day, index) => [day, index]));
    this.groups = [...this.table.tHead.querySelectorAll("[data-codes]")].map((head) => new Set(head.dataset.codes.split("/")));
    this.isPublished = root.hasAttribute("data-published");
    this.found = [];
    this.notes = new Map(); // "row:column" -> {state, typed, message}
    this.field = root.querySelector("[data-field]");
    this.anchor = { row: 0, column: 0 };
    this.end = { row: 0, column: 0 };
    for (const link of this.table.querySelectorAll("tbody td > a")) {
      link.removeAttribute("href"); // one tab stop, not hundreds
      if (link.firstElementChild) link.textContent = "";
    }
    if (!this.rows.length || !this.days.length) return;
    const today = this.heads.findIndex((head) => head.hasAttribute("aria-current"));
    this.anchor.column = Math.max(0, today);
    this.end = { ...this.anchor };
    this.week = Math.floor(this.anchor.column / WEEK);
    this.showWeek(this.week);
    this.field.hidden = false;
    this.place();
  }

  get isEmpty() {
    return !this.rows.length || !this.days.length;
  }

  cell(row, column) {
    return this.rows[row]?.cells[column + 1];
  }

  /** The place of a cell of this table, or null. */
  placeOf(cell) {
    const line = cell?.parentElement;
    const row = this.places.get(line?.dataset?.user);
    const column = cell ? cell.cellIndex - 1 : -1;
    return row === undefined || column < 0 || column >= this.days.length ? null : { row, column };
  }

  userOf(row) {
    return Number(this.rows[row].dataset.user);
  }

  textOf(row, column) {
    return this.cell(row, column).firstElementChild.textContent;
  }

  nameOf(row) {
    return this.rows[row].cells[0].querySelector("bdi").textContent;
  }

  isOpen(row, column) {
    return !this.cell(row, column).classList.contains("x");
  }

  isLocked(row, column) {
    return this.cell(row, column).classList.contains("k");
  }

  // -- What is chosen ----------------------------------------------------------------------------------------------------------
  get box() {
    const { anchor, end } = this;
    return {
      top: Math.min(anchor.row, end.row),
      bottom: Math.max(anchor.row, end.row),
      start: Math.min(anchor.column, end.column),
      finish: Math.max(anchor.column, end.column),
    };
  }

  get isSingle() {
    return this.anchor.row === this.end.row && this.anchor.column === this.end.column;
  }

  *chosen(box = this.box) {
    for (let row = box.top; row <= box.bottom; row += 1) {
      for (let column = box.start; column <= box.finish; column += 1) yield { row, column };
    }
  }

  /** Choose a cell, or stretch what is chosen to it. */
  choose(row, column, { stretch = false, focus = true } = {}) {
    this.dispatchEvent(new Event("leaving"));
    const place = {
      row: Math.min(Math.max(row, 0), this.rows.length - 1),
      column: Math.min(Math.max(column, 0), this.days.length - 1),
    };
    this.unmark();
    this.end = place;
    if (!stretch) this.anchor = { ...place };
    const week = Math.floor(place.column / WEEK);
    if (week !== this.week) this.showWeek(week);
    if (!stretch) this.place({ focus });
    else this.mark();
    this.cell(place.row, place.column).scrollIntoView({ block: "nearest", inline: "nearest" });
    this.dispatchEvent(new Event("chosen"));
  }

  unmark() {
    for (const cell of this.table.querySelectorAll('td[aria-selected="true"]')) cell.removeAttribute("aria-selected");
    this.rows[this.anchor.row].cells[0].removeAttribute("aria-current");
    this.heads[this.anchor.column].classList.remove("is-here");
  }

  mark() {
    for (const { row, column } of this.chosen()) this.cell(row, column).setAttribute("aria-selected", "true");
    this.rows[this.anchor.row].cells[0].setAttribute("aria-current", "true");
    this.heads[this.anchor.column].classList.add("is-here");
    const { bottom, finish } = this.box;
    this.handle ??= this.root.querySelector("[data-handle]");
    if (this.handle) this.cell(bottom, finish).append(this.handle);
  }

  /** Move the field into the cell that is chosen. */
  place({ focus = false } = {}) {
    const { row, column } = this.anchor;
    const cell = this.cell(row, column);
    const hasFocus = focus || document.activeElement === this.field;
    if (this.field.parentElement !== cell) cell.append(this.field);
    this.field.value = "";
    this.field.classList.remove("is-typing");
    this.mark();
    this.rename();
    if (hasFocus) this.field.focus({ preventScroll: true });
  }

  /** Say in the field's name what the cell holds: the person, the day, the shift, what is wrong. */
  rename() {
    const { row, column } = this.anchor;
    this.field.setAttribute("aria-label", this.wordsOf(row, column).join(", "));
    this.dispatchEvent(new Event("renamed"));
  }

  wordsOf(row, column) {
    const cell = this.cell(row, column);
    const note = this.notes.get(`${row}:${column}`);
    const text = this.textOf(row, column);
    const words = [this.nameOf(row), this.heads[column].dataset.words];
    words.push(text ? text.split("/").map((code) => this.codes.find(code)?.name ?? code).join(", ") : gettext("empty"));
    if (cell.classList.contains("x")) words.push(gettext("not in the unit on this day"));
    if (cell.classList.contains("k")) words.push(gettext("locked"));
    if (cell.classList.contains("g")) words.push(gettext("changed since it was published"));
    if (note?.state === "pending") words.push(gettext("not saved yet"));
    if (note?.message) words.push(note.message);
    else if (cell.title) words.push(cell.title);
    return words;
  }

  // -- How cells look ----------------------------------------------------------------------------------------------------------
  paint(row, column, [text, classes]) {
    const cell = this.cell(row, column);
    const kept = ["h", "s", ...STATES].filter((name) => cell.classList.contains(name));
    const next = [...classes.split(" ").filter(Boolean), ...kept].join(" ");
    const face = cell.firstElementChild;
    if (cell.className !== next) cell.className = next;
    if (face.textContent !== text) face.textContent = text;
  }

  /** Show what was typed before the server knows it; what it says is kept with the cell. */
  note(row, column, note) {
    const key = `${row}:${column}`;
    const cell = this.cell(row, column);
    cell.classList.remove(...STATES);
    if (note) {
      this.notes.set(key, note);
      cell.classList.add(note.state);
      cell.title = note.message ?? "";
      if (note.state === "pending" || note.state === "failed") {
        const stays = ["k", "r", "x"].filter((name) => cell.classList.contains(name)).join(" ");
        const [text, classes] = this.codes.faceOf(note.codes);
        this.paint(row, column, [text, `${classes} ${this.isPublished ? "g " : ""}${stays}`]);
      }
    } else {
      this.notes.delete(key);
      cell.title = this.findings?.get(key) ?? "";
    }
    this.count(row);
    if (row === this.anchor.row && column === this.anchor.column) this.rename();
  }

  /** Count the codes of a person anew. */
  count(row) {
    const tally = this.groups.map(() => 0);
    for (let column = 0; column < this.days.length; column += 1) {
      const text = this.textOf(row, column);
      if (!text) continue;
      for (const code of text.split("/")) this.groups.forEach((group, index) => (tally[index] += group.has(code) ? 1 : 0));
    }
    tally.forEach((number, index) => {
      this.rows[row].cells[this.days.length + 1 + index].textContent = String(number);
    });
  }

  isNoted(row, column) {
    return this.notes.has(`${row}:${column}`);
  }

  /** Put the corners of findings onto their cells: [{level, words, at: [[user, column]]}]. */
  markFindings(findings) {
    this.found = findings;
    const found = new Map();
    for (const finding of findings) {
      for (const [user, column] of finding.at) {
        const row = this.places.get(String(user));
        if (row === undefined || column < 0 || column >= this.days.length) continue;
        const key = `${row}:${column}`;
        const before = found.get(key);
        const level = before?.level === "h" || finding.level === "hard" ? "h" : "s";
        found.set(key, { level, words: before ? `${before.words}\n${finding.words}` : finding.words });
      }
    }
    for (const cell of this.table.querySelectorAll("tbody td:is(.h, .s)")) {
      const place = this.placeOf(cell);
      if (place && !found.has(`${place.row}:${place.column}`)) {
        cell.classList.remove("h", "s");
        if (!this.isNoted(place.row, place.column)) cell.removeAttribute("title");
      }
    }
    this.findings = new Map([...found].map(([key, { words }]) => [key, words]));
    for (const [key, { level, words }] of found) {
      const [row, column] = key.split(":").map(Number);
      const cell = this.cell(row, column);
      cell.classList.remove("h", "s");
      cell.classList.add(level);
      if (!this.isNoted(row, column)) cell.title = words;
    }
  }

  paintEdited(user, day, codes, isLocked) {
    const row = this.places.get(user);
    const column = this.columns.get(day);
    if (row === undefined || column === undefined || this.isNoted(row, column)) return;
    const kept = ["r", "x"].filter((name) => this.cell(row, column).classList.contains(name));
    if (this.isPublished) kept.push("g");
    if (isLocked) kept.push("k");
    const [text, classes] = this.codes.faceOf(codes);
    this.paint(row, column, [text, `${classes} ${kept.join(" ")}`]);
    this.count(row);
  }

  /** Take over what the server says; cells that wait for their own answer are left. Returns how many changed. */
  apply(state) {
    let changed = 0;
    for (const [user, faces] of Object.entries(state.rows ?? {})) {
      const row = this.places.get(user);
      if (row === undefined) continue;
      faces.forEach((face, column) => {
        if (this.isNoted(row, column)) return;
        if (this.textOf(row, column) !== face[0]) changed += 1;
        this.paint(row, column, face);
      });
      this.count(row);
    }
    for (const [user, day, codes, isLocked] of state.cells ?? []) this.paintEdited(String(user), day, codes, isLocked);
    (state.cover ?? []).forEach((line, index) => {
      const cells = this.table.tFoot?.rows[index]?.cells;
      line.forEach(([text, gap], column) => {
        const cell = cells?.[column + 1];
        if (!cell) return;
        cell.firstElementChild.textContent = text;
        if (gap) cell.dataset.gap = gap;
        else delete cell.dataset.gap;
      });
    });
    if (state.people) {
      // Of these people alone: what was said of the others still holds.
      const people = new Set(state.people);
      this.markFindings([...this.found.filter(({ at }) => !at.some(([user]) => people.has(user))), ...state.findings]);
    } else if (state.findings) this.markFindings(state.findings);
    if (!this.isEmpty) this.rename();
    return changed;
  }

  // -- A week at a time, where a month has no room --------------------------------------------------------------------------------
  get weeks() {
    return Math.ceil(this.days.length / WEEK);
  }

  showWeek(week) {
    this.week = Math.min(Math.max(week, 0), this.weeks - 1);
    this.table.dataset.week = String(this.week);
    const label = this.root.querySelector("[data-week-name]");
    if (!label) return;
    const first = this.heads[this.week * WEEK];
    const last = this.heads[Math.min(this.days.length, (this.week + 1) * WEEK) - 1];
    label.textContent = `${first.dataset.short} – ${last.dataset.short}`;
    this.root.querySelector('[data-week-step="-1"]').disabled = this.week === 0;
    this.root.querySelector('[data-week-step="1"]').disabled = this.week === this.weeks - 1;
  }

  stepWeek(step) {
    this.showWeek(this.week + step);
    if (narrow.matches) this.choose(this.anchor.row, this.week * WEEK, { focus: false });
  }
}
