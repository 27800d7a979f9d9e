"""What the rules say of a change before it is written: only what it makes worse stands in its way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from apps.core.compiled import CompiledValues
from apps.rosters import rules
from apps.rosters.models import Condition, Family, Plan, ShiftType

from .cells import Cell, Entry
from .facts import load_judged
from .given import among

# Neither of two who work together can be written first without this one; it has to be mended before the roster is published.
UNFINISHED = frozenset({"with"})


class Seat(NamedTuple):
    """A shift that somebody is supposed to have."""

    user_id: int
    day: date
    shift_type_id: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A shift that is to stand in a cell."""

    user_id: int
    day: date
    kind: ShiftType
    period: DateTimeTZRange
    entry: Entry

    @property
    def seat(self) -> Seat:
        return Seat(self.user_id, self.day, self.kind.pk)


_PAIRS: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: Condition.objects.filter(
        Q(among()) & Q(partner__isnull=False) | Q(among("partner_id"))
    ).values_list("user_id", "partner_id")
)


def paired_with(users: Collection[int]) -> set[int]:
    """Return those with whom a circumstance pairs somebody of these, whichever of the two has it; one query."""
    pairs = _PAIRS.rows(None, ids=sorted(users))
    return {person for pair in pairs for person in pair if person is not None} - set(users)


@dataclass(slots=True)
class Judge:
    """The facts and rules of a roster, loaded once for a gesture."""

    facts: rules.Facts
    bound: Sequence[rules.BoundRule]
    _before: dict[tuple[frozenset[int], tuple[int, int]], Sequence[rules.Finding]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, people: Collection[int] | None = None) -> "Judge":
        """Load what changes of a roster's draft are judged by: the draft among what is published elsewhere.

        With `people` these alone are known, unless what is shared by the whole unit is a hard rule in it: enough for changes of
        cells of people who are among them together with those whom they are `paired_with`.
        """
        if people is not None:
            judge = cls._load(plan, plan.pk, people=people)
            if not any(rule.level == "hard" and rule.family == Family.BALANCE for rule in judge.bound):
                return judge
        return cls._load(plan, plan.pk)

    @classmethod
    def of_published(cls, plan: Plan) -> "Judge":
        """Load what a publication is judged by: all that is published now."""
        return cls._load(plan, None)

    @classmethod
    def _load(cls, plan: Plan, plan_id: int | None, people: Collection[int] | None = None) -> "Judge":
        first, last = plan.during.lower, plan.during.upper
        return cls(*load_judged(plan.unit, first, last, plan_id=plan_id, people=people))

    def _changed(self, cells: Collection[Cell], seats: Sequence[Seat]) -> rules.Facts:
        gone: dict[int, set[int]] = {}
        for user_id, day in cells:
            gone.setdefault(user_id, set()).add(day.toordinal())
        shifts = {
            user_id: [
                shift
                for shift in self.facts.shifts.get(user_id, ())
                if shift.unit_id != self.facts.unit_id or shift.day not in days
            ]
            for user_id, days in gone.items()
        }
        for seat in seats:
            shifts[seat.user_id].append(self.facts.shift_on(seat.shift_type_id, seat.day.toordinal()))
        return self.facts.with_shifts(shifts)

    @staticmethod
    def _reach(cells: Collection[Cell]) -> tuple[frozenset[int], tuple[int, int]]:
        days = [day for _user, day in cells]
        people = frozenset(user_id for user_id, _day in cells)
        return people, (min(days).toordinal(), (max(days) + timedelta(days=1)).toordinal())

    def new_breaches(
        self, cells: Collection[Cell], seats: Sequence[Seat], *, is_final: bool = False
    ) -> tuple[rules.Finding, ...]:
        """Return the hard findings about people that these cells would make, or make worse, with these shifts in them.

        What a unit lacks is a hole in its roster, which each roster begins with: it is shown and stops nobody. Before a change is
        final, what is only half done stops nobody either.
        """
        people, days = self._reach(cells)
        hard = [rule for rule in self.bound if rule.level == "hard"]
        if (people, days) not in self._before:
            self._before[people, days] = rules.check(self.facts, hard, people=people, days=days)
        after = rules.check(self._changed(cells, seats), hard, people=people, days=days)
        new = rules.new_findings(self._before[people, days], after)
        return tuple(finding for finding in new if finding.user_id and (is_final or finding.key not in UNFINISHED))

    def findings_after(self, cells: Collection[Cell], seats: Sequence[Seat]) -> tuple[rules.Finding, ...]:
        """Return all findings that the change can reach, as they are after it."""
        people, days = self._reach(cells)
        return tuple(rules.check(self._changed(cells, seats), self.bound, people=people, days=days))

    def words_of(self, finding: rules.Finding) -> str:
        """Return the rule that a finding breaks in words that fit everybody, else the finding's own sentence."""
        for bound in self.bound:
            if bound.code == finding.rule_code and finding.user_id in bound.people:
                return rules.describe(bound)
        return rules.sentence_of(finding)
