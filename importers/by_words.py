"""Which columns mean what, told by the words of their headers: the very words, then words that are near."""

from __future__ import annotations

from importers import aliases
from prm_tui.domain.mapping import ColumnPlan, SheetPlan

NEAR = 88
MARGIN = 6


def by_words(plan: SheetPlan, known: dict[str, tuple[str, ...]], fields: frozenset[str] = frozenset()) -> SheetPlan:
    """Targets by exact words first (the order of the words counts), then by near ones with a clear margin."""
    every = {aliases.words(c.header): c for c in plan.columns if c.target == "data" and c.type != "empty"}
    for target, spellings in known.items():
        said = {words: c for words, c in every.items() if target == "ref" or c.key not in fields}
        if plan.column(target) is None:
            exact = next((s for s in spellings if s in said), None)
            if exact is None and target == "name":
                exact = next((s for s, c in said.items() if aliases.partner_name(c.header)), None)
            if exact is not None and plan.columns[_at(plan, said[exact])].target == "data":
                plan = plan.with_target(said[exact].header, target, f"“{said[exact].header}” says so")
    return by_near_words(plan, known, fields)


def _at(plan: SheetPlan, column: ColumnPlan) -> int:
    return next(n for n, c in enumerate(plan.columns) if c.pos == column.pos)


def by_near_words(plan: SheetPlan, known: dict[str, tuple[str, ...]], fields: frozenset[str]) -> SheetPlan:
    from rapidfuzz import fuzz, process

    for target, spellings in known.items():
        free = {
            aliases.words(c.header): c
            for c in plan.columns
            if c.target == "data" and c.type != "empty" and c.key not in fields
        }
        if plan.column(target) is not None or not free:
            continue
        scores: dict[str, float] = {}
        for spelling in spellings:
            if len(spelling) > 4:
                for header, score, _ in process.extract(spelling, free.keys(), scorer=fuzz.ratio, limit=2):
                    scores[header] = max(scores.get(header, 0.0), score)
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        if ranked and ranked[0][1] >= NEAR and (len(ranked) < 2 or ranked[0][1] - ranked[1][1] >= MARGIN):
            column = free[ranked[0][0]]
            plan = plan.with_target(column.header, target, f"“{column.header}” is nearly a word for it")
    return plan
