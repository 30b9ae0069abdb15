"""The quarterly review: one list, a decision for each, by command or in a sheet; and the sheet that asks why partners are quiet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import ImportReport
from prm_tui.domain.review import Decision, Held
from prm_tui.services import cases, exchange, export, file_settings, history, kept, packs, reasons, review
from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Quiet with meetings, funds and leads; active; its agreement and certificate lapsed; kept until soon; in the red; leaving."""
    with opened(tmp_path, monkeypatch) as office:
        for code in ("QUIET", "BUSY", "LAPSED", "KEPT", "RED", "GONE"):
            office.partner(code, joined_on="2023-01-01")
            back = 300 if code in ("QUIET", "GONE") else 5
            office.happened(code, "order", on=DAY - timedelta(days=back), amount="1000", ref=code)
        for kind, on in (("meeting", 10), ("call", 200), ("email", 400)):
            office.happened("QUIET", kind, on=DAY - timedelta(days=on))
        office.record("QUIET", "fund", name="Fair", status="granted", amount="800", spent="300")
        office.record("QUIET", "fund", name="Old", status="closed", amount="999")
        office.record("QUIET", "lead", name="Tower", status="open")
        office.record("QUIET", "lead", name="Bridge", status="lost")
        office.record(
            "LAPSED", "agreement", name="Reseller", status="active", starts_on="2024-01-01", ends_on="2026-02-01"
        )
        office.record("LAPSED", "certification", name="Safety", status="valid", ends_on="2026-01-01")
        office.record("LAPSED", "certification", name="Sales", status="valid", ends_on="2026-01-15")
        office.record("LAPSED", "certification", name="Sales", status="valid", ends_on="2027-01-15")
        kept.keep(
            office.store, office.of("KEPT"), "a plant", DAY + timedelta(days=30), actor=office.who("Pat"), as_of=DAY
        )
        packs.add_named(office.store, "health-score", actor=None, as_of=DAY)
        office.set("RED", health_score="34")
        office.set("BUSY", health_score="80")
        yield office


def listed(office: Office) -> dict[str, str]:
    return {row.code: row.listed for row in review.rows(office.store, office.day)}


def decide(office: Office, code: str, key: str, reason: str = "as agreed", **more: Any) -> str:
    one = Decision(office.of(code), key, reason, **more)
    (done,) = review.decide(office.store, [one], actor=office.who("Dana"), as_of=office.day)
    return done.did


def test_one_list_of_all_that_must_be_decided_with_what_each_holds(office: Office) -> None:
    inactive_since = DAY - timedelta(days=300 - 181)  # the first day on which 180 days are over
    assert listed(office) == {
        "QUIET": f"inactive since {inactive_since}", "GONE": f"inactive since {inactive_since}",
        "LAPSED": "agreement “Reseller” lapsed on 2026-02-01; certification “Safety” lapsed on 2026-01-01",
        "KEPT": "kept until 2026-04-01 by Pat", "RED": "health 34",
    }  # fmt: skip
    row = review.rows(office.store, DAY)[0]
    assert (row.code, row.year, row.hours, row.funds, row.leads) == (
        "QUIET",
        Decimal(1000),
        Decimal("1.0"),
        Decimal(500),
        1,
    )
    assert row.last == DAY - timedelta(days=300)
    file_settings.put(office.store, {"contact_minutes": "60"}, actor=None, as_of=DAY)
    assert review.rows(office.store, DAY)[0].hours == 2
    assert Held.by(review.rows(office.store, DAY)).said == "2.0 hours a year, 500.00 of funds, 1 leads"


def test_who_could_take_over_stands_beside_it(office: Office) -> None:
    for code in ("QUIET", "BUSY", "RED"):
        office.set(code, territory="West")
    office.partner("NEXT", territory="West", status="Prospect")
    rows = {row.code: row for row in review.rows(office.store, DAY)}
    assert rows["QUIET"].covered == "West: 2 else, 1 prospects" and rows["GONE"].covered == ""


def test_losses_are_counted_by_competitor_and_quarter(office: Office) -> None:
    for code, on, who in (("QUIET", "2026-02-01", "Acme"), ("GONE", "2026-01-10", "acme "), ("RED", "2026-01-11", ""),
                          ("RED", "2025-12-01", "Bolt")):  # fmt: skip
        reasons.say(office.store, office.of(code), "competitor", said_by="manager", competitor=who,
                    on=date.fromisoformat(on), actor=None, as_of=DAY)  # fmt: skip
    reasons.say(office.store, office.of("RED"), "market", said_by="manager", actor=None, as_of=DAY)
    office.happened("BUSY", "deal_lost", on=date(2026, 2, 2), ref="D1")
    assert [(r.quarter, r.competitor.casefold(), r.losses, r.of) for r in reasons.competitors(office.store, DAY)] == [
        ("2026-Q1", "", 2, 4), ("2026-Q1", "acme", 2, 4), ("2025-Q4", "bolt", 1, 1)
    ]  # fmt: skip


