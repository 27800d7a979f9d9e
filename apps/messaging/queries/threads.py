"""The threads that somebody follows, as a page shows them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When

from apps.messaging.models import Message
from apps.people.models import User
from apps.teams import queries as teams_queries

from .conversations import title_of
from .listing import followed_roots
from .rows import excerpt_of

THREADS_A_PAGE = 50
EXCERPT_LENGTH = 160  # characters


@dataclass(frozen=True, slots=True)
class FollowedThread:
    """A line of the page of threads: the root, where it stands, its newest reply, how many replies are unread."""

    root: Message
    place: str
    companions: tuple[User, ...]
    text: str
    newest: Message | None
    newest_text: str
    unread: int


def followed_threads(user: User, *, offset: int = 0) -> tuple[list[FollowedThread], bool]:
    """Return fifty threads that somebody follows, unread ones first, then those with the newest replies, and whether more follow.

    Three queries: roots, the people of direct and group channels, the newest replies.
    """
    is_read = Case(When(reply_count__gt=F("read"), then=Value(0)), default=Value(1))
    found: QuerySet[Any] = (
        followed_roots(user)
        .annotate(is_read=is_read)
        .select_related("author__home_unit", "channel__team", "channel__site")
        .order_by("is_read", F("last_reply_at").desc(nulls_last=True), "-pk")
    )
    roots = list(found[offset : offset + THREADS_A_PAGE + 1])
    has_more, roots = len(roots) > THREADS_A_PAGE, roots[:THREADS_A_PAGE]
    people = teams_queries.companions([root.channel for root in roots], user)
    replies = _newest_replies(roots)
    threads = []
    for root in roots:
        companions = people.get(root.channel_id, [])
        newest = replies.get(root.pk)
        threads.append(
            FollowedThread(
                root=root,
                place=title_of(root.channel, companions),
                companions=tuple(companions),
                text="" if root.deleted_at else excerpt_of(root.body, EXCERPT_LENGTH),
                newest=newest,
                newest_text=excerpt_of(newest.body, EXCERPT_LENGTH) if newest and not newest.deleted_at else "",
                unread=max(root.reply_count - root.read, 0),
            )
        )
    return threads, has_more


def _newest_replies(roots: list[Message]) -> dict[int, Message]:
    """Return the newest reply of each root; one query, one index look-up a root."""
    if not roots:
        return {}
    newest = Message.objects.filter(root=OuterRef("pk")).order_by("-number").values("pk")[:1]
    wanted = Message.objects.filter(pk__in=[root.pk for root in roots]).values(newest=Subquery(newest))
    replies = Message.objects.filter(pk__in=wanted).select_related("author")
    return {reply.root_id: reply for reply in replies if reply.root_id is not None}
