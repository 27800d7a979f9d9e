"""A compiled query answers as the queryset that it was made from."""

import pytest

from apps.core.compiled import CompiledQuery
from apps.people.adapters import _SIGNED_IN, PortalBackend
from apps.people.models import User
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def test_it_finds_the_same_row_with_the_same_relations(django_assert_num_queries):
    people = [make_person(), make_person(email="nurse@example.org", language="ar"), make_person(home_unit=None)]
    for person in people:
        expected = User.objects.active().with_home().get(pk=person.pk)
        with django_assert_num_queries(1):
            found = _SIGNED_IN.first(person.pk)
            assert found is not None
            homes = [
                (user.home.site, user.home.unit, user.time_zone) if user.home else None for user in (found, expected)
            ]
        assert homes[0] == homes[1]
        assert found.__dict__.keys() == expected.__dict__.keys()
        fields = [field.attname for field in User._meta.concrete_fields]
        assert {name: getattr(found, name) for name in fields} == {name: getattr(expected, name) for name in fields}
        assert not found._state.adding
        assert found._state.db == expected._state.db


def test_who_is_not_there_or_not_active_is_nobody():
    assert PortalBackend().get_user(999_999_999) is None
    assert PortalBackend().get_user(make_person(is_active=False).pk) is None


def test_an_id_must_occur_once():
    with pytest.raises(ValueError, match="once"):
        CompiledQuery(lambda user_id: User.objects.all()).first(1)
