"""How a verb of rosters holds what it changes: people by id, then the roster; checked before the commit; tried three times."""

import functools
import random
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import DateTimeField, F, Func, QuerySet, Value
from django.utils.translation import gettext as _

from apps.audit.actions import write_entry
from apps.core import clock
from apps.core.compiled import CompiledRows
from apps.people.models import User
from apps.rosters.models import Plan
from apps.rosters.queries.given import among
from apps.sites.models import Unit

from .errors import Busy, PlanClosed, RostersError

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 4  # the first, and three more
PAUSE_SECONDS = 0.02
WAITED_LONG = "55P03"  # web processes wait so long for a lock, and no longer
LET_GO = frozenset({"40001", "40P01"})  # serialisation failure, deadlock: the database let somebody else go first
DOUBLE_BOOKED = "23P01"  # an exclusion constraint
TICK = timedelta(microseconds=1)


class Restart(Exception):
    """What was locked is not all that has to be: begin again."""


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def retried(action: Callable[P, R]) -> Callable[P, R]:
    """Run an action in a transaction, and again where the database let somebody else go first.

    Inside somebody else's transaction it is tried once: that one is lost with it. Raises Busy when all attempts were in vain, and
    RostersError where a constraint found what the checks could not see.
    """

    @functools.wraps(action)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        attempts = 1 if connection.in_atomic_block else ATTEMPTS
        for attempt in range(attempts):
            try:
                with transaction.atomic():
                    result = action(*args, **kwargs)
                    check_constraints()
                    return result
            except Restart:
                pass
            except OperationalError as error:
                if _sqlstate(error) == WAITED_LONG:
                    break
                if _sqlstate(error) not in LET_GO or connection.in_atomic_block:
                    raise
            except IntegrityError as error:
                if _sqlstate(error) != DOUBLE_BOOKED:
                    raise
                raise RostersError(_("Somebody would be in two places at once. Nothing was stored.")) from error
            time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))  # noqa: S311 — spread, not secrecy
        raise Busy(_("Many people are changing this roster at this moment. Nothing was stored; try again."))

    return run


def check_constraints() -> None:
    """Have the deferred constraints speak now, where their answer can still be told, and not at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


_PEOPLE: CompiledRows[None, User] = CompiledRows(
    lambda _shape, _number: (
        User.objects.filter(among("pk"))
        .order_by("pk")
        .select_for_update(no_key=True)
        .only("pk", "name_ko", "name_en", "name_ar", "is_active", "home_unit")
    )
)


def lock_people(user_ids: Collection[int]) -> dict[int, User]:
    """Lock people's rows in the order of their ids and return them."""
    return {user.pk: user for user in _PEOPLE.rows(None, ids=sorted(set(user_ids)))}


def lock_plan(plan: Plan, *, may_be_closed: bool = False) -> Plan:
    """Lock a roster's row and return its newest state, with its unit and site. Raises PlanClosed."""
    locked = _plan(plan, is_locked=True)
    if not may_be_closed:
        refuse_closed(locked)
    return locked


def read_plan(plan: Plan) -> Plan:
    """Return a roster's newest state without locking it, with its unit and site. Raises PlanClosed."""
    found = _plan(plan, is_locked=False)
    refuse_closed(found)
    return found


def _build_plan(is_locked: bool, number: Callable[[int], int]) -> QuerySet[Plan]:
    rows = Plan.objects.filter(pk=number(0)).select_related("unit__department__site")
    return rows.select_for_update(no_key=True, of=("self",)) if is_locked else rows


_PLAN: CompiledRows[bool, Plan] = CompiledRows(_build_plan)


def _plan(plan: Plan, *, is_locked: bool) -> Plan:
    found = _PLAN.first(is_locked, plan.pk)
    if found is None:
        raise Plan.DoesNotExist
    return found


def refuse_closed(plan: Plan) -> None:
    if plan.is_closed:
        raise PlanClosed(_("This roster is closed: it can be read, not changed."))


def take_change(plan: Plan, **values: Any) -> int:
    """Raise the change counter of a locked roster, with other columns if there are some, and return the change taken."""
    plan.last_change += 1
    for name, value in values.items():
        setattr(plan, name, value)
    Plan.objects.filter(pk=plan.pk).update(last_change=plan.last_change, **values)
    return plan.last_change


def next_instant(*before: datetime | None) -> datetime:
    """Return now, or a microsecond after the latest of what was known before, where the clock has not moved on since."""
    latest = max((instant for instant in before if instant is not None), default=None)
    now = clock.now()
    return now if latest is None or now > latest else latest + TICK


def known_from(at: datetime) -> DateTimeTZRange:
    """Return the `known_during` of a row that holds from an instant on."""
    return DateTimeTZRange(at, None)


def close_rows(rows: QuerySet[Any], at: datetime) -> int:
    """End what rows say at an instant: they stay, and answer for the time before."""
    begin = Func(F("known_during"), function="lower", output_field=DateTimeField())
    end = Value(at, output_field=DateTimeField())
    return rows.update(known_during=Func(begin, end, function="tstzrange", output_field=DateTimeRangeField()))


def record(action: str, by: User | None, thing: Any, unit: Unit, **detail: Any) -> None:
    """Write the audit of what was done to a roster, a duty or a rotation."""
    write_entry(
        action=action,
        actor_id=by.pk if by else None,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        detail=detail,
        site_code=unit.department.site.code,
    )
