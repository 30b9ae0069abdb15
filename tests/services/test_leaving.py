"""A partner leaves, from the sheet of its deals to the folder that proves how: the money by hand, the seals without prm."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from prm_tui.domain.errors import InputError
from prm_tui.services import (
    casepack,
    cases,
    contacts,
    deactivation,
    exchange,
    letters,
    obligations,
    outbox,
    partners,
    people,
    settlement,
    timeline,
)
from tests.packs.office import DAY, Office, opened

DEALS = (("D-1", 1000.0), ("D-2", 2500.5), ("D-3", 400.0))


def deals(path: Path) -> Path:
    """A sheet of won deals of partner A."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Won deals"
    sheet.append(["Partner", "Date", "Reference", "Amount", "Currency"])
    for ref, amount in DEALS:
        sheet.append(["A", DAY, ref, amount, "EUR"])
    book.save(path)
    return path


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office that accrues 5 % on won deals; A has won three, the first of which is approved and the second paid."""
    office = opened(tmp_path / "office.db", monkeypatch)
    store = office.store
    partners.add(store, {"code": "A", "name": "=Acme [/]", "manager": "Dana"}, actor=None, as_of=DAY)
    contacts.add(store, office.of("A"), {"name": "Kim", "main": "yes"}, actor=None, as_of=DAY)
    office.adopt("incentives")
    with exchange.read(store, [deals(tmp_path / "deals.xlsx")], forced={"Won deals": "activity:deal_won"}) as reading:
        exchange.commit(store, reading, None, actor=None, as_of=DAY)
    office.run(1)
    with store.change("finance closed the month", actor=None, as_of=office.today) as change:
        states = {"D-1": "approved", "D-2": "paid"}
        for ref, state in states.items():
            change.conn.execute(
                "UPDATE ledger SET state = ? WHERE activity_id IN (SELECT id FROM activities WHERE ref = ?)",
                (state, ref),
            )
    return office


def leave(office: Office) -> int:
    store, today = office.store, office.today
    (case,) = deactivation.submit(
        store, [office.of("A")], "strategic-exit", notice="table", actor=office.who("Dana"), as_of=today
    )
    for task in cases.get(store, case).tasks:
        if task.kind == "approval":
            cases.approve(store, task.id, actor=office.who("Max"), as_of=today)
    return case


def test_from_the_deals_to_the_folder(office: Office, tmp_path: Path) -> None:
    store, case = office.store, leave(office)
    (number,) = letters.write(store, case, "notice", actor=office.who("Dana"), as_of=office.today)
    outbox.approve(store, [number], actor=office.who("Max"), as_of=office.today)
    receipt = tmp_path / "receipt.pdf"
    receipt.write_bytes(b"%PDF signed by Kim")
    deactivation.serve(store, case, on=office.today, method="registered mail", proof=receipt, actor=office.who("Lea"),
                       as_of=office.today)  # fmt: skip
    first, second, third = (round(amount * 0.05, 4) for _, amount in DEALS)
    found = settlement.of(store, case, office.today)
    (eur,) = found.sums
    assert (float(eur.earned), float(eur.paid), float(eur.pending)) == (first + second, second, third)
    found = settlement.reverse_pending(store, case, actor=office.who("Max"), as_of=office.today)
    assert float(found.sums[0].balance) == float(found.sums[0].with_pending) == first
    settlement.approve(store, case, actor=office.who("Max"), as_of=office.today)
    brand, stock, *_ = obligations.of(store, case)
    obligations.prove(store, brand.id, note="looked at, gone", actor=office.who("Dana"), as_of=office.today)
    obligations.waive(store, stock.id, "nothing worth it", actor=office.who("Dana"), as_of=office.today)
    written = casepack.write(store, case, tmp_path / "pack", as_of=office.today)
    names = {path.relative_to(tmp_path / "pack").as_posix() for path in written}
    assert {"README.txt", "SHA256SUMS", "case.xlsx", "log.jsonl"} <= names
    assert any(name.startswith("letters/") for name in names) and any(name.endswith("receipt.pdf") for name in names)
    check_sums(tmp_path / "pack")
    check_book(tmp_path / "pack" / "case.xlsx", first, second)
    check_page((tmp_path / "pack" / "README.txt").read_text(encoding="utf-8"), brand.title, stock.title)
    check_chain(tmp_path / "pack")


def check_sums(folder: Path) -> None:
    """Every file but the list itself is in the list, with its hash."""
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    assert set(listed) == there
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in listed.items())
    if shutil.which("sha256sum"):
        done = subprocess.run(
            ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def check_book(path: Path, first: float, second: float) -> None:
    """What the formulas come to is what the rows of the sheets give, which come from rows of the sheet of deals."""
    seen, live = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    rows = [dict(zip([c.value for c in seen["Ledger lines"][1]], row, strict=True))
            for row in seen["Ledger lines"].iter_rows(min_row=2, values_only=True)]  # fmt: skip
    assert [(r["File"], r["Sheet"], r["Row"], r["Amount there"]) for r in rows[:3]] == [
        ("deals.xlsx", "Won deals", n, amount) for n, (_, amount) in enumerate(DEALS, 2)
    ]  # fmt: skip
    assert [live["Ledger lines"].cell(n, 8).value for n in (2, 5)] == ["=ROUND(F2*G2,4)", "=-ROUND(F5*G5,4)"]
    assert all(abs(r["Basis"] * r["Rate"] - abs(r["Amount"])) < 1e-9 for r in rows)
    by_hand = sum(r["Basis"] * r["Rate"] for r in rows if r["Counts as"] == "earned")
    assert seen["Settlement"]["B2"].value == pytest.approx(by_hand) == first + second
    assert seen["Settlement"]["B7"].value == first and str(live["Settlement"]["B2"].value).startswith("=SUMPRODUCT(")
    said = {row[0]: row[1] for row in seen["Case"].iter_rows(min_row=2, values_only=True)}
    formulas = {row[0]: row[1] for row in live["Case"].iter_rows(min_row=2, values_only=True)}
    states = [row[5] for row in seen["Obligations"].iter_rows(min_row=2, values_only=True)]
    assert (
        said["Obligations open"] == states.count("open") and said["Obligations waived"] == states.count("waived") == 1
    )
    assert formulas["Obligations open"] == f'=COUNTIF(Obligations!$F$2:$F${len(states) + 1},"open")'
    rows_of_time = list(seen["Timeline"].iter_rows(min_row=2, values_only=True))
    assert said["Amounts of the timeline in the 365 days before, EUR"] == sum(row[3] for row in rows_of_time)
    assert {row[9] for row in rows_of_time} == {"deals.xlsx"}
    assert live["Case"]["B2"].value == "=Acme [/] (A)" and live["Case"]["B2"].data_type == "s"


def check_page(text: str, proven: str, waived: str) -> None:
    """The first page says who approved and how, what is open and what was let go by whom."""
    assert "approved by Max on 2026-04-01, entered here" in text
    assert f"[done] {proven}; by Dana on 2026-04-01: looked at, gone; sha256" in text
    assert f"[waived] {waived}; by Dana on 2026-04-01: nothing worth it" in text
    assert "[open]" in text and "Balance" in text and "sha256sum -c SHA256SUMS" in text


def check_chain(folder: Path) -> None:
    """The command on the first page finds the chain whole, and broken when a word of it is changed."""
    text = (folder / "README.txt").read_text(encoding="utf-8")
    found = re.search(r'python3 -c "(.*?)"\n', text, re.DOTALL)
    assert found is not None
    links = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert any("asked for" in link.get("why", "") for link in links)
    whole = subprocess.run([sys.executable, "-c", found[1]], cwd=folder, capture_output=True, text=True, check=False)
    assert (whole.returncode, whole.stdout) == (0, "the chain holds\n")
    log = (folder / "log.jsonl").read_text(encoding="utf-8")
    (folder / "log.jsonl").write_text(
        log.replace("reversed for its settlement", "kept for its settlement"), encoding="utf-8"
    )
    broken = subprocess.run([sys.executable, "-c", found[1]], cwd=folder, capture_output=True, text=True, check=False)
    assert broken.returncode == 1 and "AssertionError" in broken.stderr


def test_what_others_did_is_told_by_its_seal_alone_and_signed_answers_are_told_apart(
    office: Office, tmp_path: Path
) -> None:
    store = office.store
    (case,) = deactivation.submit(
        store, [office.of("A")], "strategic-exit", notice="table", actor=office.who("Dana"), as_of=office.today
    )
    people.add(store, "Secret Newcomer", roles=[], actor=None, as_of=office.today)
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"%PDF yes, Max")
    (task,) = [t for t in cases.get(store, case).tasks if t.kind == "approval"]
    cases.approve(store, task.id, actor=office.who("Max"), as_of=office.today, proof=signed)
    casepack.write(store, case, tmp_path / "pack", as_of=office.today)
    log = (tmp_path / "pack" / "log.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["own"] for line in log.splitlines()] == [True, False, True]
    assert "Newcomer" not in log
    text = (tmp_path / "pack" / "README.txt").read_text(encoding="utf-8")
    assert f"evidenced by signed.pdf, sha256 {hashlib.sha256(signed.read_bytes()).hexdigest()}" in text


def test_nothing_is_written_over_and_half_a_folder_is_never_left(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = leave(office)
    there = tmp_path / "pack"
    there.mkdir()
    with pytest.raises(InputError, match="is there already"):
        casepack.write(office.store, case, there, as_of=office.today)
    with pytest.raises(InputError, match="Make it first"):
        casepack.write(office.store, case, tmp_path / "no" / "pack", as_of=office.today)
    before = sorted(tmp_path.iterdir())

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(casepack, "_readme", full)
    with pytest.raises(InputError, match="No space left on device"):
        casepack.write(office.store, case, tmp_path / "new", as_of=office.today)
    assert sorted(tmp_path.iterdir()) == before


def test_later_orders_change_the_money_and_the_pack_says_so(office: Office, tmp_path: Path) -> None:
    store, case = office.store, leave(office)
    deactivation.serve(
        store, case, on=office.today, method="courier", proof=None, actor=office.who("Lea"), as_of=office.today
    )
    settlement.approve(store, case, actor=office.who("Max"), as_of=office.today)
    timeline.log(
        store,
        office.of("A"),
        "deal_won",
        on=office.today,
        ref="D-4",
        amount=Decimal(800),
        actor=None,
        as_of=office.today,
    )
    office.run(2)
    casepack.write(store, case, tmp_path / "pack", as_of=office.today)
    text = (tmp_path / "pack" / "README.txt").read_text(encoding="utf-8")
    assert "no currency Pending, undecided: 0.00 then, 40.00 now (40.00)" in text and "needs approval again" in text
    since = openpyxl.load_workbook(tmp_path / "pack" / "case.xlsx", data_only=True)["Since approval"]
    assert ("no currency", "Pending, undecided", 0, 40, 40) in [row[:5] for row in since.iter_rows(values_only=True)]
