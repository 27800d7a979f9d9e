"""Staff look at published rosters: on a phone without a script, on paper, and at a board that stays true."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.core import clock
from apps.rosters.models import Override
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_pages import furnish_roster

HALF_A_MINUTE = 31_000


@pytest.fixture
def rostered(hospital: Hospital) -> Hospital:
    furnish_roster(hospital)
    return hospital


def test_a_phone_without_a_script_finds_the_shift_its_day_and_who_is_beside(
    browsers: Browsers, rostered: Hospital
) -> None:
    page = browsers.open(rostered.nurse, phone=True, javascript=False)
    page.goto(reverse("home"))
    page.locator(".rail__item", has_text="근무표").or_(
        page.locator(f'.rail__item[href="{reverse("my-shifts")}"]')
    ).first.tap()
    expect(page.locator(".nextshift .shift")).to_be_visible()
    page.locator(".nextshift .btn--primary").tap()
    expect(page.locator("#day")).to_be_visible()
    assert "#day" in page.url
    page.locator(f'.tab[href="{reverse("unit-roster-home")}"]').tap()
    day = page.locator("#day-name")
    before = day.inner_text()
    page.locator(".daystep .iconbtn").last.tap()
    assert day.inner_text() != before
    expect(page.locator("table")).not_to_be_visible()


def test_the_board_changes_under_the_eye_when_somebody_steps_in(browsers: Browsers, rostered: Hospital) -> None:
    page = browsers.open(rostered.nurse)
    page.clock.install()
    page.goto(reverse("duty-board"))
    vacant = page.locator(".onduty--empty")
    expect(vacant).to_have_count(1)
    duty = rostered.nurse.home_unit.duties.get(tiers__shift_type__isnull=False)  # type: ignore[union-attr]
    stand_in = factories.make_person(unit=rostered.nurse.home_unit, name_ko="대신나")
    factories.make_override(duty, stand_in, clock.now() - timedelta(minutes=1))
    assert Override.objects.count() == 1
    page.clock.run_for(HALF_A_MINUTE)
    expect(page.get_by_text("대신나")).to_be_visible()
    expect(vacant).to_have_count(0)


@pytest.mark.parametrize(("size", "inches"), [("a4", (11.7, 8.3)), ("a3", (16.5, 11.7))])
def test_a_month_of_a_unit_prints_on_one_wide_sheet(
    browsers: Browsers, rostered: Hospital, size: str, inches: tuple[float, float]
) -> None:
    page = browsers.open(rostered.nurse)
    page.goto(reverse("unit-roster", args=[rostered.nurse.home_unit_id]) + f"?paper={size}")
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1
    width, height = (float(word) / 72 for word in paper.split(b"/MediaBox [")[1].split(b"]")[0].split()[2:])
    assert (round(width, 1), round(height, 1)) == inches
