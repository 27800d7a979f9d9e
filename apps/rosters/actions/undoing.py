"""Undo and redo: each manager takes back their own gestures, newest first, as long as nobody else has touched those cells."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _

from apps.people.models import User
from apps.rosters import queries
from apps.rosters.models import Plan, ShiftEvent
from apps.rosters.queries.cells import Cell, Entry

from .cells import Edited, Order, accepted_before, edit_cells
from .errors import NothingToUndo

REMEMBERED = 500  # gestures of a person in a roster


@dataclass(slots=True)
class Gestures:
    """What somebody did in a roster and did not take back, and what they took back: batches, the newest last."""

    done: list[uuid.UUID] = field(default_factory=list)
    undone: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)  # what was taken back, and by which batch


def gestures_of(plan: Plan, by: User) -> Gestures:
    """Return somebody's gestures in a roster; one query."""
    events = ShiftEvent.objects.filter(plan=plan, by=by).exclude(before=F("after"))  # publishing changes no cell
    rows = events.order_by().values("batch", "undoes").annotate(at=Max("change"))
    newest = sorted(rows.order_by("-at").values_list("at", "batch", "undoes")[:REMEMBERED], key=lambda row: row[0])
    gestures = Gestures()
    takes_back: dict[uuid.UUID, uuid.UUID] = {}  # an undo, and what it took back
    for _at, batch, undoes in newest:
        if undoes is None:
            if not gestures.done or gestures.done[-1] != batch:
                gestures.done.append(batch)
            gestures.undone.clear()
        elif undoes in takes_back:  # redone
            gestures.undone = [pair for pair in gestures.undone if pair[1] != undoes]
            gestures.done.append(takes_back[undoes])
        else:
            takes_back[batch] = undoes
            gestures.done = [one for one in gestures.done if one != undoes]
            gestures.undone.append((undoes, batch))
    return gestures


def undo(*, by: User, plan: Plan) -> Edited:
    """Take back one's own newest gesture. Raises NothingToUndo, and EditedMeanwhile where somebody else changed its cells."""
    for batch in reversed(gestures_of(plan, by).done):
        done = _restore(by, plan, batch, undoes=batch, side="before")
        if done.cells:
            return done  # else its cells are as they were already: the one before it
    raise NothingToUndo(_("There is nothing of yours to undo in this roster."))


def redo(*, by: User, plan: Plan) -> Edited:
    """Do again what one took back last. Raises NothingToUndo, and EditedMeanwhile where somebody else changed its cells."""
    for batch, taken_back_by in reversed(gestures_of(plan, by).undone):
        done = _restore(by, plan, batch, undoes=taken_back_by, side="after")
        if done.cells:
            return done
    raise NothingToUndo(_("There is nothing of yours to do again in this roster."))


def _restore(by: User, plan: Plan, batch: uuid.UUID, *, undoes: uuid.UUID, side: str) -> Edited:
    events = list(ShiftEvent.objects.filter(plan=plan, batch__in=[batch, undoes]).order_by("change", "pk"))
    cells: dict[Cell, Any] = {}
    for event in events:
        if event.batch != batch:
            continue
        cell = (event.user_id, event.day)
        if side == "after" or cell not in cells:  # what stood before the first step of a gesture, or after its last
            cells[cell] = getattr(event, side)
    order = Order(
        wanted=_as_stored(cells),
        base_change=max((event.change for event in events), default=0),
        undoes=undoes,
        keeps_locks=False,
        accepts=accepted_before(plan),
    )
    return edit_cells(by=by, plan=plan, order=order)


def _as_stored(cells: Mapping[Cell, Any]) -> Callable[[Plan], dict[Cell, tuple[Entry, ...]]]:
    wanted = {cell: queries.read_entries(stored) for cell, stored in cells.items()}
    return lambda _plan: wanted
