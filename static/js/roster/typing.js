/*
 * The keyboard of the grid. Letters make a code, which is saved as soon as it can become no other; arrows, Enter and Tab save and
 * move. A key that an input method takes to end its syllable still moves, once, after the syllable is there.
 */

const AFTER_SYLLABLE_MS = 40; // some browsers hand the key on after the syllable, some do not
const PAUSE_MS = 900;
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Typing {
  constructor({ sheet, codes, saver, filling, commands }) {
    Object.assign(this, { sheet, codes, saver, filling, commands });
    this.isComposing = false;
    this.owed = null; // a move that an input method kept for itself
    const { field } = sheet;
    field.addEventListener("compositionstart", () => {
      this.isComposing = true;
      field.classList.add("is-typing");
    });
    field.addEventListener("compositionend", () => this.endComposition());
    field.addEventListener("input", () => this.read());
    field.addEventListener("keydown", (event) => this.press(event));
    field.addEventListener("blur", () => this.commit());
    sheet.addEventListener("leaving", () => this.commit());
  }

  isMirrored() {
    return document.documentElement.dir === "rtl";
  }

  moveOf(event) {
    const key = MOVES[event.key] ? event.key : event.code;
    if (MOVES[key]) {
      const [down, along] = MOVES[key];
      return [down, this.isMirrored() ? -along : along];
    }
    if (key === "Enter" || key === "NumpadEnter") return [event.shiftKey ? -1 : 1, 0];
    return null;
  }

  // -- Letters -----------------------------------------------------------------------------------------------------------------
  read() {
    const { field } = this.sheet;
    field.classList.toggle("is-typing", field.value !== "");
    clearTimeout(this.pause);
    if (this.isComposing || !field.value) return;
    if (this.codes.isComplete(field.value)) this.commit();
    // A code that could become a longer one (D, D12) counts after a moment without another letter.
    else if (this.codes.find(field.value.trim())) this.pause = setTimeout(() => this.commit(), PAUSE_MS);
  }

  endComposition() {
    this.isComposing = false;
    if (!this.owed) {
      this.read();
      return;
    }
    setTimeout(() => {
      const move = this.owed;
      this.owed = null;
      if (!move) return; // the key came again, and did it
      this.commit();
      this.go(move);
    }, AFTER_SYLLABLE_MS);
  }

  /** Save what is typed, into every cell that is chosen. */
  commit() {
    const { field } = this.sheet;
    const typed = field.value.trim();
    if (!typed || this.isComposing) return;
    field.value = "";
    field.classList.remove("is-typing");
    this.put(this.codes.parse(typed), typed);
  }

  /** Put codes into the chosen cells; those that hold them already are left. */
  put(codes, typed = "") {
    this.filling.save([...this.sheet.chosen()].map(({ row, column }) => ({ row, column, codes, typed })));
  }

  discard() {
    const { field, anchor } = this.sheet;
    field.value = "";
    field.classList.remove("is-typing");
    const note = this.sheet.notes.get(`${anchor.row}:${anchor.column}`);
    if (note?.state === "failed") {
      this.sheet.note(anchor.row, anchor.column, null);
      this.saver.reload();
    }
    if (!this.sheet.isSingle) this.sheet.choose(anchor.row, anchor.column);
  }

  // -- Keys --------------------------------------------------------------------------------------------------------------------
  go([down, along], stretch = false) {
    const from = stretch ? this.sheet.end : this.sheet.anchor;
    this.sheet.choose(from.row + down, from.column + along, { stretch });
  }

  press(event) {
    const move = this.moveOf(event);
    if (event.isComposing || event.keyCode === 229) {
      if (move && this.isComposing) this.owed = move;
      return;
    }
    this.owed = null;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand ? this.command(event) : this.plain(event, move)) event.preventDefault();
  }

  plain(event, move) {
    const { sheet, commands } = this;
    const { key } = event;
    if (event.altKey) return false;
    if (move) {
      const isEnter = key === "Enter";
      this.commit();
      this.go(move, event.shiftKey && !isEnter);
      return true;
    }
    switch (key) {
      case "Tab": {
        this.commit();
        return false; // out of the grid, as everywhere
      }
      case "Home":
      case "End": {
        this.commit();
        const from = event.shiftKey ? sheet.end : sheet.anchor;
        sheet.choose(from.row, key === "Home" ? 0 : sheet.days.length - 1, { stretch: event.shiftKey });
        return true;
      }
      case "PageUp":
      case "PageDown": {
        this.commit();
        this.go([key === "PageUp" ? -10 : 10, 0], event.shiftKey);
        return true;
      }
      case "Delete": {
        sheet.field.value = "";
        this.put([]);
        return true;
      }
      case "Backspace": {
        if (sheet.field.value) return false;
        this.put([]);
        return true;
      }
      case "Escape": {
        this.discard();
        return true;
      }
      case "F2": {
        this.commit();
        commands.openCell();
        return true;
      }
      case "F8": {
        this.commit();
        commands.nextFinding(event.shiftKey ? -1 : 1);
        return true;
      }
      default: {
        if (sheet.field.value || key.length !== 1 || this.codes.isBeginning(key)) return false;
        if (key === "?" || key === "؟" || key === "？") commands.showKeys();
        else if (event.code === "KeyF") commands.nextFinding(event.shiftKey ? -1 : 1);
        else return false;
        return true;
      }
    }
  }

  command(event) {
    const { sheet, commands, filling } = this;
    const code = event.code || `Key${event.key.toUpperCase()}`;
    if (MOVES[event.key]) {
      this.commit();
      const [down, along] = this.moveOf(event);
      this.go([down * sheet.rows.length, along * sheet.days.length], event.shiftKey);
      return true;
    }
    if (event.key === "Home" || event.key === "End") {
      this.commit();
      const isHome = event.key === "Home";
      sheet.choose(isHome ? 0 : sheet.rows.length - 1, isHome ? 0 : sheet.days.length - 1, { stretch: event.shiftKey });
      return true;
    }
    switch (code) {
      case "KeyZ":
        this.commit();
        commands.undo(event.shiftKey ? "redo" : "undo");
        return true;
      case "KeyY":
        this.commit();
        commands.undo("redo");
        return true;
      case "KeyD":
        this.commit();
        filling.fillFromFirst("down");
        return true;
      case "KeyR":
        if (event.shiftKey) return false; // reload without the cache
        this.commit();
        filling.fillFromFirst("along");
        return true;
      case "KeyL":
        if (!event.shiftKey) return false; // the browser's address line
        this.commit();
        commands.lock();
        return true;
      case "KeyA":
        if (sheet.field.value) return false;
        sheet.choose(0, 0);
        sheet.choose(sheet.rows.length - 1, sheet.days.length - 1, { stretch: true });
        return true;
      default:
        return false;
    }
  }
}
