"""What a workbook or a mapping file says of itself is never SQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.errors import InputError, PrmError
from prm_tui.domain.mapping import from_toml, right_target, right_what
from prm_tui.domain.sheet import META
from prm_tui.services import exchange, export, files, partners
from storage import Store

DAY = date(2026, 3, 1)
HOSTILE = ("it's", "x'); DROP TABLE partners; --", 'a"b', "a b", "", "1x")


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with files.open_file(tmp_path / "partners.db", create=True) as opened:
        partners.add(opened, {"code": "1", "name": "Acme"}, actor=None, as_of=DAY)
        yield opened


@pytest.mark.parametrize("word", HOSTILE)
def test_no_hostile_word_is_a_kind_a_key_or_a_field(word: str) -> None:
    assert not right_what(f"record:{word}") and not right_what(f"activity:{word}")
    assert not right_target("partners", f"key:{word}") and not right_target("partners", f"custom:{word}")
    with pytest.raises(InputError, match=r"maps\.toml"):
        from_toml(f"[[sheet]]\nname = 'a'\nwhat = 'partners'\n[sheet.columns]\nA = '''key:{word}'''\n", "maps.toml")


@pytest.mark.parametrize("word", HOSTILE)
def test_the_hidden_page_of_a_returned_sheet_is_not_trusted(store: Store, tmp_path: Path, word: str) -> None:
    path = tmp_path / "out.xlsx"
    export.write(store, "partners", path)
    book = openpyxl.load_workbook(path)
    page = book[META]
    for row in range(2, page.max_row + 1):
        page.cell(row, 4).value = (f"custom:{word}", f"key:{word}")[row % 2]
        if row > 8:
            page.cell(row, 2).value = f"record:{word}"
    book.save(path)
    try:
        with exchange.read(store, [path]) as reading:
            exchange.commit(store, reading, actor=None, as_of=DAY)
    except PrmError as error:
        assert "SQLite" not in str(error)
    assert store.conn.execute("SELECT count(*), max(name) FROM partners").fetchone() == (1, "Acme")
