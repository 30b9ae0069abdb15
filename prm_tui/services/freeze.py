"""Nothing new begins with a partner that is suspended, leaving or gone; what is open is still served."""

from __future__ import annotations

from prm_tui.domain.errors import UsageError
from prm_tui.domain.partner import Partner
from prm_tui.services import packs
from storage import Store, freeze


def refuse_new(store: Store, partner: Partner, kind: str, label: str) -> None:
    """Refuse a deal, a lead or funds that somebody enters for such a partner: UsageError with the case's number."""
    if kind not in packs.deactivation().frozen:
        return
    with store.reading() as conn:
        found = freeze.of(conn, partner.id)
    if found is not None:
        see = f" See: prm cases show {found[1]}" if found[1] else ""
        raise UsageError(
            f"{partner.name} {freeze.told(found)}: no new {label.lower()} begins with it. What is open is still served.{see}"
        )
