"""The first rules anybody meets: off, and telling what they would have found before they do anything."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from prm_tui.services import automation, demo, triggers
from storage import Store
from tests.packs.programme import DAY, opened


def test_the_demonstration_carries_rules_that_are_off_and_compares_two_limits(demo_file: Path, tmp_path: Path) -> None:
    with Store.open(Path(shutil.copy(demo_file, tmp_path / "demo.db"))) as store:
        rows = {row.name: row for row in triggers.listed(store, demo.AS_OF)}
        assert set(rows) == {"quiet-90-days", "falling", "nobody-spoke-to-them", "never-activated"}
        assert not any(row.on for row in rows.values())
        _, trigger = triggers.find(store, "quiet-90-days", demo.AS_OF)
        assert trigger.when == "days_since(order) > 90"
        said = "\n".join(demo.comparison(store))
        assert "more than  90 days: 1,011 matches of 549 partners; of 542 judged 84 were right" in said
        assert "more than 100 days:   166 matches of 157 partners; of 112 judged 81 were right" in said
        assert automation.run(store, as_of=demo.AS_OF).quiet, "what is off does nothing"
        before = list(store.conn.execute("SELECT count(*) FROM tasks").fetchone())
        told = automation.rehearse(store, "quiet-90-days", as_of=demo.AS_OF)
        assert told.counts["task"] == 187 and {kind for kind, n in told.counts.items() if n} == {"case", "task"}, (
            "work for people, nothing else"
        )
        assert list(store.conn.execute("SELECT count(*) FROM tasks").fetchone()) == before


def test_the_four_rules_give_a_task_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch) as office:
        office.partner("A", joined_on="2025-12-15")
        office.partner("B", joined_on="2024-01-01")
        office.happened("B", "order", amount="100", on=DAY - timedelta(days=80))
        office.happened("B", "call", on=DAY - timedelta(days=100))
        office.switch_on("welcome")
        assert office.run().quiet
        for day in (11, 14, 21):
            office.on(day)  # the feeds go on with other partners, so that what did not happen is known
            office.partner(f"X{day}")
            office.happened(f"X{day}", "order", amount="1")
            office.happened(f"X{day}", "call")
            office.run()
        assert office.inbox() == [
            "No order for 90 days: call Partner B", "No business 90 days after joining: call Partner A",
            "An active partner nobody spoke to for 120 days: call Partner B",
        ]  # fmt: skip
        assert office.messages() == [] and office.ledger() == []
        office.done("No order for 90 days", "Pat")
        assert office.outcomes("ask-whether-all-is-well")[0] == ("B", "called")
