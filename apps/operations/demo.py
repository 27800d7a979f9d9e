"""The sign-ins of the demo hospital: the only demo people who have a password, and only where DEMO is on."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PASSWORD = "Boramae-2020-demo"  # noqa: S105 # nosec B105 — printed at every start of the demo


@dataclass(frozen=True)
class SignIn:
    """One person of the demo whom anybody may be."""

    role: str | Promise
    staff_number: str
    site: str
    """The site's code."""


SIGN_INS = [
    SignIn(_("Nurse"), "N20417", "boramae"),
    SignIn(_("Head nurse"), "H10233", "seoul"),
    SignIn(_("Resident"), "R30518", "bundang"),
    SignIn(_("Physician"), "P10046", "seoul"),
    SignIn(_("Educator"), "E40091", "gangnam"),
    SignIn(_("IT"), "T10007", "seoul"),
    SignIn(_("Privacy officer"), "O10003", "seoul"),
]
