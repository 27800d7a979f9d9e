"""Rows for tests: each function makes one thing with plausible values and takes what a test cares about by keyword."""

from .messaging import react, send
from .notifications import make_notice
from .people import PASSWORD, assign_to, grant, make_person, make_session, sign_in_as
from .places import make_department, make_network, make_site, make_unit
from .teams import invite, join_channel, join_team, make_channel, make_direct, make_team

__all__ = [
    "PASSWORD",
    "assign_to",
    "grant",
    "invite",
    "join_channel",
    "join_team",
    "make_channel",
    "make_department",
    "make_direct",
    "make_network",
    "make_notice",
    "make_person",
    "make_session",
    "make_site",
    "make_team",
    "make_unit",
    "react",
    "send",
    "sign_in_as",
]
