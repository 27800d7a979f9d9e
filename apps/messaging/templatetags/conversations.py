"""A line of the chat list. Every page of chat shows dozens: drawn here it takes a third of the time that a template does."""

from functools import cache

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.templatetags.portal import avatar, count, icon, when
from apps.core.text import fill_html
from apps.messaging.queries import ConversationItem, Preview

register = template.Library()

LINE = (
    '<a class="nav__item nav__item--talk{}" href="{}{}{}"{} data-conversation="{}" data-kind="{}" data-unread="{}"'
    ' data-number="{}" data-notify="{}" data-mentions="{}">{}<span class="nav__main"><span class="nav__line">'
    '<bdi class="nav__name truncate">{}</bdi>{}{}<span class="nav__time" data-time>{}</span></span><span class="nav__line">'
    '{}<span class="nav__preview" data-preview{}>{}</span>{}<span class="count{}" data-count{}>{}'
    '<span class="visually-hidden"> {}</span></span></span></span></a>'
)
MENTION = '<span class="count count--mention" data-mention-count title="{0}">@<span class="visually-hidden"> {0}</span></span>'
DRAFT = (
    '<span class="nav__preview" data-draft-line><span class="nav__draft">{}:</span>'
    '<span class="truncate" dir="auto" data-draft-text>{}</span></span>'
)
QUIET = '<span class="nav__mute" title="{0}">{1}<span class="visually-hidden">{0}</span></span>'
MORE = '<a class="iconbtn iconbtn--sm nav__more" href="{}" data-row-menu="{}" aria-label="{}" title="{}">{}</a>'


@cache
def _address_around(page: str) -> tuple[str, str]:
    """Return what stands before and after the id in the address of a conversation's page; it never changes."""
    before, _id, after = reverse(page, args=[0]).rpartition("0")
    return before, after


def _address_of(page: str, channel_id: int) -> str:
    before, after = _address_around(page)
    return f"{before}{channel_id}{after}"


@register.simple_tag(takes_context=True)
def conversation_line(context: Context, item: ConversationItem, anchor: str = "") -> SafeString:
    """Draw a conversation as a link; static/js/chat/list.js keeps it true.

    From the context: `at` (the channel that is open) and `list_query` (what the address carries on).
    """
    channel, arranged = item.channel, item.arranged
    is_here = channel.pk == context.get("at")
    draft = "" if is_here else item.draft
    classes = (" nav__item--unread" if item.unread else "") + (" nav__item--quiet" if arranged.is_quiet else "")
    return fill_html(
        LINE,
        classes,
        _address_of("chat-channel", channel.pk),
        context.get("list_query") or "",
        anchor,
        fill_html(' aria-current="{}"', "page") if is_here else "",
        channel.pk,
        channel.kind,
        item.unread,
        channel.last_number,
        arranged.notify,
        item.mentions,
        avatar(item.companions[0], "sm") if item.is_person and item.companions else icon(item.icon),
        item.title,
        fill_html('<bdi class="nav__place truncate">{}</bdi>', channel.team) if channel.team_id else "",
        fill_html(QUIET, arranged.label, icon("bell-off", "sm")) if arranged.is_quiet else "",
        when(context, channel.last_message_at, "short"),
        fill_html(DRAFT, _("Draft"), draft) if draft else "",
        " hidden" if draft else "",
        _preview(item.preview) if item.preview else "",
        fill_html(MENTION, _("You are mentioned")) if item.mentions else "",
        "" if item.is_person and not arranged.is_quiet else " count--quiet",
        "" if item.unread else " hidden",
        count(item.unread),
        _("unread"),
    )


def _preview(preview: Preview) -> SafeString:
    author: SafeString | str = ""
    if preview.is_own:
        author = fill_html('<span class="nav__author">{}:</span>', _("You"))
    elif preview.author:
        author = fill_html('<span class="nav__author"><bdi class="truncate">{}</bdi>:</span>', preview.author)
    text = preview.text
    if preview.is_deleted:
        text = _("This message was deleted.")
    elif preview.is_forward and not text:
        text = _("Forwarded message")
    return fill_html('{}<span class="truncate" dir="auto">{}</span>', author, text)


@register.simple_tag
def conversation_more(item: ConversationItem) -> SafeString:
    """Draw the button beside a line: it opens a menu, and leads to a page where there is no script."""
    words = _("More about %(name)s") % {"name": item.title}
    pk = item.channel.pk
    return fill_html(MORE, _address_of("chat-settings", pk), pk, words, _("More"), icon("more"))
