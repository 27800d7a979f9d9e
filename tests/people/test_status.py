"""What people say of themselves: chosen, ended by the clock, taken back, shown to those who may see them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import clock as time_of_the_domain
from apps.people import actions, queries
from apps.people.forms import StatusForm
from apps.people.models import PersonStatus, Presence, StaffType, User
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db

Captured = Callable[..., Any]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the live gateways were told."""
    heard: list[Any] = []
    monkeypatch.setattr("apps.realtime.publish.publish_choice", lambda users: heard.append(list(users)))
    monkeypatch.setattr("apps.realtime.publish.publish_hint", lambda *hint: heard.append(hint))
    return heard


def fresh(person: User) -> User:
    return User.objects.with_home().with_status().get(pk=person.pk)


# -- Actions ----------------------------------------------------------------------------------------------------------


def test_a_status_is_kept_and_told_after_the_commit(
    told: list[Any], django_capture_on_commit_callbacks: Captured
) -> None:
    person = factories.make_person()
    with django_capture_on_commit_callbacks(execute=True):
        actions.set_status(by=person, presence=Presence.DO_NOT_DISTURB, text="  수술 중\n2번 방 ")
        assert told == []
    status = fresh(person).current_status
    assert status is not None
    assert (status.presence, status.text, status.until) == ("do_not_disturb", "수술 중 2번 방", None)
    assert told == [[person.pk], ("user", person.pk, {"kind": "status"})]


def test_a_second_status_replaces_the_first() -> None:
    person = factories.make_person()
    actions.set_status(
        by=person, presence=Presence.AWAY, text="회의", until=time_of_the_domain.now() + timedelta(hours=1)
    )
    actions.set_status(by=person, text="점심")
    status = PersonStatus.objects.get()
    assert (status.user_id, status.presence, status.text, status.until) == (person.pk, "auto", "점심", None)


def test_a_status_is_taken_back(told: list[Any], django_capture_on_commit_callbacks: Captured) -> None:
    person, other = factories.make_person(), factories.make_person()
    actions.set_status(by=person, text="점심")
    actions.set_status(by=other, text="회의")
    with django_capture_on_commit_callbacks(execute=True):
        actions.clear_status(by=person)
        actions.clear_status(by=person)
    assert [status.user_id for status in PersonStatus.objects.all()] == [other.pk]
    assert told == [[person.pk], ("user", person.pk, {"kind": "status"})]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"text": " \n "},
        {"presence": "asleep"},
        {"text": "가" * 101},
        {"text": "늦음", "until": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=["nothing", "blank", "unknown", "too long", "over"],
)
def test_what_says_nothing_or_too_much_is_refused(told: list[Any], wrong: dict[str, Any]) -> None:
    person = factories.make_person()
    with pytest.raises(actions.PeopleError):
        actions.set_status(by=person, **wrong)
    assert not PersonStatus.objects.exists()
    assert told == []


@pytest.mark.parametrize("fields", [{"presence": "auto"}, {"presence": "asleep", "text": "x"}])
def test_the_database_refuses_it_too(fields: dict[str, str]) -> None:
    with pytest.raises(IntegrityError):
        PersonStatus.objects.create(user=factories.make_person(), **fields)


# -- Queries --------------------------------------------------------------------------------------------------------------


def test_a_status_ends_by_the_clock(clock: Clock) -> None:
    person = factories.make_person()
    until = time_of_the_domain.now() + timedelta(minutes=30)
    actions.set_status(by=person, presence=Presence.DO_NOT_DISTURB, until=until)
    assert fresh(person).current_status is not None
    assert queries.presence_by_hand([person.pk]) == {person.pk: ("do_not_disturb", until)}
    clock.shift(timedelta(minutes=31))
    assert fresh(person).current_status is None
    assert queries.presence_by_hand([person.pk]) == {}
    assert queries.statuses_of([fresh(person)]) == {}


