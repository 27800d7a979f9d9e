"""What every template may say: icons, avatars, instants in the site's zone, counts."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import cache, lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, pgettext, pgettext_lazy

from apps.core.clock import now
from apps.core.emoji import char_of, word_of
from apps.core.registries import registries
from apps.core.text import fill_html

register = template.Library()

SPRITE = "icons/sprite.svg"
AVATAR_COLOURS = 8
# The first mark that is found in a browser's signature names it; the others call themselves by many names.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Whale/", "Whale"),
    ("Firefox", "Firefox"),
)
BROWSERS_THAT_OTHERS_CLAIM = (("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
# Reactions that have an icon of ours, by the short names that messengers give them; the others are written out.
FACES = {
    "+1": "thumb",
    "thumbsup": "thumb",
    "tick": "check",
    "white_check_mark": "check",
    "heavy_check_mark": "check",
    "eyes": "eye",
    "heart": "heart",
    "raised_hand": "hand",
    "wave": "hand",
    "smile": "smile",
    "grinning": "smile",
    "slightly_smiling_face": "smile",
    "star": "star",
    "pushpin": "pin",
}
# Icons that point along the line of text: mirrored where the text runs from right to left.
POINTING_ICONS = frozenset({"arrow-end", "arrow-start", "chevron-end", "send", "reply", "logout"})


class Named(Protocol):
    """A person, as far as a template needs to know one."""

    pk: int

    @property
    def initials(self) -> str: ...


def colour_of(number: int) -> int:
    """The avatar colour, 1 to 8, that stays with an id."""
    return number % AVATAR_COLOURS + 1


@cache
def _sprite() -> str:
    """Return the sprite's address, which stays the same as long as the process."""
    return static(SPRITE)


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Draw a symbol of the sprite; it is silent for readers unless it has a label."""
    if label:
        return fill_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            _classes_of(name, size), label, _sprite(), name,
        )  # fmt: skip
    return _silent_icon(name, size)


@lru_cache(maxsize=512)
def _silent_icon(name: str, size: str) -> SafeString:
    return fill_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', _classes_of(name, size), _sprite(), name
    )


def _classes_of(name: str, size: str) -> str:
    return f"icon{f' icon--{size}' if size else ''}{' icon--flip' if name in POINTING_ICONS else ''}"


@register.simple_tag
def avatar(person: Named, size: str = "") -> SafeString:
    """Draw a person's initials on their colour; the name stands beside it, so readers skip it.

    A ring means that the person is on duty; whoever draws it says so in words, too.
    """
    classes = f"avatar avatar--{colour_of(person.pk)}"
    if size:
        classes += f" avatar--{size}"
    if getattr(person, "on_shifts", ()):
        return fill_html('<span class="{}" data-duty="on" aria-hidden="true">{}</span>', classes, person.initials)
    return fill_html('<span class="{}" aria-hidden="true">{}</span>', classes, person.initials)


@register.simple_tag
def role_avatar(text: str, size: str = "") -> SafeString:
    """Draw the rounded square that stands for a unit, a team or a role."""
    classes = f"avatar avatar--role avatar--{size}" if size else "avatar avatar--role"
    words = text.split()
    short = words[0].removeprefix("ال")[:2] if words else "?"  # an Arabic article says nothing about a name
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, short)


def zone_of(context: Mapping[str, Any]) -> tzinfo:
    """The zone in which this page shows instants: the site's of the reader, else the active one."""
    zone = getattr(getattr(context.get("request"), "user", None), "time_zone", None)
    if isinstance(zone, str) and zone:
        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            return timezone.get_current_timezone()
    return zone if isinstance(zone, tzinfo) else timezone.get_current_timezone()


def word_day(moment: datetime, today: date) -> str:
    """The day of a local instant in words, with its weekday; with its year where that is another one."""
    return _word_day(get_language() or "", moment.date(), moment.year == today.year)


@lru_cache(maxsize=4096)  # a page of chat says the same few days hundreds of times
def _word_day(language: str, day: date, is_this_year: bool) -> str:
    return pgettext("a day", "%(weekday)s, %(date)s") % {
        "weekday": date_format(day, "l"),
        "date": _word_date(language, day, is_this_year),
    }


@lru_cache(maxsize=4096)
def _word_date(language: str, day: date, is_this_year: bool) -> str:
    return date_format(day, "MONTH_DAY_FORMAT" if is_this_year else "DATE_FORMAT")


