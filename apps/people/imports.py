"""People whom an import brings along: they keep their name, and nobody can sign in as them."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from apps.core.text import search_key

from .models import StaffType, User

NUMBER_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody whom the file names and the portal does not know."""

    name: str
    title: str = ""


def placeholder_number(source: str, site_code: str, username: str) -> str:
    """Return the staff number of a placeholder: one for each account of a source and site, never that of a person."""
    whole = f"{source}.{site_code}.{username}".upper()
    number = re.sub(r"[^\w.@+-]", "_", whole)
    if number == whole and len(number) <= NUMBER_LIMIT:
        return number
    digest = hashlib.sha256(whole.encode()).hexdigest()[:10].upper()
    return f"{number[: NUMBER_LIMIT - 11]}.{digest}"


def fields_in_language(name: str, prefix: str = "name") -> dict[str, str]:
    """Return the text under the field of the language that its letters belong to: Hangul, Arabic, else Latin."""
    if any("\uac00" <= letter <= "\ud7a3" for letter in name):
        return {f"{prefix}_ko": name}
    if any("\u0600" <= letter <= "\u06ff" for letter in name):
        return {f"{prefix}_ar": name}
    return {f"{prefix}_en": name}


@transaction.atomic
def store_placeholders(strangers: Mapping[str, Stranger]) -> dict[str, User]:
    """Return the placeholder of each staff number, making those that are missing; existing ones stay as they are."""
    found = find_by_numbers(strangers)
    missing = []
    for number, stranger in strangers.items():
        if number in found:
            continue
        names = fields_in_language(stranger.name[:80])
        titles = fields_in_language(stranger.title[:80], "title") if stranger.title else {}
        # A guest has the fewest rights, should somebody ever activate the account.
        person = User(staff_number=number, job=StaffType.GUEST, is_active=False, **names, **titles)
        person.set_unusable_password()
        person.search = search_key(person.name_ko, person.name_en, person.name_ar, person.staff_number)
        missing.append(person)
    User.objects.bulk_create(missing, batch_size=500)
    return {**found, **{person.staff_number: person for person in missing}}


def find_by_numbers(numbers: Collection[str]) -> dict[str, User]:
    """Return the people with these staff numbers, active or not, by number."""
    return {person.staff_number: person for person in User.objects.filter(staff_number__in=list(numbers)).with_home()}
