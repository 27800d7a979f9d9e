"""Hostile text in every stored field that a page shows: in real Chromium under the real policy it is text and nothing else.

To add a field: put a row into `FIELDS` (the model's field, the pages that show it) and, where nobody writes it yet, fill it in `hostile`.
Pages look at many rows at once, so that all payloads pass in a few of them.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.core import clock
from apps.core.markup import is_plain, plain_excerpt, render_message
from apps.core.text import clean_text
from apps.messaging.models import Draft, Forward, ListSection, Message, Revision, ThreadMark
from apps.notifications.models import Notice
from apps.people.models import Assignment, Grant, PersonStatus, StaffType, User
from apps.sites.models import Department, Site, Unit
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership
from tests import factories
from tests.payloads import PAYLOADS, payloads_up_to

from .browser import Browsers

ENOUGH = 150  # payloads that each field must have shown, where so many fit
LANGUAGES = ("ko", "en", "ar")


def as_text(rendered: str) -> str:
    """The text of HTML, as the page's `textContent` gives it."""
    found: list[str] = []
    reader = HTMLParser(convert_charrefs=True)
    reader.handle_data = found.append  # type: ignore[method-assign]
    reader.feed(rendered)
    reader.close()
    return "".join(found)


def as_written(text: str) -> str:
    return text


def as_message(text: str) -> str:
    return as_text(render_message(text))


def as_preview(text: str) -> str:
    return plain_excerpt(text, 80)


@dataclass(frozen=True)
class Shown:
    """A stored field, the pages that show it, and what of it a reader sees there."""

    field: str
    pages: tuple[str, ...]
    reads: Callable[[str], str] = as_written
    least: int = ENOUGH


FIELDS = [
    Shown("people.User.name_ko", ("directory", "team", "people of a channel", "channel", "readers", "admin: people")),
    Shown("people.User.name_en", ("directory", "channel in English", "admin: people")),
    Shown("people.User.name_ar", ("channel in Arabic",)),
    Shown("people.User.title_ko", ("directory", "channel")),
    Shown("people.User.title_en", ("channel in English",)),
    Shown("people.User.title_ar", ("channel in Arabic",)),
    Shown("people.User.specialty", ("directory",)),
    Shown("people.User.phone", ("directory",), least=40),
    Shown("people.PersonStatus.text", ("directory",)),
    Shown("people.Grant.why", ("admin: grants",)),
    Shown("sites.Unit.name_ko", ("directory", "person", "admin: units")),
    Shown("sites.Department.name_ko", ("person", "admin: departments")),
    Shown("sites.Site.name_ko", ("directory", "person", "admin: sites")),
    Shown("teams.Team.name_ko", ("teams", "activity", "admin: teams")),
    Shown("teams.Team.description", ("teams",)),
    Shown("teams.Channel.name_ko", ("team", "chat", "admin: channels")),
    Shown("teams.Channel.topic", ("channel with a topic",), least=8),
    Shown("messaging.Message.body", ("channel", "thread"), as_message),
    Shown("messaging.Message.body", ("chat",), as_preview),
    Shown("messaging.Message.body", ("edit",), least=1),
    Shown("messaging.Forward.body", ("forwards",), as_message),
    Shown("messaging.Revision.body", ("versions",), as_message),
    Shown("messaging.Draft.body", ("drafts",), as_preview),
    Shown("messaging.Draft.body", ("channel with a topic",), least=8),
    Shown("messaging.ListSection.name", ("sections",)),
]

