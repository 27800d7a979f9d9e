"""The staff's pages: one's own shifts, the unit's roster, who is on, the rules; what each shows, and to whom."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import jump
from apps.people.models import Assignment, StaffType, User
from apps.rosters.models import Plan, Shift
from tests import factories
from tests.clock import Clock

from .ward import DUBAI, LONG_AGO, SEOUL, Ward

pytestmark = pytest.mark.django_db

NumQueries = Callable[[int], AbstractContextManager[Any]]
# A Tuesday morning, in the middle of a day shift.
NOW = datetime(2026, 11, 24, 10, tzinfo=SEOUL)


@pytest.fixture(autouse=True)
def at_ten(clock: Clock) -> None:
    clock.move_to(NOW)


def publish(ward: Ward) -> None:
    Plan.objects.filter(pk=ward.plan.pk).update(published_at=LONG_AGO, state="published")


def page(client: Client, person: User, name: str, *arguments: Any, **query: str) -> str:
    factories.sign_in_as(client, person)
    response = client.get(reverse(name, args=arguments), query)
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


def words_of(html: str) -> str:
    """What stands on a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# -- My shifts ---------------------------------------------------------------------------------------------------------------
def test_the_shift_of_now_comes_first(client: Client) -> None:
    ward = Ward()
    me, beside, later = ward.people[:3]
    ward.roster(me, "2026-11-24", "D")
    ward.roster(beside, "2026-11-24", "D")
    ward.roster(later, "2026-11-24", "E")
    words = words_of(page(client, me, "my-shifts"))
    assert "지금 근무 중" in words or "On duty now" in words
    assert "07:00–15:00" in words
    assert beside.display_name in words
    assert later.display_name not in words


