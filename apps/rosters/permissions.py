"""Who may do what with a roster.

The manager of a unit, by a grant for the unit, its department or its site, plans and publishes. The people of the unit read what
is published. Nobody changes a closed roster. Somebody who works in a unit may take one of its duties over themself; for others
its manager does.
"""

from apps.people.models import User
from apps.sites.models import Unit

from .models import Duty, Override, Plan


def can_manage_unit(user: User, unit: Unit) -> bool:
    """A manager of the unit plans its rosters, demand, patterns and duties."""
    return bool(user.is_active and user.units_with_role("unit_manager").filter(pk=unit.pk).exists())


def can_create_plan(user: User, unit: Unit) -> bool:
    """A manager of the unit opens its rosters."""
    return can_manage_unit(user, unit)


def can_see_plan(user: User, plan: Plan) -> bool:
    """The people of the unit see a published roster, its managers each."""
    return Plan.objects.visible_to(user).filter(pk=plan.pk).exists()


def can_edit_plan(user: User, plan: Plan) -> bool:
    """A manager of the unit changes its rosters until they are closed."""
    return not plan.is_closed and can_manage_unit(user, plan.unit)


def can_publish_plan(user: User, plan: Plan) -> bool:
    """Who may change a roster may publish it and take it back."""
    return can_edit_plan(user, plan)


def can_close_plan(user: User, plan: Plan) -> bool:
    """A manager of the unit closes its rosters, and has the counts of a closed one made again."""
    return can_manage_unit(user, plan.unit)


def can_approve_breach(user: User, plan: Plan) -> bool:
    """A manager of the unit answers for what breaks a rule."""
    return can_manage_unit(user, plan.unit)


def can_manage_duty(user: User, duty: Duty) -> bool:
    """A manager of the unit says what fills its duties."""
    return can_manage_unit(user, duty.unit)


def can_take_over(user: User, duty: Duty, person: User) -> bool:
    """Somebody of the unit takes its duty over themself; its manager may give it to anybody who is active."""
    if not user.is_active or not person.is_active:
        return False
    return can_manage_unit(user, duty.unit) or (user.pk == person.pk and duty.unit_id in user.unit_ids_today)


def can_end_override(user: User, override: Override) -> bool:
    """Who took a duty over gives it back; a manager of the unit ends each."""
    return can_manage_unit(user, override.duty.unit) or (user.is_active and user.pk == override.user_id)