# What of a page is not as the server means it: elements that a text made, attributes that run, addresses that lead away.
LOOK = r"""() => {
  const found = [];
  const say = (element, what) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
  const places = ["href", "src", "action", "formaction", "data", "poster", "background", "ping", "srcset", "xlink:href"];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "template") walk(element.content);
      if (/(^| )pwn( |$)/.test(element.getAttribute("class") ?? "")) say(element, "made by a payload");
      if (element.matches("iframe, object, embed, base, frame, applet, math, marquee, meta[http-equiv], style, xmp, plaintext, portal"))
        say(element, "no element of ours");
      if (element.matches("script:not([src]):not([type='application/json'])")) say(element, "a script in the page");
      if (element.matches("svg *") && !["use", "g", "path", "circle", "rect", "symbol", "line", "polyline", "title"].includes(element.localName))
        say(element, "no drawing of ours");
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name) || name === "style" || name === "srcdoc") say(element, `the attribute ${name}`);
        if (!places.includes(name)) continue;
        const outer = /^(https?|mailto|tel):/i.test(value);
        const own = value === "" || /^([#?]|\/(?![/\\]))/.test(value);
        const written = element.matches("[data-message] a, .msg__text a, .msg__source a, .quote a, .msg a");
        if (!own && !(outer && (written || value.startsWith(location.origin) || /^tel:/i.test(value)))) say(element, `the address ${value}`);
      }
    }
  };
  walk(document);
  if ("pwned" in window) found.push("a script of a payload has run");
  if (document.title.includes("다른 제목</title>")) found.push("the title ends early");
  return found;
}"""
TEXTS = r"""() => {
  const texts = [document.documentElement.textContent];
  for (const element of document.querySelectorAll("[title], [aria-label], [value], [href^='tel:']"))
    for (const name of ["title", "aria-label", "value", "href"]) texts.push(element.getAttribute(name) ?? "");
  for (const box of document.querySelectorAll("textarea")) texts.push(box.value);
  return texts.join("\n");
}"""


