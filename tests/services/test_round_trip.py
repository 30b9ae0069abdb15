"""Laws of what goes out and comes back, over generated hostile data."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm_tui.domain.exchange import Choices
from prm_tui.services import exchange, export, files, history, partners
from storage import Store

DAY = date(2026, 3, 1)
NASTY = (
    "=1+1", "+49 89 1", "-5", "@home", "'quoted", "''twice", "0012", "1e5", "12345678901234567", "1,5", "3/4/2026",
    "2026-01-02", "TRUE", "yes", "NaN", "#REF!", "_x000D_", "_x0041_", "a,b;c\td|e", '"quote"', "line\nbreak", "<b>&amp;",
    "[bold]x[/]", "日本語", "Ω≈ç", "\u202eabc", "🙂", "DROP TABLE partners;--", "sep=;", "Total", "prm id", "null", "a" * 300,
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co"), blacklist_characters="\ufeff\u200b"), max_size=12
    ),
)
numbers = st.one_of(
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12),
)
customs = st.dictionaries(
    st.sampled_from(["phone", "city", "volume", "since"]), st.one_of(texts, numbers, st.dates().map(str))
)
rows = st.lists(st.tuples(texts, texts, customs), min_size=1, max_size=20)


@contextmanager
def file_with(made: list[tuple[str, str, dict[str, Any]]]) -> Iterator[tuple[Store, Path]]:
    with TemporaryDirectory() as folder, files.open_file(Path(folder) / "p.db", create=True) as store:
        with store.change("made", actor=None, as_of=DAY) as change:
            for key in ("phone", "city", "volume", "since"):
                kind = {"volume": "number", "since": "date"}.get(key, "text")
                change.conn.execute(
                    "INSERT INTO fields(tbl, kind, key, label, type, change_id) VALUES ('partner', '', ?, ?, ?, ?)",
                    (key, key.title(), kind, change.id),
                )
            for n, (name, territory, custom) in enumerate(made):
                kept = {k: v.strip() if isinstance(v, str) else v for k, v in custom.items()}
                change.conn.execute(
                    "INSERT INTO partners(code, name, territory, custom, name_key, search, change_id)"
                    " VALUES (?, trimmed(?), nullif(trimmed(?), ''), ?, 'x', 'x', ?)",
                    (
                        f"{n:03}",
                        f"N{name}",
                        territory,
                        json.dumps({k: v for k, v in kept.items() if v != ""}),
                        change.id,
                    ),
                )
        yield store, Path(folder)


@settings(max_examples=40, deadline=None)
@given(rows, st.sampled_from(["xlsx", "csv"]))
def test_what_went_out_and_comes_back_untouched_changes_nothing(made: list[Any], suffix: str) -> None:
    with file_with(made) as (store, folder):
        out = folder / f"all.{suffix}"
        export.write(store, "partners", out)
        with exchange.read(store, [out]) as reading:
            report = exchange.commit(store, reading, actor=None, as_of=DAY)
        (sheet,) = [s for s in report.sheets if s.plan.what == "partners"]
        assert (sheet.new, sheet.changed, sheet.cells, sheet.refused) == (0, 0, [], [])
        assert report.change is None and sheet.same == len(made)


VALUES = (None, "A", "B", "=C")


@pytest.mark.parametrize("base", VALUES)
def test_the_merge_table(base: str | None) -> None:
    """For every base, theirs and ours: take(base, theirs, base) = theirs, keep, same, or a conflict."""
    cases = list(itertools.product(VALUES, VALUES))
    with file_with([(f"P{n}", base or "", {}) for n in range(len(cases))]) as (store, folder):
        out = folder / "out.xlsx"
        export.write(store, "partners", out)
        for n, (_, ours) in enumerate(cases):
            partners.edit(store, partners.resolve(store, f"{n:03}"), {"territory": ours or ""}, actor=None, as_of=DAY)
        book = openpyxl.load_workbook(out)
        page = book["Partners"]
        at = [c.value for c in page[1]].index("Territory") + 1
        for row in range(2, page.max_row + 1):
            cell = page.cell(row, at)
            cell.value = cases[int(str(page.cell(row, 2).value))][0]
            if cell.value and str(cell.value).startswith("="):
                cell.data_type = "s"
        book.save(out)
        with exchange.read(store, [out]) as reading:
            looked = exchange.preview(store, reading)
            conflicts = {c.subject for c in looked.sheets[0].cells if c.conflict}
            done = exchange.commit(store, reading, Choices(prefer="ours"), actor=None, as_of=DAY)
        found = dict(store.conn.execute("SELECT CAST(code AS INTEGER), territory FROM partners"))
        for n, (theirs, ours) in enumerate(cases):
            clash = theirs != base and ours != base and theirs != ours
            assert (f"NP{n}" in conflicts) == clash, (base, theirs, ours)
            assert found[n] == (theirs if ours == base else ours), (base, theirs, ours)
        if done.change is not None:
            history.undo(store, done.change, actor=None, as_of=DAY)
        after = dict(store.conn.execute("SELECT CAST(code AS INTEGER), territory FROM partners"))
        assert after == {n: ours for n, (_, ours) in enumerate(cases)}
