"""Sites and their calendars in the administration."""

from datetime import date, timedelta

import pytest

from apps.audit.models import AuditEntry
from apps.sites import queries
from apps.sites.models import CalendarEntry, Site
from tests.factories import grant, make_person, make_site, sign_in_as
from tests.factories.rosters import make_calendar_entry

pytestmark = pytest.mark.django_db

LIST = "/admin/sites/calendarentry/"


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def manager(site):
    person = make_person(site=site, language="en")
    grant(person, "unit_manager", unit=person.home_unit)
    return person


@pytest.fixture
def it():
    person = make_person(language="en")
    grant(person, "it")
    return person


def an_entry(site, **data):
    return {
        "site": site.pk,
        "kind": "holiday",
        "starts_on": "2026-04-08",
        "ends_on": "",
        "is_confirmed": "on",
        "name_ko": "개원기념일",
        **data,
    }


def errors_of(response):
    assert response.status_code == 200
    return {name: [str(line) for line in lines] for name, lines in response.context["adminform"].form.errors.items()}


def test_a_holiday_of_one_day_needs_one_date(client, it, site):
    sign_in_as(client, it)
    assert client.post(f"{LIST}add/", an_entry(site)).status_code == 302
    entry = CalendarEntry.objects.get()
    assert (entry.during.lower, entry.during.upper) == (date(2026, 4, 8), date(2026, 4, 9))
    calendar = queries.calendar_of(site, date(2026, 4, 1), date(2026, 5, 1))
    assert calendar.kind_of(date(2026, 4, 8)) == "holiday"
    audited = AuditEntry.objects.get(action="admin.added")
    assert (audited.object_type, audited.actor_id, audited.site_code) == ("sites.calendarentry", it.pk, site.code)


def test_an_entry_is_opened_with_its_days_and_changed(client, it, site):
    entry = make_calendar_entry(site, date(2027, 2, 8), date(2027, 3, 9), "ramadan", is_confirmed=False)
    sign_in_as(client, it)
    form = client.get(f"{LIST}{entry.pk}/change/").context["adminform"].form
    assert (form["starts_on"].value(), form["ends_on"].value()) == (date(2027, 2, 8), date(2027, 3, 9))
    data = an_entry(site, kind="ramadan", starts_on="2027-02-09", ends_on="2027-03-10")
    assert client.post(f"{LIST}{entry.pk}/change/", data).status_code == 302
    entry.refresh_from_db()
    assert (entry.during.lower, entry.during.upper, entry.is_confirmed) == (date(2027, 2, 9), date(2027, 3, 10), True)


def test_what_cannot_be_is_told(client, it, site):
    make_calendar_entry(site, date(2026, 4, 1), date(2026, 4, 10))
    sign_in_as(client, it)
    assert "another entry of this kind" in str(errors_of(client.post(f"{LIST}add/", an_entry(site))))
    assert "ends_on" in errors_of(client.post(f"{LIST}add/", an_entry(site, ends_on="2026-04-08")))
    assert "ends_on" in errors_of(client.post(f"{LIST}add/", an_entry(site, ends_on="soon")))
    assert "starts_on" in errors_of(client.post(f"{LIST}add/", an_entry(site, starts_on="")))
    assert "name_ko" in errors_of(client.post(f"{LIST}add/", an_entry(site, starts_on="2026-05-08", name_ko="")))
    # Another kind on the same days, and the same kind elsewhere, are no conflict.
    assert client.post(f"{LIST}add/", an_entry(site, kind="working_day")).status_code == 302
    assert client.post(f"{LIST}add/", an_entry(make_site())).status_code == 302


def test_a_manager_reads_the_calendar_of_their_site_and_writes_none(client, manager, site):
    own = make_calendar_entry(site, date(2026, 4, 8), name_ko="우리기념일", name_en="")
    other = make_calendar_entry(make_site(), date(2026, 4, 8), name_ko="남의기념일", name_en="")
    sign_in_as(client, manager)
    body = client.get(LIST).content.decode()
    assert "우리기념일" in body
    assert "남의기념일" not in body
    opened = client.get(f"{LIST}{own.pk}/change/").content.decode()
    assert '<div class="readonly">2026-04-08</div>' in opened
    assert client.get(f"{LIST}{other.pk}/change/").status_code == 302
    assert client.post(f"{LIST}{own.pk}/change/", an_entry(site)).status_code == 403
    assert client.post(f"{LIST}{own.pk}/delete/", {"post": "yes"}).status_code == 403
    assert CalendarEntry.objects.count() == 2


def test_a_wrong_entry_is_taken_out_and_that_is_in_the_audit(client, it, site):
    rows = [make_calendar_entry(site, date(2026, 4, 8) + timedelta(days=day)) for day in (0, 2, 4)]
    sign_in_as(client, it)
    assert client.post(f"{LIST}{rows[0].pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = [row.pk for row in rows[1:]]
    client.post(LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert not CalendarEntry.objects.exists()
    assert AuditEntry.objects.filter(action="admin.deleted", actor_id=it.pk).count() == 3


def a_site(site, **data):
    fields = ("network", "code", "time_zone", "language", "country", "place", "week_begins", "name_ko", "name_en")
    return {name: getattr(site, f"{name}_id" if name == "network" else name) for name in fields} | data


def test_rest_days_are_ticked(client, it, site):
    sign_in_as(client, it)
    page = f"/admin/sites/site/{site.pk}/change/"
    body = client.get(page).content.decode()
    assert body.count('name="rest_days"') == 7
    assert body.count("checked") == 2
    assert client.post(page, a_site(site, rest_days=[4, 5], week_begins=6)).status_code == 302
    site = Site.objects.get(pk=site.pk)
    assert (site.rest_days, site.week_begins) == ([4, 5], 6)
    # No rest day at all is something that a site may have; a day that there is not is none.
    assert client.post(page, a_site(site)).status_code == 302
    assert Site.objects.get(pk=site.pk).rest_days == []
    assert "rest_days" in errors_of(client.post(page, a_site(site, rest_days=[7])))
