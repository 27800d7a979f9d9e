"""Verbs on people: assign, grant, end, deactivate. Each writes the audit in its own transaction."""

from collections.abc import Collection
from datetime import date, datetime
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F
from django.utils.translation import gettext as _

from apps.audit.actions import write_entry
from apps.core import clock
from apps.core.events import publish
from apps.core.text import clean_text
from apps.realtime import publish as live
from apps.sites.models import Department, Site, Unit

from . import permissions, queries
from .events import AssignmentChanged, QualificationChanged, UserDeactivated, UserReactivated
from .models import (
    ROLES,
    Assignment,
    Contract,
    Grant,
    PersonStatus,
    Presence,
    Qualification,
    QualificationKind,
    User,
)
from .models.status import TEXT_LIMIT


class PeopleError(Exception):
    """Something about a person cannot be done; the text says why, in the reader's language."""


class NotAllowed(PeopleError):
    """The verb is not this person's."""


def raise_epochs(user_ids: Collection[int]) -> None:
    """Tell the live gateways that rights of these people ended; inside the transaction of the change, rows in id order."""
    if not user_ids:
        return
    locked = (
        User.objects.filter(pk__in=user_ids).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
    )
    User.objects.filter(pk__in=list(locked)).update(authz_epoch=F("authz_epoch") + 1)


def raise_epochs_of_units(unit_ids: Collection[int]) -> None:
    """Tell the live gateways that units moved, and with them the site-wide rights of their people."""
    raise_epochs(queries.people_of_units(unit_ids))


def _record(action: str, user: User, by: User | None, **detail: Any) -> None:
    write_entry(
        action=action,
        actor_id=by.pk if by else None,
        object_type="people.user",
        object_id=str(user.pk),
        detail=detail,
        site_code=user.home.site.code if user.home else "",
    )


@transaction.atomic
def assign(
    *,
    user: User,
    unit: Unit,
    on: date,
    until: date | None = None,
    is_home: bool = False,
    contract: Contract | None = None,
    by: User | None,
) -> Assignment:
    """Put somebody into a unit for half-open days [on, until); a home assignment ends the one before it.

    So the same home unit from a day on with another contract is a change of the contract on that day. Without a contract
    somebody works full time. Raises PeopleError when the days are the wrong way round or overlap an assignment to the same unit.
    """
    if by is not None and not permissions.can_assign(by, user, unit, is_home=is_home):
        raise NotAllowed(
            _("You may assign active people to your own units; a home unit is moved by IT or between your units.")
        )
    if until is not None and until <= on:
        raise PeopleError(_("The last day lies before the first."))
    during = DateRange(on, until)
    if is_home:
        for row in Assignment.objects.filter(user=user, is_home=True, during__overlap=during):
            if row.during.lower >= on:
                raise PeopleError(_("A home unit is already planned from that day on. End it first."))
            row.during = DateRange(row.during.lower, on)
            row.save(update_fields=["during"])
    if queries.is_assigned(user, unit, on, until):
        raise PeopleError(_("This person is already assigned to that unit in those days."))
    assignment = Assignment.objects.create(user=user, unit=unit, is_home=is_home, contract=contract, during=during)
    if is_home and on <= clock.today(unit.department.site.zone):
        user.home_unit = unit
        user.save(update_fields=["home_unit"])
    _record(
        "people.assigned",
        user,
        by,
        unit=unit.pk,
        on=on.isoformat(),
        until=until.isoformat() if until else None,
        contract=contract.code if contract else "",
    )
    raise_epochs([user.pk])
    publish(AssignmentChanged(user_id=user.pk, unit_id=unit.pk, happened_at=clock.now().isoformat()))
    return assignment


@transaction.atomic
def end_assignment(*, assignment: Assignment, on: date, by: User | None) -> None:
    """End an assignment on a day; from then on channels by rule of that place are closed to the person."""
    if on <= assignment.during.lower:
        raise PeopleError(_("The last day lies before the first."))
    assignment.during = DateRange(assignment.during.lower, on)
    assignment.save(update_fields=["during"])
    _record("people.assignment_ended", assignment.user, by, unit=assignment.unit_id, on=on.isoformat())
    raise_epochs([assignment.user_id])
    news = AssignmentChanged(
        user_id=assignment.user_id, unit_id=assignment.unit_id, happened_at=clock.now().isoformat()
    )
    publish(news)


