"""Sessions for load generators: real ones, and only where nobody real signs in."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.people import queries
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("make_sessions", *arguments, stdout=out)
    return out.getvalue()


def test_the_keys_open_sockets_and_pages(client, settings):
    people = [make_person() for _ in range(3)]
    make_person(is_active=False)
    made = json.loads(run("--count", "3", "--json"))
    assert made["cookie"] == settings.SESSION_COOKIE_NAME
    keys = {session["key"]: session["user"] for session in made["sessions"]}
    assert set(keys.values()) == {person.pk for person in people}
    found = queries.authenticate_sessions(keys)
    assert {key: session.user_id for key, session in found.items()} == keys
    client.cookies[made["cookie"]] = next(iter(keys))
    assert client.get("/chat/").status_code == 200


def test_lines_name_person_number_and_key():
    person = make_person()
    user, number, key = run("--count", "1").split()
    assert (int(user), number) == (person.pk, person.staff_number)
    assert len(key) == 32


@pytest.mark.parametrize("count", ["0", "-1", "5"])
def test_a_wrong_count_says_so(count):
    make_person()
    with pytest.raises(CommandError, match=r"--count|fewer"):
        run("--count", count)


def test_it_is_refused_where_people_sign_in_themselves(settings):
    settings.DEMO = False
    make_person()
    with pytest.raises(CommandError, match="demo"):
        run("--count", "1")
