"""What messaging does when somebody comes in somewhere: they begin to count where the channel stood at that moment."""

from datetime import datetime

from apps.core.events import subscriber
from apps.people.events import AssignmentChanged
from apps.people.queries import people_of_units
from apps.sites.events import UnitMoved
from apps.teams.events import ChannelJoined, TeamJoined
from apps.teams.queries import wide_channel_ids

from . import actions, queries


@subscriber(TeamJoined)
def start_marks_in_team(event: TeamJoined) -> None:
    numbers = {int(channel_id): number for channel_id, number in event.numbers.items()}
    actions.start_marks(user_id=event.user_id, numbers=numbers, anew=True)


@subscriber(ChannelJoined)
def start_marks_in_channel(event: ChannelJoined) -> None:
    actions.start_marks(user_id=event.user_id, numbers={event.channel_id: event.number}, anew=True)


@subscriber(AssignmentChanged)
def start_marks_at_site(event: AssignmentChanged) -> None:
    channel_ids = wide_channel_ids(new_for_user=event.user_id, unit_id=event.unit_id)
    numbers = queries.numbers_at(channel_ids, datetime.fromisoformat(event.at))
    actions.start_marks(user_id=event.user_id, numbers=numbers, anew=False)


@subscriber(UnitMoved)
def start_marks_at_new_site(event: UnitMoved) -> None:
    for user_id in people_of_units([event.unit_id]):
        channel_ids = wide_channel_ids(new_for_user=user_id, unit_id=event.unit_id)
        numbers = queries.numbers_at(channel_ids, datetime.fromisoformat(event.at))
        actions.start_marks(user_id=user_id, numbers=numbers, anew=False)
