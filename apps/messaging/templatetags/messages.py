"""What every message of a log has: who, when, and its toolbar. Drawn here it takes a fraction of a template's time."""

from functools import cache
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.core.templatetags.portal import avatar, when
from apps.core.text import fill_html
from apps.messaging.queries import MessageRow, excerpt_of

register = template.Library()

# Numbers that no channel and no message has: the toolbar is drawn once with them, and they are replaced for each message.
SOME_CHANNEL, SOME_NUMBER = 900_719_925_474_099_101, 900_719_925_474_099_103

OPENING = '<article class="msg{}" id="{}-{}" data-number="{}" data-author="{}" data-at="{}" data-ordinal="{}"{}>'
HEAD = (
    '{}<span class="msg__gutter">{}</span><div class="msg__body contain"><header class="msg__head">'
    '<a class="msg__author" href="{}"><bdi>{}</bdi></a> <span class="msg__role" dir="auto">{}</span> {}</header>'
)


@cache
def _before_person() -> str:
    return reverse("person", args=[0]).removesuffix("0/")


def _marks_of(row: MessageRow) -> SafeString:
    """Return the attributes by which scripts and styles know the state of a message."""
    message = row.message
    states = {
        "data-deleted": message.deleted_at,
        "data-pinned": message.pinned_at,
        "data-fixed": row.is_own and not row.may_edit,
        "data-followed": row.is_followed,
        "data-waits": row.ack and row.ack.waits,
    }
    names = "".join(f" {name}" for name, holds in states.items() if holds)
    if message.edited_at:
        names += f' data-edited="{message.edited_at.isoformat()}"'
    return mark_safe(names)  # noqa: S308  # allowed: unsafe-call: names from the table above, and an instant


@register.simple_tag(takes_context=True)
def message_opening(context: Context, row: MessageRow) -> SafeString:
    """Open the element of a message: its state for scripts, the author's avatar and name, when it was written."""
    message, author = row.message, row.author
    classes = ("" if row.starts_group else " msg--next") + (" msg--mentions" if row.mentions_me else "")
    written = when(context, message.created_at, "clock", "msg__time")
    return fill_html(
        OPENING,
        classes,
        context.get("id_prefix") or "message",
        message.number,
        message.number,
        author.pk,
        message.created_at.isoformat(),
        message.ordinal,
        _marks_of(row),
    ) + fill_html(
        HEAD,
        avatar(author),
        written,
        f"{_before_person()}{author.pk}/",
        author.display_name,
        author.title or author.get_job_display(),
        written,
    )


@cache
def _tools(language: str | None, may_write: bool, in_thread: bool) -> str:
    words: dict[str, Any] = {
        "channel_id": SOME_CHANNEL,
        "number": SOME_NUMBER,
        "may_write": may_write,
        "in_thread": in_thread,
    }
    return render_to_string("messaging/_message_tools.html", words)


@register.simple_tag(takes_context=True)
def message_tools(context: Context, row: MessageRow) -> SafeString:
    """Draw the toolbar of a message."""
    drawn = _tools(get_language(), bool(context.get("may_write")), bool(context.get("in_thread")))
    numbered = drawn.replace(str(SOME_CHANNEL), str(row.message.channel_id)).replace(
        str(SOME_NUMBER), str(row.message.number)
    )
    return mark_safe(numbered)  # noqa: S308  # allowed: unsafe-call: a template's output with two numbers in it


@register.simple_tag
def excerpt(row: MessageRow, limit: int = 240) -> str:
    """Write the beginning of a message in one line; of one that only passes another on, the beginning of that."""
    text = row.message.body or (row.source.body if row.source else "")
    return excerpt_of(text, limit)
