"""What the sheets of a folder say of the same partners and references: keys, names, cells of which one must be wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from prm_tui.domain.mapping import NUMBERS
from prm_tui.domain.survey import Finding
from prm_tui.domain.text import folded, name_key
from prm_tui.services.survey_findings import ALIKE, Pair
from prm_tui.services.survey_sheets import Key, Said, SeenSheet, meaning

LISTED = 5_000
"""So many contradicting cells are listed; of the others it is said how many they are."""
_SOME = 4  # places of one finding are named
_MANY = 20  # so many cells, and most of a column, differ because the column means something else or was worked over


# ---- keys and names ----


def numberings(taken: Sequence[SeenSheet]) -> Iterator[Finding]:
    """Sheets whose keys are other partners in a longer sheet with the same header."""
    for pair in combinations([sheet for sheet in taken if sheet.names and sheet.key_header], 2):
        one, other = sorted(pair, key=lambda sheet: len(sheet.names))
        if one.system == other.system and not one.numbers_like(other):
            shared = sorted(one.names.keys() & other.names.keys())
            differ = [key for key in shared if not one.same_name(other, key)]
            (row, name), (there, their) = (next(iter(sheet.names[differ[0]].values())) for sheet in (one, other))
            said = (
                f"its {one.key_header} numbers other partners than in {other.place}: {len(differ):,} of {len(shared):,}"
            )
            said += f" keys in both have another name, as {differ[0]}: “{name}” or “{their}”"
            yield Finding("numbering", one.place, said, f"{one.place} row {row:,}; {other.place} row {there:,}")


@dataclass(frozen=True)
class _Named:
    """A name as it is written, where, and by which key of which system of keys; who has no key has an empty one."""

    name: str
    where: str
    key: str
    header: str
    system: int


def names(taken: Sequence[SeenSheet]) -> Iterator[Finding]:
    """Keys with several names, names with several keys, and names in several spellings; capitals and space aside."""
    by_key = defaultdict[tuple[int, str], list[_Named]](list)
    by_name = defaultdict[str, list[_Named]](list)
    for named in _all_named(taken):
        by_name[name_key(named.name)].append(named)
        if named.key:
            by_key[named.system, named.key].append(named)
    several = [found for found in by_key.values() if len({folded(n.name) for n in found}) > 1]
    for found in sorted(several, key=_one_name):  # mere spellings last
        said = "one key, several spellings" if _one_name(found) else "one key, several names"
        yield _several(f"{found[0].header} {found[0].key}", said, found)
    for found in by_name.values():
        keys = {(n.system, n.key): n.key for n in found}
        if any(count > 1 for count in Counter(system for system, key in keys if key).values()):
            said = f"one name, several keys ({found[0].header}): {_first(key for key in keys.values() if key)}"
            yield Finding("names", f"“{found[0].name}”", said, _first(n.where for n in found))
        elif len({folded(n.name) for n in found}) > 1 and not (found[0].key and len(keys) == 1):
            yield _several(f"“{found[0].name}”", "several spellings", found)


def _all_named(taken: Sequence[SeenSheet]) -> Iterator[_Named]:
    """Every name of every key once."""
    for number, system in enumerate(_systems(taken)):
        before = set[tuple[str, str]]()
        for sheet in system:
            for key, called in sheet.names.items():
                for said, (row, name) in called.items():
                    if (key, said) not in before:
                        before.add((key, said))
                        keyed = key if sheet.key_header else ""
                        yield _Named(name, f"{sheet.place} row {row:,}", keyed, sheet.key_header, number)


def _systems(taken: Sequence[SeenSheet]) -> list[list[SeenSheet]]:
    """Sheets with names of partners, those together in which the same key is the same partner."""
    systems = list[list[SeenSheet]]()
    for sheet in (s for s in taken if s.names):
        home = next((system for system in systems if any(sheet.numbers_like(other) for other in system)), None)
        if home is None:
            systems.append([sheet])
        else:
            home.append(sheet)
    return systems


def _one_name(found: Sequence[_Named]) -> bool:
    return len({name_key(n.name) for n in found}) == 1


def _several(about: str, said: str, found: Sequence[_Named]) -> Finding:
    spelt = {folded(n.name): f"“{n.name}”" for n in reversed(found)}
    return Finding("names", about, f"{said}: {' or '.join(reversed(spelt.values()))}", _first(n.where for n in found))


def _first(said: Iterable[str]) -> str:
    """The first of several, and how many there are besides."""
    listed = list(dict.fromkeys(said))
    return "; ".join(listed[:_SOME]) + (f"; and {len(listed) - _SOME:,} more" if len(listed) > _SOME else "")


# ---- the same in two sheets ----


def doubled(taken: Sequence[SeenSheet]) -> Iterator[Finding]:
    """References that two sheets of activities bring, which would count twice if they were taken for two things."""
    for pair in _alike(taken):
        one, other = sorted(pair, key=lambda sheet: len(sheet.said))
        if one.plan.noun == "activity" and not one.said.keys().isdisjoint(other.said) and one.numbers_like(other):
            shared = sum(key in other.said for key in one.said)
            said = f"{shared:,} of its {len(one.said):,} references are in {other.place}, too; what is imported last counts"
            yield Finding("doubled", one.place, said)


# ---- contradictions ----


def contradictions(taken: Sequence[SeenSheet], older: Sequence[Pair]) -> Iterator[Finding]:
    """Cells of which only one can be right: of two versions, and of two sheets that both count.

    A reference with several rows is compared by what they come to, and only with one row or as many rows; lines
    are never compared one by one. A column in which most cells differ is one finding.
    """
    found = defaultdict[tuple[str, str], list[str]](list)
    for one, other, is_version in [*((*pair, True) for pair in older), *((*pair, False) for pair in _alike(taken))]:
        if one.said.keys().isdisjoint(other.said) or not one.numbers_like(other):
            continue
        for both in _columns(one, other, is_version):
            for about, said, places in both.differences():
                found[about, said] += places  # several old versions may differ from the new one alike
    for (about, said), places in list(found.items())[:LISTED]:
        yield Finding("contradiction", about, said, _first(places))
    if len(found) > LISTED:
        more = f"{len(found) - LISTED:,} more cells differ; they are not listed"
        yield Finding("contradiction", "and others", more)


def _alike(taken: Sequence[SeenSheet]) -> Iterator[Pair]:
    """Pairs of sheets of one kind."""
    return (pair for pair in combinations(taken, 2) if pair[0].plan.what == pair[1].plan.what)


@dataclass(frozen=True)
class _Both:
    """One column of two sheets: where it stands among the compared columns of each. Of versions the first is older."""

    one: SeenSheet
    other: SeenSheet
    n: int
    m: int
    is_version: bool

    def differences(self) -> Iterator[tuple[str, str, list[str]]]:
        """What differs: about what, the values, both places; in one sentence where most does."""
        shared = [key for key in self.one.said if key in self.other.said]
        differ = [key for key in shared if self._differs(key)]
        header = self.one.compared[self.n].header
        if len(differ) > _MANY and len(differ) > ALIKE * len(shared):
            said, places = self._cells(differ[0])
            why = "worked over" if self.is_version else "hardly the same thing"
            first = f"{why}; the first is {self.one.label(differ[0])}: {said}"
            yield f"{header}, {len(differ):,} of {len(shared):,} times", first, places
        else:
            for key in differ:
                yield f"{self.one.label(key)}, {header}", *self._cells(key)

    def _cells(self, key: Key) -> tuple[str, list[str]]:
        """Both values, and both places."""
        one, other, older = self.one.said[key], self.other.said[key], " (older)" if self.is_version else ""
        here = self.one.cell(one.row, self.one.compared[self.n])
        there = self.other.cell(other.row, self.other.compared[self.m])
        return f"{_value(one, self.n)} or {_value(other, self.m)}", [f"{here}{older}", there]

    def _differs(self, key: Key) -> bool:
        mine, theirs = self.one.said[key], self.other.said[key]
        one, other = mine.values[self.n], theirs.values[self.m]
        if one is None or other is None or one == other:
            return False
        if one == "" or other == "":
            return self.is_version
        if self.one.compared[self.n].target in NUMBERS:
            if mine.rows != theirs.rows and min(mine.rows, theirs.rows) > 1:
                return False  # each may hold another part of the lines
            if isinstance(one, int | float) and isinstance(other, int | float):
                return abs(one - other) > 0.005 * max(mine.rows, theirs.rows)  # each line may have been rounded
        if self.is_version and isinstance(one, str) and isinstance(other, str):
            return one != other  # somebody changed it, and be it to capitals
        return _other(one, other)


def _columns(one: SeenSheet, other: SeenSheet, is_version: bool) -> Iterator[_Both]:
    """The columns that mean the same in two sheets. Names of partners with a key are looked at by `names`."""
    there = {meaning(column): m for m, column in enumerate(other.compared)}
    for n, column in enumerate(one.compared):
        m = there.get(meaning(column))
        if m is None or (column.target == "name" and one.names and not is_version):
            continue
        kinds = {column.type, other.compared[m].type}
        if "date" not in kinds or kinds <= {"date", "empty"}:  # a date and a text do not compare
            yield _Both(one, other, n, m, is_version)


def _other(one: Any, other: Any) -> bool:
    """Whether two values differ beyond capitals, space and the way a number is written."""
    if isinstance(one, int | float) or isinstance(other, int | float):
        try:
            return abs(float(one) - float(other)) > 1e-9 * abs(float(one))
        except ValueError:
            return True
    return folded(one) != folded(other)


def _value(said: Said, n: int) -> str:
    value = said.values[n]
    if value == "":
        return "nothing"
    if isinstance(value, float):
        value = round(value, 6)  # sums of fractions end in noise
        shown = f"{value:,.2f}" if value == round(value, 2) else f"{value:,}"
    else:
        shown = str(value)
    return f"“{shown}”" + (f" in {said.rows:,} rows" if said.rows > 1 and isinstance(value, int | float) else "")
