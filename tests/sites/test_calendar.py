"""The calendar of a site: the country's holidays, corrected by the site's own entries."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.sites import queries
from apps.sites.models import CalendarKind, Site
from tests.factories import make_site
from tests.factories.rosters import make_calendar_entry

pytestmark = pytest.mark.django_db

CHUSEOK = date(2026, 9, 25)
EID = date(2026, 3, 20)
EID_BY_THE_MOON = date(2027, 3, 9)
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture
def seoul():
    return make_site()


@pytest.fixture
def dubai():
    return make_site(country="AE", time_zone="Asia/Dubai", language="ar")


def kinds(site: Site, *days: date) -> list[str]:
    calendar = queries.calendar_of(site, min(days), max(days) + timedelta(days=1))
    return [str(calendar.kind_of(day)) for day in days]


def test_a_holiday_of_one_country_marks_no_day_of_another(seoul, dubai):
    assert kinds(seoul, CHUSEOK, EID) == ["holiday", "weekday"]
    assert kinds(dubai, CHUSEOK, EID) == ["weekday", "holiday"]


def test_a_whole_year_costs_one_query(seoul, django_assert_num_queries):
    for day in (1, 8, 15):
        make_calendar_entry(seoul, date(2026, 4, day))
    with django_assert_num_queries(1):
        calendar = queries.calendar_of(seoul, *YEAR)
        held = [day for day in range(365) if calendar.is_holiday(YEAR[0] + timedelta(days=day))]
        [calendar.name_of(YEAR[0] + timedelta(days=day)) for day in range(365)]
    # 22 of the country, three of the house.
    assert len(held) == 25


def test_weekends_follow_the_sites_rest_days():
    # 2026-04-06 is a Monday.
    week = [date(2026, 4, 6) + timedelta(days=day) for day in range(7)]
    usual = ["weekday"] * 5 + ["saturday", "sunday"]
    assert kinds(make_site(), *week) == usual
    assert kinds(make_site(rest_days=[4, 5]), *week) == ["weekday"] * 4 + ["saturday", "sunday", "weekday"]
    # Sunday comes before Monday where both are rest days, in whatever order they were ticked.
    assert kinds(make_site(rest_days=[0, 6]), *week) == ["sunday", *["weekday"] * 5, "saturday"]
    assert kinds(make_site(rest_days=[]), *week) == ["weekday"] * 7


def test_a_holiday_on_a_rest_day_is_a_holiday(seoul):
    assert kinds(seoul, date(2026, 8, 15)) == ["holiday"]  # a Saturday


def test_own_days_and_working_days_after_all(seoul):
    founding = date(2026, 4, 8)
    make_calendar_entry(seoul, founding, name_ko="개원기념일", name_en="")
    make_calendar_entry(seoul, CHUSEOK, kind=CalendarKind.WORKING_DAY, name_ko="", name_en="Working Chuseok")
    make_calendar_entry(make_site(), date(2026, 4, 9))
    assert kinds(seoul, founding, date(2026, 4, 9), CHUSEOK) == ["holiday", "weekday", "weekday"]
    calendar = queries.calendar_of(seoul, *YEAR)
    assert not calendar.is_holiday(CHUSEOK)
    assert (calendar.name_of(founding), calendar.name_of(CHUSEOK)) == ("개원기념일", "Working Chuseok")
    assert calendar.name_of(date(2026, 4, 9)) == ""


def test_a_working_saturday_is_a_weekday(seoul):
    saturday = date(2026, 4, 11)
    make_calendar_entry(seoul, saturday, kind=CalendarKind.WORKING_DAY)
    assert kinds(seoul, saturday) == ["weekday"]


def test_names_are_in_the_readers_language_or_the_nearest(seoul, dubai):
    names = {}
    for language in ("ko", "en", "ar"):
        with translation.override(language):
            names[language] = (
                queries.calendar_of(seoul, *YEAR).name_of(CHUSEOK),
                queries.calendar_of(dubai, *YEAR).name_of(EID),
            )
    assert names == {
        "ko": ("추석", "Eid al-Fitr"),
        "en": ("Chuseok", "Eid al-Fitr"),
        "ar": ("Chuseok", "عيد الفطر"),
    }


def test_a_day_by_the_moon_is_tentative_until_it_is_confirmed(dubai):
    days = (EID_BY_THE_MOON, EID_BY_THE_MOON + timedelta(days=5))
    with translation.override("en"):
        calendar = queries.calendar_of(dubai, *days)
        # It is planned as a holiday all the same, and its name says nothing of the doubt: `is_tentative` does.
        assert calendar.is_tentative(EID_BY_THE_MOON)
        assert calendar.is_holiday(EID_BY_THE_MOON)
        assert calendar.name_of(EID_BY_THE_MOON) == "Eid al-Fitr"
    make_calendar_entry(dubai, EID_BY_THE_MOON)
    calendar = queries.calendar_of(dubai, *days)
    assert not calendar.is_tentative(EID_BY_THE_MOON)
    assert calendar.is_tentative(EID_BY_THE_MOON + timedelta(days=1))
    assert not calendar.is_tentative(EID_BY_THE_MOON + timedelta(days=4))
    assert not queries.calendar_of(dubai, *YEAR).is_tentative(EID)


def test_an_own_day_may_be_tentative(seoul):
    election = date(2026, 4, 15)
    make_calendar_entry(seoul, election, is_confirmed=False)
    calendar = queries.calendar_of(seoul, *YEAR)
    assert calendar.is_tentative(election)
    assert calendar.is_holiday(election)


def test_ramadan_is_what_the_site_says(dubai):
    first, last = date(2026, 2, 18), date(2026, 3, 20)
    make_calendar_entry(dubai, first, last, CalendarKind.RAMADAN, is_confirmed=False)
    calendar = queries.calendar_of(dubai, *YEAR)
    inside = [first, last - timedelta(days=1)]
    assert [calendar.is_ramadan(day) for day in inside] == [True, True]
    assert not calendar.is_ramadan(first - timedelta(days=1))
    assert not calendar.is_ramadan(last)
    assert calendar.is_tentative(first)
    # Hours change, the kind of the day does not.
    assert calendar.kind_of(first) == "weekday"
    assert calendar.name_of(first) == ""


def test_an_entry_over_the_edge_counts_inside_of_it(seoul):
    make_calendar_entry(seoul, date(2026, 4, 1), date(2026, 4, 20))
    calendar = queries.calendar_of(seoul, date(2026, 4, 10), date(2026, 4, 12))
    assert sorted(calendar.entries) == [date(2026, 4, 10), date(2026, 4, 11)]


def test_an_unknown_country_has_weekends_and_its_own_days():
    site = make_site(country="XX")
    make_calendar_entry(site, date(2026, 4, 7))
    assert kinds(site, date(2026, 1, 1), date(2026, 4, 7), date(2026, 4, 11)) == ["weekday", "holiday", "saturday"]


def test_a_row_written_without_the_new_columns_gets_their_defaults(seoul):
    """What ran before these columns came goes on running."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sites_site (network_id, code, name_ko, name_en, name_ar, time_zone, language, country, place)"
            " VALUES (%s, 'old-code', '옛 병원', '', '', 'Asia/Seoul', 'ko', 'KR', 1)",
            [seoul.network_id],
        )
    site = Site.objects.get(code="old-code")
    assert (site.rest_days, site.week_begins) == ([5, 6], 0)


@given(rest_days=st.sets(st.integers(0, 6)))
def test_each_rest_day_is_one_and_no_other_day_is(rest_days):
    site = Site(country="XX", rest_days=sorted(rest_days))
    calendar = queries.SiteCalendar(*YEAR, site.country, queries._in_order(site.rest_days), {})
    week = [date(2026, 4, 6) + timedelta(days=day) for day in range(7)]
    found = [calendar.kind_of(day) for day in week]
    assert {day for day, kind in enumerate(found) if kind != "weekday"} == rest_days
    assert found.count(queries.KindOfDay.SATURDAY) == min(1, len(rest_days))
