/*
 * Cells that were typed and have no answer yet are kept in this browser beside unsent messages, until the server has answered or
 * the person signs out: whoever opens the roster again has them sent, each on the state of the roster that was seen when it was typed.
 */

import { outboxOf } from "../chat/outbox.js";

const idOf = (work) => `cells:${work.batch}`;

export class Kept {
  constructor(root, sheet) {
    this.outbox = outboxOf(root.dataset.reader);
    this.place = root.dataset.edit;
    this.title = sheet.table.getAttribute("aria-label");
    this.sheet = sheet;
  }

  keep(work, base) {
    const { sheet } = this;
    const edits = work.cells.map(({ row, column, codes, typed }) => ({ user: sheet.userOf(row), day: sheet.days[column], codes, typed }));
    return this.outbox.keep({
      clientId: idOf(work), isCells: true, place: this.place, title: this.title, order: this.outbox.nextOrder(), base, edits, batch: work.batch,
    });
  }

  forget(work) {
    return this.outbox.forget(idOf(work));
  }

  /** What an earlier page of this roster left, in the order in which it was typed; cells that it has no more are dropped. */
  async restore() {
    const found = [];
    for (const entry of await this.outbox.all()) {
      if (!entry.isCells || entry.place !== this.place) continue;
      const cells = entry.edits
        .map(({ user, day, codes, typed }) => ({ row: this.sheet.places.get(String(user)), column: this.sheet.columns.get(day), codes, typed }))
        .filter(({ row, column }) => row !== undefined && column !== undefined);
      const work = { kind: "cells", cells, batch: entry.batch, base: entry.base };
      if (cells.length) found.push(work);
      else await this.forget(work);
    }
    return found;
  }
}
