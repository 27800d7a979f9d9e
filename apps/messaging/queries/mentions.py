"""Whom a text may mention in a channel, and whom a mention reaches."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import get_language, ngettext

from apps.core.mentions import fold_name
from apps.core.text import clean_text
from apps.people.models import Assignment, User
from apps.sites.models import Unit
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

EVERYBODY = ("channel", "everyone", "all", "채널", "모두", "전체", "القناة", "الجميع")
"""What means all who belong to a conversation, in the languages of the portal; writers mix them."""
EVERYBODY_IN = {
    "ko": ("채널", "모두", "전체"),
    "en": ("channel", "everyone", "all"),
    "ar": ("القناة", "الجميع"),
}
"""The same by language; a composer writes the first."""
SUGGESTED = 8


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that a text may mention: of those who belong here, and of others; casefolded, with the keys that they stand for."""

    here: dict[str, str]
    elsewhere: dict[str, str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a composer offers after an "@"."""

    key: str
    name: str
    detail: str
    insert: str


def known_names(channel: Channel, words: Collection[str]) -> KnownNames:
    """Return which of these casefolded words name somebody, a unit, or everybody; three queries.

    A name that several people share stands for all of them; with the staff number in brackets it stands for one.
    """
    words = set(words)
    people = list(
        User.objects.annotate(
            low_en=Lower("name_en"), low_ar=Lower("name_ar"), low_number=Lower("staff_number")
        ).filter(Q(name_ko__in=words) | Q(low_en__in=words) | Q(low_ar__in=words) | Q(low_number__in=words))
        if words
        else ()
    )
    ids = [person.pk for person in people]
    members = set(teams_queries.people_of(channel).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    here: dict[str, list[str]] = defaultdict(list)
    elsewhere: dict[str, list[str]] = defaultdict(list)
    for person in people:
        names = here if person.pk in members else elsewhere
        for name in names_of(person):
            names[name].append(f"user:{person.pk}")
    if words:
        units = Unit.objects.annotate(low_en=Lower("name_en"), low_ar=Lower("name_ar"), low_ko=Lower("name_ko"))
        for unit in units.filter(Q(low_ko__in=words) | Q(low_en__in=words) | Q(low_ar__in=words)):
            for name in {fold_name(unit.name_ko), fold_name(unit.name_en), fold_name(unit.name_ar)} - {""}:
                here[name].append(f"unit:{unit.pk}")
    for word in words.intersection(EVERYBODY):
        here[word] = ["channel:"]
    return KnownNames(
        here={name: " ".join(keys) for name, keys in here.items()},
        elsewhere={name: " ".join(keys) for name, keys in elsewhere.items() if name not in here},
    )


def names_of(person: User) -> set[str]:
    """Return the casefolded names by which a person can be mentioned, each also with the staff number in brackets."""
    names = {fold_name(name) for name in (person.name_ko, person.name_en, person.name_ar) if name}
    number = fold_name(person.staff_number)
    return {*names, number, *(f"{name}({number})" for name in names)}


def mentioned_people(channel: Channel, keys: Collection[str]) -> QuerySet[User]:
    """Return the people of a channel whom mentions reach, each once."""
    people = teams_queries.people_of(channel)
    if "channel:" in keys:
        return people
    user_ids = [int(key.removeprefix("user:")) for key in keys if key.startswith("user:")]
    unit_ids = [int(key.removeprefix("unit:")) for key in keys if key.startswith("unit:")]
    in_units = Assignment.objects.today().filter(unit__in=unit_ids).values("user")
    return people.filter(Q(pk__in=user_ids) | Q(pk__in=in_units))


def those_who_read(channel: Channel, user_ids: Collection[int]) -> list[int]:
    """Return those of these people who belong to a channel, in order of id; one query."""
    if not user_ids:
        return []
    return list(teams_queries.people_of(channel).filter(pk__in=user_ids).order_by("pk").values_list("pk", flat=True))


def _inserted(name: str) -> str:
    """Return what a choice writes: in Korean without a space, since particles attach to a name."""
    return f"@{name}" if (get_language() or "").startswith("ko") else f"@{name} "


def suggest_mentions(channel: Channel, viewer: User, text: str) -> list[Suggestion]:
    """Return whom a composer offers for what was typed after "@": people of the channel, units with people in it, everybody.

    Three queries, and one more where everybody is offered. People are found by any part of their names, initial consonants, or
    the staff number; everybody by how one of the words for it in the reader's language begins.
    """
    wanted = clean_text(text).strip().casefold()
    people = teams_queries.people_of(channel).exclude(pk=viewer.pk).with_home()  # type: ignore[attr-defined]
    if wanted:
        people = people.filter(search__contains=wanted)
    found = list(people.order_by("name_ko", "name_en", "pk")[:SUGGESTED])
    # Several people of one name in the whole channel: the staff number tells them apart.
    names = [person.display_name for person in found]
    suggestions = [
        Suggestion(
            key=f"user:{person.pk}",
            name=person.display_name,
            detail=" · ".join(
                filter(None, [person.title or person.get_job_display(), person.home and person.home.unit_name])
            ),
            insert=_inserted(
                f"{person.display_name}({person.staff_number})"
                if names.count(person.display_name) > 1
                else person.display_name
            ),
        )
        for person in found
    ]
    if wanted:
        units = Unit.objects.filter(
            Q(name_ko__icontains=wanted) | Q(name_en__icontains=wanted) | Q(name_ar__icontains=wanted)
        )
        in_channel = Assignment.objects.today().filter(user__in=teams_queries.people_of(channel).values("pk"))
        for unit in units.filter(pk__in=in_channel.values("unit")).select_related("department__site")[:3]:
            detail = unit.department.site.name
            suggestions.append(
                Suggestion(key=f"unit:{unit.pk}", name=unit.name, detail=detail, insert=_inserted(unit.name))
            )
    # Last, so that nobody calls a whole hospital by pressing Enter at somebody's name.
    return suggestions + _everybody(channel, viewer, wanted)


def _everybody(channel: Channel, viewer: User, wanted: str) -> list[Suggestion]:
    words = EVERYBODY_IN.get((get_language() or "en").split("-")[0], EVERYBODY_IN["en"])
    if not wanted or not any(word.startswith(wanted) for word in words):
        return []
    people = teams_queries.people_of(channel).exclude(pk=viewer.pk).count()
    detail = ngettext("%(people)d person", "%(people)d people", people) % {"people": people}
    return [Suggestion(key="channel:", name=words[0], detail=detail, insert=f"@{words[0]} ")]
