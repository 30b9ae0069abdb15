"""Why a trigger matched or not; what the dates of records make."""

from __future__ import annotations

from datetime import timedelta

from prm_tui.services import (
    records,
    runs,
    timeline,
)
from storage import Store
from tests.services.rules import DAY, GOLD, WELCOME, of, rules, run, tier, trigger


def test_why_and_why_not_name_the_part_and_the_rows(office: Store) -> None:
    rules(office, WELCOME + GOLD + trigger("big-deal", "subject = 'record:deal'\nwhen = \"amount >= 1000 and status = 'Open'\"", "w",
                                           'id = "a"\ndo = "task"\ntitle = "Do"'))  # fmt: skip
    run(office)
    tier(office, "A", "Gold")
    run(office)
    name, leaf, hits = runs.why_not(office, "gold", "A", DAY)
    assert (name, leaf.outcome, [h.state for h in hits]) == ("Partner A", "met", ["acted"])
    _, leaf, hits = runs.why_not(office, "gold", "B", DAY)
    assert (leaf.outcome, leaf.needed, hits) == ("not met", "= 'Gold'", ())
    records.add(
        office, of(office, "A"), "deal", {"name": "Mill", "status": "Open", "amount": "900"}, actor=None, as_of=DAY
    )
    _, leaf, _ = runs.why_not(office, "big-deal", "A", DAY)
    assert [(p.outcome, p.gap) for p in leaf.parts] == [("not met", "100 short"), ("met", "")]


EMITS = """
[activity.sworn_in]
label = "Sworn in"
class = "enablement"
[record.badge]
label = "Badge"
emits = { starts_on = "sworn_in" }
"""


def test_the_dates_of_records_make_activities_that_follow_them(office: Store) -> None:
    rules(
        office,
        EMITS
        + trigger(
            "sworn", "on = 'activity'\nsubject = 'activity:sworn_in'", "hail", 'id = "a"\ndo = "task"\ntitle = "Hail"'
        ),
    )
    run(office)
    ahead = {"name": "Warden", "starts_on": (DAY + timedelta(days=5)).isoformat()}
    badge = records.add(office, of(office, "A"), "badge", ahead, actor=None, as_of=DAY)
    assert not timeline.entries(office, of(office, "A"), as_of=DAY)
    assert not run(office, 4).fired
    assert [f.acted for f in run(office, 5).fired] == [1], "the day has come"
    (entry,) = timeline.rows(office, list(timeline.entries(office, of(office, "A"), as_of=DAY + timedelta(days=5))))
    assert (entry.kind, entry.occurred_on) == ("sworn_in", DAY + timedelta(days=5))
    assert run(office, 6).quiet
    records.edit(
        office, badge, {"starts_on": (DAY + timedelta(days=6)).isoformat()}, actor=None, as_of=DAY + timedelta(days=6)
    )
    days = [
        r.occurred_on
        for r in timeline.rows(office, list(timeline.entries(office, of(office, "A"), as_of=DAY + timedelta(days=6))))
    ]
    assert days == [DAY + timedelta(days=6)], "it moved with its record"
    assert not run(office, 6).fired, "a correction is the same event"
