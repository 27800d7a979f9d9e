"""The check: rules that hold for people, over facts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .facts import Facts, is_in
from .families import FAMILIES
from .ground import BoundRule, Finding, Ground, Raw, Wide, holds_on
from .params import read_params
from .sentences import message_of

STRETCHED = frozenset({"run-max", "run-min", "stretch", "balance"})  # findings that grow and shrink with an edit
WORTH_WIDENING = 3  # with fewer people each is asked in turn


def validate_params(family: str, params: Any) -> list[tuple[str, str]]:
    """Return what is wrong with the parameters of a rule: (path, message in the active language); empty when they hold."""
    chosen = FAMILIES.get(family)
    if chosen is None:
        return [("family", message_of("param-choice", {"choices": ", ".join(FAMILIES)}))]
    _, errors = read_params(chosen.Params, params)
    return [(error.path, message_of(error.key, error.values)) for error in errors]


def read_rule(family: str, params: Any) -> Any:
    """Return the parameters as their family reads them; ValueError when they cannot stand."""
    read, errors = read_params(FAMILIES[family].Params, params)
    if errors:
        raise ValueError("; ".join(f"{family}.{error.path}: {error.key}" for error in errors))
    return read


def check(
    facts: Facts,
    bound: Sequence[BoundRule],
    *,
    people: Collection[int] | None = None,
    days: tuple[int, int] | None = None,
) -> list[Finding]:
    """Return the breaches that touch the facts' days [first, last), unit first, in the order of the rules.

    With `people`, only findings about them (also with somebody else) and about the unit as a whole; with `days`, only
    those that a change on one of the days [from, until) could make or mend. Both give exactly the findings of a full
    check so restricted.
    """
    ground = Ground(facts)
    wanted = None if people is None else frozenset(people)
    low, high = ground.low, ground.high
    if days is not None:
        low, high = max(low, days[0] - ground.origin), min(high, days[1] - ground.origin)
    found: list[Finding] = []
    wide = Wide(ground, list(facts.people)) if wanted is None and len(facts.people) >= WORTH_WIDENING else None
    for rule in bound:
        family = FAMILIES[rule.family]
        if family.is_of_unit(rule.params):
            for raw in family.check_unit(rule, ground, low, high):
                if wanted is None or not raw.user_id or {raw.user_id, raw.values.get("partner", 0)} & wanted:
                    _tell(found, rule, ground, raw.user_id, raw, days)
            continue
        checker = family.checker(rule, ground)
        users: Iterable[int] = rule.people if wanted is None else [user for user in rule.people if user in wanted]
        if wide is not None and len(rule.people) >= WORTH_WIDENING:
            suspects = family.suspects(rule, wide)
            if suspects is not None:
                users = [user for user in wide.users_in(suspects) if user in rule.people]
        for row in map(ground.row, users):
            raws = checker(row)
            if raws:
                for raw in raws:
                    _tell(found, rule, ground, row.user_id, raw, days)
    return found


def _tell(
    found: list[Finding], rule: BoundRule, ground: Ground, user_id: int, raw: Raw, days: tuple[int, int] | None
) -> None:
    """Keep a breach that touches the checked days, on whose last day the rule holds, and that nobody waived."""
    if raw.bits[-1] < ground.low or raw.bits[0] >= ground.high:
        return
    origin = ground.origin
    span = (raw.span[0] + origin, raw.span[1] + origin)
    if days is not None and not (span[0] < days[1] and span[1] > days[0]):
        return
    last = raw.bits[-1] + origin
    if not holds_on(rule.people.get(user_id, ()) if user_id else rule.spans, last):
        return
    if user_id and rule.is_waivable:
        waived = ground.facts.waivers.get(rule.code, {}).get(user_id)
        if waived and is_in(waived, last):
            return
    found.append(
        Finding(
            rule.code, rule.family, rule.level, rule.weight * raw.weight, user_id,
            tuple(bit + origin for bit in raw.bits), raw.measured, raw.limit, rule.is_waivable,
            raw.key, raw.values, span, raw.amount, rule.names,
        )
    )  # fmt: skip


def new_findings(before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """Return the findings of `after` that were not there before, or not as bad: a roster that is bad may become better.

    Of what is counted over a window the same window is compared, of runs those that share a day, else the same days.
    """
    had: dict[tuple[str, int, str, int], list[Finding]] = {}
    for finding in before:
        had.setdefault((finding.rule_code, finding.user_id, finding.key, finding.partner_id), []).append(finding)

    def is_same(known: Finding, finding: Finding) -> bool:
        if "from" in finding.values:
            return known.span == finding.span
        if finding.key in STRETCHED:
            return known.days[0] <= finding.days[-1] and finding.days[0] <= known.days[-1]
        return known.days == finding.days and known.values.get("code") == finding.values.get("code")

    def is_new(finding: Finding) -> bool:
        place = (finding.rule_code, finding.user_id, finding.key, finding.partner_id)
        return not any(known.amount >= finding.amount and is_same(known, finding) for known in had.get(place, ()))

    return [finding for finding in after if is_new(finding)]


def cost_of(findings: Iterable[Finding]) -> tuple[int, int]:
    """Return the number of hard findings and what the weighed ones cost."""
    hard = penalty = 0
    for finding in findings:
        if finding.is_hard:
            hard += 1
        else:
            penalty += finding.cost
    return hard, penalty


def names_of(findings: Iterable[Finding]) -> Mapping[str, int]:
    """Return how often each rule was found."""
    counted: dict[str, int] = {}
    for finding in findings:
        counted[finding.rule_code] = counted.get(finding.rule_code, 0) + 1
    return counted
