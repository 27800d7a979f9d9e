"""What people are qualified for: recorded, revoked, asked for a day, shown to the right ones; and contracts."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from apps.audit.models import AuditEntry
from apps.core import actions as core_actions
from apps.core import clock
from apps.core.events import subscriber, subscribers_of
from apps.core.models import OutboxEvent
from apps.people import actions, queries
from apps.people.events import QualificationChanged
from apps.people.models import Assignment, Qualification
from tests.factories import assign_to, grant, make_person, make_unit, sign_in_as
from tests.factories.rosters import make_contract, make_qualification, make_qualification_kind

pytestmark = pytest.mark.django_db

DAY = date(2026, 4, 6)


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


@pytest.fixture
def nurse(unit):
    return make_person(unit=unit)


@pytest.fixture
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def heard():
    """Somebody who reacts to the news, so that it is kept; what they were told."""
    told = []

    def hear(event):
        told.append(event)

    name = f"{hear.__module__}.{hear.__name__}"
    subscriber(QualificationChanged)(hear)
    yield told
    del subscribers_of(QualificationChanged.name())[name]


@pytest.fixture
def acls():
    return make_qualification_kind("acls", name_ko="전문심장소생술", name_en="ACLS")


# -- The verbs ----------------------------------------------------------------------------------------------------------
def test_a_manager_records_one_of_their_own_people(manager, nurse, acls, heard):
    made = actions.record_qualification(
        user=nurse, kind=acls, on=DAY, until=DAY + timedelta(days=730), number=" K-12 ", by=manager
    )
    assert (made.valid_from, made.valid_until, made.number, made.source) == (DAY, date(2028, 4, 5), "K-12", "manual")
    entry = AuditEntry.objects.get(action="people.qualification_recorded")
    assert (entry.actor_id, entry.object_id, entry.detail["kind"]) == (manager.pk, str(nurse.pk), "acls")
    core_actions.drain_outbox()
    [news] = heard
    assert (news.user_id, news.qualification_id, news.aggregate) == (nurse.pk, made.pk, f"user:{nurse.pk}")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"on": DAY, "until": DAY}, "The last day"),
        ({"on": DAY, "until": DAY - timedelta(days=1)}, "The last day"),
        ({"on": DAY}, "runs out"),
    ],
)
def test_days_that_are_none_are_refused(it, nurse, acls, days, said, english):
    with pytest.raises(actions.PeopleError, match=said):
        actions.record_qualification(user=nurse, kind=acls, by=it, **days)
    assert not Qualification.objects.exists()
    assert not AuditEntry.objects.filter(action="people.qualification_recorded").exists()


def test_the_same_day_twice_is_refused_and_a_renewal_is_another_row(it, nurse, acls):
    first = {"user": nurse, "kind": acls, "on": DAY, "until": DAY + timedelta(days=365), "by": it}
    made = actions.record_qualification(**first)
    with pytest.raises(actions.PeopleError):
        actions.record_qualification(**first)
    actions.record_qualification(**{**first, "on": DAY + timedelta(days=300), "until": DAY + timedelta(days=700)})
    actions.revoke_qualification(qualification=made, by=it, why="Entered twice.")
    # What was revoked stands in nobody's way.
    actions.record_qualification(**first)
    assert Qualification.objects.filter(user=nurse).count() == 3


def test_a_kind_without_an_end_needs_none(it, nurse):
    charge = make_qualification_kind("charge", expires=False)
    assert actions.record_qualification(user=nurse, kind=charge, on=DAY, by=it).valid_until is None


def test_nobody_else_records_or_revokes(manager, nurse, acls, it):
    stranger, her_own = make_person(), make_qualification(manager, acls)
    for by, person in ((nurse, stranger), (manager, stranger), (manager, manager), (it, it)):
        with pytest.raises(actions.NotAllowed):
            actions.record_qualification(user=person, kind=acls, on=DAY, until=DAY + timedelta(days=9), by=by)
    for row in (make_qualification(stranger, acls), her_own):
        with pytest.raises(actions.NotAllowed):
            actions.revoke_qualification(qualification=row, by=manager, why="No.")
    assert not Qualification.objects.exclude(revoked_at=None).exists()


def test_revoking_keeps_the_row_and_says_why(manager, nurse, acls, english, heard):
    row = make_qualification(nurse, acls)
    with pytest.raises(actions.PeopleError, match="Write why"):
        actions.revoke_qualification(qualification=row, by=manager, why=" ")
    actions.revoke_qualification(qualification=row, by=manager, why="Issued by mistake.")
    revoked_at = Qualification.objects.get(pk=row.pk).revoked_at
    assert revoked_at is not None
    actions.revoke_qualification(qualification=row, by=manager, why="Again.")
    assert Qualification.objects.get(pk=row.pk).revoked_at == revoked_at
    [entry] = AuditEntry.objects.filter(action="people.qualification_revoked")
    assert entry.detail["why"] == "Issued by mistake."
    assert queries.qualified_on([nurse.pk], DAY) == {}
    core_actions.drain_outbox()
    assert [news.qualification_id for news in heard] == [row.pk]


def test_nothing_is_stored_when_the_audit_cannot_be_written(it, nurse, acls, monkeypatch, heard):
    def fail(**entry):
        raise RuntimeError("The audit is full.")

    monkeypatch.setattr(actions, "write_entry", fail)
    with pytest.raises(RuntimeError):
        actions.record_qualification(user=nurse, kind=acls, on=DAY, until=DAY + timedelta(days=9), by=it)
    assert not Qualification.objects.exists()
    assert not OutboxEvent.objects.exists()


# -- The questions ------------------------------------------------------------------------------------------------------
def test_who_is_qualified_on_a_day_in_one_query(nurse, acls, django_assert_num_queries):
    other, third = make_person(), make_person()
    make_qualification(nurse, acls, DAY, DAY + timedelta(days=10))
    make_qualification(nurse, "charge")
    make_qualification(other, acls, DAY + timedelta(days=1))
    make_qualification(third, acls, revoked_at=clock.now())
    people = [nurse.pk, other.pk, third.pk]
    with django_assert_num_queries(1):
        assert queries.qualified_on(people, DAY) == {nurse.pk: {"acls", "charge"}}
    # The last day counts, the first one without it does not.
    assert queries.qualified_on(people, DAY + timedelta(days=9))[nurse.pk] == {"acls", "charge"}
    assert queries.qualified_on(people, DAY + timedelta(days=10)) == {nurse.pk: {"charge"}, other.pk: {"acls"}}
    assert queries.qualified_on([other.pk], DAY) == {}


def test_what_runs_out_is_told_soonest_first_unless_it_is_renewed(unit, nurse, acls):
    today = clock.today(unit.department.site.zone)
    second, renewed, elsewhere, gone = (
        make_person(unit=unit),
        make_person(unit=unit),
        make_person(),
        make_person(unit=unit, is_active=False),
    )
    lapsed = make_qualification(second, acls, today - timedelta(days=400), today - timedelta(days=2))
    soon = make_qualification(nurse, acls, today - timedelta(days=400), today + timedelta(days=20))
    make_qualification(nurse, "bls", today, today + timedelta(days=90))
    for person in (renewed, elsewhere, gone):
        make_qualification(person, acls, today - timedelta(days=400), today + timedelta(days=3))
    make_qualification(renewed, acls, today, today + timedelta(days=400))
    # A renewal that was taken back renews nothing.
    make_qualification(nurse, acls, today, today + timedelta(days=400), revoked_at=clock.now())
    assert list(queries.expiring([unit.pk], today + timedelta(days=30))) == [lapsed, soon]


# -- The card of a person -----------------------------------------------------------------------------------------------
def card(client, viewer, person):
    sign_in_as(client, viewer)
    return client.get(reverse("person", args=[person.pk])).content.decode()


@pytest.fixture
def certified(nurse, acls):
    today = clock.today(nurse.time_zone)
    make_qualification(nurse, acls, today - timedelta(days=400), today - timedelta(days=30), number="지난번호")
    make_qualification(nurse, acls, today - timedelta(days=30), today + timedelta(days=12), number="새번호")
    return nurse


def test_one_sees_what_runs_out_and_in_how_many_days(client, certified):
    certified.language = "en"
    certified.save()
    body = card(client, certified, certified)
    assert "ACLS" in body
    assert "12 days left" in body
    # A renewal stands for the row that it renews.
    assert "새번호" in body
    assert "지난번호" not in body


def test_only_oneself_ones_manager_and_it_see_it(client, certified, manager, it):
    colleague = make_person(unit=certified.home_unit)
    stranger = make_person()
    grant(stranger, "unit_manager", unit=stranger.home_unit)
    assert [
        ("새번호" in card(client, viewer, certified)) for viewer in (certified, manager, it, colleague, stranger)
    ] == [
        True,
        True,
        True,
        False,
        False,
    ]


# -- The administration -------------------------------------------------------------------------------------------------
def record(client, person, kind, **data):
    return client.post(
        "/admin/people/qualification/add/",
        {
            "user": person.pk,
            "kind": kind.pk,
            "valid_from": DAY.isoformat(),
            "valid_until": "2028-04-06",
            "number": "",
            **data,
        },
    )


def test_a_manager_records_and_revokes_in_the_administration(client, manager, nurse, acls):
    sign_in_as(client, manager)
    assert record(client, nurse, acls).status_code == 302
    row = Qualification.objects.get(user=nurse)
    assert AuditEntry.objects.get(action="people.qualification_recorded").actor_id == manager.pk
    # It is never edited.
    assert client.post(f"/admin/people/qualification/{row.pk}/change/", {"number": "X"}).status_code == 403
    data = {"action": "revoke", "_selected_action": row.pk, "why": ""}
    client.post("/admin/people/qualification/", data)
    assert Qualification.objects.get(pk=row.pk).revoked_at is None
    client.post("/admin/people/qualification/", {**data, "why": "Wrong person."})
    assert Qualification.objects.get(pk=row.pk).revoked_at is not None


def test_what_the_action_refuses_is_told_at_the_field(client, manager, nurse, acls):
    sign_in_as(client, manager)
    for data in ({"valid_until": ""}, {"valid_until": "2020-01-01"}, {"user": make_person().pk}, {"user": manager.pk}):
        assert record(client, nurse, acls, **data).status_code == 200, data
    assert not Qualification.objects.exists()


def test_a_manager_of_another_unit_sees_none_of_it(client, nurse, acls):
    row = make_qualification(nurse, acls, number="카나리번호")
    stranger = make_person()
    grant(stranger, "unit_manager", unit=stranger.home_unit)
    make_qualification(make_person(unit=stranger.home_unit), acls, number="제번호")
    sign_in_as(client, stranger)
    listed = client.get("/admin/people/qualification/").content.decode()
    assert "제번호" in listed
    assert "카나리번호" not in listed
    assert "카나리번호" not in client.get("/admin/people/qualification/?q=카나리번호").content.decode().replace(
        'value="카나리번호"', ""
    )
    for page in ("change", "history", "delete"):
        assert client.get(f"/admin/people/qualification/{row.pk}/{page}/").status_code in {302, 403}, page
    autocomplete = "/admin/autocomplete/?app_label=people&model_name=qualification&field_name=user"
    found = [result["id"] for result in client.get(autocomplete).json()["results"]]
    assert str(nurse.pk) not in found
    assert found
    data = {"action": "revoke", "_selected_action": row.pk, "why": "Not mine."}
    client.post("/admin/people/qualification/", data)
    assert Qualification.objects.get(pk=row.pk).revoked_at is None


def test_kinds_and_contracts_are_written_by_it_and_read_by_managers(client, manager, it):
    contract = make_contract(code="half", percent=50)
    for viewer, add, change in ((manager, 403, 200), (it, 200, 200)):
        sign_in_as(client, viewer)
        assert client.get("/admin/people/contract/add/").status_code == add
        assert client.get(f"/admin/people/contract/{contract.pk}/change/").status_code == change
        assert client.get("/admin/people/qualificationkind/add/").status_code == add
    sign_in_as(client, manager)
    data = {"code": "half", "name_ko": "반일", "percent": 99, "weekly_minutes": 1200}
    assert client.post(f"/admin/people/contract/{contract.pk}/change/", data).status_code == 403


# -- Contracts ----------------------------------------------------------------------------------------------------------
def test_another_contract_from_a_day_on_is_another_assignment(client, it, unit, nurse):
    today = clock.today(unit.department.site.zone)
    half = make_contract(code="half", percent=50)
    sign_in_as(client, it)
    data = {"user": nurse.pk, "unit": unit.pk, "is_home": "on", "contract": half.pk, "starts_on": today.isoformat()}
    assert client.post("/admin/people/assignment/add/", data).status_code == 302
    before, after = Assignment.objects.filter(user=nurse).order_by("during")
    assert (before.during.upper, before.contract) == (today, None)
    assert (after.during.lower, after.during.upper, after.contract) == (today, None, half)
    entry = AuditEntry.objects.get(action="people.assigned")
    assert entry.detail["contract"] == "half"


def test_lending_somebody_twice_to_a_unit_is_told(client, it, unit):
    person = make_person()
    assign_to(person, unit)
    sign_in_as(client, it)
    data = {"user": person.pk, "unit": unit.pk, "is_home": "on", "starts_on": "2026-04-06"}
    assert client.post("/admin/people/assignment/add/", data).status_code == 200
    assert Assignment.objects.filter(user=person, unit=unit).count() == 1


def test_the_list_says_from_when_to_when(client, it, unit):
    assign_to(make_person(), unit, on=date(2021, 5, 3), until=date(2031, 5, 4))
    sign_in_as(client, it)
    body = client.get("/admin/people/assignment/").content.decode()
    assert "DateRange" not in body
    assert "2021" in body
    assert "2031" in body
