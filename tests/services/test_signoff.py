"""Approvals go out as a sheet to be signed, and come back: entered for who signed, with the row as proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import ImportReport
from prm_tui.services import (
    automation,
    cases,
    deactivation,
    exchange,
    export,
    files,
    history,
    packs,
    partners,
    people,
    triggers,
)
from storage import Store

DAY = date(2026, 3, 31)
REVIEW = """
[trigger.review]
title = "Review"
on = "manual"
start = "review"
[workflow.review]
title = "Review"
[[workflow.review.step]]
id = "ask"
do = "approve"
title = "Keep, or let go?"
by = "role:manager"
evidence = true
choices = { keep = "kept", "let go" = "gone" }
[[workflow.review.step]]
id = "kept"
do = "end"
outcome = "kept"
[[workflow.review.step]]
id = "gone"
do = "end"
outcome = "let go"
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Three partners; of A and B Dana asks that they leave, C is reviewed by a workflow."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    with files.open_file(tmp_path / "office.db", create=True) as store:
        for name, roles in (("Dana", ["program manager"]), ("Max", ["manager"]), ("Lee", ["legal"])):
            people.add(store, name, email=f"{name}@x.example", roles=roles, actor=None, as_of=DAY)
        for code in "ABC":
            partners.add(store, {"code": code, "name": f"Partner {code}"}, actor=None, as_of=DAY)
        dana = who(store, "Dana")
        both = [partners.resolve(store, code) for code in "AB"]
        deactivation.submit(store, both, "inactivity", notice="table", actor=dana, as_of=DAY)
        packs.add(store, REVIEW, "review.toml", actor=dana, as_of=DAY)
        triggers.switch_on(store, "review", actor=who(store, "Max"), as_of=DAY)
        automation.begin(store, "review", "C", None, actor=dana, as_of=DAY)
        yield store


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def sent(store: Store, path: Path) -> Path:
    export.send(store, "approvals", path, recipient="Max", due=None, actor=who(store, "Dana"), as_of=DAY)
    return path


