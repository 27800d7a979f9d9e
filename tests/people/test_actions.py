"""Verbs on people: what they change, whom they tell, what they write down."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError

from apps.audit.models import AuditEntry
from apps.core import clock as domain_clock
from apps.people import actions, permissions, queries
from apps.people.models import Assignment, Grant, StaffType, User
from tests.factories import grant, make_person, make_session, make_site, make_unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def epoch(user: User) -> int:
    return User.objects.values_list("authz_epoch", flat=True).get(pk=user.pk)


def actions_recorded() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_new_home_ends_the_old_one_that_day():
    person, unit = make_person(), make_unit()
    on = domain_clock.today(person.time_zone)
    actions.assign(user=person, unit=unit, on=on, is_home=True, by=None)
    homes = Assignment.objects.filter(user=person, is_home=True).order_by("during")
    assert homes[0].during.upper == homes[1].during.lower == on
    assert User.objects.get(pk=person.pk).home_unit == unit
    assert "people.assigned" in actions_recorded()


def test_a_home_that_is_planned_does_not_move_anybody_yet():
    person, unit = make_person(), make_unit()
    old = person.home_unit
    on = domain_clock.today(person.time_zone) + timedelta(days=7)
    actions.assign(user=person, unit=unit, on=on, is_home=True, by=None)
    assert User.objects.get(pk=person.pk).home_unit == old


def test_assignments_that_cannot_be_are_refused_whole():
    person = make_person()
    unit = make_unit()
    actions.assign(user=person, unit=unit, on=TODAY, until=TODAY + timedelta(days=5), by=None)
    before = (Assignment.objects.count(), epoch(person), len(actions_recorded()))
    with pytest.raises(actions.PeopleError):
        actions.assign(user=person, unit=unit, on=TODAY + timedelta(days=4), by=None)
    with pytest.raises(actions.PeopleError):
        actions.assign(user=person, unit=unit, on=TODAY, until=TODAY, by=None)
    assert (Assignment.objects.count(), epoch(person), len(actions_recorded())) == before


def test_ending_an_assignment_raises_the_epoch_and_closes_the_site():
    site = make_site()
    person = make_person()
    on = domain_clock.today(person.time_zone)
    assignment = actions.assign(user=person, unit=make_unit(site=site), on=on - timedelta(days=3), by=None)
    assert site.pk in queries.sites_of([person.pk])[person.pk]
    before = epoch(person)
    actions.end_assignment(assignment=assignment, on=on, by=None)
    assert epoch(person) == before + 1
    assert site.pk not in queries.sites_of([person.pk])[person.pk]


def test_deactivation_ends_sessions_once_and_is_recorded():
    person = make_person()
    key = make_session(person)
    assert key in queries.authenticate_sessions([key])
    before = epoch(person)
    actions.deactivate(user=person, by=None, why="left")
    assert not Session.objects.filter(session_key=key).exists()
    assert queries.authenticate_sessions([key]) == {}
    assert epoch(person) == before + 1
    actions.deactivate(user=person, by=None)
    assert epoch(person) == before + 1
    assert actions_recorded().count("people.deactivated") == 1
    actions.reactivate(user=person, by=None)
    assert User.objects.get(pk=person.pk).is_active


def test_nothing_is_deactivated_when_the_audit_cannot_be_written(monkeypatch):
    person = make_person()
    key = make_session(person)

    def refuse(**_words):
        raise IntegrityError("no space for the audit")

    monkeypatch.setattr(actions, "write_entry", refuse)
    with pytest.raises(IntegrityError):
        actions.deactivate(user=person, by=None)
    assert User.objects.get(pk=person.pk).is_active
    assert key in queries.authenticate_sessions([key])


def test_sessions_that_expired_or_lost_their_password_do_not_hold(clock):
    person = make_person(password="the-password-of-a-test")
    key = make_session(person)
    person.set_password("another-password-of-a-test")
    person.save()
    assert queries.authenticate_sessions([key]) == {}
    other = make_session(person)
    clock.shift(timedelta(hours=13))
    assert queries.authenticate_sessions([other]) == {}
    assert queries.authenticate_sessions(["nonsense"]) == {}


def test_a_role_is_given_for_a_scope_a_time_and_a_reason(clock):
    it, person, unit = make_person(), make_person(), make_unit()
    grant(it, "it")
    with pytest.raises(actions.PeopleError):
        actions.grant_role(user=person, role="unit_manager", why=" ", by=it, unit=unit)
    with pytest.raises(actions.PeopleError):
        actions.grant_role(user=person, role="emperor", why="because", by=it)
    until = domain_clock.now() + timedelta(days=1)
    actions.grant_role(user=person, role="unit_manager", why="cover", by=it, unit=unit, ends_at=until)
    person = User.objects.get(pk=person.pk)
    assert list(person.units_with_role("unit_manager")) == [unit]
    assert person.is_staff
    clock.shift(timedelta(days=2))
    assert not User.objects.get(pk=person.pk).is_staff


def test_a_manager_edits_the_people_of_their_unit_only():
    unit = make_unit()
    manager, theirs, other = make_person(unit=unit), make_person(unit=unit), make_person()
    grant(manager, "unit_manager", unit=unit)
    assert permissions.can_edit_person(manager, theirs)
    assert not permissions.can_edit_person(manager, other)
    assert not permissions.can_edit_person(manager, manager)
    assert not permissions.can_deactivate(manager, theirs)
    assert not permissions.can_grant(manager)


def test_an_ended_grant_stays_as_a_row():
    person = make_person()
    row = grant(person, "it")
    actions.end_grant(grant=row, by=None)
    assert Grant.objects.get(pk=row.pk).ends_at is not None
    assert not User.objects.get(pk=person.pk).has_role("it")


@pytest.mark.parametrize("text", ["김하", "kim ha", "KIM", "ㄱㅎㄴ", "H1002", "하늘 kim", "호흡"])
def test_the_directory_finds_by_any_script(text):
    viewer = make_person(name_ko="보는이", name_en="Viewer")
    wanted = make_person(name_ko="김하늘", name_en="Kim Haneul", staff_number="h1002x", specialty="호흡기")
    make_person(name_ko="박바다", name_en="Park Bada")
    assert list(queries.search_people(viewer, text=text)) == [wanted]


def test_a_guest_sees_only_themself():
    guest, other = make_person(job=StaffType.GUEST), make_person()
    assert list(queries.search_people(guest)) == [guest]
    assert other not in queries.search_people(guest)


def test_staff_numbers_are_unique_whatever_their_case():
    make_person(staff_number="A77")
    with pytest.raises(IntegrityError):
        make_person(staff_number="a77")


@pytest.mark.parametrize(
    ("zone", "last_moment", "first_moment_after"),
    [
        ("Asia/Seoul", "2026-11-23T14:59:59+00:00", "2026-11-23T15:00:00+00:00"),
        ("Asia/Dubai", "2026-11-23T19:59:59+00:00", "2026-11-23T20:00:00+00:00"),
    ],
)
def test_an_assignment_ends_at_midnight_of_its_site(clock, zone, last_moment, first_moment_after):
    site = make_site(time_zone=zone)
    person = make_person(unit=make_unit(site=site), assigned=False)
    actions.assign(user=person, unit=make_unit(site=site), on=date(2026, 11, 1), until=TODAY, by=None)
    end = datetime.fromisoformat(first_moment_after)
    clock.move_to(datetime.fromisoformat(last_moment) - timedelta(minutes=1))
    assert queries.sites_of([person.pk])[person.pk] == {site.pk: end}
    assert list(queries.people_at_site(site.pk)) == [person]
    clock.move_to(end + timedelta(seconds=1))
    assert queries.sites_of([person.pk]) == {}
    assert list(queries.people_at_site(site.pk)) == []
    assert list(queries.own_sites(person)) == []


def test_a_right_lasts_as_long_as_the_longest_assignment(clock):
    site = make_site()
    person = make_person(unit=make_unit(site=site), assigned=False)
    actions.assign(user=person, unit=make_unit(site=site), on=date(2026, 1, 1), until=date(2100, 1, 1), by=None)
    assert queries.sites_of([person.pk])[person.pk][site.pk] is not None
    actions.assign(user=person, unit=make_unit(site=site), on=date(2026, 1, 1), by=None)
    assert queries.sites_of([person.pk])[person.pk] == {site.pk: None}
