from datetime import timedelta
from zoneinfo import ZoneInfo
import pytest
from django.db import transaction
from apps.core import clock
from apps.messaging import queries
from apps.notifications import queries as nq
from apps.notifications.models import Notice
from apps.operations.demo_data.hospital import fill
from apps.people.models import User
from apps.operations import demo

@pytest.mark.django_db
@pytest.mark.parametrize("hour", [0, 4, 9, 10, 12, 15, 23])
def test_h(hour):
    now = (clock.now().astimezone(ZoneInfo("Asia/Seoul")) - timedelta(days=1)).replace(hour=hour, minute=5)
    with transaction.atomic():
        fill(now=now)
        for s in demo.SIGN_INS:
            u = User.objects.get(staff_number=s.staff_number)
            print(hour, s.staff_number, nq.unread_by_kind(u), queries.unread_threads(u).count(), Notice.objects.filter(user=u).count())
        transaction.set_rollback(True)
