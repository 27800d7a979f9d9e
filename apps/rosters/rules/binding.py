"""From rows to rules that hold: rules × settings, by site, department, unit, contract, person and date; the nearest wins."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from .engine import read_rule
from .facts import FAR_OFF, LONG_AGO, Circumstance, Names, Person, Spans, cut, without
from .ground import BoundRule

SCOPES = ("site", "department", "unit", "contract", "user")  # the farthest first


class RuleRow(NamedTuple):
    """A rule as it is stored."""

    id: int
    code: str
    family: str
    params: Mapping[str, Any]
    level: str = "hard"
    weight: int = 1
    is_waivable: bool = False
    is_on: bool = True
    jobs: tuple[str, ...] = ()
    valid_from: int = LONG_AGO
    valid_until: int = FAR_OFF
    names: Names = ("", "", "")
    source: str = ""


class SettingRow(NamedTuple):
    """A setting of a rule; of site, department and unit only those of the unit's own."""

    rule_id: int
    scope: str
    scope_id: int
    params: Mapping[str, Any]
    level: str = ""
    is_on: bool | None = None
    valid_from: int = LONG_AGO
    valid_until: int = FAR_OFF


class Employed(NamedTuple):
    """Which contract somebody has on the days [first, until)."""

    contract_id: int
    first: int
    until: int


Known = Mapping[str, Mapping[int, Sequence[Circumstance]]]


def bind(
    rules: Iterable[RuleRow],
    settings: Iterable[SettingRow],
    people: Mapping[int, Person],
    contracts: Mapping[int, Sequence[Employed]],
    conditions: Known,
    first: int,
    until: int,
    skill_names: Mapping[str, Names] | None = None,
) -> list[BoundRule]:
    """Return the rules as they hold for these people on the days [first, until): one for each set of parameters.

    A rule whose parameters cannot stand is left out: `clean` refuses it where it is written. Settings that cannot stand together
    hold as far as they can, the farthest first: the rule is never lost by them.
    """
    by_rule: dict[int, list[SettingRow]] = {}
    for setting in settings:
        by_rule.setdefault(setting.rule_id, []).append(setting)
    bound: list[BoundRule] = []
    for rule in rules:
        bound += _bind_one(rule, by_rule.get(rule.id, []), people, contracts, conditions, first, until)
    if skill_names:
        return [_with_names(rule, skill_names) for rule in bound]
    return bound


def _with_names(rule: BoundRule, skill_names: Mapping[str, Names]) -> BoundRule:
    skill = rule.raw.get("qualification", "")
    return replace(rule, skill_names=skill_names[skill]) if skill in skill_names else rule


class _Stretch(NamedTuple):
    first: int
    until: int
    key: str  # the parameters as JSON, and the level


def _bind_one(
    rule: RuleRow,
    settings: list[SettingRow],
    people: Mapping[int, Person],
    contracts: Mapping[int, Sequence[Employed]],
    conditions: Known,
    first: int,
    until: int,
) -> list[BoundRule]:
    common = [setting for setting in settings if setting.scope not in {"contract", "user"}]
    of_user: dict[int, list[SettingRow]] = {}
    of_contract: dict[int, list[SettingRow]] = {}
    for setting in settings:
        if setting.scope == "user":
            of_user.setdefault(setting.scope_id, []).append(setting)
        elif setting.scope == "contract":
            of_contract.setdefault(setting.scope_id, []).append(setting)
    usual = _stretches(rule, [(setting, setting.valid_from, setting.valid_until) for setting in common], first, until)
    of_unit: dict[str, Spans] = {}
    for stretch in usual:
        of_unit[stretch.key] = (*of_unit.get(stretch.key, ()), (stretch.first, stretch.until))
    staff = [user for user, person in people.items() if not rule.jobs or person.job in rule.jobs]
    special = {user for user in staff if user in of_user}
    if of_contract:
        special |= {user for user in staff if any(e.contract_id in of_contract for e in contracts.get(user, ()))}
    plain = [user for user in staff if user not in special] if special else staff
    held: dict[str, dict[int, Spans]] = {key: dict.fromkeys(plain, spans) for key, spans in of_unit.items()}
    for user in special:
        own = [(setting, setting.valid_from, setting.valid_until) for setting in common]
        for employed in contracts.get(user, ()):
            own += [
                (setting, max(setting.valid_from, employed.first), min(setting.valid_until, employed.until))
                for setting in of_contract.get(employed.contract_id, ())
            ]
        own += [(setting, setting.valid_from, setting.valid_until) for setting in of_user.get(user, ())]
        for stretch in _stretches(rule, own, first, until):
            spans = held.setdefault(stretch.key, {})
            spans[user] = (*spans.get(user, ()), (stretch.first, stretch.until))
    bound = []
    for key, spans in held.items():
        made = _make(rule, key, spans, of_unit.get(key, ()), conditions)
        if made is not None:
            bound.append(made)
    return bound


