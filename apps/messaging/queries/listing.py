"""How somebody has arranged their conversations, and which of them call."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, JSONObject, Left

from apps.core.compiled import CompiledValues
from apps.messaging.models import ConversationSetting, Draft, ListSection, Message, Notify
from apps.notifications import queries as notices
from apps.people.models import Assignment, User
from apps.teams.models import Channel, Reader, reader_of

from .marks import unread_expression

DRAFT_BEGINNING = 320  # characters of Markdown, of which a line of the list shows the first words


@dataclass(frozen=True, slots=True)
class OwnSection:
    """A heading of somebody's own."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Arranged:
    """How one conversation is arranged; a conversation without a setting is heard whole and stands where it falls."""

    notify: str = Notify.ALL
    is_favourite: bool = False
    section_id: int | None = None

    @property
    def is_quiet(self) -> bool:
        return self.notify != Notify.ALL

    @property
    def label(self) -> str:
        return str(Notify(self.notify).label)


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """What stands in one composer, whole; version 0 where nothing ever did."""

    text: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What somebody has arranged: settings by channel, sections in order, drafts, how many threads hold unread replies."""

    settings: Mapping[int, Arranged] = field(default_factory=dict)
    sections: tuple[OwnSection, ...] = ()
    drafts: Mapping[int, str] = field(
        default_factory=dict
    )  # channel -> how the draft begins; empty where it is a reply's
    here: Mapping[int, KeptDraft] = field(default_factory=dict)  # those of the open channel, by root (0: its own)
    unread_threads: int = 0
    calling: int = 0  # conversations, for the badge of the rail
    notices: int = 0  # unread ones, for the badge of the rail
    unit_ids: tuple[int, ...] = ()  # in which one works today

    @property
    def badges(self) -> dict[str, int | None]:
        """The badges of the rail by their entries, for `request.badges`."""
        return {"chat": self.calling or None, "activity": self.notices or None}

    @property
    def placed(self) -> list[int]:
        """The channels that do not stand where they fall: favourites, and those under a heading."""
        return [pk for pk, one in self.settings.items() if one.is_favourite or one.section_id is not None]

    def of(self, channel_id: int) -> Arranged:
        return self.settings.get(channel_id, Arranged())


def _arrangement(reader: Reader, stand_in: Callable[[int], int]) -> QuerySet[Any, Any]:
    """Return the query of `arrangement_of`."""
    user = reader.stand_in(stand_in(0))
    me = OuterRef("pk")
    is_here = Q(channel=stand_in(1), root_number__in=[0, stand_in(2)])
    settings = ConversationSetting.objects.filter(user=me).values(
        row=JSONObject(channel="channel_id", notify="notify", favourite="is_favourite", section="section_id")
    )
    sections = (
        ListSection.objects.filter(user=me).order_by("position", "pk").values(row=JSONObject(id="pk", name="name"))
    )
    texts = (
        Draft.objects.filter(is_here | ~Q(body=""), user=me)
        .annotate(
            text=Case(When(is_here, then=F("body")), default=Left("body", DRAFT_BEGINNING), output_field=TextField())
        )
        .order_by("-root_number")
        .values(row=JSONObject(channel="channel_id", root="root_number", text="text", version="version"))
    )
    threads = unread_threads(user).order_by().values("channel__archived_at").annotate(count=Count("pk")).values("count")
    calling = _calling(user).order_by().values(one=Value(1)).annotate(count=Count("pk")).values("count")
    units = Assignment.objects.today().filter(user=me).order_by().values("unit_id").distinct()
    found: QuerySet[Any, Any] = (
        User.objects.filter(pk=user.pk)
        .order_by()
        .values_list(
            ArraySubquery(settings),
            ArraySubquery(sections),
            ArraySubquery(texts),
            Coalesce(Subquery(threads), 0),
            Coalesce(Subquery(calling), 0),
            Coalesce(Subquery(notices.count_unread(user)), 0),
            ArraySubquery(units),
        )
    )
    return found


_ARRANGEMENT: CompiledValues[Reader] = CompiledValues(_arrangement)


def arrangement_of(user: User, *, at: int = 0, root: int = 0) -> Arrangement:
    """Return how somebody has arranged their conversations; one query.

    The drafts of the channel `at`, its own and that of the thread `root`, come whole and with their versions, emptied ones too.
    """
    (row,) = _ARRANGEMENT.rows(reader_of(user), user.pk, at, root)
    drafts = [one for one in row[2] if one["text"]]
    return Arrangement(
        settings={one["channel"]: Arranged(one["notify"], one["favourite"], one["section"]) for one in row[0]},
        sections=tuple(OwnSection(one["id"], one["name"]) for one in row[1]),
        # A channel's own draft comes after those of its threads, and is what its line shows.
        drafts={one["channel"]: "" if one["root"] else one["text"] for one in drafts},
        here={one["root"]: KeptDraft(one["text"], one["version"]) for one in row[2] if one["channel"] == at},
        unread_threads=row[3],
        calling=row[4],
        notices=min(row[5], notices.COUNTED_UP_TO),
        unit_ids=tuple(row[6]),
    )


def setting_of(channel: Channel, user: User) -> ConversationSetting:
    """Return somebody's setting of a conversation; an unsaved one with what everybody begins with. One query."""
    found = ConversationSetting.objects.filter(user=user, channel=channel).select_related("section").first()
    return found or ConversationSetting(user=user, channel=channel)


