"""The administration: what a manager may not turn into more, and what bad input is told."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core import clock as domain_clock
from apps.people.models import Assignment, Grant, User
from tests.factories import grant, make_person, make_session, make_unit, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def manager(unit):
    person = make_person(unit=unit)
    grant(person, "unit_manager", unit=unit)
    return person


@pytest.fixture
def it():
    person = make_person()
    grant(person, "it")
    return person


def record_of(person: User, **changes: str) -> dict[str, str]:
    names = (
        "staff_number",
        "email",
        "job",
        "specialty",
        "phone",
        "name_ko",
        "name_en",
        "name_ar",
        "title_ko",
        "title_en",
        "title_ar",
    )
    return {name: getattr(person, name) or "" for name in names} | changes


def test_a_manager_cannot_change_what_somebody_signs_in_with(client, manager, unit):
    theirs = make_person(unit=unit, email="nurse@hospital.example")
    sign_in_as(client, manager)
    data = record_of(theirs, email="mine@evil.example", staff_number="X1", job="doctor", phone="1234")
    assert client.post(f"/admin/people/user/{theirs.pk}/change/", data).status_code == 302
    theirs.refresh_from_db()
    assert (theirs.email, theirs.job, theirs.phone) == ("nurse@hospital.example", "nurse", "1234")


def test_it_changes_an_address_and_that_ends_the_sessions(client, it):
    person = make_person(email="old@hospital.example")
    make_session(person)
    before = User.objects.get(pk=person.pk).sessions_ended
    sign_in_as(client, it)
    data = record_of(person, email="new@hospital.example")
    assert client.post(f"/admin/people/user/{person.pk}/change/", data).status_code == 302
    person.refresh_from_db()
    assert (person.email, person.sessions_ended) == ("new@hospital.example", before + 1)
    detail = AuditEntry.objects.get(action="admin.changed").detail
    assert detail["email"] == ["old@hospital.example", "new@hospital.example"]


def test_another_staff_type_raises_the_epoch(client, it):
    person = make_person()
    sign_in_as(client, it)
    client.post(f"/admin/people/user/{person.pk}/change/", record_of(person, job="guest"))
    assert User.objects.get(pk=person.pk).authz_epoch == person.authz_epoch + 1


def test_a_list_is_not_filtered_by_what_is_secret(client, it):
    sign_in_as(client, it)
    assert client.get("/admin/people/user/?password__startswith=md5").status_code == 400
    assert client.get("/admin/people/user/?job__exact=nurse").status_code == 200


def assign(client: Client, person: User, unit, **data: str):
    today = domain_clock.today(unit.department.site.zone).isoformat()
    return client.post(
        "/admin/people/assignment/add/", {"user": person.pk, "unit": unit.pk, "starts_on": today, **data}
    )


def test_a_manager_lends_people_but_does_not_take_their_home(client, manager, unit):
    other = make_person()
    sign_in_as(client, manager)
    answer = assign(client, other, unit, is_home="on")
    assert answer.status_code == 200
    assert not Assignment.objects.filter(user=other, unit=unit).exists()
    assert assign(client, other, unit).status_code == 302
    assert User.objects.get(pk=other.pk).home_unit != unit


def test_nobody_inactive_is_assigned_and_no_other_unit_is_served(client, manager, unit):
    sign_in_as(client, manager)
    assert assign(client, make_person(is_active=False), unit).status_code == 200
    assert assign(client, make_person(), make_unit()).status_code == 200
    assert not Assignment.objects.filter(unit=unit).exclude(user=manager).exists()


def test_a_second_home_from_the_same_day_is_told_not_thrown(client, it):
    person = make_person()
    sign_in_as(client, it)
    assert assign(client, person, make_unit(), is_home="on").status_code == 302
    assert assign(client, person, make_unit(), is_home="on").status_code == 200


@pytest.mark.parametrize(
    ("role", "scope", "ends_in", "status"),
    [
        ("it", None, None, 302),
        ("it", "unit", None, 200),
        ("unit_manager", None, None, 200),
        ("unit_manager", "unit", None, 302),
        ("unit_manager", "unit", -1, 200),
        ("privacy_officer", "unit", None, 200),
    ],
)
def test_roles_are_given_for_scopes_that_fit(client, it, unit, role, scope, ends_in, status):
    person = make_person()
    sign_in_as(client, it)
    data = {"user": person.pk, "role": role, "why": "cover", "unit": unit.pk if scope else ""}
    if ends_in is not None:
        end = domain_clock.now() + timedelta(days=ends_in)
        data |= {"ends_at_0": end.date().isoformat(), "ends_at_1": "00:00"}
    assert client.post("/admin/people/grant/add/", data).status_code == status
    assert Grant.objects.filter(user=person).exists() is (status == 302)
