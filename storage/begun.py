"""Since which day a condition of silence holds, as SQL beside the condition itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prm_tui.domain.condition.check import days_of, selected
from prm_tui.domain.condition.scope import Scope, Selector
from prm_tui.domain.condition.tree import And, Call, Compare, Node, Not, Number, Or, walk
from storage import facts

if TYPE_CHECKING:
    from storage.conditions import Compiler, Place


def selectors(node: Node, scope: Scope) -> Iterator[Selector]:
    """What the parts of a condition that speak of silence look at, where it is all of a kind or class."""
    for part, _ in walk(node):
        if isinstance(part, Call) and part.fact in ("silent", "days_since", "never", "count") and part.arguments:
            found = _selector(part, scope)
            if found is not None and found.table == "activity" and found.where is None:
                yield found


def _selector(call: Call, scope: Scope) -> Selector | None:
    if call.fact == "days_since":
        counted = days_of(call, scope)
        return None if isinstance(counted, Node) or counted[1] is not None else counted[0]
    return selected(call, scope)


def last(compiler: Compiler, selector: Selector, place: Place) -> str:
    """SQL of the last day of what a selector picks."""
    return facts.last_day(compiler, selector, place)


def begun(compiler: Compiler, node: Node, place: Place) -> str | None:
    """SQL of the day since which a condition that holds has held; None where its parts do not say.

    What has no date, as a type or a tier, held always: `:ever`. Of parts that all must hold it is the latest, of those
    of which one suffices the earliest of the ones that hold.
    """
    match node:
        case And(parts):
            found = [begun(compiler, part, place) for part in parts]
            return None if None in found else _all(found)
        case Or(parts):
            tests = [(compiler.sql(part, place).text, begun(compiler, part, place)) for part in parts]
            if any(day is None for _, day in tests):
                return None
            whens = [f"CASE WHEN {test} THEN {day} ELSE '9999-12-31' END" for test, day in tests]
            return whens[0] if len(whens) == 1 else f"min({', '.join(whens)})"
        case Not(value):
            return None if _dated(value) else ":ever"
        case Compare(op, Call() as call, Number(value)) if not call.arguments or call.fact in ("days_since", "count"):
            return _compared(compiler, op, call, int(value), place)
        case Call("silent"):
            days = place.scope.window(node.arguments[1], "silent").days
            ended = last(compiler, selected(node, place.scope), place)
            return f"date(coalesce({ended}, p.joined_on), '{days + 1 if days is not None else 1} days')"
        case Call("never"):
            return "coalesce(p.joined_on, :ever)"
    return None if _dated(node) else ":ever"


def _all(days: list[str | None]) -> str:
    known = [day for day in days if day is not None and day != ":ever"]
    return ":ever" if not known else known[0] if len(known) == 1 else f"max({', '.join(known)})"


def _compared(compiler: Compiler, op: str, call: Call, number: int, place: Place) -> str | None:
    selector = _selector(call, place.scope)
    if selector is None or selector.table != "activity":
        return None
    if call.fact == "days_since" and op in (">", ">="):
        return f"date({last(compiler, selector, place)}, '{number + (op == '>')} days')"
    window = place.scope.window(call.arguments[1], "count").days if call.fact == "count" else None
    none = (op == "=" and number == 0) or (op == "<" and number == 1) or (op == "<=" and number == 0)
    if window is not None and none:
        return f"coalesce(date({last(compiler, selector, place)}, '{window + 1} days'), p.joined_on, :ever)"
    return None


def _dated(node: Node) -> bool:
    """Whether what a part says can change with time alone."""
    return any(isinstance(part, Call) for part, _ in walk(node))
