"""How somebody arranges their conversations: what they hear of each, favourites, sections of their own, all read at once."""

from enum import Enum
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core.text import clean_text
from apps.messaging import queries
from apps.messaging.models import ConversationSetting, ListSection
from apps.people.models import User
from apps.realtime.publish import publish_hint
from apps.teams.models import Channel

from .errors import SectionExists, TooManySections
from .marks import save_marks, save_thread_marks

SECTIONS_A_PERSON = 20


class Unchanged(Enum):
    """Stands for a setting that stays as it is; None is "in no section"."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


def set_conversation_setting(
    *,
    by: User,
    channel: Channel,
    notify: str | None = None,
    is_favourite: bool | None = None,
    section: ListSection | Unchanged | None = UNCHANGED,
) -> ConversationSetting:
    """Change one's own settings of a conversation that one reads; what is None or UNCHANGED stays. Other devices are told."""
    changed: dict[str, Any] = {}
    if notify is not None:
        changed["notify"] = notify
    if is_favourite is not None:
        changed["is_favourite"] = is_favourite
    if section is not UNCHANGED:
        changed["section"] = section
    with transaction.atomic():
        setting: ConversationSetting
        setting, _made = ConversationSetting.objects.update_or_create(user=by, channel=channel, defaults=changed)
        _tell(by, channel.pk)
    return setting


def _tell(by: User, channel_id: int) -> None:
    """Have the person's other devices look again; 0 is "the sections"."""
    transaction.on_commit(lambda: publish_hint("user", by.pk, {"kind": "setting", "channel": channel_id}))


# -- Sections of one's own ------------------------------------------------------------------------------------------------
def add_section(*, by: User, name: str) -> ListSection:
    """Put a heading of one's own below the others. Raises SectionExists, and TooManySections above twenty."""
    name = _clean_name(name)
    with transaction.atomic():
        # Two devices at once: the second one counts after the first.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        own = ListSection.objects.filter(user=by)
        if own.filter(name=name).exists():
            raise SectionExists(_("There is a section of this name already."))
        if own.count() >= SECTIONS_A_PERSON:
            raise TooManySections(
                _("There can be %(limit)d sections. Delete one that you do not need.") % {"limit": SECTIONS_A_PERSON}
            )
        last = own.aggregate(last=Max("position"))["last"]
        section: ListSection = ListSection.objects.create(
            user=by, name=name, position=0 if last is None else min(last + 1, 32_767)
        )
        _tell(by, 0)
    return section


def find_or_add_section(*, by: User, name: str) -> ListSection:
    """Return the section of one's own that has a name, made now if there is none. Raises TooManySections."""
    found: ListSection | None = ListSection.objects.filter(user=by, name=_clean_name(name)).first()
    return found or add_section(by=by, name=name)


def rename_section(*, by: User, section: ListSection, name: str) -> None:
    """Give a section of one's own another name. Raises SectionExists."""
    try:
        with transaction.atomic():
            ListSection.objects.filter(pk=section.pk, user=by).update(name=_clean_name(name))
            _tell(by, 0)
    except IntegrityError as error:
        raise SectionExists(_("There is a section of this name already.")) from error


def move_section(*, by: User, section: ListSection, up: bool) -> None:
    """Let a section of one's own change places with the one above or below it."""
    with transaction.atomic():
        own = list(ListSection.objects.select_for_update(no_key=True).filter(user=by).order_by("position", "pk"))
        here = next((place for place, one in enumerate(own) if one.pk == section.pk), None)
        there = None if here is None else here + (-1 if up else 1)
        if here is None or there is None or not 0 <= there < len(own):
            return
        own[here], own[there] = own[there], own[here]
        for place, one in enumerate(own):
            one.position = place
        ListSection.objects.bulk_update(own, ["position"])
        _tell(by, 0)


def delete_section(*, by: User, section: ListSection) -> None:
    """Remove a heading of one's own; its conversations stand where they would without it."""
    with transaction.atomic():
        ListSection.objects.filter(pk=section.pk, user=by).delete()
        _tell(by, 0)


def _clean_name(name: str) -> str:
    return " ".join(clean_text(name).split())[:60]


# -- All at once ----------------------------------------------------------------------------------------------------------
def mark_all_read(*, by: User) -> int:
    """Mark every open conversation read that holds something unread; returns how many."""
    unread = dict(queries.unread_places(by))
    save_marks({(by.pk, channel): (last, last) for channel, last in unread.items()})
    return len(unread)


def mark_threads_read(*, by: User) -> int:
    """Mark every thread read that one follows and that holds unread replies; returns how many."""
    unread = queries.unread_threads(by).values_list("channel_id", "number", "reply_count")
    marks = {(by.pk, channel, number): replies for channel, number, replies in unread}
    save_thread_marks(marks)
    return len(marks)
