"""Who may do what to a person's record. Roles stand in `models/roles.py`, with prose."""

from apps.sites.models import Unit

from .models import User


def can_edit_person(user: User, person: User) -> bool:
    """IT edits everybody, a manager the people of their units, nobody themself."""
    if user.pk == person.pk:
        return False
    return bool(user.is_active and User.objects.managed_by(user).filter(pk=person.pk).exists())


def can_assign(user: User, person: User, unit: Unit, *, is_home: bool) -> bool:
    """IT assigns everybody; a manager active people to their own units, and moves a home only between those."""
    if not user.is_active or not person.is_active:
        return False
    if user.has_role("it"):
        return True
    theirs = set(user.units_with_role("unit_manager").values_list("pk", flat=True))
    return unit.pk in theirs and (not is_home or person.home_unit_id is None or person.home_unit_id in theirs)


def can_record_qualification(user: User, person: User) -> bool:
    """IT records and revokes what anybody is qualified for, a manager for the people of their units, nobody their own."""
    return can_edit_person(user, person)


def can_deactivate(user: User, person: User) -> bool:
    """Only IT ends an account, and not their own."""
    return bool(user.is_active and user.pk != person.pk and user.has_role("it"))


def can_grant(user: User) -> bool:
    """Only IT gives and ends roles."""
    return bool(user.is_active and user.has_role("it"))