def own_sections(user: User) -> QuerySet[ListSection]:
    """Return somebody's headings in their order, each with how many conversations stand under it; one query."""
    placed = ConversationSetting.objects.filter(section=OuterRef("pk"), channel__in=Channel.objects.visible_to(user))
    count = placed.order_by().values("section").annotate(count=Count("pk")).values("count")
    own: QuerySet[Any] = ListSection.objects.visible_to(user).annotate(count=Coalesce(Subquery(count), 0))
    return own.order_by("position", "pk")


# -- What calls -----------------------------------------------------------------------------------------------------------
def _unread(user: User) -> QuerySet[Channel]:
    channels = Channel.objects.visible_to(user).filter(archived_at=None)
    return channels.annotate(unread=unread_expression(user)).filter(unread__gt=0)


def _calling(user: User) -> QuerySet[Channel]:
    """Return the conversations with something unread that calls: a muted one calls by a mention alone."""
    quiet = quiet_settings(user).values("channel")
    return _unread(user).filter(~Q(pk__in=quiet) | Q(pk__in=notices.channels_with_mentions(user)))


def quiet_settings(user: User) -> QuerySet[ConversationSetting]:
    return ConversationSetting.objects.filter(user=user).exclude(notify=Notify.ALL)


def unread_total(user: User) -> int:
    """Return how many conversations call for somebody, for the badge of the rail; one query."""
    return _calling(user).count()


def unread_channels(user: User) -> list[int]:
    """Return the ids of the conversations that call for somebody, for a page that keeps the badge true; one query."""
    return list(_calling(user).values_list("pk", flat=True))


def quiet_channels(user: User) -> list[int]:
    """Return the ids of the conversations of which somebody hears mentions at most; one query."""
    return list(quiet_settings(user).order_by("channel").values_list("channel", flat=True))


def unread_places(user: User) -> list[tuple[int, int]]:
    """Return (channel id, newest number) of all open conversations that hold something unread; one query."""
    return list(_unread(user).values_list("pk", "last_number"))


# -- Threads ----------------------------------------------------------------------------------------------------
def followed_roots(user: User) -> QuerySet[Message]:
    """Return the roots that somebody follows in conversations that are open to them, with `read`, the last ordinal seen."""
    roots: QuerySet[Message] = Message.objects.visible_to(user).filter(
        channel__archived_at=None, thread_marks__user=user, thread_marks__is_following=True, reply_count__gt=0
    )
    return roots.annotate(read=F("thread_marks__up_to"))


def unread_threads(user: User) -> QuerySet[Message]:
    """Return the roots of the threads that somebody follows and that hold unread replies."""
    return followed_roots(user).filter(reply_count__gt=F("read"))


# -- Notices --------------------------------------------------------------------------------------------------------------
def notice_levels(user_ids: Collection[int], channel_id: int) -> dict[int, str]:
    """Return how much of a conversation people want to hear, without those who never said; one query."""
    settings = ConversationSetting.objects.filter(channel=channel_id, user__in=user_ids)
    return dict(settings.values_list("user", "notify"))
