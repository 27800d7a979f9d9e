"""What rules and findings say, in the reader's language: one object, one sentence."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from .facts import Names
from .ground import BoundRule, Finding
from .params import What, Window

Values = Mapping[str, Any]


def name_of(names: Names) -> str:
    """Return the reader's name of something, or the nearest."""
    order = {"ko": (0, 1, 2), "en": (1, 0, 2), "ar": (2, 1, 0)}.get((get_language() or "ko")[:2], (0, 1, 2))
    return next((names[place] for place in order if names[place]), "")


def day_of(ordinal: int) -> str:
    return formats.date_format(date.fromordinal(ordinal), "MONTH_DAY_FORMAT")


def days_of(first: int, until: int) -> str:
    """Return “3 to 9 August” for days [first, until)."""
    if until - first == 1:
        return day_of(first)
    return _("%(first)s to %(last)s") % {"first": day_of(first), "last": day_of(until - 1)}


def time_of(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def length_of(minutes: int) -> str:
    """Return minutes as hours: “52 h”, “8 h 30 min”."""
    hours, rest = divmod(minutes, 60)
    if rest and hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    return _("%(minutes)d min") % {"minutes": rest} if rest else _("%(hours)d h") % {"hours": hours}


def counted(word: str, n: int) -> str:
    """Return “6 nights”, by the word of what is counted."""
    told = {"n": n}
    if word == "night":
        return ngettext("%(n)d night", "%(n)d nights", n) % told
    if word in {"day", "evening"}:
        evening = ngettext("%(n)d evening shift", "%(n)d evening shifts", n)
        return (ngettext("%(n)d day shift", "%(n)d day shifts", n) if word == "day" else evening) % told
    if word in {"work", "busy", "called", "not_night"}:
        return ngettext("%(n)d working day", "%(n)d working days", n) % told
    if word in {"free", "rest", "off", "full_rest"}:
        return ngettext("%(n)d day off", "%(n)d days off", n) % told
    if word == "weekend":
        return ngettext("%(n)d weekend", "%(n)d weekends", n) % told
    if word == "duty":
        return ngettext("%(n)d duty of 24 hours", "%(n)d duties of 24 hours", n) % told
    if word == "leave":
        return ngettext("%(n)d day of leave", "%(n)d days of leave", n) % told
    return ngettext("%(n)d shift", "%(n)d shifts", n) % told


def plural_of(what: What) -> str:
    """Return what a rule is about: “night shifts”, or the codes."""
    if what.codes:
        return ", ".join(what.codes)
    words: Mapping[str, Callable[[], str]] = {
        "night": lambda: pgettext("what a rule is about", "night shifts"),
        "not_night": lambda: pgettext("what a rule is about", "shifts by day or in the evening"),
        "day": lambda: pgettext("what a rule is about", "day shifts"),
        "evening": lambda: pgettext("what a rule is about", "evening shifts"),
        "work": lambda: pgettext("what a rule is about", "shifts"),
        "busy": lambda: pgettext("what a rule is about", "shifts and training"),
        "called": lambda: pgettext("what a rule is about", "shifts, training and being on call"),
        "any": lambda: pgettext("what a rule is about", "entries"),
        "duty": lambda: pgettext("what a rule is about", "24-hour duties"),
        "on_call": lambda: pgettext("what a rule is about", "on-call shifts"),
        "training": lambda: pgettext("what a rule is about", "training"),
        "leave": lambda: pgettext("what a rule is about", "leave"),
        "off": lambda: pgettext("what a rule is about", "days off"),
        "free": lambda: pgettext("what a rule is about", "days off"),
        "rest": lambda: pgettext("what a rule is about", "days off and leave"),
        "full_rest": lambda: pgettext("what a rule is about", "whole days off"),
    }
    return words.get(what.word, lambda: pgettext("what a rule is about", "shifts"))()


def window_of(window: Window) -> str:
    """Return where is counted: “in any 7 days”."""
    n = window.n
    if window.unit == "days":
        return _("on one day") if n == 1 else ngettext("in any %(n)d day", "in any %(n)d days", n) % {"n": n}
    if window.unit == "weeks":
        return _("in a week") if n == 1 else ngettext("in %(n)d week", "in %(n)d weeks", n) % {"n": n}
    if window.unit == "months":
        return _("in a month")
    if window.unit == "dates":
        return days_of(window.first, window.until)
    return _("in the roster")


def _on(on: str) -> str:
    return {
        "weekdays": _("on working days"),
        "rest_days": _("on weekly rest days"),
        "holidays": _("on public holidays"),
        "free_days": _("on rest days and public holidays"),
    }.get(on, "")


def _while(condition: str) -> str:
    return {
        "nights_only": pgettext("a rule holds", "for those who work nights only"),
        "no_nights": pgettext("a rule holds", "for those who work no nights"),
        "night_consent": pgettext("a rule holds", "for those who agreed to nights and holidays"),
        "pregnant": pgettext("a rule holds", "during pregnancy"),
        "post_partum": pgettext("a rule holds", "in the year after birth"),
        "child_care": pgettext("a rule holds", "with reduced hours for child care"),
        "preceptee": pgettext("a rule holds", "while learning with a preceptor"),
        "apart": pgettext("a rule holds", "for those who are kept apart"),
    }.get(condition, "")


# --- Findings -------------------------------------------------------------------------------------------------------------


def sentence_of(finding: Finding) -> str:
    """Return what is wrong, with dates and numbers, in the active language."""
    return _FINDINGS[finding.key](finding, finding.values)


def _succession(finding: Finding, values: Values) -> str:
    told = {
        "after": values["after"], "then": values["then"],
        "first": day_of(finding.days[0]), "last": day_of(finding.days[-1]),
        "rest": counted("free", finding.measured), "wanted": counted("free", finding.limit),
    }  # fmt: skip
    if finding.measured == 0:
        return _("%(after)s on %(first)s is followed by %(then)s on %(last)s.") % told
    return _("%(after)s on %(first)s and %(then)s on %(last)s with %(rest)s between; at least %(wanted)s.") % told


def _run_max(finding: Finding, values: Values) -> str:
    return _("%(counted)s in a row (%(days)s); at most %(limit)d.") % {
        "counted": counted(values["what"], finding.measured),
        "days": days_of(finding.days[0], finding.days[-1] + 1),
        "limit": finding.limit,
    }


def _run_min(finding: Finding, values: Values) -> str:
    return _("Only %(counted)s in a row (%(days)s); at least %(limit)d.") % {
        "counted": counted(values["what"], finding.measured),
        "days": days_of(finding.days[0], finding.days[-1] + 1),
        "limit": finding.limit,
    }


def _run_rest(finding: Finding, values: Values) -> str:
    return _("%(rest)s after %(run)s in a row (back on %(day)s); at least %(limit)d.") % {
        "rest": counted("free", finding.measured),
        "run": counted(values["what"], values["run"]),
        "day": day_of(finding.days[-1]),
        "limit": finding.limit,
    }


def _count(finding: Finding, values: Values) -> str:
    told = {
        "counted": counted(values["what"], finding.measured),
        "days": days_of(values["from"], values["until"]),
        "on": _on(values["on"]),
        "limit": finding.limit,
    }
    if finding.key == "count-max":
        if told["on"]:
            return _("%(counted)s %(on)s, %(days)s; at most %(limit)d.") % told
        return _("%(counted)s from %(days)s; at most %(limit)d.") % told
    if told["on"]:
        return _("%(counted)s %(on)s, %(days)s; at least %(limit)d.") % told
    return _("%(counted)s from %(days)s; at least %(limit)d.") % told


def _hours(finding: Finding, values: Values) -> str:
    told = {
        "hours": length_of(finding.measured),
        "limit": length_of(finding.limit),
        "days": days_of(values["from"], values["until"]),
    }
    if values["average"]:
        weeks = max(1, values["days"])
        told |= {"hours": length_of(finding.measured * 7 // weeks), "limit": length_of(finding.limit * 7 // weeks)}
        if finding.key == "hours-max":
            return _("%(hours)s a week on average (%(days)s); at most %(limit)s.") % told
        return _("%(hours)s a week on average (%(days)s); at least %(limit)s.") % told
    if values["measure"] == "night":
        return _("%(hours)s of night work (%(days)s); at most %(limit)s.") % told
    if finding.key == "hours-max":
        return _("%(hours)s of work (%(days)s); at most %(limit)s.") % told
    return _("%(hours)s of work (%(days)s); at least %(limit)s.") % told


def _rest(finding: Finding, values: Values) -> str:
    told = {
        "rest": length_of(finding.measured), "limit": length_of(finding.limit), "after": values["after"],
        "then": values["then"], "first": day_of(finding.days[0]), "last": day_of(finding.days[-1]),
    }  # fmt: skip
    if finding.key == "rest-run":
        told["run"] = counted(values["what"], values["run"])
        return _("%(rest)s of rest after %(run)s or more, before %(then)s on %(last)s; at least %(limit)s.") % told
    if finding.key == "rest-stretch":
        told["stretch"] = length_of(values["stretch"])
        return _("%(rest)s of rest after %(stretch)s of duty, before %(then)s on %(last)s; at least %(limit)s.") % told
    return _("%(rest)s of rest between %(after)s on %(first)s and %(then)s on %(last)s; at least %(limit)s.") % told


def _stretch(finding: Finding, values: Values) -> str:
    told = {
        "hours": length_of(finding.measured), "limit": length_of(finding.limit),
        "days": days_of(finding.days[0], finding.days[-1] + 1), "merge": length_of(values["merge"]),
    }  # fmt: skip
    if values["merge"]:
        return _("%(hours)s of duty without a rest of %(merge)s (%(days)s); at most %(limit)s.") % told
    return _("%(hours)s of duty at a stretch (%(days)s); at most %(limit)s.") % told


def _cover(finding: Finding, values: Values) -> str:
    told = {
        "code": values["code"], "day": day_of(finding.days[0]), "have": finding.measured, "limit": finding.limit,
        "skill": name_of(values["skill"]), "n": finding.amount,
    }  # fmt: skip
    key = finding.key
    if key == "cover-maximum":
        return _("%(code)s on %(day)s has %(have)d; at most %(limit)d.") % told
    if key == "cover-target":
        return _("%(code)s on %(day)s has %(have)d; %(limit)d would be better.") % told
    if key == "cover-minimum":
        return _("%(code)s on %(day)s has %(have)d; at least %(limit)d.") % told
    if key == "cover-maximum-skill":
        return _("%(code)s on %(day)s has %(have)d with %(skill)s; at most %(limit)d.") % told
    if key == "cover-target-skill":
        return _("%(code)s on %(day)s has %(have)d with %(skill)s; %(limit)d would be better.") % told
    return _("%(code)s on %(day)s has %(have)d with %(skill)s; at least %(limit)d.") % told


def _skill(finding: Finding, values: Values) -> str:
    told = {"code": values["code"], "skill": name_of(values["skill"]), "day": day_of(finding.days[0])}
    if finding.key == "skill-lapsed":
        told["until"] = day_of(values["lapsed"] - 1)
        return _("%(code)s on %(day)s asks for %(skill)s, which was valid until %(until)s.") % told
    return _("%(code)s on %(day)s asks for %(skill)s, which is not held on that day.") % told


def _novices(finding: Finding, values: Values) -> str:
    return _("%(code)s on %(day)s has %(new)d new of %(heads)d; at most %(limit)d.") % {
        "code": values["code"], "day": day_of(finding.days[0]), "new": finding.measured, "heads": values["heads"],
        "limit": finding.limit,
    }  # fmt: skip


def _apart(finding: Finding, values: Values) -> str:
    return _("Two who are kept apart share %(code)s on %(day)s.") % {
        "code": values["code"], "day": day_of(finding.days[0])
    }  # fmt: skip


def _with(finding: Finding, values: Values) -> str:
    told = {"code": values["code"], "day": day_of(finding.days[0])}
    if values["code"]:
        return _("Not in the preceptor's shift %(code)s on %(day)s.") % told
    return _("In a shift on %(day)s without the preceptor.") % told


def _blackout(finding: Finding, values: Values) -> str:
    told = {"code": values["code"], "day": day_of(finding.days[0])}
    if values["before"]:
        return _("%(code)s on %(day)s lies before leave or a wished day off.") % told
    if values["beside"]:
        return _("%(code)s on %(day)s lies on a day of leave.") % told
    if values["clock"]:
        told["from"], told["until"] = (time_of(minute) for minute in values["clock"])
        if values["while"]:
            told["while"] = _while(values["while"])
            return _("%(code)s on %(day)s touches %(from)s to %(until)s: not %(while)s.") % told
        return _("%(code)s on %(day)s touches %(from)s to %(until)s, which stays free.") % told
    if values["while"]:
        told["while"] = _while(values["while"])
        return _("%(code)s on %(day)s: not %(while)s.") % told
    return _("%(code)s does not stand on %(day)s.") % told


def _balance(finding: Finding, values: Values) -> str:
    return _("%(what)s with this roster: %(n)d in %(months)d months; a fair share is %(share)d, at most %(limit)d.") % {
        "what": counter_of(values["counter"]), "n": finding.measured, "months": values["months"] + 1,
        "share": values["share"], "limit": finding.limit,
    }  # fmt: skip


def _owed(finding: Finding, values: Values) -> str:
    return _("%(given)d of %(owed)d %(codes)s given; one is owed for each %(per)d of last month (%(what)s).") % {
        "given": finding.measured, "owed": finding.limit, "codes": values["codes"], "per": values["per"],
        "what": counter_of(values["counter"]),
    }  # fmt: skip


def counter_of(counter: str) -> str:
    """Return the name of what the ledger counts."""
    return {
        "nights": pgettext("counted over months", "Nights"),
        "weekends": pgettext("counted over months", "Weekend days"),
        "holidays": pgettext("counted over months", "Public holidays"),
        "days_off": pgettext("counted over months", "Days off"),
        "shifts": pgettext("counted over months", "Shifts"),
    }[counter]


_FINDINGS: Mapping[str, Callable[[Finding, Values], str]] = {
    "succession": _succession,
    "run-max": _run_max,
    "run-min": _run_min,
    "run-rest": _run_rest,
    "count-max": _count,
    "count-min": _count,
    "hours-max": _hours,
    "hours-min": _hours,
    "rest": _rest,
    "rest-run": _rest,
    "rest-stretch": _rest,
    "stretch": _stretch,
    "cover-minimum": _cover,
    "cover-target": _cover,
    "cover-maximum": _cover,
    "cover-minimum-skill": _cover,
    "cover-target-skill": _cover,
    "cover-maximum-skill": _cover,
    "skill-each": _skill,
    "skill-lapsed": _skill,
    "skill-some": _cover,
    "novices": _novices,
    "apart": _apart,
    "with": _with,
    "blackout": _blackout,
    "balance": _balance,
    "owed": _owed,
}


# --- Rules ----------------------------------------------------------------------------------------------------------------


def describe(bound: BoundRule) -> str:
    """Return what a rule asks for, for the policy page, in the active language."""
    if bound.family == "cover":
        sentence = _describe_cover(bound.params, name_of(bound.skill_names) or bound.params.qualification)
    else:
        sentence = _RULES[bound.family](bound.params)
    wanted, refused = bound.raw.get("while", ""), bound.raw.get("unless", "")
    if wanted and bound.raw.get("while_first_days"):
        days = bound.raw["while_first_days"]
        told = {"sentence": sentence, "while": _while(wanted), "n": days}
        sentence = ngettext(
            "%(sentence)s Holds %(while)s, on the first %(n)d day.",
            "%(sentence)s Holds %(while)s, on the first %(n)d days.",
            days,
        ) % told  # fmt: skip
    elif wanted:
        sentence = _("%(sentence)s Holds %(while)s.") % {"sentence": sentence, "while": _while(wanted)}
    if refused:
        sentence = _("%(sentence)s Does not hold %(while)s.") % {"sentence": sentence, "while": _while(refused)}
    return sentence


def _describe_succession(params: Any) -> str:
    told = {"after": plural_of(params.after), "then": plural_of(params.then)}
    between = [n for n in params.free_days if n]
    if not between:
        return _("The day after %(after)s has no %(then)s.") % told
    told["n"] = counted("free", max(between) + 1)
    return _("After %(after)s at least %(n)s before %(then)s.") % told


def _describe_run(params: Any) -> str:
    parts = []
    what = plural_of(params.what)
    if params.max is not None:
        parts.append(_("%(what)s: at most %(n)d days in a row.") % {"what": what, "n": params.max})
    if params.min is not None:
        parts.append(_("%(what)s: at least %(n)d days in a row.") % {"what": what, "n": params.min})
    if params.after is not None:
        told = {"run": counted(params.what.word, params.after), "rest": counted("free", params.rest)}
        parts.append(_("After %(run)s in a row at least %(rest)s.") % told)
    return " ".join(parts)


def _describe_count(params: Any) -> str:
    what = plural_of(params.what) if params.unit != "weekends" else _("Weekends with work")
    where = " ".join(part for part in (window_of(params.window), _on(params.on)) if part)
    parts = []
    if params.max is not None:
        parts.append(_("%(what)s: at most %(n)d %(where)s.") % {"what": what, "n": params.max, "where": where})
    if params.min == "calendar":
        told = {"what": what, "where": where, "slack": params.slack}
        if params.slack:
            parts.append(
                _("%(what)s: as many as rest days and public holidays %(where)s, at most %(slack)d fewer.") % told
            )
        else:
            parts.append(_("%(what)s: as many as rest days and public holidays %(where)s.") % told)
        if params.carry:
            parts.append(_("What closed months had more or less is carried over."))
    elif params.min is not None:
        parts.append(_("%(what)s: at least %(n)d %(where)s.") % {"what": what, "n": params.min, "where": where})
    return " ".join(parts)


def _describe_hours(params: Any) -> str:
    told = {"where": window_of(params.window), "average": window_of(params.window)}
    parts = []
    if params.max == "contract":
        told["over"] = length_of(params.over)
        over = _("At most the hours of the contract and %(over)s more %(where)s.")
        parts.append((over if params.over else _("At most the hours of the contract %(where)s.")) % told)
    elif params.max is not None:
        told["n"] = length_of(params.max + params.over)
        if params.average:
            parts.append(_("At most %(n)s a week on average %(where)s.") % told)
        elif params.measure == "night":
            parts.append(_("At most %(n)s of night work %(where)s.") % told)
        elif params.what.word not in {"busy", "work"}:
            told["what"] = plural_of(params.what)
            parts.append(_("%(what)s: at most %(n)s of work %(where)s.") % told)
        else:
            parts.append(_("At most %(n)s of work %(where)s.") % told)
    if params.extra is not None:
        told |= {"extra": length_of(params.extra_max), "what": plural_of(params.extra)}
        parts.append(_("Besides, %(extra)s a week for %(what)s.") % told)
    if params.without_leave:
        parts.append(_("Days of leave do not count."))
    if params.min is not None:
        told["n"] = length_of(params.min)
        parts.append(_("At least %(n)s of work %(where)s.") % told)
    if params.ramadan_max is not None:
        told["n"] = length_of(params.ramadan_max)
        parts.append(_("In Ramadan at most %(n)s.") % told)
    return " ".join(parts)


def _describe_rest(params: Any) -> str:
    parts = []
    told = {"after": plural_of(params.after), "then": plural_of(params.then)}
    if params.max_minutes is not None:
        told["n"] = length_of(params.max_minutes)
        parts.append(_("At most %(n)s at a stretch.") % told)
    if params.min_minutes is not None:
        told["n"] = length_of(params.min_minutes)
        if params.in_a_row > 1:
            told["run"] = counted(params.after.word, params.in_a_row)
            parts.append(_("After %(run)s or more in a row at least %(n)s of rest.") % told)
        elif params.after_minutes is not None:
            told["stretch"] = length_of(params.after_minutes)
            parts.append(_("After %(stretch)s or more at a stretch at least %(n)s of rest.") % told)
        else:
            parts.append(_("At least %(n)s of rest between one day's shifts and the next.") % told)
    if params.merge_below:
        told["n"] = length_of(params.merge_below)
        parts.append(_("A rest below %(n)s does not end a stretch; its pieces are added up.") % told)
    return " ".join(parts)


def _describe_cover(params: Any, skill: str) -> str:
    told = {"skill": skill, "n": params.at_least, "what": plural_of(params.what)}
    if params.part == "each":
        return _("Everybody in %(what)s holds %(skill)s on that day.") % told
    if params.part == "some":
        return _("In each shift (%(what)s) at least %(n)d with %(skill)s.") % told
    if params.part == "novices":
        told |= {"percent": params.max_percent, "days": params.novice_days}
        return _("In each shift at most %(percent)d %% who began within %(days)d days.") % told
    return {
        "minimum": _("Each shift has at least as many people as the unit's demand says."),
        "target": _("Each shift has as many people as the unit's demand calls better."),
        "maximum": _("No shift has more people than the unit's demand allows."),
    }[params.part]


def _describe_pairing(params: Any) -> str:
    if params.mode == "apart":
        return _("Those who are to be kept apart share no shift.")
    return _("A new colleague works exactly the preceptor's shifts and is not counted.")


def _describe_blackout(params: Any) -> str:
    told = {"what": plural_of(params.what)}
    parts = [_on(params.on)]
    if params.clock is not None:
        told["from"], told["until"] = (time_of(minute) for minute in params.clock)
        parts.append(_("between %(from)s and %(until)s") % told)
    if params.dates:
        parts.append(", ".join(day_of(day) for day in params.dates))
    if params.weekdays:
        parts.append(", ".join(formats.date_format(date(2024, 1, 1 + weekday), "l") for weekday in params.weekdays))
    if params.beside is not None:
        parts.append(_("on days with %(what)s") % {"what": plural_of(params.beside)})
    if params.before is not None:
        parts.append(_("on the eve of %(what)s") % {"what": plural_of(params.before)})
    told["where"] = " ".join(part for part in parts if part)
    if params.what.break_below is not None:
        told |= {"n": length_of(params.what.worked_from), "break": length_of(params.what.break_below)}
        return _("A shift of %(n)s or more has a break of at least %(break)s.") % told
    if told["where"]:
        return _("No %(what)s %(where)s.") % told
    return _("No %(what)s.") % told


def _describe_balance(params: Any) -> str:
    told = {"what": counter_of(params.counter), "months": params.months, "n": params.tolerance or 0}
    if params.per is not None:
        told |= {"per": params.per, "codes": " ".join(params.codes)}
        return _("For each %(per)d of last month (%(what)s) one %(codes)s is given this month.") % told
    return (
        _("%(what)s are shared by contract over %(months)d months and this one; at most %(n)d above the share.") % told
    )


_RULES: Mapping[str, Callable[[Any], str]] = {
    "succession": _describe_succession,
    "run": _describe_run,
    "count": _describe_count,
    "hours": _describe_hours,
    "rest": _describe_rest,
    "pairing": _describe_pairing,
    "blackout": _describe_blackout,
    "balance": _describe_balance,
}


# --- Parameters that cannot stand -----------------------------------------------------------------------------------------


def message_of(key: str, values: Values) -> str:
    """Return why a parameter cannot stand, and what to write."""
    messages: Mapping[str, Callable[[], str]] = {
        "param-whole": lambda: _("Write a whole number."),
        "param-between": lambda: _("Write a number from %(low)d to %(high)d."),
        "param-flag": lambda: _("Write true or false."),
        "param-choice": lambda: _("Write one of these: %(choices)s."),
        "param-list": lambda: _("Write a list with at least one entry: […]."),
        "param-text": lambda: _("Write a short text."),
        "param-time": lambda: _("Write the time as 24 hours, for example 22:00."),
        "param-times": lambda: _("Write two times, for example [\"22:00\", \"06:00\"]."),
        "param-day": lambda: _("Write the day as 2026-08-31."),
        "param-object": lambda: _("Write an object: {…}."),
        "param-unknown": lambda: _("This name is not known here; known are: %(choices)s."),
        "param-window": lambda: _('Write {"days": 7}, {"weeks": 4}, {"months": 1} or "plan".'),
        "param-empty-days": lambda: _("The last day lies before the first."),
        "param-missing": lambda: _("This has to be written."),
        "param-needs": lambda: _("This goes only together with “%(other)s”."),
        "param-not-both": lambda: _("This does not go together with “%(other)s”."),
        "param-one-of": lambda: _("Write at least one of these: %(choices)s."),
        "param-min-over-max": lambda: _("At least %(low)d and at most %(high)d: no roster could keep this rule."),
        "param-min-over-window": lambda: _("At least %(low)d in %(days)d days: no roster could keep this rule."),
        "param-shifts": lambda: _("Days without shifts cannot be counted as shifts."),
        "param-average": lambda: _("An average is taken over days or weeks."),
        "param-nothing-left": lambda: _("This would forbid every entry on every day: no roster could keep this rule."),
    }  # fmt: skip
    return messages[key]() % dict(values)
