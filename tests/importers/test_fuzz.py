"""Hundreds of mutated workbooks, others with every run of “make fuzz”: tests/fuzz.py says what must hold."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from prm_tui.services import exchange, files
from tests import fuzz


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="needs Linux's fork")
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.filterwarnings("ignore")
def test_mutated_workbooks_end_with_a_clear_message_or_a_correct_import(seed: int) -> None:
    outcomes = fuzz.run(260, seed)
    assert outcomes["fault"] == 0, "the faults are printed above"
    assert outcomes["taken"] > 50 and outcomes["refused"] > 100


def test_a_very_wide_sheet_is_read_as_far_as_it_goes_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    head = ["Order No", "Order Date", "Supplier", "Amount", *(f"Extra {n}" for n in range(900))]
    rows = [["A1", "2026-01-05", "Acme", "10", *("x" for _ in range(900))]]
    path.write_text("\n".join(",".join(row) for row in [head, *rows]), encoding="utf-8")
    with files.open_file(tmp_path / "p.db", create=True) as store, exchange.read(store, [path]) as reading:
        assert "only the first 600 of 904 columns are read" in reading.plans[0].notes[0]
        report = exchange.commit(store, reading, actor=None, as_of=date(2026, 3, 1))
    assert (report.sheets[0].new, report.sheets[0].partners_created) == (1, 1)
