from .channel import Channel, ChannelMembership
from .invitation import Invitation
from .rules import OWN_ROW_KINDS, ChannelKind, ChannelRule, register_rule, registered_rules
from .team import Team, TeamMembership

__all__ = [
    "OWN_ROW_KINDS",
    "Channel",
    "ChannelKind",
    "ChannelMembership",
    "ChannelRule",
    "Invitation",
    "Team",
    "TeamMembership",
    "register_rule",
    "registered_rules",
]
