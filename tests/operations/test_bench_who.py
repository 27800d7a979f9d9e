"""What `bench_who` fills and asks. How long the answers take is the gauntlet's business."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.operations.management.commands import bench_who
from apps.rosters.models import Duty, Shift

pytestmark = pytest.mark.django_db


def test_it_fills_so_many_shifts_and_asks_of_them() -> None:
    filled = bench_who.fill(3_000)
    assert filled == Shift.objects.filter(is_live=True).count()
    assert filled >= 3_000  # some rows were changed, and are there twice
    assert Shift.objects.filter(known_during__upper_inf=True).count() == 3_000
    assert Duty.objects.count() == bench_who.UNITS
    answered = bench_who.ask(45, 1, explain=True)
    timed = {"who_is_on", "all_duties", "duty_lookup", "who_is_in"}
    assert set(answered) == timed | {"cpu_ms", "cpu_share", "nobody_share", "plan"}
    assert answered["who_is_on"]["p99"] > 0
    assert answered["cpu_share"] > 0
    assert answered["nobody_share"] < 0.2
    assert any("rosters_shift" in line for line in answered["plan"])


def test_fewer_than_a_day_of_everybody_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("bench_who", "--rows", "10", stdout=StringIO())
