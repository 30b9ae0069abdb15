"""Every month is judged against its target, a week after it, and a report written either way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("performance")
        office.run()
        yield office


def test_met_and_missed(office: Office) -> None:
    for code, sold in (("A", "12000"), ("B", "6000")):
        office.partner(code)
        office.record(code, "target", name="March", status="active", metric="sales", amount="10000",
                      starts_on="2026-03-01", ends_on="2026-03-31")  # fmt: skip
        office.happened(code, "order", amount=sold)
    office.partner("C")
    assert office.run().quiet, "March is not over"
    office.on(30).run()
    assert office.documents() == []
    office.on(33).happened("B", "order", amount="1000", ref="late", on=DAY + timedelta(days=28))
    office.happened("B", "order", amount="5000", ref="april")
    office.on(37).run()
    assert office.documents() == ["Benchmark met: Partner A", "Benchmark missed: Partner B"]
    assert office.messages() == ["Thank you: the target March is met", "The target March"]
    assert office.outcomes("benchmark") == [("A", "met"), ("B", None)]
    plan = office.task("Partner B missed the target March")
    assert plan.detail == "Orders 7,000.00 of 10,000.00.", "the late sheet counts"
    office.done("missed the target", "Pat")
    assert office.outcomes("benchmark")[-1] == ("B", "missed")
    office.on(70).run()
    assert len(office.documents()) == 2, "April has no target"


def test_opened_late_the_month_judged_is_still_the_targets_own(office: Office) -> None:
    office.partner("A")
    office.record("A", "target", name="March", status="active", metric="sales", amount="10000",
                  starts_on="2026-03-01", ends_on="2026-03-31")  # fmt: skip
    office.record("A", "target", name="2024", status="active", metric="sales", amount="10000",
                  starts_on="2024-01-01", ends_on="2024-12-31")  # fmt: skip
    office.happened("A", "order", amount="12000")
    office.on(30 + 22).happened("A", "order", amount="1", ref="april")
    office.run()
    assert office.documents() == ["Benchmark met: Partner A"], (
        "on 22 April March is judged; targets of long ago are not"
    )
    office.on(70).run()
    assert office.outcomes("benchmark") == [("A", "met")]
