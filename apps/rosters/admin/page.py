"""What the grid's page shows, made of `queries.grid_of`: once as markup, and as plain JSON for what changes later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from apps.core.text import fill_html
from apps.people.models import User
from apps.rosters import actions, permissions, queries, rules
from apps.rosters.models import Plan, PlanState, ShiftEvent, ShiftType
from apps.rosters.queries.grid import CoverDay, CoverRow, Grid, GridCell, Row

MOST_FINDINGS = 60  # in the pane; each stands on its cell besides
FEW_CODES = 8  # so many stand in the palette at least
COUNTED = ["d", "e", "n", "c", "t", "o", "l"]  # colours, in the order of their columns
BADGES = {PlanState.PUBLISHED: "badge--ok", PlanState.CLOSED: "", PlanState.PROPOSED: "badge--info"}
CODES_APART = "/"

Face = tuple[str, str]
"""What is written in a cell, and its classes."""


def word_day(day: date) -> str:
    """Return a day with its weekday, in the reader's language."""
    return _word_day(get_language() or "", day)


@lru_cache(maxsize=1024)
def _word_day(language: str, day: date) -> str:
    return pgettext("a day", "%(weekday)s, %(date)s") % {
        "weekday": date_format(day, "l"),
        "date": date_format(day, "MONTH_DAY_FORMAT"),
    }


def title_of(plan: Plan) -> str:
    """Return the month of a roster, or its days where it is no whole month."""
    first, last = plan.during.lower, date.fromordinal(plan.during.upper.toordinal() - 1)
    if first.day == 1 and (plan.during.upper.day == 1) and (last.year, last.month) == (first.year, first.month):
        return date_format(first, "YEAR_MONTH_FORMAT")
    return f"{date_format(first, 'DATE_FORMAT')} – {date_format(last, 'DATE_FORMAT')}"


@dataclass(frozen=True, slots=True)
class Head:
    """A day above its column."""

    on: date
    classes: str
    name: str
    is_today: bool

    @property
    def iso(self) -> str:
        return self.on.isoformat()

    @property
    def number(self) -> int:
        return self.on.day

    @property
    def words(self) -> str:
        return f"{word_day(self.on)} ({self.name})" if self.name else word_day(self.on)

    @property
    def short(self) -> str:
        return date_format(self.on, "MONTH_DAY_FORMAT")


@dataclass(frozen=True, slots=True)
class ShownType:
    """A code that may stand in a cell, for the palette."""

    code: str
    name: str
    colour: str
    times: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A column at the right: codes that are counted together."""

    code: str
    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding in the pane, and the cells that it stands on."""

    level: str
    who: str
    days: str
    words: str
    at: tuple[tuple[int, int], ...]
    jump: str
    href: str

    @property
    def is_hard(self) -> bool:
        return self.level == "hard"


@dataclass(frozen=True, slots=True)
class ShownHole:
    code: str
    colour: str
    words: str
    missing: str
    href: str


