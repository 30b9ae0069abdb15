"""A sheet of a folder as a survey sees it: its rows as hashes, and what it says of each partner, reference or person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from importers import aliases
from prm_tui.domain.mapping import NUMBERS, REASON, ColumnPlan, SheetPlan
from prm_tui.domain.survey import FoundSheet
from prm_tui.domain.text import folded, name_key, trimmed

if TYPE_CHECKING:
    import sqlite3

BY_NAME = "name"
"""The system of keys of those who are known by their names."""
_NAMED = 0.2  # of the keys in two sheets must have the same name for them to be the same keys; by chance none has
_FEW = 5  # so many keys in two sheets tell by their names whether they are the same keys
_ABOUT = {
    "people": (("key",), ("name",)),
    "partners": (("code",), ("name",)),
    "contacts": (("partner", "name"),),
    "record": (("partner", "ref"), ("partner", "name", "starts_on"), ("partner", "starts_on")),
    "activity": (("partner", "ref"),),
}
"""Which columns tell what a row is about: the first of these that a sheet has completely."""
_COMPARED = ("occurred_on", "starts_on", "ends_on", "status", "amount", "quantity", "currency")
"""What two sheets can contradict each other in about a reference; about partners and persons it is every column."""

Key = tuple[str, ...]


@dataclass(slots=True)
class Said:
    """What a sheet says of one thing: in which row first, in how many, and the value of each compared column.

    Amounts and quantities of several rows are added up; of anything else the rows disagree on, None is left.
    """

    row: int
    rows: int
    values: list[Any]


@dataclass
class SeenSheet:
    """A sheet while the folder is read.

    `changed`: when its file was, as epoch seconds; `rows`: its rows as hashes; `months` with a row; `compared`: the
    columns whose values `said` keeps by what they are about; `names` of partners by key: folded name → row and name;
    `whose`: the partners its rows belong to, folded.
    """

    found: FoundSheet
    plan: SheetPlan
    changed: float
    rows: frozenset[int] = frozenset()
    months: frozenset[str] = frozenset()
    compared: Sequence[ColumnPlan] = ()
    said: dict[Key, Said] = field(default_factory=dict)
    names: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)
    whose: set[str] = field(default_factory=set)

    @property
    def place(self) -> str:
        """File and sheet, as they are named to a person."""
        return self.found.place

    @property
    def undated(self) -> bool:
        """Whether its rows need a date and none has one, not even one that must be asked for."""
        day = self.plan.column("occurred_on")
        return day is not None and not day.orders and not self.months

    @cached_property
    def key_header(self) -> str:
        """The header of the keys of its partners; empty where they are known by name."""
        column = self.plan.column("code" if self.plan.noun == "partners" else "partner")
        return "" if column is None or aliases.partner_name(column.header) else column.header

    @cached_property
    def system(self) -> str:
        """Which keys its partners have, in the words of their header: “Dealer No” is dealer."""
        header = aliases.words(self.key_header)
        if not header:
            return BY_NAME
        return next((header.removesuffix(k).strip() for k in aliases.KEY_WORDS if header.endswith(k)), header)

    @cached_property
    def gives(self) -> set[str]:
        """The partners it brings, by key and by name, folded."""
        if self.plan.noun != "partners":
            return set()
        return {folded(key) for key in self.names} | {name for called in self.names.values() for name in called}

    def same_name(self, other: SeenSheet, key: str) -> bool:
        """Whether a key has a name in common in both sheets, give or take punctuation and legal form."""
        mine, theirs = self.names[key], other.names[key]
        return bool(mine.keys() & theirs.keys() or set(map(name_key, mine)) & set(map(name_key, theirs)))

    def numbers_like(self, other: SeenSheet) -> bool:
        """Whether a key is the same partner in both sheets: supplier 5 and dealer 5 are two, whatever the numbers.

        Enough shared keys tell by the names behind them; few do by a name in common or the word in their headers.
        """
        shared = self.names.keys() & other.names.keys()
        agreeing = sum(self.same_name(other, key) for key in shared)
        if len(shared) >= _FEW and BY_NAME not in (self.system, other.system):
            return agreeing >= _NAMED * len(shared)
        return agreeing > 0 or (self.system != "" and self.system == other.system)

    def cell(self, row: int, column: ColumnPlan) -> str:
        """A cell, as it is named to a person."""
        return f"{self.place} row {row:,}, {column.header}"

    def label(self, key: Key) -> str:
        """What rows are about, as a person would call it: Bolt (2), order A1 of 7."""
        noun = self.plan.noun
        if noun == "activity" or (noun == "record" and len(key) == 2):
            return f"{self.plan.kind} {key[1]} of {key[0]}"
        called = next((name for _, name in self.names.get(key[0], {}).values()), "") if noun == "partners" else ""
        if called:
            return f"{called} ({key[0]})" if self.key_header else called
        return ", ".join(key)


def meaning(column: ColumnPlan) -> str:
    """What a column means beyond the word in its header, where that is known; else that word."""
    return column.key if column.target in ("data", "skip") else column.target


def see(conn: sqlite3.Connection, name: str, changed: float, plan: SheetPlan) -> SeenSheet:
    """Look through the rows of a staged sheet of the file called `name`."""
    fate = "left out" if plan.what == "skip" else "take"
    found = FoundSheet(name, plan.sheet, plan.what, plan.why, plan.rows, fate=fate)
    seen = SeenSheet(found, plan, changed)
    if not plan.rows:
        return seen
    columns = sorted((c for c in plan.columns if c.header != REASON), key=lambda c: c.header.casefold())
    at = {c.target: n for n, c in enumerate(columns)}
    about = next((targets for targets in _ABOUT.get(plan.noun, ()) if all(t in at for t in targets)), ())
    kept = _kept(columns, plan.noun, about)
    seen.compared = [columns[n] for n in kept]
    day_at = at.get("occurred_on", at.get("starts_on"))
    remember, hashes, days = _rememberer(seen, at, about, kept), set[int](), set[str]()
    listed = ", ".join(f"c{c.pos}" for c in columns)
    for row, *cells in conn.execute(f"SELECT row, {listed} FROM {plan.table} ORDER BY row"):
        said = [_as_text(cell) for cell in cells]
        hashes.add(hash(tuple(said)))
        if day_at is not None:
            days.add(said[day_at][:10])
        remember(row, cells, said)
    seen.rows = frozenset(hashes)
    dated = sorted(day for day in days if _is_day(day))
    if dated:
        found.first_on, found.last_on = date.fromisoformat(dated[0]), date.fromisoformat(dated[-1])
    if "occurred_on" in at:
        seen.months = frozenset(day[:7] for day in dated)
    return seen


def _kept(columns: Sequence[ColumnPlan], noun: str, about: Sequence[str]) -> list[int]:
    """Which columns two sheets are compared in. Days and months that nothing settles cannot be compared."""
    if noun in ("activity", "record"):
        wanted = [n for n, c in enumerate(columns) if c.target in _COMPARED and c.target not in about]
    else:
        wanted = [n for n, c in enumerate(columns) if c.target not in (*about, "id")]
    return [n for n in wanted if not columns[n].orders]


def _rememberer(
    seen: SeenSheet, at: dict[str, int], about: Sequence[str], kept: Sequence[int]
) -> Callable[[int, list[Any], list[str]], None]:
    """What keeps, row by row, what a sheet says of whom."""
    plan, key_at = seen.plan, [at[target] for target in about]
    sums = plan.noun in ("activity", "record")
    summed = [sums and column.target in NUMBERS for column in seen.compared]
    code_at = at.get("code", at.get("name")) if plan.noun == "partners" else at.get("partner")
    name_at = at.get("name") if plan.noun == "partners" else at.get("partner_name", code_at)
    owner_at = at.get("partner")
    before = set[str | tuple[str, str]]()  # most partners stand in many rows

    def remember(row: int, cells: list[Any], said: list[str]) -> None:
        if owner_at is not None and said[owner_at] and said[owner_at] not in before:
            before.add(said[owner_at])
            seen.whose.add(folded(said[owner_at]))
        if code_at is not None and name_at is not None and (said[code_at], said[name_at]) not in before:
            code, name = said[code_at], said[name_at]
            before.add((code, name))
            if code and name and not (code_at == name_at and seen.key_header):  # keys alone are no names
                key = folded(code) if code_at == name_at else code
                seen.names.setdefault(key, {}).setdefault(folded(name), (row, name))
        about_this = tuple([said[n] for n in key_at])
        if not key_at or "" in about_this:
            return
        if about == ("name",):
            about_this = (folded(about_this[0]),)
        known = seen.said.get(about_this)
        if known is None or sums:
            values = [cells[n] if type(cells[n]) in (int, float) else said[n] for n in kept]
            if known is None:
                seen.said[about_this] = Said(row, 1, values)
            else:
                known.rows += 1
                known.values = list(map(_together, known.values, values, summed))

    return remember


def _together(one: Any, other: Any, summed: bool) -> Any:
    if summed and isinstance(one, int | float) and isinstance(other, int | float):
        return one + other
    return one if one == other else None


@lru_cache(maxsize=100_000)
def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else trimmed(str(cell))


@lru_cache(maxsize=10_000)
def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text)) and len(text) == 10
    except ValueError:
        return False
