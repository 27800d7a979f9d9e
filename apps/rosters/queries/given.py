"""Values of compiled queries that are given when they run: days, stretches of days, and many ids as one parameter."""

from typing import Any

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db.models import BigIntegerField, DateField, F, Func
from django.db.models.lookups import Exact

from apps.core.compiled import Given

DAY, DAYS = DateField(), DateRangeField()


class IsAmong(Exact):
    """An equality without the parentheses that Django puts round an expression: ANY may stand in none."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().process_rhs(compiler, connection)
        return (sql[1:-1] if sql.startswith("(ANY") else sql), params


def among(path: str = "user_id", name: str = "ids") -> IsAmong:
    """Return the condition that a column is one of given numbers, as one parameter: of hundreds each costs time."""
    return IsAmong(F(path), Func(Given(name, ArrayField(BigIntegerField())), function="ANY"))
