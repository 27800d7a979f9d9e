"""What the start page shows, from the apps below."""

from dataclasses import dataclass

from apps.messaging import queries as messaging_queries
from apps.messaging.queries import ConversationItem
from apps.people.models import User
from apps.people.queries import search_people
from apps.teams import queries as teams_queries
from apps.teams.models import Invitation

CONVERSATIONS = 60  # that are looked at for the two dozen that are shown


@dataclass(frozen=True, slots=True)
class Home:
    """The start page: what waits, what one is invited to, one's channels, one's colleagues."""

    unread: list[ConversationItem]
    channels: list[ConversationItem]
    invitations: list[Invitation]
    colleagues: list[User]
    badges: dict[str, int | None]  # of the rail, which came on the way


def home_of(user: User) -> Home:
    """Return the start page of somebody; a constant number of queries."""
    listed = messaging_queries.list_of(user, unread_first=True, limit=CONVERSATIONS)
    conversations = listed.items
    site = user.home.site if user.home else None
    colleagues = search_people(user, site=site).exclude(pk=user.pk)
    if user.home_unit_id:
        colleagues = colleagues.filter(home_unit=user.home_unit_id)
    return Home(
        unread=[item for item in conversations if item.calls][:12],
        channels=[item for item in conversations if not item.is_person][:12],
        invitations=list(teams_queries.open_invitations(user)[:20]),
        colleagues=list(colleagues[:12]),
        badges=listed.arrangement.badges,
    )
