"""What a column holds, decided as a whole and with its reason: text, number, date, or nothing.

Runs over the staging table after a sheet is in it: SQL counts, Python only where text must be parsed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from importers import dates
from prm_tui.domain.mapping import as_you_said

_ISO = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
_NUMBER = re.compile(r"^[-+(]?[£$€¥]?\s?[-+]?\d[\d.,'\u00a0\u202f ]*\)?\s?[%€£$]?$")
_SAMPLE = 500
_ROWS = 2_000
_FEW = 50
DAY_ZERO = "1899-12-30"
"""Day 0 of a spreadsheet's dates; 1904-01-01 in workbooks that count from 1904."""
_COMMA = "numbers with a decimal comma"
_POINT = "numbers with a decimal point"
_USUAL = re.compile(r"[^\d.,]*\d*([.,])(?:\d\d?|\d{4,})[^\d.,]*")
_GROUPED = {
    ".": re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?"),  # groups of two: 12,34,567 in India
    ",": re.compile(r"\d{1,3}(?:\.\d{2,3})*\.\d{3}(?:,\d*)?"),
}


@dataclass(frozen=True)
class Column:
    """What a column holds: text, number, date, date? (asked) or empty; how that was decided; how many cells are filled;
    an example. `orders`: the possible answers where it must be asked how dates are written, `asked` an example of that.
    """

    type: str
    decided: str
    filled: int = 0
    example: str = ""
    orders: tuple[str, ...] = ()
    asked: str = ""