def word_instant(moment: datetime, today: date, form: str) -> str:
    """Write a local instant as `when` does; `today` is the day there."""
    clock = f"{moment:%H:%M}"
    if form == "clock":
        return clock
    if form == "day":
        return word_day(moment, today)
    if form == "date":
        return _word_date(get_language() or "", moment.date(), False)
    if form == "full":
        return pgettext("an instant", "%(day)s %(clock)s") % {"day": word_day(moment, today), "clock": clock}
    # "short": the clock today, the day within the year, else the whole date; for lists.
    if moment.date() == today:
        return clock
    return _word_date(get_language() or "", moment.date(), moment.year == today.year)


# Keys by the names of KeyboardEvent.key: what stands on the key, and its name where that is a sign.
KEY_CAPS: dict[str, tuple[str, Any]] = {
    "Control": ("Ctrl", ""),
    "Escape": ("Esc", ""),
    "Delete": ("Del", ""),
    "ArrowUp": ("↑", pgettext_lazy("a key", "Arrow up")),
    "ArrowDown": ("↓", pgettext_lazy("a key", "Arrow down")),
}


@register.simple_tag
def keycaps(way: str) -> SafeString:
    """Draw the keys that are held together, as in "Alt+ArrowUp"; readers hear the names of those that carry a sign."""
    caps = []
    for key in way.split("+") if len(way) > 1 else [way]:
        sign, name = KEY_CAPS.get(key, (key, ""))
        said = format_html('<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>', sign, name)
        caps.append(format_html('<kbd class="kbd" data-key="{}">{}</kbd>', key, said if name else sign))
    return format_html(
        '<span class="keycaps" dir="ltr">{}</span>', format_html_join(" ", "{}", ((cap,) for cap in caps))
    )


@register.simple_tag
def face(emoji: str) -> SafeString:
    """Draw a reaction: our icon where there is one, else its character; its short name where nothing is called that.

    Readers hear what it is called in their language.
    """
    word = word_of(emoji, get_language() or "en")
    if emoji in FACES:
        return icon(FACES[emoji], label=word)
    character = char_of(emoji)
    if character is None:
        return format_html('<span dir="ltr">:{}:</span>', emoji)
    return format_html('<span class="face" role="img" aria-label="{}">{}</span>', word, character)


@register.simple_tag
def emoji_word(emoji: str) -> str:
    """Say what an emoji is called in the reader's language."""
    return word_of(emoji, get_language() or "en")


@register.simple_tag
def known_faces() -> tuple[str, ...]:
    """The short names of the reactions that have an icon, for the browser's templates."""
    return tuple(FACES)


@register.simple_tag(takes_context=True)
def when(context: Context, value: datetime | None, form: str = "short", css_class: str = "") -> SafeString | str:
    """Write an instant as a <time>, in the reader's site's zone.

    `form`: "clock" (14:05), "day" (with weekday), "date", "full" (day and clock) or "short" (the shortest that is clear).
    """
    if value is None:
        return ""
    zone = zone_of({"request": context.get("request")})
    return _draw_instant(value, zone, now().astimezone(zone).date(), form, css_class, get_language())


@lru_cache(maxsize=16_384)  # the same messages are read again and again, by many
def _draw_instant(
    value: datetime, zone: tzinfo, today: date, form: str, css_class: str, language: str | None
) -> SafeString:
    moment = value.astimezone(zone)
    return fill_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        word_instant(moment, today, "full"),
        fill_html(' class="{}"', css_class) if css_class else "",
        word_instant(moment, today, form),
    )


@register.simple_tag
def now_at(zone: tzinfo) -> SafeString:
    """Write what the clock says now in a zone: colleagues abroad may be asleep."""
    moment = now()
    return format_html(
        '<time datetime="{}">{}</time>',
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        date_format(moment.astimezone(zone), "H:i"),
    )


@register.filter
def count(value: int | None) -> str:
    """A count that fits into its mark: at most "99+"."""
    return "99+" if value and value > 99 else str(value or 0)


@register.filter
def browser_name(user_agent: str) -> str:
    """The browser and system of a signature, as a person calls them; an unknown one keeps its first words."""
    browser = next((name for mark, name in (*BROWSERS, *BROWSERS_THAT_OTHERS_CLAIM) if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part) or user_agent[:40]


@register.simple_tag
def link_to(page: str, *args: object) -> str:
    """The address of a page that a higher app registered ("chat", "new-chat", "channel"); empty where that app is not there."""
    return registries.link(page, *args)


@register.simple_tag
def languages() -> list[dict[str, str]]:
    """The portal's languages, each under its own name: `code`, `name_local`, `direction`."""
    found = []
    for code, _name in settings.LANGUAGES:
        info = get_language_info(code)
        found.append({"code": code, "name_local": info["name_local"], "direction": "rtl" if info["bidi"] else "ltr"})
    return found
