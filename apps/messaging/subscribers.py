"""What messaging does when somebody comes in somewhere: they begin to count where the channel stood at that moment."""

from apps.core.events import subscriber
from apps.people.events import AssignmentChanged
from apps.people.queries import people_of_units
from apps.sites.events import UnitMoved
from apps.teams.events import ChannelJoined, TeamJoined
from apps.teams.queries import channels_in_team_ids, wide_channel_ids

from . import actions


@subscriber(TeamJoined)
def start_marks_in_team(event: TeamJoined) -> None:
    channel_ids = channels_in_team_ids(event.team_id)
    actions.start_marks(user_id=event.user_id, channel_ids=channel_ids, since=event.happened_at, anew=True)


@subscriber(ChannelJoined)
def start_marks_in_channel(event: ChannelJoined) -> None:
    actions.start_marks(user_id=event.user_id, channel_ids=[event.channel_id], since=event.happened_at, anew=True)


@subscriber(AssignmentChanged)
def start_marks_at_site(event: AssignmentChanged) -> None:
    channel_ids = wide_channel_ids(new_for_user=event.user_id, unit_id=event.unit_id)
    actions.start_marks(user_id=event.user_id, channel_ids=channel_ids, since=event.happened_at, anew=False)


@subscriber(UnitMoved)
def start_marks_at_new_site(event: UnitMoved) -> None:
    for user_id in people_of_units([event.unit_id]):
        channel_ids = wide_channel_ids(new_for_user=user_id, unit_id=event.unit_id)
        actions.start_marks(user_id=user_id, channel_ids=channel_ids, since=event.happened_at, anew=False)
