from .assignment import Assignment
from .grant import Grant
from .request import SignedInRequest
from .roles import ROLES, Educator, ITRole, PrivacyOfficer, Role, UnitManager
from .status import PersonStatus, Presence
from .user import Contrast, Home, InputMode, StaffType, Theme, User, initials_of

__all__ = [
    "ROLES",
    "Assignment",
    "Contrast",
    "Educator",
    "Grant",
    "Home",
    "ITRole",
    "InputMode",
    "PersonStatus",
    "Presence",
    "PrivacyOfficer",
    "Role",
    "SignedInRequest",
    "StaffType",
    "Theme",
    "UnitManager",
    "User",
    "initials_of",
]
