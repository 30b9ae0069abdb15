"""Laws of what goes out and comes back, over generated hostile data."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from prm_tui.domain.exchange import Choices
from prm_tui.domain.text import trimmed
from prm_tui.services import exchange, export, files, history, partners
from storage import Store
from storage.store import Change
from tests.services.test_exports import by_libreoffice, needs_libreoffice

DAY = date(2026, 3, 1)
QUICK = (Phase.explicit, Phase.generate)
NASTY = (
    "=1+1", "+49 89 1", "-5", "@home", "'quoted", "''twice", "0012", "1e5", "12345678901234567", "1,5", "3/4/2026",
    "2026-01-02", "TRUE", "yes", "NaN", "#REF!", "_x000D_", "_x0041_", "a,b;c\td|e", '"quote"', "line\nbreak", "<b>&amp;",
    "[bold]x[/]", "日本語", "Ω≈ç", "\u202eabc", "🙂", "DROP TABLE partners;--", "sep=;", "Total", "prm id", "null", "a" * 300,
    "#CLEAR", "שלום", "\u2067مرحبا\u2069", "a\x01b", "a\x1bb", "a\x7fb", "=\x02", "a\ufffeb", "a\uffffb", "_x0001_", "-", "'",
    "=HYPERLINK(\"http://x.example\")", "ab" * 16_384,
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufeff\u200b\0"), max_size=12),
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


@settings(max_examples=40, deadline=None, phases=QUICK)
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


facts = st.lists(
    st.tuples(
        *[texts.map(trimmed)] * 3,
        texts.map(str.strip),  # a note keeps its line breaks
        customs,
        st.integers(-(10**15), 10**15) | st.none(),
        st.dates(date(1890, 1, 1), date(2090, 1, 1)),
    ),
    min_size=1,
    max_size=12,
)


def insert(change: Change, table: str, **values: Any) -> None:
    columns = dict(values, partner_id=1, change_id=change.id)
    if table != "contacts":
        columns["learned_at"] = change.at
    change.conn.execute(
        f"INSERT INTO {table}({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        [None if v == "" else v for v in columns.values()],
    )


def tell(store: Store, made: list[Any]) -> None:
    """Contacts, a deal and an order for each of the texts, at partner 1, with custom fields."""
    with store.change("made", actor=None, as_of=DAY) as change:
        for table, kind in (("contact", ""), ("record", "deal"), ("activity", "order")):
            for key, type_ in (("phone", "text"), ("city", "text"), ("volume", "number"), ("since", "date")):
                change.conn.execute(
                    "INSERT INTO fields(tbl, kind, key, label, type, change_id) VALUES (?, ?, ?, ?, ?, ?)",
                    (table, kind, key, key.title(), type_, change.id),
                )
        for n, (one, two, three, note, custom, amount, day) in enumerate(made):
            on = day.isoformat()
            kept = {k: v.strip() if isinstance(v, str) else v for k, v in custom.items()}
            data = json.dumps({k: v for k, v in kept.items() if v != ""})
            insert(change, "contacts", name=f"{n}{one}", role=two, email=three, phone=one, language=two, valid_until=on,
                   opt_out=n % 2, custom=data)  # fmt: skip
            insert(change, "records", kind="deal", name=f"{n}{one}", status=two, ref=three, note=note, starts_on=on,
                   currency=one, amount=amount, quantity=amount, data=data)  # fmt: skip
            insert(change, "activities", kind="order", occurred_on=on, ref=f"{n}{one}", note=note, currency=two,
                   amount=amount, quantity=amount, data=data)  # fmt: skip


@settings(max_examples=25, deadline=None, phases=QUICK)
@given(facts, st.sampled_from(["xlsx", "csv"]))
def test_contacts_records_and_activities_come_back_untouched_too(made: list[Any], suffix: str) -> None:
    with file_with([("P", "", {})]) as (store, folder):
        tell(store, made)
        whats = ["everything"] if suffix == "xlsx" else ["contacts", "records", "activities"]
        outs = [folder / f"{what}.{suffix}" for what in whats]
        for what, out in zip(whats, outs, strict=True):
            export.write(store, what, out)
        with exchange.read(store, outs) as reading:
            report = exchange.commit(store, reading, actor=None, as_of=DAY)
        for sheet in report.sheets:
            assert (sheet.new, sheet.changed, sheet.cells, sheet.refused) == (0, 0, [], []), sheet.plan.sheet
            assert sheet.same == (1 if sheet.plan.what == "partners" else len(made))
        assert report.change is None


@needs_libreoffice
def test_not_even_saved_by_libreoffice(tmp_path: Path) -> None:
    odd = [*NASTY[:-1], "a\x00b", "a\x0bb", "a\x1fb", "a\rb", "a\r\nb", "a\tb", "a\x85b"]
    notes = [NASTY[-1], "🙂" * 20_000, *odd]
    turned = zip(odd, odd[7:] + odd[:7], odd[11:] + odd[:11], strict=True)
    made = [
        (trimmed(one), trimmed(two), trimmed(three), notes[n].strip(), {"phone": one, "city": two, "volume": n * 1.1e12,
         "since": "1899-01-01" if n % 3 else "2020-01-02"}, n * 12_345, date(1899, 12, 1) + timedelta(n * 400))
        for n, (one, two, three) in enumerate(turned)
    ]  # fmt: skip
    with file_with([(one, one, {"phone": one}) for one in odd]) as (store, folder):
        tell(store, made)
        written = export.write(store, "everything", folder / "all.xlsx")
        assert [note.split(" ", 1)[1][:12] for note in written.notes] == ["texts were l", "texts hold c"]
        saved = by_libreoffice(folder / "all.xlsx", tmp_path)
        for path in (folder / "all.xlsx", saved):
            with exchange.read(store, [path]) as reading:
                report = exchange.commit(store, reading, actor=None, as_of=DAY)
            assert [(s.plan.sheet, s.new, s.changed, s.cells, s.refused) for s in report.sheets] == [
                (name, 0, 0, [], []) for name in ("Partners", "Contacts", "Records deal", "Activities order")
            ]


def test_a_zero_character_does_not_end_a_text(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"Dealer No,Dealer Name,Phone\n1,Ac\0me,0\x00123\n")
    with files.open_file(tmp_path / "p.db", create=True) as store:
        with exchange.read(store, [tmp_path / "in.csv"]) as reading:
            exchange.commit(store, reading, actor=None, as_of=DAY)
        assert store.conn.execute("SELECT name, custom ->> 'phone' FROM partners").fetchone() == ("Acme", "0123")


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