@dataclass(frozen=True, slots=True)
class CoverLine:
    """How many a shift needs, has and misses, day by day: [written, how bad, said]."""

    code: str
    colour: str
    label: str
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A step that the roster as a whole may take."""

    verb: str
    state: str
    label: str
    words: str


@dataclass
class GridPage:
    """The grid of a roster for one reader."""

    plan: Plan
    reader: User
    grid: Grid = field(init=False)

    def __post_init__(self) -> None:
        self.grid = queries.grid_of(self.plan)

    # -- Around the table ---------------------------------------------------------------------------------------------
    @property
    def title(self) -> str:
        return title_of(self.plan)

    @property
    def label(self) -> str:
        return _("Roster of %(unit)s, %(days)s") % {"unit": self.plan.unit.name, "days": self.title}

    @property
    def badge(self) -> str:
        return BADGES.get(PlanState(self.plan.state), "badge--warn")

    @property
    def change(self) -> int:
        return self.grid.change

    @property
    def is_empty(self) -> bool:
        return not any(cell.shifts for row in self.grid.rows for cell in row.cells)

    @cached_property
    def can_edit(self) -> bool:
        return permissions.can_edit_plan(self.reader, self.plan)

    @cached_property
    def shift_types(self) -> list[ShiftType]:
        """The codes of the unit that hold on one of the days, the unit's own before the site's."""
        first, last = self.plan.during.lower, self.plan.during.upper
        found: dict[str, ShiftType] = {}
        for row in sorted(self.grid.codes, key=lambda row: row.unit_id is None):
            is_current = (row.valid_from is None or row.valid_from < last) and (
                row.valid_until is None or row.valid_until > first
            )
            if is_current:
                found.setdefault(row.code, row)
        return sorted(found.values(), key=lambda row: (row.place, row.code))

    @cached_property
    def used(self) -> set[str]:
        """The codes that stand in this roster or are needed in it, and the next of the list while these are few."""
        used = {shift.code for row in self.grid.rows for cell in row.cells for shift in cell.shifts}
        used |= {line.shift_type.code for line in self.grid.cover}
        others = [row.code for row in self.shift_types if row.code not in used]
        return used.union(others[: max(0, FEW_CODES - len(used))])

    @cached_property
    def types(self) -> list[ShownType]:
        """The palette: the codes that this roster uses."""
        return [_shown_type(row) for row in self.shift_types if row.code in self.used]

    @cached_property
    def other_types(self) -> list[ShownType]:
        return [_shown_type(row) for row in self.shift_types if row.code not in self.used]

    @property
    def type_data(self) -> list[dict[str, str]]:
        return [{"code": row.code, "colour": row.colour, "name": row.name} for row in [*self.types, *self.other_types]]

    @property
    def letters(self) -> list[str]:
        return [row.code for row in self.types if len(row.code) == 1][:3]

    @property
    def moves(self) -> list[Move]:
        """The steps that follow from the state, publishing apart."""
        state = self.plan.state
        if state == PlanState.CLOSED:
            return []
        if state == PlanState.PUBLISHED:
            return [
                Move("recall", "", _("Take it back"), _("What was published holds no longer; the draft stays.")),
                Move("close", "", _("Close it"), _("A closed roster is for reading, and its counts are kept.")),
            ]
        steps = {
            PlanState.COLLECTING: _("Staff may still wish; nothing is promised."),
            PlanState.DRAFT: _("Only the managers of the unit see it."),
            PlanState.PROPOSED: _("Ready for somebody else to look through before it is published."),
        }
        return [
            Move("state", step.value, _("Make it “%(state)s”") % {"state": step.label}, words)
            for step, words in steps.items()
            if step != state
        ]

    @property
    def keys(self) -> list[tuple[str, str]]:
        return keys_of_grid()

    # -- Days and codes -----------------------------------------------------------------------------------------------
    @cached_property
    def heads(self) -> list[Head]:
        classes = {"saturday": "is-first-rest", "sunday": "is-rest", "holiday": "is-rest"}
        return [Head(day.on, classes.get(str(day.kind), ""), day.name, day.is_today) for day in self.grid.days]

    @cached_property
    def rest(self) -> list[bool]:
        return [bool(head.classes) for head in self.heads]

    @cached_property
    def counted(self) -> list[Counted]:
        """What is counted for each person: the codes of a colour together, so that all nights are one number."""
        groups: dict[str, list[ShiftType]] = {}
        for row in self.shift_types:
            if row.code in self.used:
                groups.setdefault(row.colour, []).append(row)
        return [
            Counted(rows[0].code, ", ".join(f"{row.code} {row.name}" for row in rows), tuple(row.code for row in rows))
            for colour, rows in sorted(groups.items(), key=lambda group: COUNTED.index(group[0]))
        ]

    # -- The table ----------------------------------------------------------------------------------------------------
    def face_of(self, cell: GridCell, is_rest: bool, is_member: bool) -> Face:
        shifts = cell.shifts
        classes = [shifts[0].colour] if shifts else []
        if len(shifts) > 1:
            classes.append("m")
        if cell.is_locked:
            classes.append("k")
        if cell.is_changed:
            classes.append("g")
        if is_rest:
            classes.append("r")
        if not is_member:
            classes.append("x")
        return CODES_APART.join(shift.code for shift in shifts), " ".join(classes)

    def faces_of(self, row: Row) -> list[Face]:
        return [
            self.face_of(cell, is_rest, is_member)
            for cell, is_rest, is_member in zip(row.cells, self.rest, row.is_member, strict=True)
        ]

    def counts_of(self, row: Row) -> list[int]:
        return [sum(row.counts.get(code, 0) for code in group.codes) for group in self.counted]

    @property
    def body(self) -> SafeString:
        """The rows of people: one short element a cell, since a month of a ward has two thousand."""
        marks = self.marks
        lines = [self._row_markup(row, marks) for row in self.grid.rows]
        return mark_safe("".join(lines))  # noqa: S308  # allowed: unsafe-call: each line is made by fill_html

    def _row_markup(self, row: Row, marks: dict[tuple[int, int], tuple[str, str]]) -> SafeString:
        user_id = row.user.pk
        cells: list[SafeString] = []
        for column, (head, (text, classes)) in enumerate(zip(self.heads, self.faces_of(row), strict=True)):
            mark = marks.get((user_id, column))
            title = fill_html(' title="{}"', mark[1]) if mark else ""
            shown = f"{classes} {mark[0]}".strip() if mark else classes
            cells.append(
                fill_html(
                    '<td{}{}><a href="{}/{}/">{}</a></td>',
                    fill_html(' class="{}"', shown) if shown else "",
                    title,
                    user_id,
                    head.iso,
                    text or EMPTY,
                )
            )
        cells += [fill_html('<td class="tot">{}</td>', count) for count in self.counts_of(row)]
        return fill_html(
            '<tr data-user="{}"><th scope="row"><bdi>{}</bdi> <small>{}</small></th>{}</tr>',
            user_id,
            row.user.display_name,
            row.user.title or row.user.get_job_display(),
            mark_safe("".join(cells)),  # noqa: S308  # allowed: unsafe-call: each cell is made by fill_html
        )

    @cached_property
    def cover(self) -> list[CoverLine]:
        return [self._cover_line(line) for line in self.grid.cover]

    def _cover_line(self, line: CoverRow) -> CoverLine:
        needs = sorted({day.need for day in line.days if day is not None})
        need = f"{needs[0]}–{needs[-1]}" if len(needs) > 1 else str(*needs)
        label = _("need %(need)s") % {"need": need}
        if line.skill:
            label = f"{line.skill_name or line.skill}, {label}"
        cells = tuple(_word_cover(day) for day in line.days)
        return CoverLine(line.shift_type.code, line.shift_type.colour, label, cells)

    # -- Findings and holes -------------------------------------------------------------------------------------------
    @cached_property
    def all_findings(self) -> list[ShownFinding]:
        names = {row.user.pk: row.user.display_name for row in self.grid.rows}
        shown = [self._shown(finding, names) for finding in self.grid.findings if finding.user_id in names]
        return sorted(shown, key=lambda finding: (not finding.is_hard, finding.at[:1] or ((0, 0),), finding.words))

    def _shown(self, finding: rules.Finding, names: dict[int, str]) -> ShownFinding:
        at = places_of(finding, self.plan)
        columns = [column for _user, column in at]
        begin, end = (min(columns), max(columns)) if columns else (0, 0)
        days = self.heads[begin].short if begin == end else f"{self.heads[begin].short} – {self.heads[end].short}"
        return ShownFinding(
            level=finding.level,
            who=names[finding.user_id],
            days=days if columns else "",
            words=rules.sentence_of(finding),
            at=at,
            jump=f"{finding.user_id}:{begin}:{end}",
            href=reverse("admin:rosters_plan_cell", args=[self.plan.pk, finding.user_id, self.heads[begin].iso]),
        )

    @property
    def findings(self) -> list[ShownFinding]:
        return self.all_findings[:MOST_FINDINGS]

    @property
    def hidden_findings(self) -> int:
        return max(0, len(self.all_findings) - MOST_FINDINGS)

    @property
    def hard(self) -> int:
        return sum(finding.is_hard for finding in self.all_findings)

    @property
    def soft(self) -> int:
        return len(self.all_findings) - self.hard

    @property
    def finding_data(self) -> list[dict[str, Any]]:
        return [{"level": row.level, "words": row.words, "at": row.at} for row in self.all_findings]

    @property
    def marks(self) -> dict[tuple[int, int], tuple[str, str]]:
        """The class and the sentences of each cell with a finding."""
        found: dict[tuple[int, int], tuple[str, str]] = {}
        for finding in self.all_findings:  # the hard ones first
            for place in finding.at:
                level, words = found.get(place, ("", ""))
                found[place] = (
                    level or ("h" if finding.is_hard else "s"),
                    f"{words}\n{finding.words}" if words else finding.words,
                )
        return found

    @cached_property
    def holes(self) -> list[ShownHole]:
        return [
            ShownHole(
                hole.shift_type.code,
                hole.shift_type.colour,
                f"{word_day(hole.day)} · {hole.skill_name}" if hole.skill_name else word_day(hole.day),
                ngettext("%(count)d is missing", "%(count)d are missing", hole.missing) % {"count": hole.missing},
                reverse("admin:rosters_plan_hole", args=[self.plan.pk, hole.day.isoformat(), hole.shift_type.pk])
                + (f"?skill={hole.skill}" if hole.skill else ""),
            )
            for hole in self.grid.holes
        ]

    @property
    def changed(self) -> int:
        return self.grid.changed

    # -- For scripts --------------------------------------------------------------------------------------------------
    def as_json(self) -> dict[str, Any]:
        """Return the whole state as plain values; what is counted at the right the script counts itself."""
        context = {"page": self, "plan": self.plan}
        return {
            "change": self.change,
            "rows": {str(row.user.pk): self.faces_of(row) for row in self.grid.rows},
            "cover": [list(line.cells) for line in self.cover],
            "findings": self.finding_data,
            "pane": render_to_string("rosters/plan/_pane.html", context),
            "head": render_to_string("rosters/plan/_head.html", context),
        }


def edited_json(plan: Plan, done: actions.Edited) -> dict[str, Any]:
    """Return what one gesture changed: its cells, and the findings of the people whose cells they are."""
    people = sorted({cell.user_id for cell in done.cells})
    return {
        "change": done.change,
        "cells": [
            [
                cell.user_id,
                cell.day.isoformat(),
                [entry.code for entry in cell.entries],
                any(e.locked for e in cell.entries),
            ]
            for cell in done.cells
        ],
        "people": people,
        "findings": [
            {"level": finding.level, "words": rules.sentence_of(finding), "at": places_of(finding, plan)}
            for finding in done.findings
            if finding.user_id in people
        ],
    }


def places_of(finding: rules.Finding, plan: Plan) -> tuple[tuple[int, int], ...]:
    """Return the cells of a roster that a finding stands on: a person, and which column."""
    first, last = plan.during.lower.toordinal(), plan.during.upper.toordinal()
    return tuple((finding.user_id, day - first) for day in finding.days if first <= day < last)


EMPTY = fill_html('<span class="unscripted">·</span>')  # a link without a script needs something to press


def _shown_type(row: ShiftType) -> ShownType:
    times = "" if row.is_absence else f"{_clock(row.starts_at)}–{_clock(row.ends_at)}"
    return ShownType(row.code, row.name, row.colour, times)


def _word_cover(day: CoverDay | None) -> tuple[str, str, str]:
    """Return what is written of a shift on a day, how bad it is (1 or 2), and its sentence."""
    if day is None:
        return "", "", ""
    said = _("need %(need)d, have %(have)d") % {"need": day.need, "have": day.have}
    if day.missing:
        return f"−{day.missing}", "1" if day.missing == 1 else "2", said
    return str(day.have), "3" if day.maximum is not None and day.have > day.maximum else "", said


def _clock(at: time) -> str:
    return f"{at:%H:%M}".removesuffix(":00")


def keys_of_grid() -> list[tuple[str, str]]:
    """Return the keys of the grid with what they do."""
    return [
        ("ArrowDown", _("the next person; each arrow moves by one cell")),
        ("Enter", _("save and go down; with Shift up")),
        ("Shift+ArrowDown", _("choose several cells; a code then stands in all of them")),
        ("Delete", _("empty the chosen cells")),
        ("Escape", _("leave the cell as it was")),
        ("F2", _("note and history of the cell")),
        ("F8", _("the next finding; with Shift the one before")),
        ("Control+C", _("copy; Ctrl+X cuts, Ctrl+V pastes, also from a spreadsheet")),
        ("Control+D", _("fill down what stands in the first chosen row, or above")),
        ("Control+R", _("fill along what stands in the first chosen day, or before")),
        ("Control+Z", _("undo; Ctrl+Y redoes")),
        ("Control+Shift+L", _("lock the chosen cells, or unlock them")),
        ("Control+A", _("choose everything")),
        ("Home", _("the first day; End goes to the last one, with Ctrl to the corners")),
    ]


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """What was done to a cell, in words."""

    at: datetime
    by: str
    before: str
    after: str
    reason: str
    approved_by: str


def shown_events(events: Iterable[ShiftEvent]) -> list[ShownEvent]:
    """Return the history of a cell as its page shows it."""
    return [
        ShownEvent(
            event.at,
            event.by.display_name if event.by else _("the system"),
            _word_entries(event.before),
            _word_entries(event.after),
            event.reason,
            event.approved_by.display_name if event.approved_by else "",
        )
        for event in events
    ]


def _word_entries(entries: Sequence[dict[str, Any]]) -> str:
    words = [
        entry["code"]
        + (f" ({entry['note']})" if entry.get("note") else "")
        + (f" ({_('locked')})" if entry.get("locked") else "")
        for entry in entries
    ]
    return ", ".join(words) or _("empty")
