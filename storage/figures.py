"""Figures that a workbook computes from its own rows: by partner and year, and the lines of orders added up.

Amounts in several currencies are never added: each currency (none is one of them) has columns of its own.
The values stand here, in SQL; the formulas that come to the same are written by importers/figures.py.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prm_tui.domain.sheet import EARLIEST, Figure, OutColumn, OutSheet, Where, headers_apart, token_row

MOST_GROUPS = 50
_OF = "a.superseded_at IS NULL AND a.partner_id IN (SELECT value FROM json_each(:ids))"
_CURRENCY = "nullif(a.currency, '')"
_DAY = f"CASE WHEN a.occurred_on >= '{EARLIEST}' THEN a.occurred_on END"
# where the columns of a sheet of lines stand
_PARTNER, _DATE, _REF, _AMOUNT, _LINE_CURRENCY = 0, 1, 2, 4, 5

Key = tuple[int, str, str, str | None]
"""A partner's id, a year (or nothing), a kind of activity, a currency."""


@dataclass(frozen=True)
class _Group:
    """The activities of one kind in one currency, and the sheets that hold them. `alone`: the kind has no other."""

    kind: str
    currency: str | None
    amounts: bool
    alone: bool
    sheet: OutSheet
    lines: OutSheet | None

    def columns(self, begin: int, period: tuple[int, int] | None) -> list[OutColumn]:
        """The columns of the group, the first of which is the `begin`-th of the sheet; `period`: where that stands."""
        title = self.kind if self.alone else f"{self.kind} {self.currency or 'without currency'}"
        found, counted = [], begin
        if self._told_apart:
            found.append(OutColumn(f"{title} currency", "skip"))
            counted += 1

        def column(said: str, type_: str, what: str, sheet: OutSheet, of: int, places: tuple[int, int, int]) -> None:
            figure = Figure(what, sheet.name, self._where(*places, begin, period), of, counted)
            found.append(OutColumn(f"{title} {said}", "skip", type_, figure=figure))

        at = self.sheet.at
        places, in_lines = (at("partner"), at("occurred_on"), at("currency")), (_PARTNER, _DATE, _LINE_CURRENCY)
        money = f"amount {self.currency}" if self.alone and self.currency else "amount"
        column("number", "number", "count", self.sheet, 0, places)
        if self.amounts:
            column(money, "money", "sum", self.sheet, at("amount"), places)
        if self.lines:
            column(f"{money} of lines", "money", "sum", self.lines, _AMOUNT, in_lines)
        column("first", "date", "first", self.sheet, at("occurred_on"), places)
        column("last", "date", "last", self.sheet, at("occurred_on"), places)
        return found

    @property
    def _told_apart(self) -> bool:
        return not self.alone and self.currency is not None

    def _where(
        self, partner: int, day: int, currency: int, here: int, period: tuple[int, int] | None
    ) -> tuple[Where, ...]:
        found = [Where(partner)]
        if period:
            found += [Where(day, ">=", period[0]), Where(day, "<=", period[1])]
        if not self.alone:
            found.append(Where(currency, "=", here) if self.currency is not None else Where(currency, "empty"))
        return tuple(found)

    def values(self, counts: dict[Key, tuple[Any, ...]], lines: dict[Key, float], partner: int, year: str) -> list[Any]:
        """What stands in those columns for a partner and year."""
        key = partner, year, self.kind, self.currency
        number, amount, first, last = counts.get(key, (0, None, None, None))
        found = [self.currency, number] if self._told_apart else [number]
        if self.amounts:
            found.append(amount)
        if self.lines:
            found.append(lines.get(key, 0.0) if number else None)
        return [*found, first, last]


def added(
    conn: sqlite3.Connection, sheets: Sequence[OutSheet], ids: Sequence[int], *, dossier: bool
) -> tuple[list[OutSheet], list[str]]:
    """The sheets with those of figures after them, and what is to be said of that.

    `sheets` hold the activities of the partners of `ids`, and their lines. A dossier has figures by year, too,
    and beside the amount of every order what its lines come to.
    """
    asked = {"ids": json.dumps(list(ids))}
    found = [_summed(conn, s, sheets, asked) for s in sheets] if dossier else list(sheets)
    groups = _groups(conn, found, asked)
    if not groups:
        return found, []
    if len(groups) > MOST_GROUPS:
        return found, [f"Figures are left out: {len(groups)} kinds and currencies. Write fewer partners: --where"]
    found.append(_sheet(conn, "Figures", groups, [(partner, "") for partner in ids], asked))
    if dossier:
        found.append(_sheet(conn, "Figures by year", groups, _years(conn, ids, asked), asked, by_year=True))
    return found, []


