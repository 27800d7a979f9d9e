/* Many cells at once: choosing with the pointer, dragging what is chosen further, copying to and from a spreadsheet. */

export class Filling {
  constructor({ sheet, codes, saver }) {
    Object.assign(this, { sheet, codes, saver });
    this.drag = null; // {kind: "choose"} or {kind: "fill", source, box}
    const body = sheet.table.tBodies[0];
    body.addEventListener("pointerdown", (event) => this.press(event));
    body.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) body.addEventListener(name, (event) => this.release(event));
    sheet.field.addEventListener("copy", (event) => this.copy(event));
    sheet.field.addEventListener("cut", (event) => this.copy(event, { cut: true }));
    sheet.field.addEventListener("paste", (event) => this.paste(event));
  }

  // -- Pointer -----------------------------------------------------------------------------------------------------------------
  placeUnder(event) {
    return this.sheet.placeOf(document.elementFromPoint(event.clientX, event.clientY)?.closest("td"));
  }

  press(event) {
    if (event.button !== 0) return;
    const place = this.sheet.placeOf(event.target.closest("td"));
    if (!place) return;
    const isHandle = Boolean(event.target.closest("[data-handle]"));
    if (event.pointerType === "touch" && !isHandle) return; // a finger scrolls; its tap is a click
    event.preventDefault();
    if (isHandle) this.drag = { kind: "fill", source: this.sheet.box, box: null };
    else {
      this.sheet.choose(place.row, place.column, { stretch: event.shiftKey });
      this.sheet.field.focus({ preventScroll: true });
      this.drag = { kind: "choose" };
    }
    this.sheet.table.tBodies[0].setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.drag) return;
    const place = this.placeUnder(event);
    if (!place) return;
    if (this.drag.kind === "choose") {
      const { end } = this.sheet;
      if (end.row !== place.row || end.column !== place.column) this.sheet.choose(place.row, place.column, { stretch: true });
      return;
    }
    this.drag.box = this.reach(this.drag.source, place);
    this.shade(this.drag.box);
  }

  release() {
    const { drag } = this;
    this.drag = null;
    this.shade(null);
    if (drag?.kind !== "fill" || !drag.box) return;
    this.fill(drag.source, drag.box);
    const { source, box } = drag;
    this.sheet.choose(Math.min(source.top, box.top), Math.min(source.start, box.start));
    this.sheet.choose(Math.max(source.bottom, box.bottom), Math.max(source.finish, box.finish), { stretch: true });
  }

  /** The cells beside the source that a drag to a place covers: along the longer way, down or across. */
  reach(source, place) {
    const down = place.row > source.bottom ? place.row - source.bottom : Math.min(0, place.row - source.top);
    const along = place.column > source.finish ? place.column - source.finish : Math.min(0, place.column - source.start);
    if (!down && !along) return null;
    if (Math.abs(down) >= Math.abs(along)) {
      return down > 0 ? { ...source, top: source.bottom + 1, bottom: place.row } : { ...source, top: place.row, bottom: source.top - 1 };
    }
    return along > 0 ? { ...source, start: source.finish + 1, finish: place.column } : { ...source, start: place.column, finish: source.start - 1 };
  }

  shade(box) {
    for (const cell of this.sheet.table.querySelectorAll("td.is-reached")) cell.classList.remove("is-reached");
    if (box) for (const { row, column } of this.sheet.chosen(box)) this.sheet.cell(row, column).classList.add("is-reached");
  }

  // -- Filling -----------------------------------------------------------------------------------------------------------------
  codesAt(row, column) {
    const text = this.sheet.textOf(row, column);
    return text ? this.codes.parse(text) : [];
  }

  /** Repeat the source over a box, in step with where it stands. */
  fill(source, box) {
    const high = source.bottom - source.top + 1;
    const wide = source.finish - source.start + 1;
    const cells = [];
    for (const { row, column } of this.sheet.chosen(box)) {
      const from = {
        row: source.top + ((((row - source.top) % high) + high) % high),
        column: source.start + ((((column - source.start) % wide) + wide) % wide),
      };
      cells.push({ row, column, codes: this.codesAt(from.row, from.column), typed: "" });
    }
    this.save(cells);
  }

  /** Ctrl+D and Ctrl+R: the first row, or the first day, of what is chosen, over the rest; of a single cell, what stands before it. */
  fillFromFirst(way) {
    const box = this.sheet.box;
    if (way === "down") {
      const top = box.top === box.bottom ? box.top - 1 : box.top;
      if (top >= 0) this.fill({ ...box, top, bottom: top }, { ...box, top: top + 1 });
      return;
    }
    const start = box.start === box.finish ? box.start - 1 : box.start;
    if (start >= 0) this.fill({ ...box, start, finish: start }, { ...box, start: start + 1 });
  }

  /** Save what differs; cells of days on which somebody is not in the unit, and locked ones, are passed over when many are filled. */
  save(cells) {
    const differing = cells.filter(({ row, column, codes }) => this.sheet.textOf(row, column) !== codes.join("/") || this.sheet.isNoted(row, column));
    const isMany = cells.length > 1;
    const free = isMany ? differing.filter(({ row, column }) => this.sheet.isOpen(row, column) && !this.sheet.isLocked(row, column)) : differing;
    this.saver.save(free);
    const left = differing.length - free.length;
    // Said once the move that ends the typing is done, which takes the sentence of the cell before away.
    if (left) setTimeout(() => this.saver.say(interpolate(ngettext("%s cell stayed as it is: it is locked, or not of this unit on that day.", "%s cells stayed as they are: they are locked, or not of this unit on that day.", left), [left]), { urgent: true }));
  }

  // -- Spreadsheets ------------------------------------------------------------------------------------------------------------
  isWriting() {
    const { field } = this.sheet;
    return field.value !== "" && field.classList.contains("is-typing");
  }

  copy(event, { cut = false } = {}) {
    if (this.isWriting()) return;
    const { box } = this.sheet;
    const lines = [];
    for (let row = box.top; row <= box.bottom; row += 1) {
      const line = [];
      for (let column = box.start; column <= box.finish; column += 1) line.push(this.sheet.textOf(row, column));
      lines.push(line.join("\t"));
    }
    event.preventDefault();
    event.clipboardData.setData("text/plain", lines.join("\n"));
    if (cut) this.save([...this.sheet.chosen(box)].map(({ row, column }) => ({ row, column, codes: [], typed: "" })));
  }

  paste(event) {
    if (this.isWriting()) return;
    event.preventDefault();
    const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
    if (!text) return;
    const lines = text.split("\n").map((line) => line.split("\t"));
    const { box, rows, days } = this.sheet;
    const high = lines.length;
    const wide = Math.max(...lines.map((line) => line.length));
    // What is chosen is filled with repetitions, as spreadsheets do; a single cell takes the whole block.
    const bottom = this.sheet.isSingle ? box.top + high - 1 : Math.max(box.bottom, box.top + high - 1);
    const finish = this.sheet.isSingle ? box.start + wide - 1 : Math.max(box.finish, box.start + wide - 1);
    const target = { ...box, bottom: Math.min(bottom, rows.length - 1), finish: Math.min(finish, days.length - 1) };
    const cells = [];
    for (const { row, column } of this.sheet.chosen(target)) {
      const typed = (lines[(row - box.top) % high][(column - box.start) % wide] ?? "").trim();
      cells.push({ row, column, codes: this.codes.parse(typed), typed });
    }
    this.save(cells);
    this.sheet.choose(target.top, target.start);
    this.sheet.choose(target.bottom, target.finish, { stretch: true });
  }
}
