"""Which sheets of a folder are copies or older versions of others, and which months none of them brings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from prm_tui.domain.survey import Finding
from prm_tui.services.survey_sheets import SeenSheet

ALIKE = 0.5
"""Such a part of what one sheet is about must be in another for it to be a version of that."""
_SHARED = 0.2  # of the partners of one sheet must be in another for the two to be one stream
_MONTHLY = 0.75  # of its months must have rows for a stream to be one that has some every month
_MINUTE = 60  # files copied together differ by seconds, which tell nothing
_COPY = re.compile(r"\b(copy|kopie|copie|old|alt|backup|archive)\b|\(\d\)", re.IGNORECASE)

Pair = tuple[SeenSheet, SeenSheet]


# ---- copies and versions ----


def copies(seen: Sequence[SeenSheet]) -> Iterator[Finding]:
    """Sheets with the same rows under the same headers, whatever their names, order of columns or format.

    All but one of them get the fate copy.
    """
    groups = defaultdict[tuple[str, frozenset[int]], list[SeenSheet]](list)
    many = Counter(sheet.found.file for sheet in seen)
    for sheet in seen:
        if sheet.rows:
            groups[sheet.plan.header_hash, sheet.rows].append(sheet)

    def worth(sheet: SeenSheet) -> tuple[bool, int, int, str]:
        """What is called a copy comes last, a workbook that holds several sheets together comes first."""
        file = sheet.found.file
        return bool(_COPY.search(file)), -many[file], len(file), file

    for group in groups.values():
        kept, *others = sorted(group, key=worth)
        for other in others:
            other.found.fate = "copy"
            yield Finding("copy", other.place, f"the same as {kept.place}")


def versions(seen: Sequence[SeenSheet]) -> Iterator[tuple[Finding, Pair | None]]:
    """Sheets that lie within another, and those that are an older version of another: these with the pair, older first.

    The older one gets the fate superseded.
    """
    groups = defaultdict[str, list[SeenSheet]](list)
    for sheet in seen:
        if sheet.found.fate == "take" and sheet.rows:
            groups[sheet.plan.what].append(sheet)
    for group in groups.values():
        ordered = sorted(group, key=_age)
        for n, older in enumerate(ordered):
            for newer in reversed(ordered[n + 1 :]):
                if older.plan.header_hash == newer.plan.header_hash and older.rows < newer.rows:
                    older.found.fate = "superseded"
                    said = f"all its {older.found.rows:,} rows are in {newer.place}"
                    yield Finding("superseded", older.place, said), None
                    break
                if _is_version(older, newer):
                    older.found.fate = "superseded"
                    yield Finding("version", older.place, _version_said(older, newer)), (older, newer)
                    break


def _age(sheet: SeenSheet) -> tuple[date, int, float]:
    return sheet.found.last_on or date.min, sheet.found.rows, sheet.changed


def _is_version(older: SeenSheet, newer: SeenSheet) -> bool:
    """Whether both are about the same things, so that only one of them can count.

    Activities add up, so all references of the older one must be in the newer one, and half of its very rows. A list
    of partners or persons may have got columns, but none may be lost. A short list that was saved after the long one
    corrects it: both count.
    """
    same = older.plan.header_hash == newer.plan.header_hash
    if not older.said or older.said.keys().isdisjoint(newer.said) or not older.numbers_like(newer):
        return False
    if older.changed >= newer.changed + _MINUTE and len(older.said) < ALIKE * len(newer.said):
        return False
    if older.plan.noun == "activity":
        mostly = len(older.rows & newer.rows) >= ALIKE * len(older.rows)
        return same and mostly and older.said.keys() <= newer.said.keys()
    grown = older.plan.noun in ("partners", "people") and _headers(older) <= _headers(newer)
    return (same or grown) and len(older.said.keys() & newer.said.keys()) > ALIKE * len(older.said)


def _headers(sheet: SeenSheet) -> set[str]:
    return {column.header.casefold() for column in sheet.plan.columns}


def _version_said(older: SeenSheet, newer: SeenSheet) -> str:
    """Which of two versions counts and why, and what the other one has that is not in it."""
    parts = []
    if older.plan.header_hash == newer.plan.header_hash:
        other = len(older.rows - newer.rows)
        parts.append(f"{other:,} of its {older.found.rows:,} rows {'is' if other == 1 else 'are'} other there")
    else:
        more = [c.header for c in newer.plan.columns if c.header.casefold() not in _headers(older)]
        parts.append(f"there it has the column{'s' * (len(more) > 1)} {', '.join(more)} besides")
    gone = [older.label(key) for key in older.said if key not in newer.said]
    if gone:
        those = ", ".join(gone[:3]) + (" …" if len(gone) > 3 else "")
        parts.append(f"{len(gone):,} {'is' if len(gone) == 1 else 'are'} only here: {those}")
    return f"{_why_newer(older, newer)}: {'; '.join(parts)}"


def _why_newer(older: SeenSheet, newer: SeenSheet) -> str:
    old, new = (datetime.fromtimestamp(s.changed).strftime("%Y-%m-%d %H:%M") for s in (older, newer))
    said = f"an older version of {newer.place}, "
    though = f", though its file is older ({new}, not {old})" if new < old else ""
    if older.found.last_on != newer.found.last_on:
        return f"{said}which goes further (to {newer.found.last_on}, not {older.found.last_on or 'any date'}){though}"
    if older.found.rows != newer.found.rows:
        return f"{said}which has more rows ({newer.found.rows:,}, not {older.found.rows:,}){though}"
    if old != new:
        return f"{said}whose file is newer ({new}, not {old})"
    return f"a version of {newer.place}; nothing tells which is newer (as many rows, saved in the same minute)"


# ---- missing periods ----


def periods(taken: Sequence[SeenSheet]) -> Iterator[Finding]:
    """Sheets without a date, and months without a row between the first and the last of a stream."""
    for sheet in taken:
        if sheet.undated:
            yield Finding("missing", sheet.place, f"no row of {sheet.found.rows:,} has a date; none can be taken")
    for stream in _streams([sheet for sheet in taken if sheet.months]):
        yield from _gaps(stream)


def _streams(sheets: Sequence[SeenSheet]) -> list[list[SeenSheet]]:
    """Sheets of activities that belong together: of one kind, with the same headers or a good part of the partners."""
    streams = list[list[SeenSheet]]()
    for sheet in sheets:
        joined = [stream for stream in streams if any(_one_stream(sheet, other) for other in stream)]
        streams = [stream for stream in streams if stream not in joined]
        streams.append([sheet, *(other for stream in joined for other in stream)])
    return [sorted(stream, key=lambda s: (min(s.months), s.place)) for stream in streams]


def _one_stream(one: SeenSheet, other: SeenSheet) -> bool:
    if one.plan.what != other.plan.what:
        return False
    if one.plan.header_hash == other.plan.header_hash:
        return True
    shared = len(one.whose & other.whose)
    return shared > _SHARED * min(len(one.whose), len(other.whose)) and one.numbers_like(other)


def _gaps(stream: Sequence[SeenSheet]) -> Iterator[Finding]:
    """Months between two sheets that neither brings; more mildly, those in which a monthly sheet has nothing.

    Where rows are few and far between, months between two sheets are said only if they are more than the sheets
    themselves leave out.
    """
    what, there = stream[0].plan.what, set[str]().union(*(sheet.months for sheet in stream))
    missing = [month for month in _months(min(there), max(there)) if month not in there]
    inside = [m for m in missing if any(min(s.months) < m < max(s.months) for s in stream)]
    monthly = len(there) >= _MONTHLY * (len(there) + len(inside))
    usual = max((len(run) for run in _runs(inside)), default=0)
    for run in _runs([month for month in missing if month not in inside]):
        if monthly or len(run) > usual:
            before = max((s for s in stream if max(s.months) < run[0]), key=lambda s: max(s.months))
            after = min((s for s in stream if min(s.months) > run[-1]), key=lambda s: min(s.months))
            ends, begins = f"{before.place} ends on {before.found.last_on}", f"begins on {after.found.first_on}"
            yield Finding("missing", what, f"no sheet brings {_spoken(run)}: {ends}, {after.place} {begins}")
    if inside and monthly:
        said = f"no row is dated in {', '.join(map(_spoken, _runs(inside)))}, though {len(there):,} months have some"
        places = [s.place for s in stream if any(min(s.months) < m < max(s.months) for m in inside)]
        yield Finding("missing", what, f"{said}; perhaps nothing happened", "; ".join(places))


def _months(first: str, last: str) -> Iterator[str]:
    year, month = int(first[:4]), int(first[5:7])
    while f"{year:04}-{month:02}" <= last:
        yield f"{year:04}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _runs(months: Sequence[str]) -> list[list[str]]:
    """Months in order, those that follow each other together."""
    runs: list[list[str]] = []
    for month in months:
        if runs and list(_months(runs[-1][-1], month))[1:] == [month]:
            runs[-1].append(month)
        else:
            runs.append([month])
    return runs


def _spoken(run: Sequence[str]) -> str:
    return run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}"