def _summed(conn: sqlite3.Connection, sheet: OutSheet, sheets: Sequence[OutSheet], asked: dict[str, str]) -> OutSheet:
    """A sheet of activities with what the lines of each come to, if they have lines."""
    lines = _lines_of(sheet, sheets)
    if lines is None:
        return sheet
    sums = dict(
        conn.execute(
            "SELECT l.activity_id, coalesce(sum(l.amount), 0) / 10000.0 FROM activity_lines l"
            f" JOIN activities a ON a.id = l.activity_id WHERE {_OF} GROUP BY 1",
            asked,
        ).fetchall()
    )
    at = sheet.at("amount") + 1
    same = (Where(_PARTNER, "=", sheet.at("partner")), Where(_DATE, "on", sheet.at("occurred_on")),
            Where(_REF, "=", sheet.at("ref")))  # fmt: skip
    column = OutColumn("Amount of lines", "skip", "money", figure=Figure("sum", lines.name, same, _AMOUNT))
    columns = headers_apart([*sheet.columns[:at], column, *sheet.columns[at:]])
    rows = ((*row[:at], sums.get(token_row(str(row[0]))[1]), *row[at:]) for row in sheet.rows)
    return replace(sheet, columns=columns, rows=rows)


def _lines_of(sheet: OutSheet, sheets: Sequence[OutSheet]) -> OutSheet | None:
    noun, _, kind = sheet.what.partition(":")
    return next((s for s in sheets if noun == "activity" and s.lines_of == kind), None)


def _groups(conn: sqlite3.Connection, sheets: Sequence[OutSheet], asked: dict[str, str]) -> list[_Group]:
    found = conn.execute(
        f"SELECT a.kind, {_CURRENCY}, count(a.amount) FROM activities a WHERE {_OF} GROUP BY 1, 2 ORDER BY 1, 2", asked
    ).fetchall()
    kinds = [kind for kind, *_ in found]
    by_kind = {sheet.what.removeprefix("activity:"): sheet for sheet in sheets if sheet.what.startswith("activity:")}
    return [
        _Group(kind, currency, amounts > 0, kinds.count(kind) == 1, by_kind[kind], _lines_of(by_kind[kind], sheets))
        for kind, currency, amounts in found
    ]


def _years(conn: sqlite3.Connection, ids: Sequence[int], asked: dict[str, str]) -> list[tuple[int, str]]:
    """Partners with each year in which something happened, in the order of `ids`."""
    found: dict[int, list[str]] = {}
    for partner, year in conn.execute(
        f"SELECT DISTINCT a.partner_id, substr(a.occurred_on, 1, 4) AS year FROM activities a"
        f" WHERE {_OF} AND year > substr('{EARLIEST}', 1, 4) ORDER BY year",
        asked,
    ):
        found.setdefault(partner, []).append(year)
    return [(partner, year) for partner in ids for year in found.get(partner, ())]


def _sheet(
    conn: sqlite3.Connection,
    name: str,
    groups: Sequence[_Group],
    subjects: Sequence[tuple[int, str]],
    asked: dict[str, str],
    by_year: bool = False,
) -> OutSheet:
    """A row for each of the subjects: a partner, and a year or nothing."""
    columns = [OutColumn("Partner", "partner"), OutColumn("Partner name", "partner_name")]
    if by_year:
        columns += [OutColumn("From", "skip", "date"), OutColumn("To", "skip", "date")]
    period = (2, 3) if by_year else None
    for group in groups:
        columns += group.columns(len(columns), period)
    return OutSheet(name, "skip", headers_apart(columns), _rows(conn, groups, subjects, asked, by_year))


def _rows(
    conn: sqlite3.Connection,
    groups: Sequence[_Group],
    subjects: Sequence[tuple[int, str]],
    asked: dict[str, str],
    by_year: bool,
) -> Iterator[Sequence[Any]]:
    partners = {row[0]: row[1:] for row in conn.execute("SELECT id, code, name FROM partners")}
    year_of = "substr(a.occurred_on, 1, 4)" if by_year else "''"
    key = f"a.partner_id, {year_of}, a.kind, {_CURRENCY}"
    counts = {
        tuple(row[:4]): tuple(row[4:])
        for row in conn.execute(
            f"SELECT {key}, count(*), coalesce(sum(a.amount), 0) / 10000.0, min({_DAY}), max({_DAY})"
            f" FROM activities a WHERE {_OF} GROUP BY 1, 2, 3, 4",
            asked,
        )
    }
    lines = {
        tuple(row[:4]): row[4]
        for row in conn.execute(
            f"SELECT {key}, coalesce(sum(l.amount), 0) / 10000.0 FROM activities a"
            f" JOIN activity_lines l ON l.activity_id = a.id WHERE {_OF} GROUP BY 1, 2, 3, 4",
            asked,
        )
    }
    for partner, year in subjects:
        row = [*partners[partner], *((f"{year}-01-01", f"{year}-12-31") if by_year else ())]
        for group in groups:
            row += group.values(counts, lines, partner, year)
        yield row