def decide(
    conn: sqlite3.Connection,
    table: str,
    width: int,
    *,
    codes: frozenset[int] = frozenset(),
    dated: frozenset[int] = frozenset(),
    rewrite: bool = True,
    day_zero: str = DAY_ZERO,
) -> list[Column]:
    """What each column holds.

    Numbers and dates that a text file wrote as text are turned into numbers and ISO dates in place, but
    not without `rewrite`: in a sheet that prm wrote, text is text. Columns in `codes` (phones, post codes)
    stay text, digits and all; under the headers of those in `dated` numbers may be dates: days since `day_zero`.
    """
    counts = _counts(conn, table, width)
    found = list[Column]()
    for pos in range(width):
        name = f"c{pos}"
        filled, numbers, iso = counts[pos]
        if pos in codes and filled and rewrite and not iso:
            if numbers:
                conn.execute(f"UPDATE {table} SET {name} = CAST({name} AS TEXT) WHERE typeof({name}) <> 'text'")
            column = Column("text", "text: its digits are a code")
        else:
            column = _kind(conn, table, name, filled, numbers, iso, rewrite, says_date=pos in dated, day_zero=day_zero)
        example = conn.execute(f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL LIMIT 1").fetchone()
        shown = column.asked or ("" if example is None else str(example[0])[:80])
        found.append(replace(column, filled=filled, example=shown))
    habits = {column.decided for column in found} & {_COMMA, _POINT}
    for pos, column in enumerate(found):
        if column.type == "number?":
            reread(conn, table, f"c{pos}", lambda text: read_number(text, habits == {_COMMA}))
            found[pos] = replace(column, type="number", decided=_how_read(column.decided, habits))
    return found


def _counts(
    conn: sqlite3.Connection, table: str, width: int, columns: Sequence[str] = ()
) -> list[tuple[int, int, int]]:
    """For each column how many cells are filled, how many are numbers, and how many are ISO dates.

    Numbers sort before all text. Dates are counted where a sample of the rows has one, or too few cells to tell:
    elsewhere it would cost more than all the rest, and a single date among texts makes no column of dates.
    """
    names = columns or [f"c{n}" for n in range(width)]
    listed = ", ".join(f"count({name}), sum({name} < '')" for name in names)
    told = conn.execute(f"SELECT count(*), {listed} FROM {table}").fetchone()
    sampled = ", ".join(f"count({name}), sum({name} GLOB '{_ISO}')" for name in names)
    dated = conn.execute(f"SELECT {sampled} FROM {table} WHERE row % ? = 0", (max(1, told[0] // _ROWS),)).fetchone()
    found = []
    for n, name in enumerate(names):
        filled, numbers = told[1 + n * 2], told[2 + n * 2] or 0
        looked, dates_seen = dated[n * 2], dated[1 + n * 2]
        iso = 0
        if dates_seen or looked < min(filled, _FEW):
            iso = conn.execute(f"SELECT sum({name} GLOB '{_ISO}') FROM {table}").fetchone()[0]
        found.append((filled, numbers, iso or 0))
    return found


def _kind(
    conn: sqlite3.Connection,
    table: str,
    name: str,
    filled: int,
    numbers: int,
    iso: int,
    rewrite: bool,
    *,
    says_date: bool,
    day_zero: str,
) -> Column:
    if not filled:
        return Column("empty", "no cell is filled")
    if not rewrite:
        if numbers == filled:
            return Column("number", "every cell is a number")
        return Column("date" if iso == filled else "text", "as prm wrote it")
    how = _serials(conn, table, name, filled, day_zero) if says_date and iso < filled else None
    if how:
        filled, numbers, iso = _counts(conn, table, 0, [name])[0]
        if iso == filled:
            return Column("date", how)
    if numbers == filled:
        return Column("number", "every cell is a number")
    if iso == filled:
        return Column("date", "dates")
    sample = _texts(conn, table, name, _SAMPLE)
    share = dates.like(sample) if iso < filled - numbers else 1.0
    likely = iso + share * (filled - numbers - iso)
    if likely >= 0.6 * filled or (says_date and likely > 0):
        return _dates(conn, table, name, iso, numbers)
    if sample and numbers + iso == 0 and all(_NUMBER.match(t) for t in sample):
        texts = list(_texts(conn, table, name))
        if all(_NUMBER.match(t) for t in texts) and not _is_code(texts):
            return _numbers(conn, table, name, texts)
    return Column("text", "some cells are numbers, some text" if numbers else "text")


def _numbers(conn: sqlite3.Connection, table: str, name: str, texts: list[str]) -> Column:
    """A column of numbers written as text; `number?` where the habit of the other columns must tell (`_how_read`)."""
    said = set(map(_decimal, texts)) - {""}
    if "?" in said:
        return Column("text", "text")
    if len(said) > 1:
        return Column("text", "text: some have a decimal comma, some a decimal point")
    if not said and (marks := {mark for text in texts for mark in ",." if mark in text}):
        return Column("number?", " ".join(sorted(marks)))
    reread(conn, table, name, lambda text: read_number(text, said == {","}))
    return Column("number", {",": _COMMA, ".": _POINT}.get("".join(said), "numbers written as text"))


def _how_read(marks: str, habits: set[str]) -> str:
    """How numbers were read in which exactly three digits follow each comma or point.

    As all other columns are written, where these agree; else commas group thousands and points begin decimals.
    Whoever writes a decimal comma would hardly write three decimals in every row; the reading is said.
    """
    if len(habits) == 1:
        return f"{min(habits)}, as in the other columns"
    if marks == ".":
        return "numbers written as text; their points begin decimals, though three digits follow each"
    return "numbers written as text; their commas group thousands, as three digits follow each"


def settle(conn: sqlite3.Connection, sheet: int, pos: int, answer: str) -> str:
    """Turn the dates of an asked column into ISO dates as a person answered (one of mapping.ORDERS); how it is said.

    What is no date stays as it is and is refused later.
    """
    table, column = f"rows_{sheet}", f"c{pos}"
    found = dates.find(_texts(conn, table, column))
    if answer == "swapped":
        conn.execute(
            f"UPDATE {table} SET {column} = substr({column}, 1, 5) || substr({column}, 9, 2) || '-' || substr({column}, 6, 2)"
            f" || substr({column}, 11) WHERE {column} GLOB '{_ISO}' AND substr({column}, 9, 2) <= '12'"
        )
    reading = found.with_answer(answer)
    reread(conn, table, column, lambda text: reading(text) or text)
    decided = as_you_said(answer)
    conn.execute(
        "UPDATE columns SET type = 'date', orders = '', decided = ? WHERE sheet_id = ? AND pos = ?",
        (decided, sheet, pos),
    )
    return decided


def _texts(conn: sqlite3.Connection, table: str, column: str, limit: int = -1) -> dict[str, int]:
    """The different texts of a column that are no ISO dates, with how many rows have each."""
    return dict(
        conn.execute(
            f"SELECT {column}, count(*) FROM (SELECT {column} FROM {table} WHERE typeof({column}) = 'text'"
            f" AND NOT {column} GLOB '{_ISO}' LIMIT ?) GROUP BY 1",
            (limit,),
        ).fetchall()
    )


def _dates(conn: sqlite3.Connection, table: str, column: str, iso: int, numbers: int) -> Column:
    """A column of dates: its texts turned into ISO dates where it is settled how they are written."""
    texts = _texts(conn, table, column)
    latest = conn.execute(f"SELECT max(substr({column}, 9, 2)) FROM {table} WHERE {column} GLOB '{_ISO}'").fetchone()[0]
    found = dates.find(texts, iso, int(latest or 0))
    if found.ask:
        return Column("date?", found.why, orders=found.ask, asked=found.example)
    reading = found.with_answer("day-first")
    left = sum(rows for text, rows in texts.items() if reading(text) is None) + numbers
    if texts:
        reread(conn, table, column, lambda text: reading(text) or text)
    if left:
        return Column("date", f"{found.why if texts else 'dates'}, but {left:,} cells are none")
    return Column("date", found.why if texts else "dates")


def _serials(conn: sqlite3.Connection, table: str, column: str, filled: int, day_zero: str) -> str | None:
    """Turn numbers under a header that says date into dates, if nearly all are such numbers; how, or None.

    Days since 1899-12-30, as spreadsheets count (20,000 is 1954, 80,000 is 2119), or since 1904; or year, month and
    day written together.
    """
    number = (
        f"CASE WHEN {column} < '' THEN {column} WHEN {column} NOT GLOB '*[^0-9]*' THEN CAST({column} AS INTEGER) END"
    )
    serial = f"{number} BETWEEN 20000 AND 80000"
    joined = f"substr({column}, 1, 4) || '-' || substr({column}, 5, 2) || '-' || substr({column}, 7, 2)"
    compact = f"{number} BETWEEN 19000101 AND 21001231 AND length({column}) = 8 AND date({joined}) IS {joined}"
    for test, value, why in (
        (serial, f"date('{day_zero}', CAST({column} AS INTEGER) || ' days')", "serial dates of a spreadsheet"),
        (compact, joined, "year, month and day written together"),
    ):
        count, example, shown = conn.execute(
            f"SELECT count(*), min({column}), min({value}) FROM {table} WHERE {test}"
        ).fetchone()
        if count >= 0.6 * filled:
            conn.execute(f"UPDATE {table} SET {column} = {value} WHERE {test}")
            return f"{why}: {example} is {shown}"
    return None


def _is_code(texts: list[str]) -> bool:
    """Leading zeros and more than 15 digits tell a code, a phone or an account number from a quantity."""
    digits = [re.sub(r"\D", "", t) for t in texts]
    return any(
        len(d) > 15 or (len(d) > 1 and d[0] == "0" and t[:2].isdigit()) for d, t in zip(digits, texts, strict=True)
    )


def _decimal(text: str) -> str:
    """The mark that must begin the decimals in a number, “,” or “.”; empty when nothing tells.

    Of two kinds it is the last; one that stands twice only groups; one that three digits follow may do either,
    unless it stands after a lone zero or after more digits than a group has. “?” where the groups are none.
    """
    if usual := _USUAL.fullmatch(text):
        return usual[1]
    commas, points = text.count(","), text.count(".")
    if not commas and not points:
        return ""
    clean = re.sub(r"[^\d.,]", "", text)
    if commas + points > 1:
        mark = "," if clean.rfind(",") > clean.rfind(".") else "."
        if not (commas and points):
            mark = "." if commas else ","
        return mark if _GROUPED[mark].fullmatch(clean) else "?"
    mark = "," if commas else "."
    whole, _, rest = clean.partition(mark)
    return "" if len(rest) == 3 and 0 < len(whole) <= 3 and whole != "0" else mark


def read_number(text: str, comma: bool) -> int | float | str:
    """A number written as text; the text itself when it is none."""
    negative = text.strip().startswith(("-", "(")) or "-" in text[:3]
    clean = re.sub(r"[^\d.,]", "", text)
    clean = clean.replace(".", "").replace(",", ".") if comma else clean.replace(",", "")
    try:
        value = float(clean)
    except ValueError:
        return text
    value = -value if negative else value
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def as_numbers(conn: sqlite3.Connection, table: str, column: str) -> None:
    """Read what can be read as numbers in a column that must hold them; the rest stays text and is refused."""
    texts = [t for (t,) in conn.execute(f"SELECT DISTINCT {column} FROM {table} WHERE typeof({column}) = 'text'")]
    said = {mark for text in texts if _NUMBER.match(text) and (mark := _decimal(text)) in (",", ".")}

    def read(text: str) -> Any:
        mark = _decimal(text)
        open_ = not mark and len(said) > 1 and ("," in text or "." in text)
        if not _NUMBER.match(text) or mark == "?" or open_:
            return text  # a thousandfold of what was meant would be worse than a refusal
        return read_number(text, "," in (mark or said))

    reread(conn, table, column, read)


def reread(conn: sqlite3.Connection, table: str, column: str, read: Callable[[str], Any]) -> None:
    """Every text of a column as it is read."""
    conn.create_function("reread", 1, read, deterministic=True)
    conn.execute(f"UPDATE {table} SET {column} = reread({column}) WHERE typeof({column}) = 'text'")
