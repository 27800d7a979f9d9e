"""Channels of every kind, and their own membership rows: the one truth of who belongs where."""

from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.names import LocalizedName
from apps.people.models import StaffType, User
from apps.people.queries import own_sites
from apps.sites.models import Site

from .rules import OWN_ROW_KINDS, ChannelKind, registered_rules
from .team import MembershipQuerySet, Team, TeamMembership


def visible_in_kind(kind: str, user: Any) -> models.Q:
    """Return which channels of a kind an active user reads: the one truth, whether it is asked about one or all."""
    if kind in OWN_ROW_KINDS:
        return models.Q(pk__in=ChannelMembership.objects.open().filter(user=user).values("channel"))
    if kind == ChannelKind.STANDARD:
        return models.Q(team__in=TeamMembership.objects.open().filter(user=user).values("team"))
    if kind in registered_rules:
        return registered_rules[kind].visible_q(user)
    if user.job == StaffType.GUEST:
        return models.Q(pk__in=[])
    if kind == ChannelKind.SITE:
        return models.Q(site__in=own_sites(user))
    return models.Q(pk__isnull=False) if kind == ChannelKind.NETWORK else models.Q(pk__in=[])


class Reader(NamedTuple):
    """What decides the shape of a query over the channels that somebody reads, for `core.compiled`."""

    job: str
    kinds: tuple[str, ...]  # the registered ones

    def stand_in(self, pk: int) -> User:
        """Return a user for whom the query is made once and whose id is replaced whenever it runs."""
        return User(pk=pk, job=self.job, is_active=True)


def reader_of(user: User) -> Reader:
    """Return the shape of an active user's queries."""
    return Reader(user.job, tuple(registered_rules))


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, user: Any) -> "ChannelQuerySet":
        """Return the channels whose messages this user may read; archived ones stay readable."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        condition = models.Q(kind__in=OWN_ROW_KINDS) & visible_in_kind(ChannelKind.PRIVATE, user)
        for kind in (ChannelKind.STANDARD, ChannelKind.SITE, ChannelKind.NETWORK, *registered_rules):
            condition |= models.Q(kind=kind) & visible_in_kind(kind, user)
        return self.filter(condition)

    def readable(self, user: Any, channel_id: int) -> "Channel | None":
        """Return one channel if the user reads it: `visible_to` for one id, without asking about the other kinds."""
        if not user.is_authenticated or not user.is_active:
            return None
        channel: Channel | None = self.filter(pk=channel_id).order_by().first()
        if channel is None or not self.filter(visible_in_kind(channel.kind, user), pk=channel_id).exists():
            return None
        return channel

    def for_viewer(self, user: Any) -> "ChannelQuerySet":
        """Have channels bring along how a reader stands to them, so that predicates about that reader ask nothing more."""
        own = ChannelMembership.objects.open().filter(channel=models.OuterRef("pk"), user=user)
        owners = TeamMembership.objects.open().filter(team=models.OuterRef("team"), user=user, is_owner=True)
        standing: dict[str, Any] = {
            "viewer_id": models.Value(user.pk),
            "viewer_sees_from": Coalesce(models.Subquery(own.values("visible_from")[:1]), 1),
            "viewer_owns": models.Case(
                models.When(kind=ChannelKind.STANDARD, then=models.Exists(owners)),
                default=models.Exists(own.filter(is_owner=True)),
                output_field=models.BooleanField(),
            ),
        }
        return self.annotate(**standing)

    def managed_by(self, user: Any) -> "ChannelQuerySet":
        """Return all but direct and group channels, for IT: names and members, never messages."""
        if user.is_authenticated and user.is_active and user.has_role("it"):
            return self.exclude(kind__in=[ChannelKind.DIRECT, ChannelKind.GROUP])
        return self.none()


class Channel(LocalizedName):
    """A conversation's place. Its row is locked by whoever changes what is in it; its counters rise in that transaction."""

    kind = models.CharField(_("kind"), max_length=20)
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="channels", verbose_name=_("team")
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="channels", verbose_name=_("site")
    )
    topic = models.CharField(_("what it is for"), max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), default=clock.now)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    direct_key = models.CharField(max_length=50, null=True, blank=True, unique=True, editable=False)
    import_key = models.CharField(max_length=200, null=True, blank=True, unique=True, editable=False)
    # A message's place; replies take numbers too. Every change of any row in the channel takes the next change.
    last_number = models.PositiveBigIntegerField(default=0, editable=False)
    last_change = models.PositiveBigIntegerField(default=0, editable=False)
    first_number = models.PositiveBigIntegerField(default=1, editable=False)
    last_message_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ChannelQuerySet.as_manager()

    # How a reader stands to this channel, where it came `for_viewer`; 0 where it did not.
    viewer_id: int = 0
    viewer_sees_from: int = 1
    viewer_owns: bool = False

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(kind__in=["standard"]) | models.Q(team__isnull=False),
                name="standard_channel_has_a_team",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["site"]) | models.Q(site__isnull=False), name="site_channel_has_a_site"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["direct"]) | models.Q(direct_key__isnull=False),
                name="direct_channel_has_a_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "site"], name="channels_by_kind"),  # visible_to: site- and network-wide ones
        ]

    def clean(self) -> None:
        """Direct and group channels are named by their people; all others carry a name."""
        if self.kind not in {ChannelKind.DIRECT, ChannelKind.GROUP}:
            super().clean()

    @property
    def has_own_rows(self) -> bool:
        return self.kind in OWN_ROW_KINDS

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def icon(self) -> str:
        icons = {ChannelKind.PRIVATE: "lock", ChannelKind.SITE: "site", ChannelKind.NETWORK: "globe"}
        return icons.get(self.kind, "hash")  # type: ignore[call-overload,no-any-return]


class ChannelMembership(models.Model):
    """An own row of a private, direct or group channel; closed, never deleted, and a change of the channel."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="channel_memberships")
    is_owner = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True, blank=True)
    visible_from = models.PositiveBigIntegerField(default=1)  # the first number this member may read
    change = models.PositiveBigIntegerField(default=0)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "user"], name="one_open_channel_membership", condition=models.Q(left_at=None)
            )
        ]
        indexes: ClassVar = [
            # queries.channels_of: the channels of a batch of users
            models.Index(fields=["user", "channel"], name="channels_of_a_user", condition=models.Q(left_at=None)),
            models.Index(fields=["channel", "change"], name="memberships_after_a_change"),  # queries.membership_changes
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in channel {self.channel_id}"
