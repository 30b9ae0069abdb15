"""Facts as SQL: each one correlated scalar subquery on a partner's rows, over the fact index.

A fact dated after the date of evaluation does not exist. Superseded activities do not either.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from prm_tui.domain.condition.check import aggregated, days_of, selected, times
from prm_tui.domain.condition.scope import Selector
from prm_tui.domain.condition.tree import Call, Node
from prm_tui.domain.condition.windows import Span, back, ends

if TYPE_CHECKING:
    from storage.conditions import Compiler, Place, Sql

_TABLES = {"activity": "activities", "record": "records", "case": "cases", "tag": "tags"}


def fact(compiler: Compiler, call: Call, place: Place) -> Sql:
    """The expression of one fact."""
    from storage.conditions import Sql

    match call.fact:
        case "sum" | "avg" | "median" | "min" | "max":
            return _aggregate(compiler, call, place)
        case "count":
            return Sql(f"(SELECT count(*) {rows(compiler, selected(call, place.scope), _span(call, place), place)[0]})")
        case "first" | "last":
            return Sql(_end(compiler, selected(call, place.scope), call.fact, place))
        case "days_since":
            return Sql(
                f"CAST(julianday({_day(compiler, place)}) - julianday({dated(compiler, call, place)}) AS INTEGER)"
            )
        case "days_until":
            return Sql(
                f"CAST(julianday({dated(compiler, call, place)}) - julianday({_day(compiler, place)}) AS INTEGER)"
            )
        case "never" | "has":
            found = rows(compiler, selected(call, place.scope), Span(None, place.as_of), place)[0]
            return Sql(f"({'NOT ' if call.fact == 'never' else ''}EXISTS (SELECT 1 {found}))")
        case "silent":
            return Sql(_silent(compiler, call, place))
        case "share":
            return Sql(_share(compiler, call, place, "avg({test})"))
        case "lower":
            inner = call.arguments[0].value
            assert isinstance(inner, Call)
            return Sql(_share(compiler, inner, place, "wilson_lower(sum({test}), count({test}))"))
        case "covered":
            return Sql(_covered(compiler, call, place))
        case "length":
            span = place.scope.window(call.arguments[0], "length").span(place.as_of, place.scope.catalogue.year_starts)
            assert span.first is not None
            return Sql(compiler.bind((span.last - span.first).days + 1))
        case "change":
            return Sql(_change(compiler, call, place))
        case "held":
            return Sql(_held(compiler, call, place))
    raise TypeError(f"{call.fact} cannot be evaluated in a list")


def rows(compiler: Compiler, selector: Selector, span: Span, place: Place) -> tuple[str, str]:
    """FROM … WHERE … of the rows a selector picks in a span of days, and the alias of its table."""
    alias = compiler.alias()
    tests = [f"{alias}.partner_id = p.id"]
    names = [kind.name for kind in selector.kinds]
    if len(names) == 1:
        tests.append(f"{alias}.kind = {compiler.bind(names[0])}")
    elif names:
        tests.append(f"{alias}.kind IN ({', '.join(compiler.bind(n) for n in names)})")
    tests += _dated_in(compiler, selector, span, alias, names)
    if selector.table == "activity":
        tests.append(f"{alias}.superseded_at IS NULL")
    if selector.where is not None:
        inside = replace(place, scope=place.scope.inside(selector), row=alias)
        tests.append(compiler.sql(selector.where, inside).text)
    return f"FROM {_TABLES[selector.table]} {alias} WHERE {' AND '.join(tests)}", alias


def _dated_in(compiler: Compiler, selector: Selector, span: Span, alias: str, names: list[str]) -> list[str]:
    if selector.dated is None:
        return []
    column = f"{alias}.{selector.dated}"
    last = compiler.bind(span.last.isoformat())
    if selector.table == "record" and (span.first is None or names == ["target"]):
        tests = [f"({column} IS NULL OR {column} <= {last})"]
        if span.first is not None:  # a target counts in every period it overlaps
            tests.append(f"({alias}.ends_on IS NULL OR {alias}.ends_on >= {compiler.bind(span.first.isoformat())})")
        return tests
    first = [] if span.first is None else [f"{column} >= {compiler.bind(span.first.isoformat())}"]
    return [*first, f"{column} <= {last}"]


def _span(call: Call, place: Place) -> Span:
    window = place.scope.window(call.arguments[1], call.fact)
    make = window.before if place.before else window.span
    return make(place.as_of, place.scope.catalogue.year_starts)


def _day(compiler: Compiler, place: Place) -> str:
    return compiler.bind(place.as_of.isoformat())


def _end(compiler: Compiler, selector: Selector, which: str, place: Place) -> str:
    """The date of the first or last row up to the day."""
    found, alias = rows(compiler, selector, Span(None, place.as_of), place)
    column = f"{alias}.{selector.dated}"
    if len(selector.kinds) == 1 and selector.table == "activity":
        return f"(SELECT {column} {found} ORDER BY {column} {'DESC' if which == 'last' else 'ASC'} LIMIT 1)"
    return f"(SELECT {'max' if which == 'last' else 'min'}({column}) {found})"


def dated(compiler: Compiler, call: Call, place: Place) -> str:
    """The date that days_since or days_until counts from."""
    found = days_of(call, place.scope)
    if isinstance(found, Node):
        return compiler.sql(found, place).text
    selector, field = found
    if field is None:
        return _end(compiler, selector, "last", place)
    source, alias = rows(compiler, selector, Span(None, place.as_of), place)
    value = compiler.row_field(selector, field, alias).text
    opened = compiler.row_field(selector, selector.fields["open"], alias).text
    return f"(SELECT min({value}) {source} AND {opened})"


def _aggregate(compiler: Compiler, call: Call, place: Place) -> Sql:
    from storage.conditions import Sql

    selector, field = aggregated(call, place.scope)
    source, alias = rows(compiler, selector, _span(call, place), place)
    value = compiler.row_field(selector, field, alias)
    if call.fact == "median":
        one = (
            f"SELECT avg(v) FROM (SELECT {value.text} AS v, row_number() OVER (ORDER BY {value.text}) AS n,"
            f" count(*) OVER () AS c {source} AND {value.text} IS NOT NULL) WHERE n IN ((c + 1) / 2, (c + 2) / 2)"
        )
    else:
        made = f"{call.fact}({value.text})"
        if call.fact == "sum":
            made = f"coalesce({made}, 0)"
        if place.scope.catalogue.mixed and field.type == "money":  # no rates: amounts of two currencies do not add up
            made = f"CASE WHEN min({alias}.currency) IS max({alias}.currency) THEN {made} END"
        one = f"SELECT {made} {source}"
    return Sql(f"({one})", value.units)


def _silent(compiler: Compiler, call: Call, place: Place) -> str:
    days = place.scope.window(call.arguments[1], "silent").days
    assert days is not None
    last = _end(compiler, selected(call, place.scope), "last", place)
    return f"(coalesce({last}, p.joined_on) < {compiler.bind(back(place.as_of, days).isoformat())})"


def _share(compiler: Compiler, call: Call, place: Place, form: str) -> str:
    selector = selected(call, place.scope)
    source, alias = rows(compiler, replace(selector, where=None), _span(call, place), place)
    assert selector.where is not None
    inside = replace(place, scope=place.scope.inside(selector), row=alias)
    return f"(SELECT {form.format(test=compiler.sql(selector.where, inside).text)} {source})"


def _covered(compiler: Compiler, call: Call, place: Place) -> str:
    """Days in the union of intervals, cut to the window: each begins where what came before has ended.

    An activity lasts to its ended_on, or for its hours from the moment or day it began, else for its day; a record
    from its start to its end, or to the end of the window.
    """
    selector = selected(call, place.scope)
    span = _span(call, place)
    reach = replace(span, first=None)  # what began before the window may reach into it
    source, alias = rows(compiler, selector, reach, place)
    low = f"julianday({compiler.bind((span.first or date.min).isoformat())})"
    high = f"(julianday({compiler.bind(span.last.isoformat())}) + 1)"
    if selector.table == "record":
        begin = f"coalesce(julianday({alias}.starts_on), {low})"
        end = f"coalesce(julianday({alias}.ends_on) + 1, {high})"
    else:
        begin = f"coalesce({alias}.occurred_at / 86400.0 + 2440587.5, julianday({alias}.occurred_on))"
        ends_by = []
        if "ended_on" in selector.fields:
            ends_by.append(f"julianday({compiler.row_field(selector, selector.fields['ended_on'], alias).text}) + 1")
        if "hours" in selector.fields:
            ends_by.append(f"{begin} + {compiler.row_field(selector, selector.fields['hours'], alias).text} / 24.0")
        own_day = f"julianday({alias}.occurred_on) + 1"
        end = f"coalesce({', '.join([*ends_by, own_day])})" if ends_by else own_day
    return (
        f"(SELECT coalesce(sum(max(0, e - max(b, coalesce(done, b)))), 0) FROM (SELECT b, e, max(e) OVER"
        f" (ORDER BY b, e ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS done FROM (SELECT"
        f" max({begin}, {low}) AS b, min({end}, {high}) AS e {source}) WHERE e > b))"
    )


def _change(compiler: Compiler, call: Call, place: Place) -> str:
    inner = call.arguments[0].value
    now = compiler.sql(inner, place).text
    before = compiler.sql(inner, replace(place, before=True)).text
    return f"(SELECT (n - b) / CAST(b AS REAL) FROM (SELECT {now} AS n, {before} AS b))"


def _held(compiler: Compiler, call: Call, place: Place) -> str:
    period = place.scope.period(call.arguments[1])
    days = ends(period, times(call), place.as_of, place.scope.catalogue.year_starts)
    tests = [compiler.sql(call.arguments[2].value, replace(place, as_of=day)).text for day in days]
    return f"({' AND '.join(tests)})"


def latest(compiler: Compiler, call: Call, place: Place) -> tuple[str, str, str] | None:
    """The rows behind a fact: FROM … WHERE …, the alias, and the table; None for a fact that has none."""
    if call.fact in ("lower", "change", "held", "length", "crosses"):
        inner = call.arguments[-1 if call.fact == "held" else 0].value
        return latest(compiler, inner, place) if isinstance(inner, Call) else None
    span = Span(None, place.as_of)
    if call.fact in ("sum", "avg", "median", "min", "max"):
        selector, span = aggregated(call, place.scope)[0], _span(call, place)
    elif call.fact in ("days_since", "days_until"):
        found = days_of(call, place.scope)
        if isinstance(found, Node):
            return None
        selector = found[0]
    else:
        selector = selected(call, place.scope)
        if call.fact in ("count", "share", "covered"):
            span = _span(call, place)
        if call.fact == "share":
            selector = replace(selector, where=None)
    source, alias = rows(compiler, selector, span, place)
    return source, alias, selector.table