def squeezed(text: str) -> str:
    """Without white space and what nobody sees: a browser folds some of it."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", "", text)


@dataclass
class Watch:
    """Opens pages, and notes all that a payload may have done there and which texts could be read."""

    faults: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def listen(self, page: Page, origin: str) -> None:
        page.on("dialog", lambda dialog: (self.faults.append(f"a dialog on {page.url}"), dialog.dismiss()))
        page.on("request", lambda request: self.note_request(page, request.url, origin))

    def note_request(self, page: Page, url: str, origin: str) -> None:
        if not url.startswith((origin, origin.replace("http", "ws", 1), "data:image/", "blob:")):
            self.faults.append(f"{page.url} asked for {url}")

    def look(self, page: Page, name: str) -> None:
        self.faults += [f"{name}: {fault}" for fault in page.evaluate(LOOK)]
        self.texts[name] = self.texts.get(name, "") + squeezed(page.evaluate(TEXTS))


@dataclass
class Hostile:
    """What was stored, and who looks at it."""

    nurse: User
    person: User
    team: Team
    main: Channel
    root: Message
    opened: list[Channel]
    changed: Message

    def pages(self) -> dict[str, list[str]]:
        """The addresses of each page by the name that `FIELDS` uses."""
        channel = reverse("chat-channel", args=[self.main.pk])
        last = self.main.last_number
        history = [channel, *(f"{channel}?before={number}" for number in range(last - 49, 50, -50))]
        readers = reverse("chat-message-readers", args=[self.main.pk, self.changed.number])
        lists = [
            "people_user",
            "people_grant",
            "sites_unit",
            "sites_department",
            "sites_site",
            "teams_team",
            "teams_channel",
        ]
        admin = ["people", "grants", "units", "departments", "sites", "teams", "channels"]
        return {
            "home": [reverse("home"), reverse("settings"), reverse("status"), reverse("chat-new") + "?q=a"],
            "directory": [f"{reverse('directory')}?page={number}" for number in range(1, 7)],
            "person": [reverse("person", args=[self.person.pk])],
            "teams": [reverse("team-list")],
            "team": [reverse("team-detail", args=[self.team.pk])],
            "people of a channel": [reverse("channel-people", args=[self.main.pk])],
            "channel": history,
            "channel in English": history,
            "channel in Arabic": history,
            "channel with a topic": [reverse("chat-channel", args=[channel.pk]) for channel in self.opened],
            "thread": [reverse("chat-thread", args=[self.main.pk, self.root.number])],
            "forwards": [
                reverse("chat-channel", args=[self.opened[0].pk]) + f"?newer={number}" for number in range(1, 300, 50)
            ],
            "chat": [reverse("chat")],
            "edit": [reverse("chat-message-edit", args=[self.main.pk, self.changed.number])],
            "readers": [readers, f"{readers}?show=all"],
            "versions": [reverse("chat-message-versions", args=[self.main.pk, self.changed.number])],
            "forward": [reverse("chat-message-forward", args=[self.main.pk, self.changed.number])],
            "reactions": [reverse("chat-message-reactions", args=[self.main.pk, self.changed.number])],
            "menu": [reverse("chat-message-menu", args=[self.main.pk, self.changed.number])],
            "pins": [reverse("chat-pins", args=[self.main.pk])],
            "threads": [reverse("chat-threads")],
            "drafts": [reverse("chat") + "?show=drafts"],
            "sections": [reverse("chat-sections")],
            "activity": [reverse("activity")],
            "jump": [reverse("jump") + "?q=pwn", reverse("jump") + "?q=%3C"],
            **{
                f"admin: {name}": pages_of(f"admin:{model}_changelist")
                for name, model in zip(admin, lists, strict=True)
            },
        }


def pages_of(name: str) -> list[str]:
    return [f"{reverse(name)}?p={number}" for number in (1, 2, 3)]


def names(values: list[str], index: int, limit: int = 80) -> dict[str, str]:
    """A payload as a name in each language."""
    fitting = [text for text in values if len(text) <= limit]
    return {f"name_{code}": fitting[(index + 7 * place) % len(fitting)] for place, code in enumerate(LANGUAGES)}


def rendered(text: str) -> str:
    return "" if is_plain(text) else render_message(text)


@pytest.fixture
def hostile(transactional_db: None) -> Hostile:
    """As many rows of each kind as there are payloads, written past the forms: what stands in the database is shown."""
    texts, count = payloads_up_to(80), len(payloads_up_to(80))
    long = [clean_text(text) for text in PAYLOADS]
    network = factories.make_network()
    home = factories.make_site(network=network, **names(texts, 0))
    nurse = factories.make_person(unit=factories.make_unit(site=home, **names(texts, 1)), **names(texts, 2))
    factories.grant(nurse, "it")
    spare = dict.fromkeys(("name_en", "name_ar"), "")

    def many(model: Any, make: Callable[[int], dict[str, Any]], number: int = count) -> list[Any]:
        return model._base_manager.bulk_create(model(**make(index)) for index in range(number))

    sites = many(
        Site,
        lambda i: {
            "network": network, "code": f"h{i}", "time_zone": "Asia/Seoul", "language": "ko", "country": "KR", "name_ko": texts[i], **spare,
        },
    )  # fmt: skip
    departments = many(Department, lambda i: {"site": sites[i], "code": f"h{i}", "name_ko": texts[i], **spare})
    units = many(
        Unit, lambda i: {"department": departments[i], "code": f"h{i}", "kind": "ward", "name_ko": texts[i], **spare}
    )
    short = payloads_up_to(40)
    people = many(
        User,
        lambda i: {
            "staff_number": f"H{i}", "job": StaffType.NURSE, "home_unit": units[i], "password": "!", **names(texts, i),
            **{f"title_{code}": texts[(i + 3) % count] for code in LANGUAGES}, "specialty": texts[(i + 5) % count],
            "phone": short[i % len(short)], "search": texts[i].casefold(),
        },
    )  # fmt: skip
    person = people[0]
    everything = DateRange(date(2020, 3, 1), None)
    many(Assignment, lambda i: {"user": person, "unit": units[i], "is_home": False, "during": everything})
    many(PersonStatus, lambda i: {"user": people[i], "presence": "away", "text": texts[i]})
    many(
        Grant, lambda i: {"user": people[i], "role": "educator", "why": texts[i], "starts_at": clock.now(), "by": nurse}
    )

    teams = many(
        Team, lambda i: {"site": home, "name_ko": texts[i], **spare, "description": texts[i], "created_by": nurse}
    )
    many(TeamMembership, lambda i: {"team": teams[i], "user": nurse, "is_owner": True})
    team = teams[0]
    TeamMembership.objects.bulk_create(TeamMembership(team=team, user=person) for person in people)
    many(Invitation, lambda i: {"user": nurse, "by": people[i], "team": teams[i]}, 30)
    now = clock.now()
    channels = many(
        Channel,
        lambda i: {
            "kind": ChannelKind.STANDARD, "team": team, "name_ko": texts[i], **spare, "topic": texts[i], "created_by": nurse,
            "last_message_at": now - timedelta(hours=1, seconds=i), "last_number": 1, "last_change": 1,
        },
    )  # fmt: skip
    main = factories.make_channel(
        nurse, kind=ChannelKind.PRIVATE, team=team, name_ko=texts[3], name_en="", topic=texts[4]
    )
    ChannelMembership.objects.bulk_create(ChannelMembership(channel=main, user=one, change=2) for one in people)

    def message(channel: Channel, number: int, author: User, body: str, **more: Any) -> Message:
        at = now - timedelta(minutes=600 - number)
        words = {
            "number": number,
            "change": number,
            "client_id": uuid.uuid4(),
            "created_at": at,
            "rendered": rendered(body),
        }
        return Message(channel=channel, author=author, body=body, **{**words, **more})

    Message.objects.bulk_create(message(channel, 1, people[i], long[i]) for i, channel in enumerate(channels))
    roots = Message.objects.bulk_create(
        message(main, i + 1, people[i % count], body, pinned_at=now, pinned_by=people[i % count])
        for i, body in enumerate(long)
    )
    root, changed = roots[0], roots[1]
    last = len(roots)
    Message.objects.bulk_create(
        message(main, last + i + 1, people[i % count], body, root=root, ordinal=i + 1) for i, body in enumerate(long)
    )
    Message.objects.filter(pk=root.pk).update(reply_count=len(long), last_reply_at=now)
    Message.objects.filter(pk=changed.pk).update(author=nurse, edited_at=now)
    # The thread's replies take numbers, so the roots stand before them.
    Channel.objects.filter(pk=main.pk).update(last_number=2 * last, last_change=2 * last, last_message_at=now)
    main.refresh_from_db()
    ThreadMark.objects.bulk_create(ThreadMark(root=one, user=nurse) for one in roots[:40])
    Message.objects.filter(pk__in=[one.pk for one in roots[1:40]]).update(
        reply_count=F("reply_count") + 1, last_reply_at=now
    )
    Revision.objects.bulk_create(Revision(message=changed, body=body, written_at=now) for body in long)
    for one in people[:30]:
        factories.react(changed, one)
    passed_on = Message.objects.bulk_create(
        message(channels[0], i + 2, people[i % count], "", is_forward=True) for i in range(len(long))
    )
    Forward.objects.bulk_create(
        Forward(
            message=one, source=None, author=people[i % count], written_at=now, body=long[i], rendered=rendered(long[i])
        )
        for i, one in enumerate(passed_on)
    )
    Channel.objects.filter(pk=channels[0].pk).update(last_number=len(long) + 1, last_change=len(long) + 1)
    Draft.objects.bulk_create(Draft(user=nurse, channel=channel, body=long[i]) for i, channel in enumerate(channels))
    ListSection.objects.bulk_create(
        ListSection(user=nurse, name=text, position=i) for i, text in enumerate(payloads_up_to(60))
    )
    many(
        Notice,
        lambda i: {
            "user": nurse, "kind": "mention", "actor": people[i], "channel": main, "number": roots[i].number, "key": f"hostile:{i}",
            "changed_at": now + timedelta(seconds=i),
        },
        28,
    )  # fmt: skip
    return Hostile(nurse, person, team, main, root, channels[:12], changed)


def stored_values(place: str) -> set[str]:
    label, name = place.rsplit(".", 1)
    return set(apps.get_model(label)._base_manager.values_list(name, flat=True))


def open_all(watch: Watch, page: Page, wanted: dict[str, list[str]]) -> None:
    for name, addresses in wanted.items():
        for address in addresses:
            response = page.goto(address, wait_until="load")
            assert response is not None
            assert response.status == 200, (name, address)
            watch.look(page, name)


def languages_of(pages: dict[str, list[str]]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    special = {"channel in English": "en", "channel in Arabic": "ar"}
    yield "ko", {name: addresses for name, addresses in pages.items() if name not in special}
    for name, code in special.items():
        yield code, {name: pages[name]}


def test_hostile_text_is_text_on_every_page(browsers: Browsers, hostile: Hostile) -> None:
    watch = Watch()
    for language, pages in languages_of(hostile.pages()):
        User.objects.filter(pk=hostile.nurse.pk).update(language=language)
        page = browsers.open(hostile.nurse, language=language)
        watch.listen(page, browsers.url)
        open_all(watch, page, pages)
    assert not watch.faults, "\n".join(watch.faults[:30])
    missing = []
    for shown in FIELDS:
        values = [clean_text(text) for text in PAYLOADS] if shown.field.endswith("body") else PAYLOADS
        kept = {text for text in stored_values(shown.field) if text in {value.replace("\x00", "") for value in values}}
        everywhere = "".join(watch.texts[name] for name in shown.pages)
        read = {text for text in kept if squeezed(shown.reads(text)) in everywhere}
        if len(read) < min(shown.least, len(kept)) or not kept:
            missing.append(f"{shown.field} on {', '.join(shown.pages)}: {len(read)} of {len(kept)} were read")
        missing += [
            f"{shown.field} is not on {name}"
            for name in shown.pages
            if not any(squeezed(shown.reads(text)) in watch.texts[name] for text in kept)
        ]
    assert not missing, "\n".join(missing)


def test_hostile_text_that_arrives_live_is_text(browsers: Browsers, hostile: Hostile) -> None:
    """The page's own script makes these: messages from frames, suggestions from JSON, what stands in a field."""
    watch = Watch()
    page = browsers.open(hostile.nurse)
    watch.listen(page, browsers.url)
    page.goto(reverse("chat-channel", args=[hostile.main.pk]))
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()
    sent = [clean_text(text) for text in PAYLOADS[::4]]
    authors = list(User.objects.filter(staff_number__startswith="H").order_by("pk")[: len(sent)])
    for author, text in zip(authors, sent, strict=True):
        factories.send(author, hostile.main, text)
    newest = page.locator(f'[data-number="{2 * len(PAYLOADS) + len(sent)}"]').first
    expect(newest).to_be_attached()
    watch.look(page, "live")
    box = page.locator("[data-composer] textarea").first
    for typed in ("@<", '@"', "@김"):
        box.fill("")
        box.press_sequentially(typed)
        page.wait_for_timeout(400)
        watch.look(page, "suggestions")
    assert not watch.faults, "\n".join(watch.faults[:30])
    assert sum(squeezed(as_message(text)) in watch.texts["live"] for text in sent) >= len(sent) - 2
    assert sum(squeezed(author.name_ko) in watch.texts["live"] for author in authors) >= len(sent) - 2


def test_the_look_sees_what_it_is_for(browsers: Browsers) -> None:
    """What runs is refused by the policy already; the look must also find what would not run."""
    page = browsers.open()
    page.goto(reverse("account_login"))
    found = partial(page.evaluate, LOOK)
    assert found() == []
    for markup in (
        "<b class='x pwn'>",
        "<b onclick=x>",
        "<a href='javascript:x'>",
        "<a href=//evil.example>",
        "<math>",
        "<svg><animate>",
    ):
        page.evaluate(
            "markup => document.body.append(new DOMParser().parseFromString(markup, 'text/html').body.firstChild)",
            markup,
        )
        assert found(), markup
        page.evaluate("document.body.lastChild.remove()")
    assert found() == []