@transaction.atomic
def record_qualification(
    *,
    user: User,
    kind: QualificationKind,
    on: date,
    until: date | None = None,
    number: str = "",
    source: str = "manual",
    by: User | None,
) -> Qualification:
    """Record that somebody is qualified for half-open days [on, until); a renewal is another row.

    Raises PeopleError when the days are the wrong way round, when a kind that runs out has no end, and when the same kind
    is recorded from the same day already; NotAllowed when the person is not one of the actor's.
    """
    if by is not None and not permissions.can_record_qualification(by, user):
        raise NotAllowed(_("You may record qualifications of the people of your own units, and not your own."))
    if until is not None and until <= on:
        raise PeopleError(_("The last day lies before the first."))
    if kind.expires and until is None:
        raise PeopleError(_("This qualification runs out: write until when it is valid."))
    # The person's row in the way of a second one at the same moment.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if queries.has_qualification_from(user, kind, on):
        raise PeopleError(_("This qualification is already recorded from that day on."))
    qualification = Qualification.objects.create(
        user=user, kind=kind, valid_from=on, valid_until=until, number=clean_text(number).strip(), source=source
    )
    _record(
        "people.qualification_recorded",
        user,
        by,
        kind=kind.code,
        on=on.isoformat(),
        until=until.isoformat() if until else None,
        source=source,
    )
    _tell_qualification(qualification)
    return qualification


@transaction.atomic
def revoke_qualification(*, qualification: Qualification, by: User | None, why: str) -> None:
    """Take a qualification back for all its days; the row stays, with when it was taken back. Twice changes nothing.

    Raises NotAllowed when the person is not one of the actor's, and PeopleError without a reason.
    """
    if by is not None and not permissions.can_record_qualification(by, qualification.user):
        raise NotAllowed(_("You may record qualifications of the people of your own units, and not your own."))
    if not why.strip():
        raise PeopleError(_("Write why this qualification is revoked: auditors read it."))
    revoked = Qualification.objects.filter(pk=qualification.pk, revoked_at=None).update(revoked_at=clock.now())
    if not revoked:
        return
    qualification.refresh_from_db(fields=["revoked_at"])
    _record("people.qualification_revoked", qualification.user, by, kind=qualification.kind.code, why=why.strip())
    _tell_qualification(qualification)


def _tell_qualification(qualification: Qualification) -> None:
    publish(
        QualificationChanged(
            user_id=qualification.user_id,
            qualification_id=qualification.pk,
            happened_at=clock.now().isoformat(),
        )
    )


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: str,
    why: str,
    by: User | None,
    unit: Unit | None = None,
    department: Department | None = None,
    site: Site | None = None,
    ends_at: datetime | None = None,
) -> Grant:
    """Give a role for a scope (one of unit, department, site; none is the whole network). A reason is required."""
    if role not in ROLES:
        raise PeopleError(_("There is no such role."))
    scope = "unit" if unit else "department" if department else "site" if site else "network"
    if scope not in ROLES[role].scopes:
        raise PeopleError(_("This role is not given for such a scope."))
    if ends_at is not None and ends_at <= clock.now():
        raise PeopleError(_("The end of the role lies in the past."))
    if not why.strip():
        raise PeopleError(_("Write why this role is given: auditors read it."))
    grant = Grant.objects.create(
        user=user, role=role, unit=unit, department=department, site=site, ends_at=ends_at, by=by, why=why.strip()
    )
    _record("people.role_granted", user, by, grant=grant.pk, role=role, why=why.strip())
    raise_epochs([user.pk])
    user.__dict__.pop("current_grants", None)
    return grant


@transaction.atomic
def end_grant(*, grant: Grant, by: User | None) -> None:
    """End a role now; the row stays, with its end."""
    now = clock.now()
    if grant.ends_at is not None and grant.ends_at <= now:
        return
    grant.ends_at = now
    grant.save(update_fields=["ends_at"])
    _record("people.role_ended", grant.user, by, grant=grant.pk, role=grant.role)
    raise_epochs([grant.user_id])


