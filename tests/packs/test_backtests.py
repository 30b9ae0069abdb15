"""Every trigger that is shipped is tried on the past, or says why it cannot be."""

from __future__ import annotations

from datetime import timedelta

from prm_tui.domain.errors import UsageError
from prm_tui.domain.person import ROLES
from prm_tui.services import backtest, packs, people, triggers
from tests.packs.office import Office


def test_every_shipped_trigger_has_a_past_or_says_why_not(office: Office) -> None:
    store, day = office.store, office.today
    people.add(store, "Nora", email="nora@example.org", roles=list(ROLES), actor=None, as_of=day)
    for name in sorted(set(packs.built_in()) - set(packs.PROGRAM)):
        packs.add_named(store, name, actor=office.who("Dana"), as_of=day)
    tried, refused = set(), {}
    for row in triggers.listed(store, day):
        _, trigger = triggers.find(store, row.name, day)
        try:
            backtest.of_trigger(store, trigger, day - timedelta(days=30), day, as_of=day)
            tried.add(trigger.on)
        except UsageError as error:
            refused[row.name] = str(error)
    assert tried == {"becomes true", "activity", "record", "date", "every", "crosses"}
    assert all("waits for a record to change" in why for why in refused.values()) and len(refused) == 2