def test_a_decision_is_kept_with_the_numbers_seen_and_does_what_it_says(office: Office) -> None:
    with pytest.raises(UsageError, match="reason: say why"):
        decide(office, "QUIET", "keep", " ")
    with pytest.raises(UsageError, match="until: say until when"):
        decide(office, "QUIET", "override")
    with pytest.raises(UsageError, match="prm packs add win-back"):
        decide(office, "QUIET", "win-back")
    with pytest.raises(UsageError, match="Say who wants to"):
        review.decide(office.store, [Decision(office.of("QUIET"), "keep", "x")], actor=None, as_of=DAY)
    office.partner("OUT", status="Prospect")
    with pytest.raises(UsageError, match="not in the program"):
        decide(office, "OUT", "keep")
    packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=DAY)

    assert decide(office, "QUIET", "win-back") == "winback begins"
    with pytest.raises(UsageError, match="such a case is open already"):
        decide(office, "QUIET", "win-back")
    assert decide(office, "RED", "re-tier") == "tier-review begins"
    assert (
        decide(office, "KEPT", "override", until=DAY + timedelta(days=90)) == "kept despite the rule until 2026-05-31"
    )
    assert decide(office, "LAPSED", "keep") == "kept as it is"
    assert decide(office, "GONE", "offboard", "sells for another").startswith("task ")
    assert office.inbox() == ["Open the deactivation of Partner GONE"]
    assert "sells for another" in (office.task("Open the deactivation").detail or "")
    office.run()
    assert office.outcomes("winback") == [("QUIET", None)] and office.outcomes("tier-review") == [("RED", None)]
    assert office.outcomes("review") == [
        ("QUIET", "win-back"), ("RED", "re-tier"), ("KEPT", "override"), ("LAPSED", "keep"), ("GONE", "offboard")
    ]  # fmt: skip
    (case,) = [c for c in cases.list_of(office.store, closed=True) if c.kind == "review" and c.code == "QUIET"]
    whole = cases.get(office.store, case.id)
    assert whole.requested_by == "Dana" and whole.row.reason == "as agreed"
    assert whole.data["numbers"]["funds"] == "500.00" and whole.data["numbers"]["leads"] == 1
    assert {row.code: row.decided for row in review.rows(office.store, DAY)}["GONE"] == f"Offboard, {DAY}"
    assert [o.until for o in kept.listed(office.store, DAY) if o.holds] == [DAY + timedelta(days=90)], (
        "one holds, not two"
    )


def filled(path: Path, out: Path, sheet: str, answers: dict[str, dict[str, Any]]) -> Path:
    """The sheet with answers by partner, saved under another name."""
    book = load_workbook(path)
    page = book[sheet]
    at = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        for header, value in answers.get(str(page.cell(row, at["Partner"]).value), {}).items():
            page.cell(row, at[header]).value = value
    book.save(out)
    return out


def take(office: Office, path: Path, actor: str | None = "Dana") -> ImportReport:
    with exchange.read(office.store, [path]) as reading:
        exchange.only_ours(reading)
        who = office.who(actor) if actor else None
        return exchange.commit(office.store, reading, actor=who, as_of=office.day)


def test_the_review_goes_out_as_a_sheet_and_its_decisions_are_one_change(office: Office, tmp_path: Path) -> None:
    packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=DAY)
    out = tmp_path / "review.xlsx"
    review.send(office.store, out, recipient="Max", due=None, actor=office.who("Dana"), as_of=DAY)
    assert [(s.what, s.rows, s.state) for s in export.sent(office.store)] == [("review", 5, "out")]
    page = load_workbook(out)["Review"]
    assert page.data_validations.dataValidation, "the decision is chosen from a list"
    header = [cell.value for cell in page[1]]
    for said in ("12 months", "Hours a year", "Funds unspent"):
        assert {page.cell(row, header.index(said) + 1).data_type for row in range(2, 7)} == {"n"}, "numbers that add up"
    before = office.store.conn.execute("SELECT max(id) FROM changes").fetchone()[0]
    back = filled(out, tmp_path / "back.xlsx", "Review", {
        "QUIET": {"Decision": "Win back", "Reason": "Kim wants to", "Decided by": "Max"},
        "GONE": {"Decision": "Offboard", "Reason": "no answer for a year"},
        "KEPT": {"Decision": "Keep despite the rule", "Reason": "still building"},
        "LAPSED": {"Decision": "Keeep", "Reason": "x"},
    })  # fmt: skip
    with exchange.read(office.store, [back]) as reading:
        looked = exchange.preview(office.store, reading)
    assert [c.after for c in looked.sheets[0].cells] == ["Win back", "Offboard"]
    assert office.outcomes("review") == [], "looking changes nothing"
    with pytest.raises(UsageError, match="Say who wants to take decisions in"):
        take(office, back, None)

    done = take(office, back)
    sheet = done.sheets[0]
    assert sheet.changed == 2 and sheet.same == 1
    assert sorted((r.column, r.reason.partition(".")[0][:40]) for r in sheet.refused) == [
        ("Decision", "decision: “Keeep” is none"), ("Until", "until: say until when; what has no end i"),
    ]  # fmt: skip
    assert "1 to leave: that frees 0.0 hours a year" in sheet.notes[0]
    assert office.all("SELECT max(id) FROM changes") == [before + 1], "all decisions are one change"
    office.run()
    assert office.outcomes("winback") == [("QUIET", None)] and "Open the deactivation of Partner GONE" in office.inbox()
    who = office.all("SELECT (SELECT name FROM people WHERE id = owner) FROM cases WHERE kind = 'review' ORDER BY id")
    assert sorted(who) == ["Dana", "Max"]
    again = take(office, back)
    assert again.sheets[0].changed == 0 and len(office.outcomes("review")) == 2, (
        "the same sheet again decides nothing twice"
    )
    assert export.sent(office.store)[0].state == "out", "two rows are still to be decided"


