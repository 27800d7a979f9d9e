from .channel import Channel, ChannelMembership, Reader, reader_of
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
    "Reader",
    "Team",
    "TeamMembership",
    "reader_of",
    "register_rule",
    "registered_rules",
]