@transaction.atomic
def deactivate(*, user: User, by: User | None, why: str = "") -> None:
    """End an account: no sign-in, no session, live sockets closed within two seconds. Doing it twice changes nothing."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.is_active:
        return
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user)
    _record("people.deactivated", user, by, why=why)
    publish(UserDeactivated(user_id=user.pk))


@transaction.atomic
def reactivate(*, user: User, by: User | None, why: str = "") -> None:
    """Open an account again; sessions stay ended."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.is_active:
        return
    user.is_active = True
    user.save(update_fields=["is_active"])
    _record("people.reactivated", user, by, why=why)
    publish(UserReactivated(user_id=user.pk))


def end_sessions(user: User) -> None:
    """Delete all of a person's sessions and raise their epoch; inside a transaction."""
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()
    # Sessions that are in no list end as well: their hash does not fit any more.
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    raise_epochs([user.pk])


@transaction.atomic
def save_preferences(*, user: User, language: str, theme: str, contrast: str, input_mode: str) -> None:
    """Keep how somebody wants to see the portal."""
    user.language, user.theme, user.contrast, user.input = language, theme, contrast, input_mode
    user.save(update_fields=["language", "theme", "contrast", "input"])


@transaction.atomic
def set_status(
    *, by: User, presence: str = Presence.AUTO, text: str = "", until: datetime | None = None
) -> PersonStatus:
    """Say of oneself that one is not to be disturbed, away, or a few words; it replaces what was said before.

    Ends by itself at `until`. Raises PeopleError when that lies in the past, when nothing is said, or too much.
    """
    text = " ".join(clean_text(text).split())
    if presence not in Presence.values:
        raise PeopleError(_("Choose one of the states."))
    if presence == Presence.AUTO and not text:
        raise PeopleError(_("Choose a state or write a few words."))
    if len(text) > TEXT_LIMIT:
        raise PeopleError(_("A status has at most 100 characters."))
    if until is not None and until <= clock.now():
        raise PeopleError(_("The end of the status lies in the past."))
    status = PersonStatus(user=by, presence=presence, text=text, until=until)
    PersonStatus.objects.bulk_create(
        [status], update_conflicts=True, unique_fields=["user"], update_fields=["presence", "text", "until"]
    )
    _tell_status(by.pk)
    return status


@transaction.atomic
def clear_status(*, by: User) -> None:
    """Take back what one said of oneself. Doing it twice changes nothing."""
    if PersonStatus.objects.filter(user=by).delete()[0]:
        _tell_status(by.pk)


def _tell_status(user_id: int) -> None:
    transaction.on_commit(partial(live.publish_choice, [user_id]))
    transaction.on_commit(partial(live.publish_hint, "user", user_id, {"kind": "status"}))


@transaction.atomic
def record_sign_in(*, user_id: int | None, kind: str, detail: dict[str, Any] | None = None) -> None:
    """Write a sign-in, a sign-out or a failed sign-in to the access record. `kind` is the audit action."""
    person = User.objects.with_home().filter(pk=user_id).first()
    write_entry(
        action=kind,
        actor_id=user_id,
        object_type="people.user",
        object_id=str(user_id or ""),
        detail=detail or {},
        site_code=person.home.site.code if person and person.home else "",
    )


@transaction.atomic
def take_changed_record(*, user: User, changed: Collection[str]) -> None:
    """Draw the consequences of an edited record: another way to sign in ends the sessions, another staff type the rights."""
    if {"email", "staff_number"}.intersection(changed):
        end_sessions(user)
    elif "job" in changed:
        raise_epochs([user.pk])


@transaction.atomic
def appoint_it(*, user: User, by: User | None, why: str) -> Grant:
    """Make somebody IT of the network unless they are; the first one of an installation is made by a command."""
    existing = Grant.objects.current().filter(user=user, role="it").first()
    return existing or grant_role(user=user, role="it", why=why, by=by)


@transaction.atomic
def turn_day() -> int:
    """Make home units what the assignments of today say, and open what begins today; return how many people changed.

    Safe to run at any time and twice: a home unit is compared, and a beginning is looked at in the first half hour of its day.
    """
    moved = queries.homes_that_differ()
    for user in User.objects.filter(pk__in=moved).order_by("pk").select_for_update(no_key=True):
        User.objects.filter(pk=user.pk).update(home_unit=moved[user.pk])
    begun = set(queries.begun_just_now())
    raise_epochs(begun | set(moved))
    for user_id, unit_id in queries.begun_just_now().items():
        publish(AssignmentChanged(user_id=user_id, unit_id=unit_id, happened_at=clock.now().isoformat()))
    return len(begun | set(moved))
