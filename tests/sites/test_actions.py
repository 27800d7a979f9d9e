"""A unit moves; its history keeps the old place."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.core import actions as core_actions
from apps.core import clock
from apps.people.models import User
from apps.sites import actions, queries
from apps.sites.models import UnitPlacement
from tests.factories import make_department, make_person, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved():
    unit, old = make_unit(), None
    old = unit.department
    UnitPlacement.objects.filter(unit=unit).delete()
    today = clock.today(old.site.zone)
    actions.place_unit(unit=unit, department=old, by=None, on=today - timedelta(days=30))
    new = make_department()
    actions.place_unit(unit=unit, department=new, by=None, on=today)
    return unit, old, new, today


def test_the_old_place_is_kept_with_its_days(moved):
    unit, old, new, today = moved
    assert unit.department == new
    assert queries.department_at(unit, today) == new
    assert queries.department_at(unit, today - timedelta(days=1)) == old
    assert queries.department_at(unit, today - timedelta(days=31)) is None


def test_a_move_twice_a_day_keeps_one_place(moved):
    unit, old, _, today = moved
    actions.place_unit(unit=unit, department=old, by=None, on=today)
    assert queries.department_at(unit, today) == old
    assert UnitPlacement.objects.filter(unit=unit).count() == 2


def test_a_move_ahead_is_refused(moved):
    unit, old, new, today = moved
    with pytest.raises(actions.SitesError):
        actions.place_unit(unit=unit, department=old, by=None, on=today + timedelta(days=2))
    assert queries.department_at(unit, today) == new


def test_two_places_at_once_cannot_be_stored(moved):
    unit, old, _, today = moved
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitPlacement.objects.create(unit=unit, department=old, during=DateRange(today, None))


def test_the_rights_of_a_unit_s_people_move_with_it(moved):
    unit, old, _, today = moved
    core_actions.drain_outbox()  # the news of the first move
    person, other = make_person(unit=unit), make_person()
    actions.place_unit(unit=unit, department=old, by=None, on=today)
    core_actions.drain_outbox()
    raised = dict(User.objects.values_list("pk", "authz_epoch"))
    assert (raised[person.pk], raised[other.pk]) == (1, 0)
