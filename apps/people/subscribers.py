"""What happens at the door goes to the access record; where a unit moves, the rights of its people move too."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from apps.core.events import subscriber
from apps.sites.events import UnitMoved

from . import actions, queries


@receiver(user_logged_in)
def record_sign_in(sender: Any, user: Any, **kwargs: Any) -> None:
    actions.record_sign_in(user_id=user.pk, kind="people.signed_in")


@receiver(user_logged_out)
def record_sign_out(sender: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        actions.record_sign_in(user_id=user.pk, kind="people.signed_out")


@receiver(user_login_failed)
def record_failed_sign_in(sender: Any, credentials: Any, **kwargs: Any) -> None:
    tried = str(credentials.get("username") or credentials.get("email") or "")[:40]
    actions.record_sign_in(user_id=None, kind="people.sign_in_failed", detail={"tried": tried})


@subscriber(UnitMoved)
def look_at_rights_anew(event: UnitMoved) -> None:
    """Site-wide channels follow the unit to its new site."""
    actions.raise_epochs(queries.people_of_unit(event.unit_id))