def _stretches(
    rule: RuleRow, settings: list[tuple[SettingRow, int, int]], first: int, until: int
) -> tuple[_Stretch, ...]:
    """Return from when to when which parameters hold; days on which the rule is off are in none."""
    edges = {first, until}
    for low, high in [(rule.valid_from, rule.valid_until), *[(low, high) for _, low, high in settings]]:
        edges |= {edge for edge in (low, high) if first < edge < until}
    ordered = sorted(edges)
    stretches: list[_Stretch] = []
    for low, high in pairwise(ordered):
        if not rule.valid_from <= low < rule.valid_until:
            continue
        params, level, is_on = dict(rule.params), rule.level, rule.is_on
        for setting, begins, ends in sorted(settings, key=lambda item: SCOPES.index(item[0].scope)):
            if begins <= low < ends:
                merged = params | dict(setting.params)
                params = merged if not setting.params or _can_stand(rule.family, merged) else params
                level = setting.level or level
                is_on = is_on if setting.is_on is None else setting.is_on
        if not is_on:
            continue
        key = json.dumps([level, params], sort_keys=True)
        if stretches and stretches[-1].key == key and stretches[-1].until == low:
            stretches[-1] = stretches[-1]._replace(until=high)
        else:
            stretches.append(_Stretch(low, high, key))
    return tuple(stretches)


@lru_cache(maxsize=2048)
def _read(family: str, key: str) -> tuple[str, Mapping[str, Any], Any] | None:
    """Return level, stored and read parameters of a stretch's key, or None if they cannot stand; nobody changes what it gives."""
    level, raw = json.loads(key)
    try:
        return level, raw, read_rule(family, raw)
    except (KeyError, ValueError):
        return None


def _can_stand(family: str, params: Mapping[str, Any]) -> bool:
    return _read(family, json.dumps(["", params], sort_keys=True)) is not None


def _make(rule: RuleRow, key: str, held: dict[int, Spans], spans: Spans, conditions: Known) -> BoundRule | None:
    read = _read(rule.family, key)
    if read is None:
        return None
    level, raw, params = read
    people = under(held, raw, conditions)
    if not people and not spans:
        return None
    return BoundRule(
        rule.code,
        rule.family,
        params,
        level,
        rule.weight,
        rule.is_waivable,
        people,
        spans,
        rule.names,
        rule.source,
        raw,
    )


def under(held: dict[int, Spans], raw: Mapping[str, Any], conditions: Known) -> dict[int, Spans]:
    """Return the days on which a rule holds for each, after the circumstances that it asks for or leaves out."""
    wanted, refused, days = raw.get("while"), raw.get("unless"), raw.get("while_first_days")
    if not wanted and not refused:
        return held
    left = held
    if wanted:
        found = {user: rows for user, rows in conditions.get(wanted, {}).items() if user in held}
        left = {
            user: cut(held[user], tuple((c.first, min(c.until, c.first + days) if days else c.until) for c in rows))
            for user, rows in found.items()
        }
    if refused:
        excused = {user: rows for user, rows in conditions.get(refused, {}).items() if user in left}
        left = left | {
            user: without(left[user], tuple((c.first, c.until) for c in rows)) for user, rows in excused.items()
        }
    return {user: spans for user, spans in left.items() if spans}
