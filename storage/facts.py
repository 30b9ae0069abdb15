"""Facts as SQL: each one correlated scalar subquery on a partner's rows, over the fact index.

A fact dated after the date of evaluation does not exist. Superseded activities do not either.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from prm_tui.domain.condition.catalogue import Field
from prm_tui.domain.condition.check import aggregated, days_of, selected, times
from prm_tui.domain.condition.scope import Selector
from prm_tui.domain.condition.tree import Call, Name, Node, Number
from prm_tui.domain.condition.windows import back, ends
from storage import fields
from storage.days import UP_TO, At, Bounds
from storage.sql import Sql

if TYPE_CHECKING:
    from storage.conditions import Compiler, Place

_TABLES = {"activity": "activities", "record": "records", "case": "cases", "tag": "tags"}
KNOWN = 0.6
"""The part of the weights that must be known for a weighted value to be known."""


def fact(compiler: Compiler, call: Call, place: Place) -> Sql:
    """The expression of one fact."""
    match call.fact:
        case "sum" | "avg" | "median" | "min" | "max":
            return _aggregate(compiler, call, place)
        case "count":
            return Sql(counted(compiler, call, place))
        case "first" | "last":
            return Sql(_end(compiler, selected(call, place.scope), call.fact, place))
        case "days_since":
            return Sql(
                f"CAST(julianday({place.bound(compiler)}) - julianday({dated(compiler, call, place)}) AS INTEGER)"
            )
        case "days_until":
            return Sql(
                f"CAST(julianday({dated(compiler, call, place)}) - julianday({place.bound(compiler)}) AS INTEGER)"
            )
        case "never" | "has":
            found = rows(compiler, selected(call, place.scope), UP_TO, place, least=1)[0]
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
            parts = _intervals(compiler, call, place)
            return Sql(f"(SELECT coalesce(sum(max(0, e - max(b, coalesce(done, b)))), 0) FROM ({parts}))")
        case "stretches":
            return Sql(_stretches(compiler, call, place))
        case "length":
            return Sql(_length(compiler, call, place))
        case "weighted":
            return Sql(_weighted(compiler, call, place))
        case "change":
            return Sql(_change(compiler, call, place))
        case "held":
            return Sql(_held(compiler, call, place))
    raise TypeError(f"{call.fact} cannot be evaluated in a list")


def rows(
    compiler: Compiler,
    selector: Selector,
    bounds: Bounds,
    place: Place,
    *,
    until: At | None = None,
    least: int | None = None,
) -> tuple[str, str]:
    """FROM … WHERE … of the rows a selector picks within bounds, and the alias of its table.

    For many days: `until` is the day whose passing over a row's date turns the value, where that is not the first
    of the bounds; `least` the number of rows at which alone it turns.
    """
    alias = compiler.alias()
    tests = [f"{alias}.partner_id = p.id"]
    names = tuple(kind.name for kind in selector.kinds)
    if len(names) == 1:
        tests.append(f"{alias}.kind = {compiler.bind(names[0])}")
    elif names:
        tests.append(f"{alias}.kind IN ({', '.join(compiler.bind(n) for n in names)})")
    tests += _dated_in(compiler, selector, bounds, place, alias)
    tests += _known(compiler, selector.table, place, alias)
    _watch(selector, replace(bounds, first=until or bounds.first), place, least)
    if selector.where is not None:
        inside = replace(place, scope=place.scope.inside(selector), row=alias)
        tests.append(compiler.sql(selector.where, inside).text)
    return f"FROM {_TABLES[selector.table]} {alias} WHERE {' AND '.join(tests)}", alias


def _dated_in(compiler: Compiler, selector: Selector, bounds: Bounds, place: Place, alias: str) -> list[str]:
    if selector.dated is None:
        return []
    column = f"{alias}.{selector.dated}"
    last = place.bound(compiler, bounds.last, watched=True)
    first = None if bounds.first is None else place.bound(compiler, bounds.first, watched=True)
    if selector.table == "record" and (first is None or _overlaps(selector)):
        tests = [f"({column} IS NULL OR {column} <= {last})"]
        if first is not None:  # a target counts in every period it overlaps
            ends_on = fields.past(compiler, "record", "ends_on", alias, place)
            tests.append(f"({ends_on} IS NULL OR {ends_on} >= {first})")
        return tests
    return [*([] if first is None else [f"{column} >= {first}"]), f"{column} <= {last}"]


def _overlaps(selector: Selector) -> bool:
    return [kind.name for kind in selector.kinds] == ["target"]


def _known(compiler: Compiler, table: str, place: Place, alias: str) -> list[str]:
    """Only what was known on the day; what was corrected since was still believed."""
    if table not in ("activity", "record"):
        return []
    known = place.days.known
    if known is None:
        return [f"{alias}.superseded_at IS NULL"] if table == "activity" else []
    by = place.days.text(compiler, known, watched=True)
    place.days.watch("learned", (), "", None, None)
    tests = [f"{alias}.learned_at <= {by}"]
    if table == "activity":
        tests.append(f"({alias}.superseded_at IS NULL OR {alias}.superseded_at > {by})")
    return tests


def _watch(selector: Selector, bounds: Bounds, place: Place, least: int | None) -> None:
    """Note on which days these rows enter and leave the bounds."""
    if selector.dated is None:
        place.days.todays |= {"tag"} if place.days.many else set()
        return
    kinds = tuple(kind.name for kind in selector.kinds)
    first = None if bounds.first is None else place.reckoned(bounds.first)
    last = place.reckoned(bounds.last)
    if selector.table == "record" and _overlaps(selector):
        place.days.watch("record", kinds, "r.ends_on", first, None)
        place.days.daily = place.days.daily or ("record", "ends_on") in place.days.histories
        first = None
    plain = selector.table == "activity" and selector.where is None and place.days.known is None
    place.days.watch(selector.table, kinds, f"r.{selector.dated}", first, last, least if plain else None)


def span_of(call: Call, place: Place) -> Bounds:
    """The bounds of the window a fact names."""
    window, starts = place.scope.window(call.arguments[1], call.fact), place.scope.catalogue.year_starts
    make = window.before if place.before else window.span

    def first(day: date) -> date:
        found = make(day, starts).first
        assert found is not None
        return found

    return Bounds(None if window.period == "ever" else first, lambda day: make(day, starts).last)


def counted(compiler: Compiler, call: Call, place: Place, least: int | None = None) -> str:
    """How many rows there are; `least` as in rows."""
    return (
        f"(SELECT count(*) {rows(compiler, selected(call, place.scope), span_of(call, place), place, least=least)[0]})"
    )


def _length(compiler: Compiler, call: Call, place: Place) -> str:
    window, starts = place.scope.window(call.arguments[0], "length"), place.scope.catalogue.year_starts

    def days(day: date) -> int:
        span = window.span(place.at(day), starts)
        assert span.first is not None
        return (span.last - span.first).days + 1

    return place.days.text(compiler, days)


def _end(compiler: Compiler, selector: Selector, which: str, place: Place, until: At | None = None) -> str:
    """The date of the first or last row up to the day; `until`: of which only is asked whether it lies before that."""
    found, alias = rows(compiler, selector, UP_TO, place, until=until, least=1 if until else None)
    column = f"{alias}.{selector.dated}"
    if len(selector.kinds) == 1 and selector.table == "activity":
        return f"(SELECT {column} {found} ORDER BY {column} {'DESC' if which == 'last' else 'ASC'} LIMIT 1)"
    return f"(SELECT {'max' if which == 'last' else 'min'}({column}) {found})"


def dated(compiler: Compiler, call: Call, place: Place, untils: tuple[At, ...] = ()) -> str:
    """The date that days_since or days_until counts from. `untils`: the days it is compared with, watched."""
    found = days_of(call, place.scope)
    if isinstance(found, Node):
        text = compiler.sql(found, place).text
        reference = place.scope.reference(found) if isinstance(found, Name) else None
        if reference is not None and reference.owner == "partner":
            for until in untils:
                place.days.watch("partner", (), text, place.reckoned(until), None)
        elif reference is not None and reference.owner == "subject" and not _has_past(reference.field, place):
            kind = place.scope.subject
            assert kind is not None
            day = fields.row_field(
                compiler, Selector(kind.table, (kind,), kind.label, {}), reference.field, "r", place
            ).text
            for until in untils:
                place.days.watch(kind.table, (kind.name,), day, place.reckoned(until), None)
        elif untils:
            place.days.daily = True
        return text
    selector, field = found
    if field is None:
        if len(untils) == 1:
            return _end(compiler, selector, "last", place, untils[0])
        for until in untils:
            _watch(selector, Bounds(until), place, None)
        return _end(compiler, selector, "last", place)
    source, alias = rows(compiler, selector, UP_TO, place)
    value = fields.row_field(compiler, selector, field, alias, place).text
    opened = fields.row_field(compiler, selector, selector.fields["open"], alias, place).text
    if _has_past(field, place):
        place.days.daily = place.days.daily or bool(untils)
    else:
        for until in untils:
            kinds = tuple(kind.name for kind in selector.kinds)
            day = fields.row_field(compiler, selector, field, "r", place).text
            place.days.watch(selector.table, kinds, day, place.reckoned(until), None)
    return f"(SELECT min({value}) {source} AND {opened})"


def _has_past(field: Field, place: Place) -> bool:
    """Whether a field of records was another before: then its date alone does not tell when it passes."""
    return ("record", field.key) in place.days.histories


def _aggregate(compiler: Compiler, call: Call, place: Place) -> Sql:
    selector, field = aggregated(call, place.scope)
    source, alias = rows(compiler, selector, span_of(call, place), place)
    value = fields.row_field(compiler, selector, field, alias, place)
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

    def until(day: date) -> date:
        return back(day, days)

    last = _end(compiler, selected(call, place.scope), "last", place, until)
    place.days.watch("partner", (), "p.joined_on", place.reckoned(until), None)
    return f"(coalesce({last}, p.joined_on) < {place.bound(compiler, until, watched=True)})"


def _share(compiler: Compiler, call: Call, place: Place, form: str) -> str:
    selector = selected(call, place.scope)
    source, alias = rows(compiler, replace(selector, where=None), span_of(call, place), place)
    assert selector.where is not None
    inside = replace(place, scope=place.scope.inside(selector), row=alias)
    return f"(SELECT {form.format(test=compiler.sql(selector.where, inside).text)} {source})"


def _stretches(compiler: Compiler, call: Call, place: Place) -> str:
    """How many parts without a gap the union of intervals has that last longer than so many hours."""
    hours = call.arguments[2].value
    assert isinstance(hours, Number)
    return (
        "(SELECT count(*) FROM (SELECT 1 FROM (SELECT b, e, sum(done IS NULL OR b > done) OVER (ORDER BY b, e) AS n FROM"
        f" ({_intervals(compiler, call, place)})) GROUP BY n"
        f" HAVING round((max(e) - min(b)) * 24, 4) > {compiler.amount(hours.value, False)}))"
    )


def _intervals(compiler: Compiler, call: Call, place: Place) -> str:
    """Intervals from b to e in julian days, cut to the window; `done`: where all that came before has ended.

    An activity lasts to its ended_on, or for its hours from the moment or day it began, else for its day; a record
    from its start to its end, or to the end of the window.
    """
    selector = selected(call, place.scope)
    span = span_of(call, place)
    reach = replace(span, first=None)  # what began before the window may reach into it
    source, alias = rows(compiler, selector, reach, place)
    low = f"julianday({place.bound(compiler, span.first or _never)})"
    high = f"(julianday({place.bound(compiler, span.last)}) + 1)"
    if selector.table == "record":
        begin = f"coalesce(julianday({alias}.starts_on), {low})"
        end = f"coalesce(julianday({fields.past(compiler, 'record', 'ends_on', alias, place)}) + 1, {high})"
    else:
        begin = f"coalesce({alias}.occurred_at / 86400.0 + 2440587.5, julianday({alias}.occurred_on))"
        ends_by = []
        if "ended_on" in selector.fields:
            ends_by.append(
                f"julianday({fields.row_field(compiler, selector, selector.fields['ended_on'], alias, place).text}) + 1"
            )
        if "hours" in selector.fields:
            ends_by.append(
                f"{begin} + {fields.row_field(compiler, selector, selector.fields['hours'], alias, place).text} / 24.0"
            )
        own_day = f"julianday({alias}.occurred_on) + 1"
        end = f"coalesce({', '.join([*ends_by, own_day])})" if ends_by else own_day
    return (
        "SELECT b, e, max(e) OVER (ORDER BY b, e ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS done"
        f" FROM (SELECT max({begin}, {low}) AS b, min({end}, {high}) AS e {source}) WHERE e > b"
    )


def _weighted(compiler: Compiler, call: Call, place: Place) -> str:
    parts = []
    for part, weight in zip(call.arguments[::2], call.arguments[1::2], strict=True):
        value = compiler.on(compiler.sql(part.value, place), False)
        assert isinstance(weight.value, Number)
        parts.append(f"SELECT {value} AS v, {compiler.amount(weight.value.value, False)} AS w")
    return (
        f"(SELECT CASE WHEN sum(w) FILTER (WHERE v IS NOT NULL) >= {KNOWN} * sum(w) THEN"
        " 100.0 * sum(max(0, min(1, v)) * w) / sum(w) FILTER (WHERE v IS NOT NULL) END"
        f" FROM ({' UNION ALL '.join(parts)}))"
    )


def _change(compiler: Compiler, call: Call, place: Place) -> str:
    inner = call.arguments[0].value
    now = compiler.sql(inner, place).text
    before = compiler.sql(inner, replace(place, before=True)).text
    return f"(SELECT (n - b) / CAST(b AS REAL) FROM (SELECT {now} AS n, {before} AS b))"


def _held(compiler: Compiler, call: Call, place: Place) -> str:
    period, many = place.scope.period(call.arguments[1]), times(call)
    starts = place.scope.catalogue.year_starts

    def end(n: int) -> At:
        return lambda day: _ends(period, many, place.at(day), starts)[n]

    tests = [compiler.sql(call.arguments[2].value, replace(place, at=end(n))).text for n in range(many)]
    return f"({' AND '.join(tests)})"


@lru_cache(maxsize=2048)
def _ends(period: str, count: int, as_of: date, year_starts: int) -> tuple[date, ...]:
    return tuple(ends(period, count, as_of, year_starts))


def _never(_: date) -> date:
    return date.min


def latest(compiler: Compiler, call: Call, place: Place) -> tuple[str, str, str] | None:
    """The rows behind a fact: FROM … WHERE …, the alias, and the table; None for a fact that has none."""
    if call.fact == "weighted":
        return None  # its parts have rows of their own
    if call.fact in ("lower", "change", "held", "length", "crosses"):
        inner = call.arguments[-1 if call.fact == "held" else 0].value
        return latest(compiler, inner, place) if isinstance(inner, Call) else None
    span = UP_TO
    if call.fact in ("sum", "avg", "median", "min", "max"):
        selector, span = aggregated(call, place.scope)[0], span_of(call, place)
    elif call.fact in ("days_since", "days_until"):
        found = days_of(call, place.scope)
        if isinstance(found, Node):
            return None
        selector = found[0]
    else:
        selector = selected(call, place.scope)
        if call.fact in ("count", "share", "covered", "stretches"):
            span = span_of(call, place)
        if call.fact == "share":
            selector = replace(selector, where=None)
    source, alias = rows(compiler, selector, span, place)
    return source, alias, selector.table
