"""People and the pages of one's account, as places to jump to."""

from typing import Any

from django.urls import reverse

from apps.core.registries import JumpTarget

from . import queries


def find_people(user: Any, text: str, limit: int) -> list[JumpTarget]:
    """Return people of the directory whom the text means, the nearest first; nobody without a text. One query."""
    if not text:
        return []
    return [
        JumpTarget(
            label=person.display_name,
            detail=" · ".join(
                filter(
                    None,
                    [
                        person.title or str(person.get_job_display()),
                        *([person.home.site_name, person.home.unit_name] if person.home else []),
                    ],
                )
            ),
            url=reverse("person", args=[person.pk]),
            icon="user",
            person=person,
        )
        for person in queries.search_people(user, text=text)[:limit]
    ]
