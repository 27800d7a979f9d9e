"""The roles that grants give: plain classes, with prose that an auditor can read.

A role is a class of rights. What somebody may do by being a nurse of a ward follows from staff type, unit and dated
assignment; a role is given on top, for a scope, from a day to a day, by somebody, for a reason.
"""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role:
    """What a role may do, in a sentence; `enters_admin` opens the administration."""

    code: ClassVar[str]
    label: ClassVar[str | Promise]
    may: ClassVar[str | Promise]
    enters_admin: ClassVar[bool] = False
    scopes: ClassVar[frozenset[str]] = frozenset({"network", "site", "department", "unit"})


class ITRole(Role):
    code = "it"
    label = _("IT")
    may = _(
        "Edits sites, departments, units, people, grants, calendars and rules of rosters; never reads conversations of others."
    )
    enters_admin = True
    scopes = frozenset({"network"})


class UnitManager(Role):
    code = "unit_manager"
    label = _("Manager of a unit")
    may = _(
        "Sees and edits the people, assignments and qualifications of the units in the scope, and plans their rosters."
    )
    enters_admin = True
    scopes = frozenset({"site", "department", "unit"})


class PrivacyOfficer(Role):
    code = "privacy_officer"
    label = _("Privacy officer")
    may = _("Reads the audit of the sites in the scope; changes nothing.")
    enters_admin = True
    scopes = frozenset({"network", "site"})


class Educator(Role):
    code = "educator"
    label = _("Educator")
    may = _("Opens teams and channels for teaching in the scope.")


ROLES: dict[str, type[Role]] = {role.code: role for role in (ITRole, UnitManager, PrivacyOfficer, Educator)}
ROLE_CHOICES = [(role.code, role.label) for role in ROLES.values()]
