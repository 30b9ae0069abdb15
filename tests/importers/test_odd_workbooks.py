"""Workbooks that crash a naive reader: each is read as its manifest says, or refused in one clear line."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importers import reader, staging
from prm_tui.domain.errors import InputError

ODD = Path(__file__).parent.parent / "data" / "odd-workbooks"
with (ODD / "manifest.csv").open(encoding="utf-8", newline="") as _file:
    MANIFEST = {row["file"]: row for row in csv.DictReader(_file)}

# What a refusal must speak of, so that the person knows what to do.
SAYS = {
    "d21": "not allowed in a workbook",
    "d22": "one name",
    "d23": "damaged or was not completely copied",
    "d24": r"empty \(0 bytes\)",
    "d25": "temporary file of Excel",
    "d26": "protected by a password",
    "d27": "protected by a password",
    "d28": "Excel 4",
    "d30": "web page",
}
# Where the manifest leaves the choice to the person: rows as offered, before anyone chose another header.
OFFERED = {"d06": (5, None), "d11": (2, 1), "d07": (6, 0), "d33": (4, 133), "d35": (0, 2)}


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[[str], sqlite3.Connection]]:
    """Reads a workbook and opens what was staged."""
    opened: list[sqlite3.Connection] = []

    def reading(name: str) -> sqlite3.Connection:
        staging = tmp_path / f"staging{len(opened)}.db"
        reader.read([ODD / name], staging)
        opened.append(sqlite3.connect(staging))
        return opened[-1]

    yield reading
    for conn in opened:
        conn.close()


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_an_odd_workbook_ends_as_its_manifest_says(name: str, read: Callable[[str], sqlite3.Connection]) -> None:
    wanted = MANIFEST[name]
    try:
        conn = read(name)
    except InputError as error:
        assert wanted["expect"] not in ("accept", "accept-with-warnings", "refuse-empty"), error
        assert str(error).startswith(name) and "\n" not in str(error)
        assert error.exit_code == 4
        if name[:3] in SAYS:
            assert re.search(SAYS[name[:3]], str(error))
        return
    assert wanted["expect"] != "refuse"
    if wanted["data_rows"]:
        header, rows, width = conn.execute(
            "SELECT header_row, n_rows, (SELECT count(*) FROM columns WHERE sheet_id = s.id) FROM sheets s LIMIT 1"
        ).fetchone()
        if name[:3] in OFFERED:
            assert header == OFFERED[name[:3]][0]
            assert OFFERED[name[:3]][1] in (None, rows)
        else:
            assert (header, rows, width) in (
                (int(wanted["header_row"]), int(wanted["data_rows"]), int(wanted["columns"])),
                (0, 0, 0),  # a sheet of errors or of nothing has no table at all
            )
    conn.close()


def test_values_survive_the_reading(read: Callable[[str], sqlite3.Connection]) -> None:
    def values(name: str, column: str) -> list[object]:
        conn = read(name)
        found = [row[0] for row in conn.execute(f"SELECT {column} FROM rows_1 ORDER BY row")]
        return found

    lines = "d01-lying-dimension-partner-lines.xlsx"
    assert values(lines, "c5")[0] == "0630996510285"  # a leading zero of a barcode
    assert values(lines, "c2")[0] == "2020-06-08"
    assert values("d10-1904-date-system.xlsx", "c0")[:2] == ["2021-01-01", "2021-01-02"]
    assert 2147483648 in values("d16-ids-stored-as-number-and-text.xlsx", "c0")
    assert values("d34-csv-semicolon-decimal-comma.csv", "c0")[0]
    assert values("d37-csv-json-in-cell.csv", "c1") == ['{"type": "Point", "coordinates": [102.0, 0.5]}']
    assert values("d36-csv-line-breaks-and-doubled-quotes.csv", "c1")


def test_serials_without_a_format_count_from_the_workbooks_own_beginning(tmp_path: Path) -> None:
    """43831 is 2020-01-01, or 2024-01-02 in a workbook that counts from 1904."""
    import xlsxwriter

    for since_1904, wanted in ((False, "2020-01-01"), (True, "2024-01-02")):
        path = tmp_path / f"{since_1904}.xlsx"
        with xlsxwriter.Workbook(str(path), {"date_1904": since_1904}) as book:
            sheet = book.add_worksheet()
            sheet.write_column(0, 0, ["Order No", "A1", "A2"])
            sheet.write_column(0, 1, ["Order Date", 43831, 43832])
        staged = tmp_path / f"{since_1904}.db"
        reader.read([path], staged)
        conn = staging.connect(staged)
        assert conn.execute("SELECT c1 FROM rows_1 ORDER BY row").fetchone() == (wanted,)
        conn.close()
