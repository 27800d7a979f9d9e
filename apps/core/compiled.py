"""Queries whose SQL is made once a process: for the few that every request runs, where making it costs more than running it."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from . import clock

S = TypeVar("S", bound=Hashable)
M = TypeVar("M", bound=Model)
PLACEHOLDER = 4_611_686_018_427_387_847  # no id that a row will ever have


class Slot(NamedTuple):
    """Where a value comes among a statement's parameters."""

    name: str


class Given(Expression):
    """A value that is not known yet, of the kind of a field: `rows(shape, name=value)` gives it, as the driver wants it."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # its stub has strings and numbers as the only parameters
        placeholder = getattr(
            self.output_field, "get_placeholder", None
        )  # an array says of what, even when it is empty
        slot = Slot(self.name)
        return (placeholder(slot, compiler, connection) if placeholder else "%s"), [slot]


class Plan(NamedTuple):
    """What a compiler made of a query: its SQL with the stand-ins in their places."""

    sql: str
    params: tuple[Any, ...]
    compiler: SQLCompiler


class _Compiled(Generic[S]):
    """A query whose SQL is made once for each shape, from stand-ins that are replaced when it runs.

    `build(shape, stand_in)` returns the queryset; `stand_in(0)`, `stand_in(1)` … are numbers that stand for ids, `Given("name",
    field)` for any other value; each must occur in it. Every instant in it means now. The tests compare the answers with those
    of the querysets.
    """

    def __init__(self, build: Callable[[S, Callable[[int], int]], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._plans: dict[S, Plan] = {}

    def _plan_of(self, shape: S, ids: int, given: Collection[str]) -> Plan:
        plan = self._plans.get(shape)
        if plan is None:
            compiler = self._build(shape, lambda place: PLACEHOLDER - place).query.get_compiler(using=DEFAULT_DB_ALIAS)
            sql, params = compiler.as_sql()
            if not {PLACEHOLDER - place for place in range(ids)} <= {
                int(one) for one in params if isinstance(one, int)
            }:
                raise ValueError("A compiled query holds each of its ids at least once.")
            if {param.name for param in params if isinstance(param, Slot)} != set(given):
                raise ValueError("A compiled query holds each of its given values, and is given each that it holds.")
            plan = self._plans[shape] = Plan(sql, tuple(params), compiler)
        return plan

    def _fetch(self, plan: Plan, ids: tuple[int, ...], given: Mapping[str, Any]) -> Iterator[Any]:
        stand_ins = {PLACEHOLDER - place: row_id for place, row_id in enumerate(ids)}
        now = clock.now()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(plan.sql, [_fill(param, stand_ins, now, given) for param in plan.params])
            found = cursor.fetchall()
        return iter(plan.compiler.results_iter([found]))  # it takes rows in portions


class CompiledRows(_Compiled[S], Generic[S, M]):
    """A compiled query of models, `select_related` and annotations included."""

    def __init__(self, build: Callable[[S, Callable[[int], int]], QuerySet[M]]) -> None:
        super().__init__(build)

    def rows(self, shape: S, *ids: int, **given: Any) -> list[M]:
        """Return the rows for ids and given values; one query."""
        plan = self._plan_of(shape, len(ids), given)
        compiler = plan.compiler
        info: Any = compiler.klass_info
        found = list(self._fetch(plan, ids, given))
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column[0].target.attname for column in compiler.select[first:last]]
        populate: Any = get_related_populators  # its stub is of a newer Django
        populators = populate(info, compiler.select, DEFAULT_DB_ALIAS)
        instances: list[M] = []
        for row in found:
            instance: M = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for populator in populators:
                populator.populate(row, instance)
            for name, position in compiler.annotation_col_map.items():
                setattr(instance, name, row[position])
            instances.append(instance)
        return instances

    def first(self, shape: S, *ids: int, **given: Any) -> M | None:
        """Return the first row for ids and given values, or None; one query."""
        return next(iter(self.rows(shape, *ids, **given)), None)


class CompiledValues(_Compiled[S]):
    """A compiled query of `values_list`."""

    def rows(self, shape: S, *ids: int, **given: Any) -> list[tuple[Any, ...]]:
        """Return the rows for ids and given values; one query."""
        return [tuple(row) for row in self._fetch(self._plan_of(shape, len(ids), given), ids, given)]


def _fill(param: Any, stand_ins: Mapping[int, int], now: datetime, given: Mapping[str, Any]) -> Any:
    if isinstance(param, Slot):
        return given[param.name]
    if isinstance(param, datetime):
        return now
    return stand_ins.get(param, param) if isinstance(param, int) else param  # an int of the driver's own kind, too
