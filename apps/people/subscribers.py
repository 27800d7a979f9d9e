"""What happens at the door goes to the access record: sign-in, sign-out, failed sign-in."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from . import actions


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