def test_words_alone_are_no_choice_by_hand() -> None:
    person, gone = factories.make_person(), factories.make_person()
    actions.set_status(by=person, text="점심")
    actions.set_status(by=gone, presence=Presence.AWAY)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert queries.presence_by_hand([person.pk, gone.pk]) == {}


@pytest.mark.parametrize("count", [1, 30])
def test_the_statuses_of_many_cost_one_query(count: int) -> None:
    people = [factories.make_person() for _ in range(count)]
    actions.set_status(by=people[0], text="회진")
    people = list(User.objects.filter(pk__in=[person.pk for person in people]))
    with CaptureQueriesContext(connection) as captured:
        found = queries.statuses_of(people)
        shown = [person.current_status for person in people]
    assert len(captured.captured_queries) == 1
    assert [status.text for status in found.values()] == ["회진"]
    assert [status for status in shown if status] == list(found.values())


def test_whom_a_watcher_sees_is_whom_the_directory_shows() -> None:
    unit = factories.make_unit()
    nurse, guest, other_guest, gone = (
        factories.make_person(unit=unit),
        factories.make_person(unit=unit, job=StaffType.GUEST),
        factories.make_person(unit=unit, job=StaffType.GUEST),
        factories.make_person(unit=unit),
    )
    abroad = factories.make_person()
    User.objects.filter(pk=gone.pk).update(is_active=False)
    people = {person.pk for person in (nurse, guest, other_guest, gone, abroad)}
    found = queries.visible_people(people | {999_999}, people | {888_888})
    assert found.keys() == people - {gone.pk}
    for watcher in User.objects.filter(pk__in=found):
        directory = User.objects.visible_to(watcher).filter(pk__in=people)
        assert set(found[watcher.pk]) == set(directory.values_list("pk", flat=True))
    assert set(found[guest.pk]) == {guest.pk}


def test_many_watchers_cost_two_queries() -> None:
    people = [factories.make_person().pk for _ in range(20)]
    with CaptureQueriesContext(connection) as captured:
        queries.visible_people(people, people)
    assert len(captured.captured_queries) == 2


# -- For how long -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "lasting", "at", "until"),
    [
        ("2026-11-24T01:00", "30", "", "2026-11-24T01:30"),
        ("2026-11-24T01:00", "60", "", "2026-11-24T02:00"),
        ("2026-11-24T01:00", "today", "", "2026-11-24T15:00"),  # midnight in Seoul
        ("2026-11-24T15:30", "today", "", "2026-11-25T15:00"),  # after midnight there it is the next one
        ("2026-11-24T01:00", "time", "13:30", "2026-11-24T04:30"),
        ("2026-11-24T14:00", "time", "07:00", "2026-11-24T22:00"),  # a night shift: tomorrow morning
        ("2026-11-24T01:00", "open", "13:30", None),
    ],
)
def test_how_long_it_lasts_is_said_in_the_sites_time(
    clock: Clock, now: str, lasting: str, at: str, until: str | None
) -> None:
    clock.move_to(datetime.fromisoformat(f"{now}+00:00"))
    form = StatusForm({"presence": "away", "lasting": lasting, "at": at}, user=factories.make_person())
    assert form.is_valid(), form.errors
    ends_at = form.cleaned_data["until"]
    expected = datetime.fromisoformat(f"{until}+00:00") if until else None
    assert ends_at == expected or abs(ends_at - expected) < timedelta(seconds=30)


@pytest.mark.parametrize("at", ["", "25:00", "soon"])
def test_until_a_time_needs_a_time(at: str) -> None:
    form = StatusForm({"presence": "away", "lasting": "time", "at": at}, user=factories.make_person())
    assert list(form.errors) == ["at"]
    assert len(form.errors["at"]) == 1


# -- Pages --------------------------------------------------------------------------------------------------------------------


