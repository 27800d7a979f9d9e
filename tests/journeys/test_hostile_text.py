"""Hostile text in every stored field that a page shows: in real Chromium under the real policy it is text and nothing else.

To add a field: put a row into `FIELDS` (the model's field, the pages that show it) and write its `values_of` in `hostile`. Each field's texts
carry a sign of their own, so that a page that shows the name is not taken to show the topic. Pages show many rows at once, so that the
payloads pass in a few of them.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.core import clock
from apps.core.markup import is_plain, plain_excerpt, render_message
from apps.core.text import clean_text
from apps.messaging.models import Draft, Forward, ListSection, Message, ReadMark, Revision, ThreadMark
from apps.notifications.models import Notice
from apps.people.models import Assignment, Grant, PersonStatus, StaffType, User
from apps.sites.models import Department, Site, Unit
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership
from tests import factories
from tests.payloads import PAYLOADS, payloads_up_to

from .browser import Browsers

ROWS = 160  # of each kind; each field begins elsewhere among the payloads
ENOUGH = 150  # payloads of each field that somebody must have been able to read
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
    Shown(
        "people.User.name_ko",
        ("directory", "team", "people of a channel", "channel", "thread", "readers", "activity", "admin: people"),
    ),
    Shown("people.User.name_en", ("thread in English", "directory", "admin: people")),
    Shown("people.User.name_ar", ("thread in Arabic",)),
    Shown("people.User.title_ko", ("directory", "thread")),
    Shown("people.User.title_en", ("thread in English",)),
    Shown("people.User.title_ar", ("thread in Arabic",)),
    Shown("people.User.specialty", ("directory",)),
    Shown("people.User.phone", ("directory",), least=100),  # so many fit into forty characters
    Shown("people.PersonStatus.text", ("directory",)),
    Shown("people.Grant.why", ("admin: grants",)),
    Shown("sites.Unit.name_ko", ("directory", "person", "admin: units")),
    Shown("sites.Department.name_ko", ("person", "admin: departments")),
    Shown("sites.Site.name_ko", ("directory", "person", "admin: sites")),
    Shown("teams.Team.name_ko", ("teams", "admin: teams")),
    Shown("teams.Team.description", ("teams",)),
    Shown("teams.Channel.name_ko", ("team", "chat", "admin: channels")),
    Shown("teams.Channel.topic", ("team",)),
    Shown("teams.Channel.topic", ("a channel of the team",), least=2),
    Shown("messaging.Message.body", ("thread", "channel", "pins"), as_message),
    Shown("messaging.Message.body", ("chat",), as_preview, least=15),  # of the newest conversations
    Shown("messaging.Message.body", ("edit",), least=1),
    Shown("messaging.Forward.body", ("forwards",), as_message),
    Shown("messaging.Revision.body", ("versions",)),  # as it was written
    Shown("messaging.Draft.body", ("drafts",), as_preview),
    Shown("messaging.Draft.body", ("a channel of the team",), least=2),
    Shown("messaging.ListSection.name", ("sections",)),
]
PLACES = list(dict.fromkeys(shown.field for shown in FIELDS))


def values_of(place: str) -> list[str]:
    """The texts that a field gets: payloads as long as it takes, with the field's sign before them or, in a body, after them."""
    label, name = place.rsplit(".", 1)
    index = PLACES.index(place)
    sign = f"\u00b7{chr(ord('A') + index)}"
    if name == "body":
        texts = [f"{clean_text(text)}\n\n{sign}" for text in PAYLOADS]
    else:
        limit = apps.get_model(label)._meta.get_field(name).max_length or 0
        texts = [sign + text for text in payloads_up_to(limit - len(sign))]
    begin = 29 * index % len(texts)
    turned = [*texts[begin:], *texts[:begin]]
    return (turned * (ROWS // len(turned) + 1))[:ROWS]


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
    person: User  # works in every unit and is in every channel
    team: Team
    main: Channel
    root: Message
    opened: list[Channel]
    changed: Message

    def pages(self) -> dict[str, list[str]]:
        """The addresses of each page by the name that `FIELDS` uses."""
        channel = reverse("chat-channel", args=[self.main.pk])
        replies = Message.objects.filter(root=self.root).order_by("number").values_list("number", flat=True)
        address = reverse("chat-thread", args=[self.main.pk, self.root.number])
        thread = [address, *(f"{address}?at={number}" for number in replies[10::45])]
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
            "directory": [f"{reverse('directory')}?page={number}" for number in range(1, 5)],
            "person": [reverse("person", args=[self.person.pk])],
            "teams": [reverse("team-list")],
            "team": [reverse("team-detail", args=[self.team.pk])],
            "people of a channel": [reverse("channel-people", args=[self.main.pk])],
            "channel": [channel, f"{channel}?before=100"],
            "thread": thread,
            "thread in English": thread,
            "thread in Arabic": thread,
            "a channel of the team": [reverse("chat-channel", args=[channel.pk]) for channel in self.opened],
            "forwards": [
                reverse("chat-channel", args=[self.opened[0].pk]) + f"?newer={number}" for number in range(1, 200, 50)
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
    return [f"{reverse(name)}?p={number}" for number in (1, 2)]


def rendered(text: str) -> str:
    return "" if is_plain(text) else render_message(text)


@pytest.fixture
def hostile(transactional_db: None) -> Hostile:
    """As many rows of each kind as there are texts, written past the forms: what stands in the database is shown."""
    home = factories.make_site(name_ko="<b class=pwn>", name_en="", name_ar="")
    nurse = factories.make_person(
        unit=factories.make_unit(site=home, name_ko='"><b class=pwn>', name_en=""), name_ko="<b class=pwn>"
    )
    factories.grant(nurse, "it")
    now = clock.now()

    def write(model: Any, *fields: str, rows: int = ROWS, **more: Any) -> list[Any]:
        """Rows with hostile texts in these fields; what else a row needs is a value, or a function of its index."""
        texts = {name: values_of(f"{model._meta.label}.{name}") for name in fields}
        spare = {f"name_{code}": "" for code in LANGUAGES if "name_ko" in fields and f"name_{code}" not in fields}
        return model._base_manager.bulk_create(
            model(
                **spare,
                **{name: values[index] for name, values in texts.items()},
                **{name: value(index) if callable(value) else value for name, value in more.items()},
            )
            for index in range(rows)
        )

    zone = {"time_zone": "Asia/Seoul", "language": "ko", "country": "KR"}
    sites = write(Site, "name_ko", network=home.network, code=lambda i: f"h{i}", **zone)
    departments = write(Department, "name_ko", site=sites.__getitem__, code=lambda i: f"h{i}")
    units = write(Unit, "name_ko", department=departments.__getitem__, code=lambda i: f"h{i}", kind="ward")
    written = [f"{name}_{code}" for name in ("name", "title") for code in LANGUAGES]
    work = {"job": StaffType.NURSE, "password": "!", "home_unit": units.__getitem__, "search": "pwn"}
    people = write(User, *written, "specialty", "phone", staff_number=lambda i: f"H{i}", **work)
    somebody = people.__getitem__
    write(Assignment, user=people[0], unit=units.__getitem__, is_home=False, during=DateRange(date(2020, 3, 1), None))
    write(PersonStatus, "text", user=somebody, presence="away")
    write(Grant, "why", user=somebody, role="educator", starts_at=now, by=nurse)

    teams = write(Team, "name_ko", "description", site=home, created_by=nurse)
    write(TeamMembership, team=teams.__getitem__, user=nurse, is_owner=True)
    write(TeamMembership, team=teams[0], user=somebody)
    write(Invitation, rows=30, user=nurse, by=somebody, team=teams.__getitem__)
    counters = {"last_number": 1, "last_change": 1, "last_message_at": lambda i: now - timedelta(hours=1, seconds=i)}
    standard = {"kind": ChannelKind.STANDARD, "team": teams[0], "created_by": nurse}
    channels = write(Channel, "name_ko", "topic", **standard, **counters)
    main = factories.make_channel(
        nurse, kind=ChannelKind.PRIVATE, team=teams[0], name_ko="<b class=pwn>", topic="<i class=pwn>"
    )
    write(ChannelMembership, channel=main, user=somebody, change=2)

    bodies = values_of("messaging.Message.body")
    row = {
        "author": somebody, "client_id": lambda i: uuid.uuid4(), "rendered": lambda i: rendered(bodies[i]), "created_at": now,
    }  # fmt: skip
    place = {"number": lambda i: i + 1, "change": lambda i: i + 1}
    write(Message, "body", channel=channels.__getitem__, number=1, change=1, **row)
    roots = write(Message, "body", channel=main, pinned_at=now, pinned_by=somebody, **place, **row)
    root, changed = roots[:2]
    place = {"number": lambda i: ROWS + i + 1, "change": lambda i: ROWS + i + 1, "ordinal": lambda i: i + 1}
    write(Message, "body", channel=main, root=root, **place, **row)
    Message.objects.filter(pk=root.pk).update(reply_count=ROWS, last_reply_at=now)
    Message.objects.filter(pk=changed.pk).update(author=nurse, edited_at=now)
    Channel.objects.filter(pk=main.pk).update(last_number=2 * ROWS, last_change=2 * ROWS, last_message_at=now)
    main.refresh_from_db()
    write(ThreadMark, rows=2, root=roots.__getitem__, user=nurse)
    write(Revision, "body", message=changed, written_at=now)
    for one in people[:30]:
        factories.react(changed, one)

    passed = values_of("messaging.Forward.body")
    place = {"number": lambda i: i + 2, "change": lambda i: i + 2, "is_forward": True}
    copies = write(Message, channel=channels[0], **place, **{**row, "rendered": ""})
    told = {"source": None, "author": somebody, "written_at": now, "rendered": lambda i: rendered(passed[i])}
    write(Forward, "body", message=copies.__getitem__, **told)
    Channel.objects.filter(pk=channels[0].pk).update(last_number=ROWS + 1, last_change=ROWS + 1)
    write(Draft, "body", user=nurse, channel=channels.__getitem__)
    write(ListSection, "name", user=nurse, position=lambda i: i)
    notice = {"kind": "mention", "key": lambda i: f"hostile:{i}", "changed_at": lambda i: now + timedelta(seconds=i)}
    write(Notice, rows=28, user=nurse, actor=somebody, channel=main, **{**notice, "number": lambda i: roots[i].number})
    return Hostile(nurse, people[0], teams[0], main, root, channels[:2], changed)


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


# Pages that somebody else opens, or in another language: a list of conversations without drafts, names in each language.
BY_OTHERS = {"chat": ("person", "ko"), "thread in English": ("nurse", "en"), "thread in Arabic": ("nurse", "ar")}


def test_hostile_text_is_text_on_every_page(browsers: Browsers, hostile: Hostile) -> None:
    watch = Watch()
    pages = hostile.pages()
    rounds = [("nurse", "ko", {name: pages[name] for name in pages if name not in BY_OTHERS})]
    rounds += [(who, language, {name: pages[name]}) for name, (who, language) in BY_OTHERS.items()]
    for who, language, wanted in rounds:
        reader = getattr(hostile, who)
        User.objects.filter(pk=reader.pk).update(language=language)
        page = browsers.open(reader, language=language)
        watch.listen(page, browsers.url)
        open_all(watch, page, wanted)
    assert not watch.faults, "\n".join(watch.faults[:30])
    missing = []
    for shown in FIELDS:
        kept = set(values_of(shown.field))
        assert kept <= stored_values(shown.field)
        everywhere = "".join(watch.texts[name] for name in shown.pages)
        read = {text for text in kept if squeezed(shown.reads(text)) in everywhere}
        if len(read) < min(shown.least, len(kept)):
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
    # Having read all, she sees the end, where what arrives is added.
    ReadMark.objects.create(channel=hostile.main, user=hostile.nurse, up_to=hostile.main.last_number)
    page = browsers.open(hostile.nurse)
    watch.listen(page, browsers.url)
    page.goto(reverse("chat-channel", args=[hostile.main.pk]))
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()
    sent = [clean_text(text) for text in PAYLOADS[::4]]
    authors = list(User.objects.filter(staff_number__startswith="H").order_by("pk")[: len(sent)])
    for author, text in zip(authors, sent, strict=True):
        factories.send(author, hostile.main, text)
    newest = page.locator(f'.msg[data-number="{2 * ROWS + len(sent)}"]').first
    expect(newest).to_be_attached()
    watch.look(page, "live")
    box = page.locator("[data-composer] textarea").first
    for typed in ("@<", '@"', "@김"):
        box.fill("")
        box.press_sequentially(typed)
        page.wait_for_timeout(400)
        watch.look(page, "suggestions")
    assert not watch.faults, "\n".join(watch.faults[:30])
    assert [text for text in sent if squeezed(as_message(text)) not in watch.texts["live"]] == []
    assert [author for author in authors if squeezed(author.name_ko) not in watch.texts["live"]] == []


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
    browsers.complaints.clear()  # the policy has refused these
