"""The rules that the rosters of a unit follow, in words: the very objects that check them."""

from dataclasses import dataclass
from datetime import date, timedelta

from apps.core.names import order_of_languages
from apps.people.models import User
from apps.rosters import rules
from apps.rosters.models import Family, Level, RuleSetting
from apps.sites.models import Unit

from .facts import bound_rules

AHEAD = timedelta(days=31)
CIRCUMSTANCES = {"while", "unless"}


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A rule with the parameters that hold for some people, or for all."""

    code: str
    name: str
    sentence: str
    is_hard: bool
    is_waivable: bool
    source: str
    number: int | None  # of people for whom it holds; 0: the unit and nobody alone; None: nobody's business
    is_mine: bool


@dataclass(frozen=True, slots=True)
class PolicyFamily:
    label: str
    lines: list[PolicyLine]


def policy_of(unit: Unit, viewer: User, first: date) -> list[PolicyFamily]:
    """Return the rules of a unit for the month from a day on, by family; a constant number of queries.

    What was set for a person is shown to that person alone, and how many are in the circumstances that a rule asks about to
    nobody: of a ward one who is pregnant is soon known.
    """
    bound = bound_rules(unit, first, first + AHEAD)
    personal: dict[str, set[int]] = {}
    settings = RuleSetting.objects.filter(user__isnull=False).exclude(user=viewer)
    for code, user_id in settings.values_list("rule__code", "user_id"):
        personal.setdefault(code, set()).add(user_id)
    lines: dict[str, list[PolicyLine]] = {}
    for rule in bound:
        people = set(rule.people)
        if people and people <= personal.get(rule.code, set()):
            continue
        lines.setdefault(rule.family, []).append(
            PolicyLine(
                code=rule.code,
                name=_name_of(rule.names),
                sentence=rules.describe(rule),
                is_hard=rule.level == Level.HARD,
                is_waivable=rule.is_waivable,
                source=rule.source,
                number=None if CIRCUMSTANCES & rule.raw.keys() else len(people),
                is_mine=viewer.pk in people,
            )
        )
    return [
        PolicyFamily(
            str(family.label),
            sorted(lines[family], key=lambda line: (not line.is_hard, line.code, -(line.number or 0))),
        )
        for family in Family
        if family in lines
    ]


def _name_of(names: tuple[str, str, str]) -> str:
    by_language = dict(zip(("ko", "en", "ar"), names, strict=True))
    return next((name for code in order_of_languages() if (name := by_language[code])), "")