def test_a_sheet_that_prm_did_not_write_decides_nothing(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "review.xlsx"
    review.send(office.store, out, recipient="Max", due=None, actor=office.who("Dana"), as_of=DAY)
    book = load_workbook(out)
    page = book["Review"]
    page.delete_cols(1)
    del book["_prm"]
    book.save(out)
    with (
        exchange.read(office.store, [out], forced={"Review": "review"}) as reading,
        pytest.raises(InputError, match="did not write this"),
    ):
        exchange.commit(office.store, reading, actor=office.who("Dana"), as_of=DAY)


def test_the_sheet_of_reasons_goes_to_the_quiet_and_comes_back(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "reasons.xlsx"
    written = reasons.send(office.store, out, None, recipient="Pat", due=None, actor=office.who("Dana"), as_of=DAY)
    assert written.rows == 2
    back = filled(out, tmp_path / "back.xlsx", "Reasons", {
        "QUIET": {"Reason": "Competitor won", "Said by": "partner", "Competitor": "Acme", "Said on": datetime(2026, 2, 20)},
        "GONE": {"Reason": "they are tired of us", "Remark": "says Kim"},
    })  # fmt: skip
    done = take(office, back, "Pat")
    assert done.sheets[0].changed == 2
    assert done.sheets[0].notes == ["row 2: “they are tired of us” is no reason of the list; it is kept as it is"]
    found = {s.code: s for s in reasons.listed(office.store, DAY)}
    assert (found["QUIET"].key, found["QUIET"].said_by, found["QUIET"].competitor) == ("competitor", "partner", "Acme")
    assert str(found["QUIET"].on) == "2026-02-20" and found["QUIET"].known
    assert (found["GONE"].label, found["GONE"].said_by, found["GONE"].by) == (
        "they are tired of us (no reason of the list)", "manager", "Pat"
    )  # fmt: skip
    assert export.sent(office.store)[0].state == "back"
    assert take(office, back, "Pat").sheets[0].changed == 0
    assert done.change is not None
    history.undo(office.store, done.change, actor=None, as_of=DAY)
    assert reasons.listed(office.store, DAY) == []


def test_words_of_an_ordinary_sheet_are_understood_or_kept_and_shown_as_they_are(
    office: Office, tmp_path: Path
) -> None:
    sheet = tmp_path / "why.csv"
    sheet.write_text(
        "Partner,Date,Reason,Said by,Competitor\nQUIET,2026-02-01,Contact left,partner,\nGONE,2026-02-02,price war,manager,Acme\n",
        encoding="utf-8",
    )
    with exchange.read(office.store, [sheet], forced={"why": "activity:inactivity_reason"}) as reading:
        exchange.commit(office.store, reading, actor=None, as_of=DAY)
    found = {s.code: s for s in reasons.listed(office.store, DAY)}
    assert (found["QUIET"].key, found["QUIET"].source) == ("contact-left", "why.csv, why row 2")
    assert (found["GONE"].key, found["GONE"].known, found["GONE"].competitor) == ("price war", False, "Acme")


def test_a_wrong_row_of_reasons_is_refused_and_the_others_are_taken(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "reasons.xlsx"
    reasons.send(office.store, out, None, recipient="Pat", due=None, actor=office.who("Dana"), as_of=DAY)
    back = filled(out, tmp_path / "back.xlsx", "Reasons", {
        "QUIET": {"Reason": "Seasonal", "Said by": "the moon"},
        "GONE": {"Reason": "Seasonal", "Said on": datetime(2026, 12, 1)},
    })  # fmt: skip
    with pytest.raises(InputError, match="every row was refused"):
        take(office, back, "Pat")
    back = filled(back, tmp_path / "again.xlsx", "Reasons", {"GONE": {"Said on": datetime(2026, 3, 1)}})
    sheet = take(office, back, "Pat").sheets[0]
    assert (sheet.changed, [(r.column, r.value) for r in sheet.refused]) == (1, [("Said by", "the moon")])
