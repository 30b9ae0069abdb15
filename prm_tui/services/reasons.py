"""Why partners are quiet: said by the partner or its manager, from a closed list, at the command line or in a sheet."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from importers.export import Written
from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import GONE, REASONS, reason
from prm_tui.domain.text import nearest, trimmed
from prm_tui.domain.winback import Lost, Said
from prm_tui.services import export, inactivity, partners
from storage import Store, activities
from storage import winback as stored
from storage.store import Change

KIND = "inactivity_reason"
SAYERS = ("partner", "manager")
"""Who may say it; what the data suggest is inferred, and nobody says that."""
ASKED = ("at_risk", "inactive", "dormant", "never_activated")
"""The states of those whose reason is asked for, when nobody in particular is named."""


def say(
    store: Store,
    partner_id: int,
    said: str,
    *,
    said_by: str,
    competitor: str = "",
    note: str = "",
    on: date | None = None,
    actor: int | None,
    as_of: date,
) -> int:
    """Write down why a partner is quiet; the id of the activity. UsageError for a word that is none of the list, for who
    cannot say it, and for a day to come.
    """
    key, sayer, day = reason(said), sayer_of(said_by), on or as_of
    if day > as_of:
        raise UsageError(f"on: {day} lies after {as_of}. A reason is said when it was heard.")
    partner = partners.get(store, partner_id, as_of)
    with store.change(f"{partner.name}: {REASONS[key].lower()}", actor=actor, as_of=as_of) as change:
        return write(change, partner_id, key, sayer, competitor=competitor, note=note, on=day, person=actor)


def sayer_of(said: str) -> str:
    """Who says it. UsageError for anybody but the partner and its manager."""
    found = said.strip().casefold()
    if found not in SAYERS:
        like = nearest(found, SAYERS)
        hint = f"Did you mean “{like}”?" if like else f"Write {' or '.join(SAYERS)}."
        raise UsageError(f"said by: “{said}” cannot say it. {hint}")
    return found


def write(
    change: Change,
    partner_id: int,
    key: str,
    said_by: str,
    *,
    competitor: str = "",
    note: str = "",
    on: date,
    person: int | None,
) -> int:
    """Write a reason down within a change; `key` may be a word of their own, which stays as it is."""
    data = {"reason": key, "said_by": said_by, "competitor": trimmed(competitor)}
    values = {
        "data": json.dumps({k: v for k, v in data.items() if v}, ensure_ascii=False, sort_keys=True),
        "note": note.strip() or None,
        "person_id": person,
    }
    return activities.log(change, partner_id, KIND, on, values)


def listed(store: Store, as_of: date, partner_id: int | None = None) -> list[Said]:
    """What was said up to a day: all of one partner, or the last of each, the latest first."""
    with store.reading() as conn:
        return stored.reasons(conn, partner_id, as_of)


def competitors(store: Store, as_of: date) -> list[Lost]:
    """To whom partners and deals were lost, quarter by quarter, the latest first."""
    with store.reading() as conn:
        return stored.competitors(conn, as_of)


def asked(store: Store, as_of: date) -> list[int]:
    """The partners whose reason is asked for: those that are quiet, or nearly."""
    rows = inactivity.of_all(store, as_of)
    return [row.partner_id for row in rows if row.key in ASKED and row.status not in GONE]


def send(
    store: Store,
    out: Path,
    ids: list[int] | None,
    *,
    recipient: str,
    due: date | None,
    actor: int | None,
    as_of: date,
) -> Written:
    """A sheet that asks why partners are quiet, with drop-downs, for somebody to fill in and send back."""
    wanted = asked(store, as_of) if ids is None else ids
    return export.send(store, "reasons", out, wanted, recipient=recipient, due=due, actor=actor, as_of=as_of)
