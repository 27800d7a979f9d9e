"""Texts as sending would store them, with the names looked up once for all: a query a message would make the filling slow."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from apps.core.markup import is_plain, render
from apps.core.mentions import candidates, find_mentions
from apps.messaging import actions
from apps.messaging.actions.composing import Composed
from apps.messaging.queries.mentions import EVERYBODY, names_of
from apps.people.models import User
from apps.sites.models import Unit

from .script import BrokenScript


class Texts:
    """Composes; every name that stands for several keys names them in the order in which sending finds them."""

    def __init__(self, people: Iterable[User], units: Iterable[Unit]) -> None:
        self.people: dict[str, list[int]] = defaultdict(list)
        for person in sorted(people, key=lambda person: person.pk):
            for name in names_of(person):
                self.people[name].append(person.pk)
        self.others: dict[str, list[str]] = defaultdict(list)
        for unit in units:
            for name in {unit.name_ko.casefold(), unit.name_en.casefold(), unit.name_ar.casefold()} - {""}:
                self.others[name].append(f"unit:{unit.pk}")
        self.others |= {word: ["channel:"] for word in EVERYBODY}

    def compose(self, text: str, members: Collection[int]) -> Composed:
        """Return a text as `actions.send_message` stores it. Raises BrokenScript where it calls somebody who is not a member."""
        body = actions.check_text(text)
        spans = tuple(find_mentions(body, self._known(body, members))) if "@" in body else ()
        if not spans and is_plain(body):
            return Composed(body)
        rendered = render(body, spans)
        return Composed(body, rendered.html, rendered.mentions)

    def _known(self, body: str, members: Collection[int]) -> dict[str, str]:
        known: dict[str, str] = {}
        for name in candidates(body):
            people = self.people.get(name, ())
            here = [f"user:{pk}" for pk in people if pk in members]
            if keys := [*here, *self.others.get(name, ())]:
                known[name] = " ".join(keys)
            elif people:
                raise BrokenScript(f"{body} calls somebody who is not here")
        return known
