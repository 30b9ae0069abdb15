"""What a person should know about the values of a sheet: kept as they are, and pointed out.

- a value that another sheet of the same files, which lists such values, does not have;
- an industry or a country that looks misspelt;
- codes that have lost their leading zeros.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from importers import aliases
from prm_tui.domain.mapping import ColumnPlan, SheetPlan

LISTED = 0.5
LIKE = 82
SHOWN = 5
MOST = 5_000
"""So many different values of a column are looked at."""


def noted(staging: sqlite3.Connection, plan: SheetPlan, plans: Sequence[SheetPlan]) -> SheetPlan:
    """The plan with remarks about values that look wrong added to its notes."""
    if plan.noun == "skip" or plan.ours or plan.again:
        return plan
    found = [*_not_listed(staging, plan, plans), *_misspelt(staging, plan), *_lost_zeros(staging, plan)]
    return replace(plan, notes=(*plan.notes, *found))


def _values(staging: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan) -> dict[str, int]:
    return {
        str(value): count
        for value, count in staging.execute(
            f"SELECT c{column.pos}, count(*) FROM {plan.table} WHERE c{column.pos} IS NOT NULL GROUP BY 1 LIMIT {MOST}"
        )
    }


def _not_listed(staging: sqlite3.Connection, plan: SheetPlan, plans: Sequence[SheetPlan]) -> list[str]:
    found = []
    for column in plan.columns:
        if column.type != "text" or column.target not in ("data", "owner", "person"):
            continue
        for other in plans:
            listing = (
                _listing(staging, other, column.header)
                if other.id != plan.id and other.rows and not other.again
                else None
            )
            if listing is None or len(listing) >= plan.rows:
                continue
            used = _values(staging, plan, column)
            strange = {v: n for v, n in used.items() if v not in listing}
            if strange and len(strange) <= LISTED * len(used):
                found += _sentences(column.header, strange, sorted(listing), f"is not in {other.sheet}")
    return found


def _listing(staging: sqlite3.Connection, plan: SheetPlan, header: str) -> set[str] | None:
    """The values of the column of that name, if it tells the rows of the sheet apart; what happened lists nothing."""
    if plan.noun == "activity":
        return None
    said = aliases.words(header)
    column = next((c for c in plan.columns if aliases.words(c.header) == said), None)
    if column is None:
        return None
    values = _values(staging, plan, column)
    return set(values) if len(values) == plan.rows > 1 else None


def _misspelt(staging: sqlite3.Connection, plan: SheetPlan) -> list[str]:
    found = []
    for target, known in (("industry", aliases.INDUSTRIES), ("country", aliases.COUNTRIES)):
        column = plan.column(target)
        if column is not None and plan.noun == "partners":
            folded = {word.casefold() for word in known}
            cell = f"c{column.pos}"
            said = staging.execute(f"SELECT DISTINCT {cell} FROM {plan.table} WHERE {cell} IS NOT NULL LIMIT {MOST}")
            odd = [value for (value,) in said if str(value).casefold() not in folded]
            counted = (
                f"SELECT {cell}, count(*) FROM {plan.table} WHERE {cell} IN ({', '.join('?' * len(odd))}) GROUP BY 1"
            )
            strange = {str(v): n for v, n in staging.execute(counted, odd)} if odd else {}
            found += [
                said for said in _sentences(column.header, strange, list(known), "is unusual") if " is near" in said
            ]
    return found


def _lost_zeros(staging: sqlite3.Connection, plan: SheetPlan) -> list[str]:
    """Codes of one length but for some that are shorter: a spreadsheet took them for numbers.

    Post codes are as long as their country has them; partner codes are looked at where some begin with a zero.
    """
    found = []
    country = plan.column("country")
    by = f"c{country.pos}" if country is not None else "NULL"
    for column in plan.columns:
        code = f"CAST(c{column.pos} AS TEXT)"
        digits = f"FROM {plan.table} WHERE {code} <> '' AND {code} NOT GLOB '*[^0-9]*'"
        if column.target == "code":
            if not staging.execute(f"SELECT 1 {digits} AND {code} GLOB '0*' LIMIT 1").fetchone():
                continue
        elif not aliases.code_like(column.header) or column.target == "skip":
            continue
        lengths: dict[object, dict[int, int]] = {}
        for place, length, count in staging.execute(f"SELECT {by}, length({code}), count(*) {digits} GROUP BY 1, 2"):
            lengths.setdefault(place, {})[length] = count
        for place, counts in lengths.items():
            usual = max(counts, key=lambda length: counts[length])
            short = sum(n for length, n in counts.items() if length < usual)
            if usual < 4 or not short or max(counts) > usual or counts[usual] < max(10, 0.7 * sum(counts.values())):
                continue
            (example,) = staging.execute(
                f"SELECT {code} {digits} AND {by} IS ? AND length({code}) < ? LIMIT 1", (place, usual)
            ).fetchone()
            found.append(
                f"{column.header}: {short:,} codes have fewer than {usual} digits; they may have lost leading zeros"
                f" ({example} may be {example.zfill(usual)}). Make the column text in the sheet to repair them"
            )
    return found


def _sentences(header: str, strange: dict[str, int], known: list[str], why: str) -> list[str]:
    from rapidfuzz import fuzz, process, utils

    found = []
    for value, count in sorted(strange.items(), key=lambda item: -item[1])[:SHOWN]:
        best = process.extractOne(value, known, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=LIKE)
        like = f"; “{best[0]}” is near" if best else ""
        rows = "1 row" if count == 1 else f"{count:,} rows"
        found.append(f"{header}: “{value}” ({rows}) {why}{like}; kept as it is")
    return found
