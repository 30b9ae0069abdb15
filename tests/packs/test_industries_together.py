"""The packs by industry side by side: in one file none stands in another's way, and their workbooks are what is written."""

from __future__ import annotations

import importlib.util
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain import pack as pack_text
from prm_tui.services import automation, packs
from tests.packs.office import Office, book_of

TESTS = Path(__file__).parents[1]

INDUSTRIES = [name for name in packs.built_in() if packs.read(name)["pack"].get("kind") == "industry"]


def _made() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("make_industries", TESTS / "data" / "industries" / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    books: dict[str, Any] = module.BOOKS
    return books


MADE = _made()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime) or not isinstance(value, date):
        return value
    return datetime(value.year, value.month, value.day)


@pytest.mark.parametrize("name", MADE)
def test_a_workbook_holds_what_its_script_says(name: str) -> None:
    book = openpyxl.load_workbook(book_of(name))
    held = {page.title: [list(row) for row in page.iter_rows(values_only=True)] for page in book}
    assert held == {title: [[_cell(cell) for cell in row] for row in rows] for title, rows in MADE[name].items()}


def test_every_industry_has_its_workbook_and_its_paragraph() -> None:
    told = (TESTS.parent / "docs" / "packs.md").read_text(encoding="utf-8")
    assert len(INDUSTRIES) >= 10
    for name in INDUSTRIES:
        assert name in MADE, f"{name}: no workbook"
        assert [f"{name}.xlsx"] == packs.examples(name)[:1], "what comes first is named first"
        assert f"**{name}**" in told, f"{name}: not in docs/packs.md"


@pytest.mark.parametrize("name", INDUSTRIES)
def test_a_pack_is_the_same_when_it_was_written_out_and_read_again(office: Office, name: str) -> None:
    packs.add_named(office.store, name, actor=office.who("Dana"), as_of=office.today)
    written = packs.export(office.store, name)
    assert pack_text.read(written, "again.toml") == pack_text.read(packs.text_of(office.store, name), "pack.toml")
    assert packs.add(office.store, written, "again.toml", actor=office.who("Dana"), as_of=office.today).change is None


def test_all_of_them_live_in_one_file(office: Office) -> None:
    names = [trigger for name in INDUSTRIES for trigger in office.adopt(name)]
    office.take("dealer-target")
    office.take("installation-phases")
    office.contact("D1", "D2", "T1")
    office.manage("D1", "D2", "T1")
    assert office.fired() == {"dealer-target": 1, "phase-accepted": 1, "phase-ready": 1}, "each looks at its own"
    assert automation.run(office.store, as_of=office.today).quiet and len(names) == len(set(names))


def test_proposals_of_one_industry_are_not_made_by_the_sheets_of_another(office: Office) -> None:
    for name in INDUSTRIES:
        office.adopt(name)
    for name in ("retailer-target", "distributor-quality", "research-compliance", "supplier-delivery", "contractor-safety",
                 "equipment-reliability", "vendor-support", "supplier-schedule", "provider-outages", "adviser-conduct"):  # fmt: skip
        office.take(name)
    found = office.fired()
    office.later(11)
    office.take("distributor-quality-later")
    office.take("adviser-conduct-later")
    for name, many in office.fired().items():
        found[name] = found.get(name, 0) + many
    assert found == {
        "circuit-credit": 2, "major-deviation": 1, "retailer-target-missed": 2, "distributor-quality": 1, "distributor-order": 3,
        "adviser-finding": 1, "delivery-failing": 1, "delivery-slipping": 2, "safety-certificate": 1, "equipment-failing": 1,
        "safety-notice-unanswered": 1, "support-breach": 2, "vendor-credit": 3, "schedule-missed": 1,
        "licence-renewal": 2, "licence-reminder": 2,  # a licence is a licence, whoever has given it
    }  # fmt: skip
