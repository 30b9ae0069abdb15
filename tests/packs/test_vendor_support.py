"""IT: a breach is cured in 30 days or asked about; a licence that ends before the cut-over is a conflict that is flagged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prm_tui.domain.gate import InTheWay
from prm_tui.services import deactivation, gates, obligations, records
from tests.packs.office import DAY, Office


@pytest.fixture
def desk(office: Office) -> Office:
    """80, 85 and 75 % in three months; two tickets of severity 1 over their limit; and a vendor with one bad month."""
    office.adopt("vendor-support")
    office.take("vendor-support")
    office.contact("V1", "V2", "V3")
    office.manage("V1", "V2", "V3")
    return office


def noticed(desk: Office) -> None:
    """Both notices of breach are approved by legal, and their 30 days are over."""
    assert desk.fired() == {"vendor-credit": 1, "support-breach": 2}, (
        "one bad month is no breach; a credit for February"
    )
    for vendor in ("Helpdesk Holm", "Cloud Claus"):
        desk.decide(f"Notice of breach to {vendor}: 30 days to cure", None, "Lea")
    desk.run()
    desk.later(30)
    desk.take("vendor-support-cured")
    desk.take("vendor-support-later")


def test_a_breach_is_cured_within_30_days_or_somebody_is_asked(desk: Office) -> None:
    noticed(desk)
    desk.run()
    assert desk.messages() == [
        f"{vendor}: notice of breach of the support terms" for vendor in ("Helpdesk Holm", "Cloud Claus")
    ]
    assert desk.outcomes("support-breach") == [None, "cured"]
    assert desk.sheet("Tickets of Cloud Claus over their time (2)")[1][0] == "1", (
        "a severity is a text, whatever its sheet says"
    )
    assert desk.tasks() == ["Helpdesk Holm has not cured its support in 30 days: what now?"]
    assert "In the agreed time in 30 days: 72%." in str(desk.task("Helpdesk Holm").detail)
    licences = desk.sheet("Licences of Helpdesk Holm: keep, transfer, revoke or renew (3)")
    assert [(row[0], row[1], row[8]) for row in licences[1:]] == [
        ("2026-05-15", "Old console", "revoke"), ("2026-05-30", "Monitoring", None), ("2026-10-17", "Backup", "renew"),
    ]  # fmt: skip
    assert desk.sheet("Credentials and keys of Helpdesk Holm to revoke (1)")[1][:2] == ["Git", "Deploy key"]
    assert desk.fired(31) == {"vendor-credit": 1}, "what was cured begins no new notice"
    assert desk.ledger("V1") == [(-200, "hold")] * 3 and desk.ledger("V3") == [(-45, "hold")]
    desk.decide("Helpdesk Holm has not cured", "more time", "Cleo")
    desk.run()
    assert desk.outcomes("support-breach") == [None, "cured"] and desk.tasks() == []


def test_a_licence_that_ends_before_the_cut_over_is_flagged(desk: Office) -> None:
    noticed(desk)
    desk.run()
    desk.decide("Helpdesk Holm has not cured", "let go", "Cleo")
    desk.run()
    assert "Cut-over checklist: from Helpdesk Holm to the new vendor" in desk.all("SELECT title FROM evidence")
    assert desk.task("Open the deactivation of Helpdesk Holm").role == "program manager"
    store, vendor, day = desk.store, desk.of("V1"), desk.today
    last = DAY + timedelta(days=60)
    assert [one.name for one in gates.ahead(store, vendor, last, day) if one.blocks == "approval"] == []
    (case,) = deactivation.submit(
        store, [vendor], "mutual", effective_on=last + timedelta(days=1), actor=desk.who("Dana"), as_of=day
    )
    (conflict,) = gates.blocking(store, case, "approval", day)
    assert (
        conflict.said
        == "Licence ends before the cut-over: Monitoring (ends_on 2026-05-30; effective_on 2026-05-31; decision empty)"
    )
    assert conflict.detail == (
        "Extend Monitoring (L-1) beyond the cut-over, decide to revoke it, or choose an effective date up to 30 May 2026."
    )
    with pytest.raises(InTheWay, match="Licence ends before the cut-over: Monitoring"):
        desk.decide("Approve that this partner leaves", None, "Max")
    (licence,) = desk.all("SELECT id FROM records WHERE ref = 'L-1'")
    records.edit(store, licence, {"decision": "revoke"}, actor=None, as_of=day)
    desk.decide("Approve that this partner leaves", None, "Max")
    assert [(one.blocks, one.name) for one in gates.of_case(store, case, day)] == [
        ("close", "Ticket history"), ("close", "Deploy key"),
    ]  # fmt: skip
    with pytest.raises(Exception, match="nobody may let this pass"):
        gates.let_pass(store, case, "key-still-works", "Deploy key", "soon", actor=desk.who("Cleo"), as_of=day)
    mine = {one.kind for one in obligations.of(store, case) if one.kind.startswith("vendor-")}
    assert mine == {"vendor-licences", "vendor-data", "vendor-keys", "vendor-escrow", "vendor-parallel-run"}
