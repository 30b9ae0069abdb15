"""prm insights: every part for a reader, for a script, as a workbook; and the page of rule quality."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import openpyxl
import pytest

from prm_tui.cli.insights import PARTS
from prm_tui.cli.main import main
from prm_tui.services import files

ROOT = Path(__file__).parent.parent.parent


def _said(arguments: list[str], demo_file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    assert main(["insights", *arguments, "--db", str(demo_file)]) == 0
    found = capsys.readouterr()
    return found.out, found.err


def test_without_a_part_the_states_and_what_is_to_be_expected(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = _said([], demo_file, capsys)
    assert "◔ Inactive              100  14.3%" in out
    assert "Value Added Reseller       238        57        0    23.9%            23.9%" in out
    assert "12 months to come" in out
    assert "701 partners on 2013-11-29; inactive 24.1%, without the unknown 24.1%" in err
    assert "of 169 of 169 quiet partners nobody said why" in err


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("states", "2013-11-29     466       100       69               66"),
        ("survival", "    12   79.4% (76%–83%)      313"),
        ("cohorts", "2013 Q1       164  100%  88%  89%  91%"),
        ("rfm", "Warehouse             5  5  5   5        17         4,205,840.03"),
        ("rules", "precision: of these nothing came                      85.4%"),
        ("reasons", "product_line           10.6%  Road                         269        96    35.7%         1.34"),
        ("expectation", "12 months so far             36,240,484.70"),
        ("operations", "changes undone"),
        ("pillars", "Incentivize  not tracked (no sheet tells of a ledger of what partners earn)"),
    ],
)
def test_each_part_is_a_table_and_one_json_value(
    part: str, line: str, demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert part in PARTS
    assert line in _said([part], demo_file, capsys)[0]
    out, err = _said([part, "--json"], demo_file, capsys)
    assert json.loads(out) and err == ""


def test_a_script_gets_numbers_with_unit_period_source_and_who_is_behind(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(_said(["states", "--json"], demo_file, capsys)[0])
    group = next(g for g in found["splits"][0]["groups"] if g["name"] == "Warehouse")
    assert group["everybody"] == {
        "value": pytest.approx(53 / 232), "unit": "share of partners", "period": "on 2013-11-29", "source": "the policies in effect",
        "of": 232, "behind": {"states": ["inactive", "dormant"], "where": "type = 'Warehouse'"},
    }  # fmt: skip
    cells = json.loads(_said(["rfm", "--json"], demo_file, capsys)[0])["cells"]
    assert all(len(cell["behind"]["partners"]) == cell["partners"] for cell in cells)
    rules = json.loads(_said(["rules", "--json", "--from", "2012-01-01", "--to", "2012-06-30"], demo_file, capsys)[0])
    assert (rules["first"], rules["last"], rules["looks"]) == ("2012-01-31", "2012-06-30", 6)
    assert {"precision", "recall", "slow_alarms", "new_precision"} <= set(rules["rules"][0])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["rulez"], "part: “rulez” is none. One of: states,"),
        (["states", "--from", "2012-01-01"], "--from is for prm insights rules"),
        (["rules", "--by", "tier"], "--by is for prm insights survival"),
        (["rules", "--from", "soon"], "--from"),
        (["--window", "30"], "--window is for prm insights rules"),
        (["survival", "--by", "colour"], "by: one of type"),
        (["--out", "book.csv"], "book.csv: figures are written as a workbook. Name it .xlsx"),
        (["survival", "--by", "tier", "--out", "book.xlsx"], "--by is not for a workbook"),
        (["--json", "--out", "book.xlsx"], "--json and --out"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: list[str], complaint: str, demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["insights", *arguments, "--db", str(demo_file)]) != 0
    assert complaint in capsys.readouterr().err


def test_one_part_as_a_workbook(demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = _said(["rfm", "--out", str(tmp_path / "rfm.xlsx")], demo_file, capsys)
    assert (out, "rfm.xlsx written" in err) == ("", True)
    assert openpyxl.load_workbook(tmp_path / "rfm.xlsx").sheetnames == ["RFM", "Partners"]


def test_the_page_of_rule_quality_is_what_the_program_says() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        page = import_module("rule_quality").page()
    finally:
        sys.path.remove(str(ROOT / "docs"))
    assert (ROOT / "docs" / "rule-quality.md").read_text(encoding="utf-8") == page, "run: make docs"


@pytest.mark.parametrize("part", ["", *PARTS])
def test_of_an_empty_file_there_is_nothing_to_say(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.db"
    files.open_file(path, create=True).close()
    code = main(["insights", *filter(None, [part]), "--db", str(path)])
    said = capsys.readouterr()
    assert (code == 0) == (part != "rules")
    assert "nan" not in said.out.lower() and "None" not in said.out
    if part in ("", "rules"):
        code = main(["insights", *filter(None, [part]), "--out", str(tmp_path / "empty.xlsx"), "--db", str(path)])
        assert (code == 0) == (part == "") and "there is nothing to look at" in capsys.readouterr().err
