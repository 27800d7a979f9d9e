"""What messaging does when somebody comes in somewhere: they begin to count where the channel stands."""

from apps.core.events import subscriber
from apps.people.events import AssignmentChanged
from apps.teams.events import ChannelJoined, TeamJoined
from apps.teams.queries import channels_in_team_ids, wide_channel_ids

from . import actions


@subscriber(TeamJoined)
def start_marks_in_team(event: TeamJoined) -> None:
    actions.start_marks(user_id=event.user_id, channel_ids=channels_in_team_ids(event.team_id), anew=True)


@subscriber(ChannelJoined)
def start_marks_in_channel(event: ChannelJoined) -> None:
    actions.start_marks(user_id=event.user_id, channel_ids=[event.channel_id], anew=True)


@subscriber(AssignmentChanged)
def start_marks_at_site(event: AssignmentChanged) -> None:
    channel_ids = wide_channel_ids(new_for_user=event.user_id, unit_id=event.unit_id)
    actions.start_marks(user_id=event.user_id, channel_ids=channel_ids, anew=False)
