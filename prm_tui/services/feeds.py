"""Feeds: how far each stream of facts is covered."""

from __future__ import annotations

from prm_tui.domain.feed import Feed
from storage import Store
from storage import feeds as stored


def list_of(store: Store) -> list[Feed]:
    """Every feed and how far it is covered."""
    with store.reading() as conn:
        return stored.feeds(conn)
