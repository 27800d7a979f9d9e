"""What somebody says of themself at present: do not disturb, away, a few words."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock

if TYPE_CHECKING:
    from .user import User

TEXT_LIMIT = 100


class Presence(models.TextChoices):
    """What is chosen by hand; "auto" leaves it to the open pages."""

    AUTO = "auto", _("As my open pages say")
    DO_NOT_DISTURB = "do_not_disturb", _("Do not disturb")
    AWAY = "away", pgettext_lazy("presence", "Away")


class StatusQuerySet(models.QuerySet["PersonStatus"]):
    def current(self, at: datetime | None = None) -> "StatusQuerySet":
        """Return those that have not ended by the clock."""
        return self.filter(Q(until=None) | Q(until__gt=at or clock.now()))


class PersonStatus(models.Model):
    """A status by hand, one a person; it ends by itself."""

    user: "models.OneToOneField[User, User]" = models.OneToOneField(
        "people.User", on_delete=models.CASCADE, primary_key=True, related_name="status", verbose_name=_("person")
    )
    presence = models.CharField(_("reachable"), max_length=20, choices=Presence.choices, default=Presence.AUTO)
    text = models.CharField(_("status"), max_length=TEXT_LIMIT, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    objects: ClassVar[models.Manager["PersonStatus"]] = StatusQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(presence=Presence.AUTO) | ~Q(text=""), name="status_says_something"),
            models.CheckConstraint(condition=Q(presence__in=Presence.values), name="status_presence_is_known"),
        ]

    @property
    def is_current(self) -> bool:
        return self.until is None or self.until > clock.now()

    @property
    def presence_words(self) -> str:
        """What was chosen by hand, in the reader's language; empty where the open pages say it."""
        return "" if self.presence == Presence.AUTO else str(Presence(self.presence).label)
