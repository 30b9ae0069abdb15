"""Rules on a real pipeline workbook: deals that stall, partners whose won deals pass a sum; counted by hand beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prm_tui.domain.exchange import Choices
from prm_tui.services import automation, exchange, files, packs, triggers
from tests.services.test_real_sets import PIPELINE

LAST = date(2017, 12, 31)
RULES = """
[trigger.stalled]
title = "An open deal is older than 200 days"
subject = "record:deal"
when = "status = 'Engaging' and days_since(starts_on) > 200"
cap = 5_000
first = "act"
start = "ask"
[trigger.strong]
title = "Won deals pass a sum"
on = "crosses"
total = "sum(deal.amount where status = 'Won', ever)"
steps = [100_000, 200_000]
first = "act"
start = "praise"
[workflow.ask]
title = "Ask"
[[workflow.ask.step]]
id = "a"
do = "task"
title = "{{ name }}: still alive?"
[workflow.praise]
title = "Praise"
[[workflow.praise.step]]
id = "a"
do = "tag"
add = ["strong"]
"""


def test_deals_and_sums_of_a_real_pipeline(tmp_path: Path) -> None:
    with files.open_file(tmp_path / "crm.db", create=True) as store:
        with exchange.read(store, [PIPELINE]) as reading:
            exchange.commit(store, reading, Choices(), actor=None, as_of=LAST)
        packs.add(store, RULES, "rules.toml", actor=None, as_of=LAST)
        for name in ("stalled", "strong"):
            triggers.switch_on(store, name, actor=None, as_of=LAST)
        told = automation.rehearse(store, as_of=LAST)
        done = automation.run(store, as_of=LAST)
        assert (told.fired, told.counts) == (done.fired, done.counts)
        acted = {f.name: f.acted for f in done.fired}
        (stalled,) = store.conn.execute(
            "SELECT count(*) FROM records WHERE kind = 'deal' AND status = 'Engaging' AND julianday(?) - julianday(starts_on) > 200",
            (LAST.isoformat(),),
        ).fetchone()
        won = "SELECT sum(amount) / 10000 AS s FROM records WHERE kind = 'deal' AND status = 'Won' GROUP BY partner_id"
        (steps,) = store.conn.execute(f"SELECT sum((s >= 100000) + (s >= 200000)) FROM ({won})").fetchone()
        assert acted == {"stalled": stalled, "strong": steps} == {"stalled": 213, "strong": 54}
        assert automation.run(store, as_of=LAST).quiet
