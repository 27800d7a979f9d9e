"""Kinds of channels, and who belongs to the channels of each kind.

Private, direct and group channels have own membership rows. Standard ones have the team's members, site- and network-wide ones
a rule, other apps' kinds a rule that they register here: these are *by rule*.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.realtime.registry import Until


class ChannelKind(models.TextChoices):
    STANDARD = "standard", _("Standard")
    PRIVATE = "private", _("Private")
    SITE = "site", _("Whole site")
    NETWORK = "network", _("Whole network")
    DIRECT = "direct", _("Direct")
    GROUP = "group", _("Group")


OWN_ROW_KINDS = frozenset({ChannelKind.PRIVATE, ChannelKind.DIRECT, ChannelKind.GROUP})


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """How a registered kind decides; each callable costs a constant number of queries."""

    kind: str
    # user -> condition on Channel. It asks nothing itself and uses no more of the user than id and job: its SQL is kept.
    visible_q: Callable[[Any], models.Q]
    channels_of: Callable[[Collection[int]], Mapping[int, Mapping[int, Until]]]  # users -> channel ids, until
    people_of: Callable[[Any], models.QuerySet[Any]]  # channel -> users
    may_write: Callable[[Any, Any], bool]  # (user, channel) whose reading is already permitted


registered_rules: dict[str, ChannelRule] = {}


def register_rule(rule: ChannelRule) -> None:
    """Add a kind of channel from a higher app."""
    if rule.kind in registered_rules or rule.kind in ChannelKind.values:
        raise ValueError(f"The channel kind {rule.kind} is registered twice.")
    registered_rules[rule.kind] = rule
