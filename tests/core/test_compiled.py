"""A compiled query answers as the queryset that it was made from."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, F, Func

from apps.core.compiled import CompiledRows, CompiledValues, Given
from apps.people.adapters import _SIGNED_IN, PortalBackend
from apps.people.models import User
from apps.rosters.queries.given import IsAmong
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def test_it_finds_the_same_row_with_the_same_relations(django_assert_num_queries):
    people = [make_person(), make_person(email="nurse@example.org", language="ar"), make_person(home_unit=None)]
    for person in people:
        expected = User.objects.active().with_home().get(pk=person.pk)
        with django_assert_num_queries(1):
            found = _SIGNED_IN.first(None, person.pk)
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


def test_each_id_must_occur():
    with pytest.raises(ValueError, match="at least once"):
        CompiledRows(lambda _shape, _stand_in: User.objects.all()).first(None, 1)


def test_values_of_any_kind_are_given_when_it_runs():
    """Strings, and arrays that say of what they are even where they are empty."""
    first, second = make_person(language="ko"), make_person(language="ar")
    array = Func(Given("ids", ArrayField(BigIntegerField())), function="ANY")
    found = CompiledValues(
        lambda _shape, _number: (
            User.objects.filter(IsAmong(F("pk"), array), language=Given("language", CharField()))
            .order_by("pk")
            .values_list("pk")
        )
    )
    both = [first.pk, second.pk]
    assert found.rows(None, ids=both, language="ko") == [(first.pk,)]
    assert found.rows(None, ids=both, language="ar") == [(second.pk,)]
    assert found.rows(None, ids=[], language="ar") == []


@pytest.mark.parametrize("given", [{}, {"language": "ko", "job": "nurse"}])
def test_each_value_must_be_given_and_occur(given):
    with pytest.raises(ValueError, match="given values"):
        CompiledRows(lambda _shape, _number: User.objects.filter(language=Given("language", CharField()))).rows(
            None, **given
        )


@pytest.mark.django_db
@pytest.mark.parametrize("job", ["nurse", "guest"])
def test_values_are_those_of_the_query_that_was_made_for_the_person(job):
    """The arrangement of a chat list, which every page of chat asks for: compiled for one person, asked for another."""
    from apps.messaging import actions, queries
    from apps.messaging.queries import listing
    from apps.notifications import queries as notices
    from tests.factories import make_channel, make_person, make_site, send

    site = make_site()
    first, second = (make_person(site=site, job=job) for _ in range(2))
    writer = make_person(site=site)
    queries.arrangement_of(first)  # the plan is made for this one
    channel = make_channel(writer, second, kind="private", name_ko="함께")
    root = send(second, channel, "물음")
    send(writer, channel, f"@{second.name_ko} 답", root_number=root.number)
    actions.save_draft(by=second, channel=channel, text="쓰다 만 글", base=0)
    actions.set_conversation_setting(by=second, channel=channel, notify="mentions", is_favourite=True)
    found = queries.arrangement_of(second, at=channel.pk)
    assert found.of(channel.pk).is_favourite
    assert found.here[0].text == "쓰다 만 글"
    assert found.unread_threads == listing.unread_threads(second).count() == 1
    assert found.calling == queries.unread_total(second) == 1
    assert found.notices == notices.unread_total(second) == 1
    assert list(found.unit_ids) == second.unit_ids_today
    assert queries.arrangement_of(first, at=channel.pk) == queries.Arrangement(unit_ids=tuple(first.unit_ids_today))
