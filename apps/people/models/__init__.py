from .assignment import Assignment
from .grant import Grant
from .qualification import Contract, Qualification, QualificationKind
from .request import SignedInRequest
from .roles import ROLES, Educator, ITRole, PrivacyOfficer, Role, UnitManager
from .status import PersonStatus, Presence
from .user import Contrast, Home, InputMode, StaffType, Theme, User, initials_of

__all__ = [
    "ROLES",
    "Assignment",
    "Contract",
    "Contrast",
    "Educator",
    "Grant",
    "Home",
    "ITRole",
    "InputMode",
    "PersonStatus",
    "Presence",
    "PrivacyOfficer",
    "Qualification",
    "QualificationKind",
    "Role",
    "SignedInRequest",
    "StaffType",
    "Theme",
    "UnitManager",
    "User",
    "initials_of",
]