def test_a_person_says_it_and_takes_it_back_on_their_page(client: Client) -> None:
    person = factories.make_person(language="en")
    factories.sign_in_as(client, person)
    address = reverse("status")
    answer = client.post(address, {"presence": "do_not_disturb", "text": "In theatre", "lasting": "60"}, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "In theatre" in answer.content.decode()
    status = PersonStatus.objects.get()
    assert status.user_id == person.pk
    assert status.until is not None
    client.post(address, {"clear": "1"})
    assert not PersonStatus.objects.exists()


def test_one_press_says_where_somebody_is_for_an_hour(client: Client) -> None:
    person = factories.make_person(language="en")
    factories.sign_in_as(client, person)
    page = client.get(reverse("status")).content.decode()
    form = page.partition("quickstatus")[2].partition("</form>")[0]
    fields = dict(re.findall(r'type="hidden" name="(presence|lasting)" value="(\w+)"', form))
    said = re.findall(r'<button[^>]* name="text" value="([^"]+)"', form)
    assert {"In theatre", "On a ward round", "With a patient"} <= set(said)
    client.post(reverse("status"), {**fields, "text": said[1]})
    status = PersonStatus.objects.get()
    assert (status.presence, status.text) == (Presence.AUTO, said[1])
    assert status.until is not None
    assert abs(status.until - time_of_the_domain.now() - timedelta(hours=1)) < timedelta(minutes=1)


def test_ones_own_words_stand_before_the_word_of_the_portal(client: Client) -> None:
    person = factories.make_person(language="en")
    actions.set_status(by=person, presence=Presence.DO_NOT_DISTURB, text="On a ward round")
    factories.sign_in_as(client, person)
    page = client.get(reverse("person", args=[person.pk])).content.decode()
    shown = page.partition('class="presence"')[2]
    assert 0 < shown.index("On a ward round") < shown.index("Do not disturb")


def test_an_empty_status_is_none(client: Client) -> None:
    person = factories.make_person(language="en")
    actions.set_status(by=person, text="점심")
    factories.sign_in_as(client, person)
    client.post(reverse("status"), {"presence": "auto", "text": " ", "lasting": "60"})
    assert not PersonStatus.objects.exists()


def test_what_does_not_fit_is_said_and_nothing_is_lost(client: Client) -> None:
    person = factories.make_person(language="en")
    factories.sign_in_as(client, person)
    answer = client.post(reverse("status"), {"presence": "away", "text": "Lunch", "lasting": "time", "at": ""})
    assert answer.status_code == 200
    assert "for example 07:00" in answer.content.decode()
    assert 'value="Lunch"' in answer.content.decode()
    assert not PersonStatus.objects.exists()


def test_a_status_is_escaped_and_shown_where_the_person_is(client: Client) -> None:
    viewer, person = factories.make_person(language="en"), factories.make_person()
    actions.set_status(by=person, presence=Presence.AWAY, text="<b>회진</b>")
    factories.sign_in_as(client, viewer)
    for address in (reverse("person", args=[person.pk]), reverse("directory")):
        page = client.get(address).content.decode()
        assert f'data-presence="{person.pk}" data-state="away">Away</span>' in page
        assert "&lt;b&gt;회진&lt;/b&gt;" in page
        assert "<b>회진" not in page


def test_the_menu_shows_ones_own_without_a_query(client: Client) -> None:
    person = factories.make_person(language="en")
    factories.sign_in_as(client, person)
    line = {"HX-Request": "true"}
    client.get(reverse("status"), headers=line)
    with CaptureQueriesContext(connection) as without:
        assert "Set a status" in client.get(reverse("status"), headers=line).content.decode()
    actions.set_status(by=person, presence=Presence.DO_NOT_DISTURB, text="2번 방")
    with CaptureQueriesContext(connection) as with_one:
        page = client.get(reverse("status"), headers=line).content.decode()
    assert "Do not disturb" in page
    assert "2번 방" in page
    assert "<html" not in page
    assert len(with_one.captured_queries) == len(without.captured_queries)