def answer(path: Path, out: Path, answers: dict[str, dict[str, Any]]) -> Path:
    """The sheet with answers by partner, saved under another name."""
    book = load_workbook(path)
    sheet = book["Approvals"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for header, value in answers.get(str(sheet.cell(row, at["Partner"]).value), {}).items():
            sheet.cell(row, at[header]).value = value
    book.save(out)
    return out


def take(store: Store, path: Path, actor: str | None = "Dana", as_of: date = DAY) -> ImportReport:
    with exchange.read(store, [path]) as reading:
        exchange.only_ours(reading)
        return exchange.commit(store, reading, actor=who(store, actor) if actor else None, as_of=as_of)


def stage(store: Store, code: str) -> str:
    (case,) = cases.list_of(store, closed=True, partner_id=partners.resolve(store, code))
    return case.outcome or case.stage


def signed(by: str, decision: str, **more: Any) -> dict[str, Any]:
    return {"Decision": decision, "Signed by": by, **more}


def test_signed_answers_are_entered_for_who_signed_and_taken_back_as_one(office: Store, tmp_path: Path) -> None:
    out = sent(office, tmp_path / "out.xlsx")
    assert [(s.what, s.rows, s.state) for s in export.sent(office)] == [("approvals", 3, "out")]
    back = answer(out, tmp_path / "back.xlsx", {
        "A": signed("Max", "Yes", **{"Signed on": datetime(2026, 3, 30)}),
        "B": signed("Lee", "no", Remark="they pay"),
        "C": signed("Max", "LET GO"),
    })  # fmt: skip
    with exchange.read(office, [back]) as reading:
        looked = exchange.preview(office, reading)
    assert [c.after for c in looked.sheets[0].cells] == ["approved by Max", "rejected by Lee", "let go by Max"]
    assert stage(office, "A") == "approval", "looking changes nothing"

    done = take(office, back)
    automation.run(office, as_of=DAY)
    assert [stage(office, code) for code in "ABC"] == ["notice", "rejected", "let go"]
    assert export.sent(office)[0].state == "back"
    (case,) = cases.list_of(office, partner_id=partners.resolve(office, "A"))
    approval = next(t for t in cases.get(office, case.id).tasks if t.kind == "approval")
    assert (approval.done_by, approval.done_on) == ("Max", date(2026, 3, 30))
    proof = cases.get(office, case.id).evidence[-1]
    row = json.loads(cases.evidence(office, proof.id))
    assert (proof.title, proof.file, row["row"], row["decision"]) == ("signed by Max", "back.xlsx row 2.json", 2, "Yes")
    assert len(row["sha256"]) == 64

    again = take(office, back)
    assert (again.nothing_new, again.sheets[0].same) == (True, 3)
    assert done.change is not None
    history.undo(office, done.change, actor=None, as_of=DAY)
    assert [stage(office, code) for code in "AB"] == ["approval", "approval"]


def test_what_cannot_be_taken_is_refused_with_its_cell_and_reason(office: Store, tmp_path: Path) -> None:
    out = sent(office, tmp_path / "out.xlsx")
    for answers, said in (
        ({"A": signed("Dana", "yes")}, ("Signed by", "Dana asked for this")),
        ({"A": signed("Nobody", "yes")}, ("Signed by", "Nobody")),
        ({"A": {"Decision": "yes"}}, ("Signed by", "without a name")),
        ({"A": signed("Max", "maybe")}, ("Decision", "write yes or no")),
        ({"A": signed("Max", "no")}, ("Remark", "say why")),
        ({"A": signed("Max", "yes", **{"Signed on": datetime(2026, 4, 2)})}, ("Signed on", "not there yet")),
        ({"A": signed("Max", "yes", **{"prm id": "0123456789-t1"})}, ("prm id", "did not go out from this file")),
        ({"C": signed("Lee", "keep")}, ("Signed by", "This approval is for manager")),
        ({"C": signed("Max", "yes")}, ("Decision", "write keep or let go or no")),
    ):  # fmt: skip
        back = answer(out, tmp_path / "back.xlsx", answers)
        with exchange.read(office, [back]) as reading:
            (sheet,) = exchange.preview(office, reading).sheets
        (refused,) = sheet.refused
        assert refused.column == said[0] and said[1] in refused.reason, (refused, said)
        assert sheet.changed == 0
    cases.approve(office, next(t.id for t in cases.inbox(office) if t.code == "A" and t.kind == "approval"),
                  actor=who(office, "Lee"), as_of=DAY)  # fmt: skip
    late = answer(out, tmp_path / "late.xlsx", {"A": signed("Max", "yes"), "B": signed("Max", "yes")})
    report = take(office, late)
    assert [r.reason for r in report.refused()] == ["this approval is approved by Lee already"]
    assert stage(office, "B") == "notice" and export.sent(office)[0].state == "out", "C is not answered yet"


def test_answers_are_taken_by_somebody_by_name_today_and_from_our_own_sheets_only(
    office: Store, tmp_path: Path
) -> None:
    back = answer(sent(office, tmp_path / "out.xlsx"), tmp_path / "back.xlsx", {"A": signed("Max", "yes")})
    with pytest.raises(UsageError, match="Say who wants to take signed answers in"):
        take(office, back, actor=None)
    with pytest.raises(UsageError, match="is done today"):
        take(office, back, as_of=date(2026, 3, 30))
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("Decision,Signed by\nyes,Max\n")
    with (
        exchange.read(office, [foreign], forced={"foreign": "approvals"}) as reading,
        pytest.raises(InputError, match="prm did not write this"),
    ):
        exchange.commit(office, reading, actor=who(office, "Dana"), as_of=DAY)
    book = load_workbook(back)
    next(cell for cell in book["Approvals"][1] if cell.value == "Decision").value = "Verdict"
    book.save(tmp_path / "renamed.xlsx")
    with pytest.raises(InputError, match="the column “Decision” did not come back"):
        take(office, tmp_path / "renamed.xlsx")
    assert stage(office, "A") == "approval"


def test_a_sheet_saved_as_csv_comes_back_as_well(office: Store, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    sent(office, out)
    lines = out.read_text(encoding="utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines]
    at = cells[0].index("Decision")
    for row in cells[1:]:
        if row[1] == "A":
            row[at : at + 2] = ["yes", "Max"]
    back = tmp_path / "back.csv"
    back.write_text("\n".join(",".join(row) for row in cells))
    assert take(office, back).sheets[0].changed == 1
    assert stage(office, "A") == "notice"


def test_what_stands_in_the_way_is_told_beside_the_decision_and_the_other_rows_are_taken(
    office: Store, tmp_path: Path
) -> None:
    gate = '[gate.a]\ntitle = "Ask A first"\nwhen = "code = \'A\'"\nblocks = "approval"\n'
    packs.add(office, gate + gate.replace("gate.a", "gate.c").replace("'A'", "'C'") + 'kinds = ["review"]\n', "gates.toml",
              actor=who(office, "Dana"), as_of=DAY)  # fmt: skip
    back = answer(sent(office, tmp_path / "out.xlsx"), tmp_path / "back.xlsx", {
        "A": signed("Max", "yes"), "B": signed("Max", "yes"), "C": signed("Max", "keep"),
    })  # fmt: skip
    (sheet,) = take(office, back).sheets
    assert [(one.column, one.reason.splitlines()[0]) for one in sheet.refused] == [
        ("Decision", "The deactivation of Partner A cannot be approved: one thing stands in the way."),
        ("Decision", "The review of Partner C cannot be approved: one thing stands in the way."),
    ]
    assert [stage(office, code) for code in "ABC"] == ["approval", "notice", "Keep, or let go?"]
