"""Who is not signed in is sent to the door; a script is told so in a word that it can act on."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def test_a_person_is_sent_to_the_sign_in_and_back(client: Client) -> None:
    response = client.get(reverse("chat"), headers={"accept": "text/html"})
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next={reverse('chat')}"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_script_is_told_that_the_session_has_ended(client: Client, method: str) -> None:
    response = getattr(client, method)(reverse("chat-messages", args=[1]), headers=JSON)
    assert response.status_code == 401
    assert response.json()["error"] == "signed_out"
    assert response.json()["message"]


def test_a_part_of_a_page_is_refused_not_replaced_by_the_sign_in(client: Client) -> None:
    response = client.get(reverse("chat"), headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert "Location" not in response
    assert b'name="password"' not in response.content


def test_a_deactivated_person_is_told_the_same(client: Client) -> None:
    person = factories.make_person()
    client.force_login(person)
    assert client.get(reverse("chat"), headers=JSON).status_code == 200
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert client.get(reverse("chat"), headers=JSON).status_code == 401


def test_an_open_page_stays_open_to_a_script(client: Client) -> None:
    assert client.get(reverse("health"), headers=JSON).status_code == 200
