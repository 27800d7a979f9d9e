"""Queries whose SQL is made once a process: for the few that every request runs, where making it costs more than running it."""

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from . import clock

S = TypeVar("S", bound=Hashable)
M = TypeVar("M", bound=Model)
PLACEHOLDER = 4_611_686_018_427_387_847  # no id that a row will ever have


class CompiledQuery(Generic[M]):
    """A queryset of fixed shape with one id in it, `select_related` included, that answers with its first row.

    The tests compare it with the queryset that it was made from: it leans on how Django's compiler describes its columns.
    """

    def __init__(self, build: Callable[[int], QuerySet[M]]) -> None:
        self._build = build

    @cached_property
    def _plan(self) -> tuple[str, tuple[Any, ...], SQLCompiler, list[Any]]:
        compiler = self._build(PLACEHOLDER)[:1].query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        if params.count(PLACEHOLDER) != 1:
            raise ValueError("A compiled query takes its id once.")
        populate: Any = get_related_populators  # its stub is of a newer Django
        populators = populate(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)
        return sql, tuple(params), compiler, populators

    def first(self, row_id: int) -> M | None:
        """Return the first row for an id, or None; one query."""
        sql, params, compiler, populators = self._plan
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, [row_id if param == PLACEHOLDER else param for param in params])
            found = cursor.fetchall()
        if not found:
            return None
        (row,) = compiler.results_iter([found])
        info: Any = compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column[0].target.attname for column in compiler.select[first:last]]
        instance: M = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
        for populator in populators:
            populator.populate(row, instance)
        return instance


class CompiledValues(Generic[S]):
    """A query of values whose SQL is made once for each shape, from stand-ins that are replaced when it runs.

    `build(shape, stand_in)` returns a queryset of `values_list`; `stand_in(0)`, `stand_in(1)` … are numbers that stand for ids.
    Every instant in it means now.
    """

    def __init__(self, build: Callable[[S, Callable[[int], int]], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._plans: dict[S, tuple[str, tuple[Any, ...], SQLCompiler]] = {}

    def _plan_of(self, shape: S) -> tuple[str, tuple[Any, ...], SQLCompiler]:
        plan = self._plans.get(shape)
        if plan is None:
            compiler = self._build(shape, lambda place: PLACEHOLDER - place).query.get_compiler(using=DEFAULT_DB_ALIAS)
            sql, params = compiler.as_sql()
            plan = self._plans[shape] = (sql, tuple(params), compiler)
        return plan

    def rows(self, shape: S, *ids: int) -> list[tuple[Any, ...]]:
        """Return the rows for ids; one query."""
        sql, params, compiler = self._plan_of(shape)
        stand_ins = {PLACEHOLDER - place: row_id for place, row_id in enumerate(ids)}
        now = clock.now()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, [_fill(param, stand_ins, now) for param in params])
            found = cursor.fetchall()
        return [tuple(row) for row in compiler.results_iter([found])]


def _fill(param: Any, stand_ins: Mapping[int, int], now: datetime) -> Any:
    if isinstance(param, datetime):
        return now
    return stand_ins.get(param, param) if type(param) is int else param
