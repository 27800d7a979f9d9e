"""The notices that rosters give, and how they read: by what the roster is now, never by what it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.notifications.models import Notice
from apps.notifications.registry import NoticeKind, NoticeView, add_kind
from apps.people.models import User

from . import queries
from .models import Plan

KIND = "roster"
DAYS_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Key:
    """What the key of a notice says: `roster:published:<plan>:<change>`."""

    verb: str
    plan_id: int

    @classmethod
    def read(cls, text: str) -> "_Key":
        _kind, verb, plan_id, _change = text.split(":")
        return cls(verb, int(plan_id))


def describe(viewer: User, notices: Sequence[Notice]) -> Mapping[int, NoticeView]:
    """Return how notices of rosters read for somebody, by notice id; three queries.

    That a roster was published is left out where it holds no more, or is not theirs to see.
    """
    keys = {notice.pk: _Key.read(notice.key) for notice in notices}
    plan_ids = {key.plan_id for key in keys.values()}
    plans = Plan.objects.filter(pk__in=plan_ids).select_related("unit").in_bulk()
    shown = set(Plan.objects.visible_to(viewer).filter(pk__in=plan_ids).values_list("pk", flat=True))
    changed = queries.newly_published(viewer, [plan for plan in plans.values() if plan.pk in shown])
    found = {}
    for notice in notices:
        key = keys[notice.pk]
        plan = plans.get(key.plan_id)
        if plan is not None and (key.verb == "recalled" or plan.pk in shown):
            found[notice.pk] = _view(notice, key, plan, changed.get(plan.pk, []))
    return found


def _view(notice: Notice, key: _Key, plan: Plan, changed: Sequence[tuple[date, str]]) -> NoticeView:
    words = {
        "name": notice.actor.display_name if notice.actor else _("The system"),
        "days": date_format(plan.during.lower, "YEAR_MONTH_FORMAT"),
    }
    if key.verb == "recalled":
        sentence = _("%(name)s took the roster of %(days)s back: it does not hold for now") % words
        return NoticeView(sentence=sentence, excerpt="", url=reverse("my-shifts"), place=plan.unit.name)
    named = [f"{date_format(day, 'MONTH_DAY_FORMAT')} {codes}" for day, codes in changed[:DAYS_NAMED]]
    return NoticeView(
        sentence=_("%(name)s published the roster of %(days)s") % words,
        excerpt=", ".join([*named, "…"] if len(changed) > DAYS_NAMED else named),
        url=reverse("my-shifts"),
        place=plan.unit.name,
    )


def register_kinds() -> None:
    """Register what rosters tell people of."""
    add_kind(NoticeKind(code=KIND, label=gettext_lazy("Rosters"), icon="roster", order=20, describe=describe))
