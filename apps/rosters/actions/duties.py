"""Duties: what fills their tiers, rotations, and who takes one over for a time. A change closes a row and inserts another."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core import clock
from apps.people.models import User
from apps.rosters import permissions
from apps.rosters.models import Duty, Override, Rotation, RotationTurn, ShiftType, Tier
from apps.sites.models import Unit

from .errors import NoSuchTier, NotYours, ReasonMissing, RostersError, WrongDays
from .locking import close_rows, known_from, lock_people, next_instant, record, retried


def _lock_duty(duty: Duty) -> Duty:
    rows = Duty.objects.select_for_update(no_key=True, of=("self",)).select_related("unit__department__site")
    locked: Duty = rows.get(pk=duty.pk)
    return locked


def _lock_unit(unit: Unit) -> Unit:
    locked: Unit = (
        Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("department__site").get(pk=unit.pk)
    )
    return locked


def _bounds(rows: QuerySet[Any]) -> set[datetime]:
    """Return when anything was known first or no longer, of rows that are open and of those that are closed."""
    spans = rows.values_list("known_during", flat=True)
    return {bound for span in spans for bound in (span.lower, span.upper) if bound is not None}


# -- Tiers ----------------------------------------------------------------------------------------------------------------
@retried
def set_tier(
    *,
    by: User | None,
    duty: Duty,
    number: int,
    shift_types: Collection[ShiftType] = (),
    rotations: Collection[Rotation] = (),
) -> list[Tier]:
    """Say what fills a tier of a duty, all of it; with neither shift types nor rotations the tier is no more.

    Raises RostersError where one of them is not the unit's, and NotYours. What stays as it is writes nothing.
    """
    if by is not None and not permissions.can_manage_duty(by, duty):
        raise NotYours(_("Only a manager of the unit says what fills its duties."))
    if number < 1:
        raise NoSuchTier(_("Tiers are counted from 1."))
    unit = _lock_unit(duty.unit)  # first, as whoever replaces a rotation does, and with it what that fills
    locked = _lock_duty(duty)
    allowed = set(ShiftType.objects.of_unit(unit).filter(pk__in=[row.pk for row in shift_types]))
    if strange := [row for row in shift_types if row not in allowed]:
        raise RostersError(_("%(code)s is no shift of this unit.") % {"code": strange[0].code})
    for rotation in sorted(rotations, key=lambda row: row.pk):
        _lock_rotation(rotation, unit)
    stands = list(Tier.objects.filter(duty=locked, number=number, known_during__upper_inf=True))
    wanted = {(row.pk, None) for row in shift_types} | {(None, row.pk) for row in rotations}
    gone = [row for row in stands if (row.shift_type_id, row.rotation_id) not in wanted]
    new = wanted - {(row.shift_type_id, row.rotation_id) for row in stands}
    if gone or new:
        at = next_instant(*_bounds(Tier.objects.filter(duty=locked, number=number)))
        close_rows(Tier.objects.filter(pk__in=[row.pk for row in gone]), at)
        Tier.objects.bulk_create(
            Tier(
                duty=locked,
                number=number,
                shift_type_id=shift_type,
                rotation_id=rotation,
                known_during=known_from(at),
                by=by,
            )
            for shift_type, rotation in sorted(new, key=lambda pair: (pair[0] or 0, pair[1] or 0))
        )
        record("rosters.tier_set", by, locked, unit, tier=number, filled=[list(pair) for pair in sorted(new, key=str)])
    return list(Tier.objects.filter(duty=locked, number=number, known_during__upper_inf=True).order_by("pk"))


# -- Rotations ------------------------------------------------------------------------------------------------------------
@retried
def replace_rotation(
    *,
    by: User | None,
    unit: Unit,
    name: str,
    first_on: date,
    hand_over_at: time,
    turn_days: int,
    users: Sequence[User],
    last_on: date | None = None,
    rotation: Rotation | None = None,
) -> Rotation:
    """Begin a rotation of a unit; or replace one, in the tiers too that it fills. `users` take their turns in this order.

    Raises WrongDays, RostersError where nobody takes a turn or an account is closed, and NotYours.
    """
    if by is not None and not permissions.can_manage_unit(by, unit):
        raise NotYours(_("Only a manager of the unit changes its rotations."))
    if not name.strip():
        raise RostersError(_("Give the rotation a name."))
    if turn_days < 1 or (last_on is not None and last_on < first_on):
        raise WrongDays(_("The last day lies before the first."))
    if not users:
        raise RostersError(_("A rotation needs at least one person."))
    people = lock_people([user.pk for user in users])
    if closed := [person for person in people.values() if not person.is_active]:
        raise RostersError(_("The account of %(name)s is closed.") % {"name": closed[0].display_name})
    locked = _lock_unit(unit)
    old = _lock_rotation(rotation, locked) if rotation is not None else None
    at = next_instant(old.known_during.lower if old else None)
    new = Rotation.objects.create(
        unit=locked,
        name=name.strip(),
        first_on=first_on,
        last_on=last_on,
        hand_over_at=hand_over_at,
        turn_days=turn_days,
        known_during=known_from(at),
        by=by,
    )
    RotationTurn.objects.bulk_create(
        RotationTurn(rotation=new, position=position, user=user) for position, user in enumerate(users)
    )
    if old is not None:
        _move_tiers(old, new, by, at)
        close_rows(Rotation.objects.filter(pk=old.pk), at)
    record("rosters.rotation_set", by, new, locked, replaces=old.pk if old else None, people=[u.pk for u in users])
    return new


def _lock_rotation(rotation: Rotation, unit: Unit) -> Rotation:
    locked: Rotation = Rotation.objects.select_for_update(no_key=True).get(pk=rotation.pk)
    if locked.unit_id != unit.pk or locked.known_during.upper is not None:
        raise RostersError(_("“%(name)s” is no rotation of this unit now.") % {"name": locked.name})
    return locked


def _move_tiers(old: Rotation, new: Rotation | None, by: User | None, at: datetime) -> None:
    rows = Tier.objects.filter(rotation=old, known_during__upper_inf=True)
    filled = list(rows.order_by("pk").select_for_update(no_key=True))
    at = next_instant(at, *(row.known_during.lower for row in filled)) if filled else at
    close_rows(Tier.objects.filter(pk__in=[row.pk for row in filled]), at)
    if new is not None:
        Tier.objects.bulk_create(
            Tier(duty_id=row.duty_id, number=row.number, rotation=new, known_during=known_from(at), by=by)
            for row in filled
        )


@retried
def end_rotation(*, by: User | None, rotation: Rotation) -> None:
    """End a rotation now, and what it fills. Ended already, it stays so."""
    if by is not None and not permissions.can_manage_unit(by, rotation.unit):
        raise NotYours(_("Only a manager of the unit changes its rotations."))
    unit = _lock_unit(rotation.unit)
    locked: Rotation = Rotation.objects.select_for_update(no_key=True).get(pk=rotation.pk)
    if locked.known_during.upper is not None:
        return
    at = next_instant(locked.known_during.lower)
    _move_tiers(locked, None, by, at)
    close_rows(Rotation.objects.filter(pk=locked.pk), at)
    record("rosters.rotation_ended", by, locked, unit)


# -- Taking a duty over ---------------------------------------------------------------------------------------------------
@retried
def take_over(
    *,
    by: User | None,
    duty: Duty,
    number: int,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> Override:
    """Have somebody fill a tier of a duty for [starts_at, ends_at), whatever roster, rotation and earlier overrides say.

    An earlier override keeps what is left of its time. Raises NoSuchTier, WrongDays, ReasonMissing, NotYours.
    """
    if by is not None and not permissions.can_take_over(by, duty, user):
        raise NotYours(_("A duty is taken over by people of its unit; its manager gives it to others."))
    if not reason.strip():
        raise ReasonMissing(_("Write why the duty is taken over."))
    if ends_at <= starts_at:
        raise WrongDays(_("It must end after it begins."))
    people = lock_people([user.pk])
    if not people[user.pk].is_active:
        raise RostersError(_("The account of %(name)s is closed.") % {"name": people[user.pk].display_name})
    locked = _lock_duty(duty)
    if not Tier.objects.filter(duty=locked, number=number, known_during__upper_inf=True).exists():
        raise NoSuchTier(_("This duty has no tier %(number)d.") % {"number": number})
    period = DateTimeTZRange(starts_at, ends_at)
    rows = Override.objects.filter(
        duty=locked, number=number, known_during__upper_inf=True, period__overlap=period
    ).order_by("pk")
    stands = list(rows.select_for_update(no_key=True))
    same_time = Override.objects.filter(duty=locked, number=number, period__overlap=period)
    at = next_instant(*_bounds(same_time))
    for row in stands:
        _cut(row, period, at)
    override = Override.objects.create(
        duty=locked,
        number=number,
        user_id=user.pk,
        period=period,
        reason=reason.strip(),
        known_during=known_from(at),
        by=by,
    )
    record("rosters.duty_taken_over", by, locked, locked.unit, tier=number, user=user.pk, reason=reason.strip(),
           starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat())  # fmt: skip
    return override


def _cut(row: Override, period: DateTimeTZRange, at: datetime) -> None:
    """Close an override and insert what is left of its time outside a period."""
    close_rows(Override.objects.filter(pk=row.pk), at)
    pieces = (
        (row.period.lower, min(period.lower, row.period.upper)),
        (max(period.upper, row.period.lower), row.period.upper),
    )
    Override.objects.bulk_create(
        Override(
            duty_id=row.duty_id,
            number=row.number,
            user_id=row.user_id,
            period=DateTimeTZRange(begin, end),
            reason=row.reason,
            known_during=known_from(at),
            by_id=row.by_id,
        )
        for begin, end in pieces
        if begin < end
    )


@retried
def end_override(*, by: User | None, override: Override) -> None:
    """End an override now: the time that it has filled stays, the rest falls to the roster again. Ended already, it stays so."""
    if by is not None and not permissions.can_end_override(by, override):
        raise NotYours(_("An override is ended by who fills it, or by a manager of the unit."))
    locked = _lock_duty(override.duty)
    row: Override = Override.objects.select_for_update(no_key=True).get(pk=override.pk)
    now = clock.now()
    if row.known_during.upper is not None or row.period.upper <= now:
        return
    same_time = Override.objects.filter(duty=locked, number=row.number, period__overlap=row.period)
    at = next_instant(*_bounds(same_time))
    _cut(row, DateTimeTZRange(max(now, row.period.lower), row.period.upper), at)
    record("rosters.override_ended", by, locked, locked.unit, tier=row.number, user=row.user_id)