def test_without_one_now_the_next_comes_first_and_days_off_do_not_count(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    ward.roster(me, "2026-11-24", "O")
    ward.roster(me, "2026-11-25", "AL")
    ward.roster(me, "2026-11-26", "N")
    html = page(client, me, "my-shifts")
    hero = html[html.index("nextshift") : html.index("</section>")]
    assert "23:00–07:00" in hero
    assert ward.types["AL"].name in words_of(html)


def test_drafts_and_what_was_taken_back_are_not_shown(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    factories.make_shift(ward.plan, me, date(2026, 11, 24), "E")
    ward.roster(me, "2026-11-25", "N", until=LONG_AGO + timedelta(days=1))
    html = page(client, me, "my-shifts")
    assert "nextshift" not in html
    assert 'class="shift shift--e"' not in html
    assert 'class="shift shift--n"' not in html


def test_nothing_published_says_what_happens_next(client: Client) -> None:
    html = page(client, Ward().people[0], "my-shifts")
    assert 'class="empty"' in html
    assert reverse("unit-roster-home") in html


def test_a_change_of_the_last_week_is_marked_and_says_what_stood_there(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    change = NOW - timedelta(days=1)
    ward.roster(me, "2026-11-26", "D", until=change)
    ward.roster(me, "2026-11-26", "E", since=change)
    ward.roster(me, "2026-11-27", "D", since=change)  # was free; the day was published before
    ward.roster(ward.people[1], "2026-11-27", "D")
    ward.roster(me, "2026-11-28", "D", until=NOW - timedelta(days=8))
    ward.roster(me, "2026-11-28", "E", since=NOW - timedelta(days=8))
    html = page(client, me, "my-shifts", day="2026-11-26")
    month = html[html.index('id="month"') :]
    marked = re.findall(r"day=(2026-11-\d\d)#day\"[^>]*>(?:(?!</a>).)*<i></i>", month)
    assert marked == ["2026-11-26", "2026-11-27"]
    assert "2" in words_of(html[html.index('class="banner"') :])[:80]
    day = html[html.index('id="day"') : html.index('id="month"')]
    assert re.search(r"\bD(?![A-Z0-9])", words_of(day[day.index("#history") :])[:80])


def test_the_first_publication_marks_nothing(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    ward.roster(me, "2026-11-26", "D", since=NOW - timedelta(hours=1))
    ward.roster(me, "2026-11-27", "D", since=NOW - timedelta(hours=1) + timedelta(microseconds=3))
    html = page(client, me, "my-shifts")
    assert "<i></i>" not in html


def test_another_month_by_address_and_nonsense_is_this_month(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    ward.roster(me, "2026-12-03", "N")
    december = page(client, me, "my-shifts", month="2026-12")
    assert "day=2026-12-31#day" in december
    for words in ("2026-13", "soon", "9999-01", "0001-01", "2026-11-31"):
        assert "day=2026-11-30#day" in page(client, me, "my-shifts", month=words)


def test_hours_are_true_minutes_without_breaks(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    ward.roster(me, "2026-11-02", "D")
    ward.roster(me, "2026-11-03", "N")
    ward.roster(me, "2026-11-05", "HC")
    html = page(client, me, "my-shifts")
    # Twice eight hours without an hour's break; on call counts nothing.
    assert re.search(r'class="stat-tile"><b>14\D', html)


def test_a_shift_elsewhere_is_told_by_the_clock_there(client: Client) -> None:
    home, away = Ward(), Ward(DUBAI)
    me = home.people[0]
    factories.make_shift(away.plan, me, date(2026, 11, 25), away.types["D"], live=True, since=LONG_AGO)
    words = words_of(page(client, me, "my-shifts"))
    assert "07:00–15:00" in words
    assert away.site.name in words


def test_somebody_without_any_unit_has_a_page_too(client: Client) -> None:
    person = factories.make_person(assigned=False)
    User.objects.filter(pk=person.pk).update(home_unit=None)
    person = User.objects.get(pk=person.pk)
    page(client, person, "my-shifts")
    assert reverse("duty-board") in page(client, person, "unit-roster-home")


# -- The unit's roster -------------------------------------------------------------------------------------------------------
def test_the_units_roster_shows_what_is_published_to_its_people(client: Client) -> None:
    ward = Ward()
    publish(ward)
    one, other = ward.people[:2]
    ward.roster(one, "2026-11-24", "D")
    ward.roster(other, "2026-11-24", "AL")
    factories.make_shift(ward.plan, other, date(2026, 11, 25), "24")
    html = page(client, one, "unit-roster", ward.unit.pk)
    grid = html[html.index("<table") : html.index("</table>")]
    assert grid.count('<span class="shift') == 2 + 1  # the cells, and the mark of the one count below
    assert "shift--l" in grid
    for person in ward.people:  # without a shift, too
        assert person.display_name in grid
    assert not re.search(r'class="shift[^"]*">24<', grid)  # a draft; the day of that number stands above its column


def test_home_leads_to_ones_unit(client: Client) -> None:
    ward = Ward()
    factories.sign_in_as(client, ward.people[0])
    response = client.get(reverse("unit-roster-home"))
    assert response.headers["Location"] == reverse("unit-roster", args=[ward.unit.pk])


def test_a_week_begins_as_the_site_counts(client: Client) -> None:
    ward = Ward()
    type(ward.site).objects.filter(pk=ward.site.pk).update(week_begins=6)
    ward.roster(ward.people[0], "2026-11-24", "D")
    html = page(client, ward.people[0], "unit-roster", ward.unit.pk, show="week")
    head = html[html.index("<thead") : html.index("</thead>")]
    assert re.findall(r"<b>(\d+)</b>", head) == ["22", "23", "24", "25", "26", "27", "28"]


def test_a_day_for_the_phone_lists_who_is_in_which_shift(client: Client) -> None:
    ward = Ward()
    ward.roster(ward.people[0], "2026-11-26", "E")
    html = page(client, ward.people[1], "unit-roster", ward.unit.pk, day="2026-11-26")
    phone = html[html.index("only-phone stack") : html.index("<table")]
    assert ward.people[0].display_name in phone
    assert "15:00–23:00" in phone
    assert "day=2026-11-27" in phone


def test_an_unpublished_month_says_so(client: Client) -> None:
    ward = Ward()
    html = page(client, ward.people[0], "unit-roster", ward.unit.pk)
    assert "<table" not in html
    assert html.count('class="empty') == 2


@pytest.mark.parametrize("name", ["unit-roster", "roster-policy"])
def test_another_units_roster_is_not_there(client: Client, name: str) -> None:
    ward, other = Ward(), Ward()
    gone = other.people[0]
    Assignment.objects.filter(user=gone).update(during=factories.people.DateRange(date(2020, 1, 1), date(2026, 11, 1)))
    for person in (ward.people[0], gone):
        factories.sign_in_as(client, person)
        assert client.get(reverse(name, args=[other.unit.pk])).status_code == 404
    manager = ward.people[1]
    factories.grant(manager, "unit_manager", unit=other.unit)
    factories.sign_in_as(client, manager)
    assert client.get(reverse(name, args=[other.unit.pk])).status_code == 200


def test_who_is_on_duty_has_a_ring_and_a_word(client: Client) -> None:
    ward = Ward()
    ward.roster(ward.people[0], "2026-11-24", "D")
    html = page(client, ward.people[1], "unit-roster", ward.unit.pk)
    assert html.count('data-duty="on"') == 2  # in the grid, and in the day of the phone


@pytest.mark.parametrize(("paper", "shown"), [("a3", "a3"), ("a4", "a4"), ("a0", "a4")])
def test_the_paper_is_chosen_by_address(client: Client, paper: str, shown: str) -> None:
    ward = Ward()
    ward.roster(ward.people[0], "2026-11-24", "D")
    assert f"paper--{shown}" in page(client, ward.people[0], "unit-roster", ward.unit.pk, paper=paper)


# -- Who is on ---------------------------------------------------------------------------------------------------------------
def test_the_board_shows_each_site_by_its_clock(client: Client) -> None:
    seoul, dubai = Ward(), Ward(DUBAI)
    for ward in (seoul, dubai):
        ward.tier("D")
        type(ward.duty).objects.filter(pk=ward.duty.pk).update(code="in-charge")
    seoul.roster(seoul.people[0], "2026-11-24", "D")
    html = page(client, seoul.people[1], "duty-board")
    assert seoul.people[0].display_name in html
    assert "15:00" in words_of(html)
    assert ">05:00<" in html  # in Abu Dhabi, where the reader's five hours are not over
    assert "onduty--empty" in html


def test_the_board_of_another_hour(client: Client) -> None:
    ward = Ward()
    ward.tier("N")
    ward.roster(ward.people[0], "2026-11-23", "N")
    ward.roster(ward.people[1], "2026-11-24", "N")
    viewer = ward.people[3]
    assert "onduty--empty" in page(client, viewer, "duty-board", at="tonight")  # 22:00 is an hour before the night
    assert ward.people[1].display_name not in page(client, viewer, "duty-board", at="now")
    ward.tier("E")
    ward.roster(ward.people[2], "2026-11-24", "E")
    assert ward.people[2].display_name in page(client, viewer, "duty-board", at="tonight")
    assert ward.people[2].display_name not in page(client, viewer, "duty-board", at="whenever")


def test_the_board_of_one_site_stands_by_unit_and_can_be_reached(client: Client) -> None:
    ward, other = Ward(), Ward()
    for one in (ward, other):
        one.tier("D")
        one.roster(one.people[0], "2026-11-24", "D")
    html = page(client, ward.people[1], "duty-board", site=ward.site.code)
    assert ward.people[0].display_name in html
    assert other.people[0].display_name not in html
    assert f'name="people" value="{ward.people[0].pk}"' in html


def test_many_units_with_one_duty_are_counted_and_not_listed(client: Client) -> None:
    ward = Ward()
    for _ in range(3):
        unit = factories.make_unit(site=ward.site)
        factories.make_duty(unit, code="charge")
    html = page(client, ward.people[0], "duty-board")
    assert f"?site={ward.site.code}" in html
    assert re.search(r"\b3\D", words_of(html[html.index("<tbody") : html.index("</tbody>")]))


def test_an_unknown_site_is_not_there(client: Client) -> None:
    factories.sign_in_as(client, Ward().people[0])
    assert client.get(reverse("duty-board"), {"site": "nowhere"}).status_code == 404


def test_the_board_alone_for_a_script(client: Client) -> None:
    ward = Ward()
    factories.sign_in_as(client, ward.people[0])
    html = client.get(reverse("duty-board"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in html
    assert ward.duty.name in html


def test_a_guest_sees_that_somebody_is_on_but_not_who(client: Client) -> None:
    ward = Ward()
    ward.tier("D")
    ward.roster(ward.people[0], "2026-11-24", "D")
    guest = factories.make_person(unit=ward.unit, job=StaffType.GUEST)
    html = page(client, guest, "duty-board")
    assert ward.people[0].display_name not in html
    assert "onduty--empty" not in html


# -- Duty in the directory ---------------------------------------------------------------------------------------------------
def test_the_directory_says_who_is_on_duty_and_until_when(
    client: Client, django_assert_num_queries: NumQueries
) -> None:
    ward = Ward()
    ward.roster(ward.people[0], "2026-11-24", "D")
    html = page(client, ward.people[1], "directory")
    assert html.count('data-duty="on"') == 1
    assert "15:00" in words_of(html)
    card = page(client, ward.people[1], "person", ward.people[0].pk)
    assert 'data-duty="on"' in card
    assert ward.unit.name in words_of(card[card.index('class="duty"') :])[:80]
    assert 'data-duty="on"' not in page(client, ward.people[1], "person", ward.people[2].pk)


# -- Rules -------------------------------------------------------------------------------------------------------------------
def test_the_rules_of_the_unit_are_told_in_words(client: Client) -> None:
    ward = Ward()
    factories.make_rule(
        "run", {"what": "busy", "max": 5}, code="W-RUN", name_ko="우리 병동만의 규칙", source="단체협약"
    )
    html = page(client, ward.people[0], "roster-policy", ward.unit.pk)
    assert "우리 병동만의 규칙" in html
    assert "단체협약" in html


def test_what_is_set_for_a_person_is_told_to_that_person_alone(client: Client) -> None:
    ward = Ward()
    rule = factories.make_rule("run", {"what": "busy", "max": 5}, code="W-RUN")
    factories.make_setting(rule, {"what": "busy", "max": 3}, user=ward.people[0])
    own = page(client, ward.people[0], "roster-policy", ward.unit.pk)
    others = page(client, ward.people[1], "roster-policy", ward.unit.pk)
    assert own.count("W-RUN") == 2
    assert others.count("W-RUN") == 1


def test_how_many_are_in_a_circumstance_is_told_to_nobody(client: Client) -> None:
    """The page reads the same whether somebody of the ward is pregnant or nobody; she alone is told that it is hers."""
    ward = Ward()
    factories.make_rule(
        "blackout", {"what": "night", "while": "pregnant"}, code="W-PREG", jobs=[], name_ko="임신 중 밤근무"
    )

    def line_for(person: User) -> str:
        html = page(client, person, "roster-policy", ward.unit.pk)
        return words_of(html[html.index("임신 중 밤근무") : html.index("W-PREG")])

    before = line_for(ward.people[1])
    factories.make_condition(ward.people[0], "pregnant")
    assert line_for(ward.people[1]) == before
    assert line_for(ward.people[0]) != before


# -- Ways there --------------------------------------------------------------------------------------------------------------
def test_the_pages_are_in_the_rail_and_found_by_typing(client: Client) -> None:
    ward = Ward()
    html = page(client, ward.people[0], "my-shifts")
    rail = html[html.index('class="rail"') : html.index("</nav>")]
    assert re.search(rf'href="{reverse("my-shifts")}" aria-current="page"', rail)
    found = {target.url for section in jump.find_targets(ward.people[0], ward.unit.name) for target in section.targets}
    assert reverse("unit-roster", args=[ward.unit.pk]) in found
    stranger = Ward().people[0]
    found = {target.url for section in jump.find_targets(stranger, ward.unit.name) for target in section.targets}
    assert reverse("unit-roster", args=[ward.unit.pk]) not in found


def test_a_roster_shows_the_same_however_often_it_was_changed(client: Client) -> None:
    ward = Ward()
    me = ward.people[0]
    at = LONG_AGO
    for code in ("D", "E", "N"):
        ward.roster(me, "2026-11-24", code, since=at, until=at + timedelta(days=1))
        at += timedelta(days=1)
    ward.roster(me, "2026-11-24", "D", since=at)
    assert Shift.objects.filter(user=me).count() == 4
    html = page(client, me, "unit-roster", ward.unit.pk)
    grid = html[html.index("<tbody") : html.index("<tfoot")]
    assert grid.count('<span class="shift') == 1
