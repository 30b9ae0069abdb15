"""Strict reading: a comparison that facts still to arrive could turn is unknown where its feeds are not covered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from prm_tui.domain.condition.arriving import Effect, on_test
from prm_tui.domain.condition.tree import And, Between, Call, Compare, Node, Not, Number, Or, children, walk
from prm_tui.domain.condition.windows import back
from prm_tui.domain.coverage import Covered
from prm_tui.domain.rhythm import CAP
from storage import facts
from storage.days import At, same

if TYPE_CHECKING:
    from prm_tui.domain.condition import Checked
    from storage.conditions import Compiler, Place


def simpler(node: Node, place: Place) -> Node:
    """A test that says the same in parts that each can be turned one way only."""
    match node:
        case Compare("=" | "!=", Call("count") as counted, Number(value)) if value == 0:
            return Compare("<" if node.op == "=" else ">=", counted, Number(value + 1), at=node.at)
        case Between(value, low, high) if on_test(node, place.scope):
            return And((Compare(">=", value, low), Compare("<=", value, high)), at=node.at)
    return node


def told(compiler: Compiler, node: Node, place: Place, test: str) -> str:
    """A test, unknown where what is missing could turn it."""
    if isinstance(node, And | Or | Not):
        return test
    effects = on_test(node, place.scope)
    for value, effects_on in ((1, [e for e in effects if e.lowers]), (0, [e for e in effects if e.raises])):
        unsettled = _unsettled(compiler, node, effects_on, place)
        if unsettled == "1":
            test = f"nullif({test}, {value})"
        elif unsettled != "0":
            test = f"(CASE WHEN {unsettled} THEN nullif({test}, {value}) ELSE {test} END)"
    if (
        isinstance(node, Call)
        and node.fact == "silent"
        and (missing := _unsettled(compiler, node, list(effects), place)) != "0"
    ):
        # with none known it counts from joining; one that arrives may be older than that, and then it is longer silent
        never = compiler.bare(Call("never", node.arguments[:1], at=node.at), place).text
        test = f"(CASE WHEN {missing} AND {never} THEN nullif({test}, 0) ELSE {test} END)"
    return test


def _unsettled(compiler: Compiler, node: Node, effects: list[Effect], place: Place) -> str:
    """SQL of whether something of these may still be missing; "1" or "0" where it is the same on all days."""
    covered = place.days.covered
    assert covered is not None

    def missing(day: date) -> int:
        return int(any(not covered(day).settled(*_asked(e, place, node, day)) for e in effects))

    values = place.days.values(missing)
    if len(set(values)) == 1:
        return str(values[0])
    place.days.watch_days(values)
    return place.days.text(compiler, missing, watched=True)


def reach(effect: Effect, place: Place) -> At:
    """The last day an effect's call looks at."""
    windowed = len(effect.call.arguments) > 1 and effect.call.fact != "silent"
    return place.reckoned(facts.span_of(effect.call, place).last if windowed else same)


def _asked(effect: Effect, place: Place, node: Node, day: date) -> tuple[tuple[str, ...], date, date, date | None]:
    """What coverage is asked of an effect on a test: its kinds, the last day, the day of evaluation, the first day."""
    return effect.kinds, reach(effect, place)(day), day, begins(effect, place, node, day)


def begins(effect: Effect, place: Place, node: Node, day: date) -> date | None:
    """The first day on which something that is missing could turn a test; None where that cannot be said."""
    call, then = effect.call, place.at(day)
    if call.fact == "surprise":
        return back(then, CAP)
    if call.fact == "silent":
        days = place.scope.window(call.arguments[1], "silent").days
        return None if days is None else back(then, days)
    if call.fact == "days_since":
        number = next((part.value for part in children(node) if isinstance(part, Number)), None)
        return None if number is None else back(then, int(number))
    if call.fact in ("never", "has"):
        return date.min
    if len(call.arguments) > 1:
        first = facts.span_of(call, place).first
        return date.min if first is None else place.reckoned(first)(day)
    return None


def absent(node: Node, place: Place) -> bool:
    """Whether a part drops out: it holds where something did not happen of which the file is never told.

    A part that asks for something to have happened does not drop out; it is unknown.
    """
    if place.days.covered is None or place.row:
        return False
    match node:
        case And(parts) | Or(parts):
            return all(absent(part, place) for part in parts)
        case Not(value):
            return absent(value, replace(place, negated=not place.negated))
        case Call("held"):
            return absent(node.arguments[2].value, place)
    return bool(_never_told(node, place))


def _never_told(node: Node, place: Place) -> list[str]:
    """Kinds by whose absence a test holds, where none of its kind is tracked."""
    assert place.days.covered is not None
    covered = place.days.covered(place.days.listed[-1])
    effects = on_test(simpler(node, place), place.scope)
    found = [e for e in effects if not covered.tracked(e.kinds)]
    if any((e.lowers if place.negated else e.raises) for e in found):
        return []
    return [kind for e in found for kind in e.kinds]


def left_out(node: Node, place: Place) -> tuple[str, ...]:
    """The kinds that are not tracked, of parts that drop out."""
    match node:
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(kind for part in parts for kind in left_out(part, place)))
        case Not(value):
            return left_out(value, replace(place, negated=not place.negated))
        case Call("held"):
            return left_out(node.arguments[2].value, place)
    return tuple(dict.fromkeys(_never_told(node, place)))


def kept(parts: Iterable[Node], place: Place) -> list[Node]:
    """The parts of a conjunction or alternative that do not drop out."""
    return [part for part in parts if not absent(part, place)]


def unsettled(checked: Checked, place: Place, day: date) -> str:
    """The feeds that would settle those parts of a condition that are not settled, in words."""
    covered = place.days.covered
    assert covered is not None
    said: dict[str, None] = {}
    for part, _ in walk(checked.node):
        for effect in on_test(part, place.scope):
            said |= dict.fromkeys(covered(day).open_feeds(*_asked(effect, place, part, day)))
    return "; ".join(said)


def awaited(node: Node, place: Place, covered: Covered, day: date) -> str:
    """The feeds that would settle a test, in words; or that it is not tracked."""
    never = _never_told(node, place)
    if never:
        return f"not tracked, left out: {', '.join(dict.fromkeys(never))}"
    effects = on_test(node, place.scope)
    open_feeds = [text for e in effects for text in covered.open_feeds(*_asked(e, place, node, day))]
    untracked = [kind for e in effects if not covered.tracked(e.kinds) for kind in e.kinds]
    said = [*dict.fromkeys(open_feeds), *(f"{kind}: not tracked" for kind in dict.fromkeys(untracked))]
    return "; ".join(said)
