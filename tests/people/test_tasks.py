"""What the calendar does by itself, and the first administrator."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock as domain_clock
from apps.people import actions
from apps.people.models import User
from tests.factories import make_person, make_unit

pytestmark = pytest.mark.django_db


def test_a_planned_home_becomes_the_home_on_its_day(clock):
    person, unit = make_person(), make_unit()
    on = domain_clock.today(person.time_zone) + timedelta(days=5)
    actions.assign(user=person, unit=unit, on=on, is_home=True, by=None)
    assert actions.turn_day() == 0
    clock.shift(timedelta(days=6))
    assert actions.turn_day() == 1
    moved = User.objects.get(pk=person.pk)
    assert moved.home_unit == unit
    assert moved.authz_epoch > person.authz_epoch
    assert actions.turn_day() == 0


def test_the_first_administrator_is_appointed_once(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("a-long-password-for-it\n"))
    call_command("appoint_it", "A00001", "--name", "Hana Yoon", "--password-stdin", stdout=StringIO())
    call_command("appoint_it", "A00001", stdout=StringIO())
    person = User.objects.get(staff_number="A00001")
    assert person.has_role("it")
    assert person.grants.count() == 1
    assert person.check_password("a-long-password-for-it")


@pytest.mark.parametrize(("number", "password"), [("A00002", "short"), ("A 2", "a-long-password-for-it")])
def test_an_account_that_cannot_be_is_refused(monkeypatch, number, password):
    monkeypatch.setattr("sys.stdin", StringIO(f"{password}\n"))
    with pytest.raises(CommandError):
        call_command("appoint_it", number, "--name", "Hana Yoon", "--password-stdin", stdout=StringIO())
    assert not User.objects.exists()


def test_without_a_name_no_account_is_made():
    with pytest.raises(CommandError, match="--name"):
        call_command("appoint_it", "A00003", stdout=StringIO())
