"""The order in which people are found."""

import pytest

from apps.people.queries import search_people
from tests.factories import make_person, make_site, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def viewer(site):
    return make_person(site=site, name_ko="홍보는", name_en="Viewer")


def named(site_or_unit, name_ko, name_en=""):
    return make_person(**site_or_unit, name_ko=name_ko, name_en=name_en or f"X{name_ko}")


def test_without_a_text_the_directory_is_in_order_of_names(viewer, site):
    first, second = named({}, "가나다"), named({"unit": viewer.home_unit}, "나다라")
    assert list(search_people(viewer)) == [first, second, viewer]
    assert list(search_people(viewer, nearest_first=True)) == [second, viewer, first]


def test_with_a_text_the_near_ones_come_first(viewer, site):
    far = named({}, "김가람")
    at_site = named({"unit": make_unit(site=site)}, "김나람")
    in_unit = named({"unit": viewer.home_unit}, "김다람")
    assert list(search_people(viewer, text="김")) == [in_unit, at_site, far]
    assert list(search_people(viewer, text="ㄱ ㄹ")) == [in_unit, at_site, far]


@pytest.mark.parametrize("text", ["하늘", "ㅎㄴ", "han"])
def test_a_name_that_begins_with_the_text_comes_before_one_that_holds_it(viewer, text):
    middle = named({"unit": viewer.home_unit}, "김하늘", "Kim Johann")
    begins = named({}, "하늘이", "Hana Lee")
    assert list(search_people(viewer, text=text)) == [begins, middle]


def test_signs_of_a_pattern_are_letters_like_others(viewer):
    assert not search_people(viewer, text="%").exists()
    assert not search_people(viewer, text="_").exists()


def test_somebody_without_a_home_finds_people_too(viewer):
    homeless = make_person(assigned=False)
    homeless.home_unit = None
    homeless.save()
    assert viewer in search_people(homeless, text="홍", nearest_first=True)
