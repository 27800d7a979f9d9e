"""Who may do what to a person's record. Roles stand in `models/roles.py`, with prose."""

from .models import StaffType, User


def can_see_person(user: User, person: User) -> bool:
    """Staff see active staff; guests see themselves."""
    if not user.is_active:
        return False
    if user.pk == person.pk:
        return True
    return person.is_active and user.job != StaffType.GUEST


def can_edit_person(user: User, person: User) -> bool:
    """IT edits everybody, a manager the people of their units, nobody themself."""
    if user.pk == person.pk:
        return False
    return bool(user.is_active and User.objects.managed_by(user).filter(pk=person.pk).exists())


def can_deactivate(user: User, person: User) -> bool:
    """Only IT ends an account, and not their own."""
    return bool(user.is_active and user.pk != person.pk and user.has_role("it"))


def can_grant(user: User) -> bool:
    """Only IT gives and ends roles."""
    return bool(user.is_active and user.has_role("it"))


def can_read_audit(user: User) -> bool:
    """The privacy officer reads the audit; nobody else does."""
    return bool(user.is_active and user.has_role("privacy_officer"))
