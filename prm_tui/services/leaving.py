"""Asking for a deactivation with all that was chosen beside it, and seeing before what it would bring.

What would be is the real thing, rehearsed: the case is opened, looked at, and nothing of it remains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prm_tui.domain.gate import Blocked
from prm_tui.domain.letter import LetterRow
from prm_tui.domain.obligation import ObligationRow
from prm_tui.domain.transition import Item
from prm_tui.services import deactivation, gates, letters, obligations, transition
from storage import Store


@dataclass(frozen=True)
class Added:
    """An obligation of one's own for every case: what, whose, and so many days after the effective date."""

    title: str
    owner: str = "manager"
    days: int = 0


@dataclass(frozen=True)
class Beside:
    """What is chosen beside reason and dates: who takes what over (partner → reference → new holder), obligations that are
    not needed, by their kind, and those of one's own.
    """

    handed: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    added: tuple[Added, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether anything was chosen."""
        return bool(any(self.handed.values()) or self.dropped or self.added)


@dataclass(frozen=True)
class Ahead:
    """What the case of one partner would hold: what is handed over, owed, written, and what would stand in its way."""

    items: tuple[Item, ...]
    obligations: tuple[ObligationRow, ...]
    letters: tuple[LetterRow, ...]
    gates: tuple[Blocked, ...]


def ahead(
    store: Store,
    partner_ids: Sequence[int],
    reason: str,
    beside: Beside,
    *,
    actor: int | None,
    as_of: date,
    **chosen: Any,
) -> dict[int, Ahead]:
    """What asking would bring, by partner; nothing remains of it. Raises as `ask` does."""
    found: dict[int, Ahead] = {}
    with store.rehearsal():
        made = _ask(store, partner_ids, reason, beside, actor, as_of, chosen)
        for partner, case in zip(dict.fromkeys(partner_ids), made, strict=True):
            found[partner] = Ahead(
                tuple(transition.items(store, case, as_of)),
                tuple(obligations.of(store, case, actor)),
                tuple(letters.of(store, case, actor)),
                gates.of_case(store, case, as_of),
            )
    return found


def ask(
    store: Store,
    partner_ids: Sequence[int],
    reason: str,
    beside: Beside,
    *,
    actor: int | None,
    as_of: date,
    **chosen: Any,
) -> list[int]:
    """Ask for the deactivation of partners with what was chosen beside it; the cases.

    `chosen` as `deactivation.submit` takes it. It is rehearsed first where anything was chosen: what cannot be is told
    before anything is written.
    """
    if beside.anything:
        with store.rehearsal():
            _ask(store, partner_ids, reason, beside, actor, as_of, chosen)
    return _ask(store, partner_ids, reason, beside, actor, as_of, chosen)


def _ask(
    store: Store,
    partner_ids: Sequence[int],
    reason: str,
    beside: Beside,
    actor: int | None,
    as_of: date,
    chosen: Mapping[str, Any],
) -> list[int]:
    made = deactivation.submit(store, partner_ids, reason, **chosen, actor=actor, as_of=as_of)
    who = {"actor": actor, "as_of": as_of}
    for partner, case in zip(dict.fromkeys(partner_ids), made, strict=True):
        to = beside.handed.get(partner, {})
        if to:
            transition.assign(store, case, to, **who)  # type: ignore[arg-type]
        for one in obligations.of(store, case, actor) if beside.dropped else ():
            if one.kind in beside.dropped and one.state == "planned":
                obligations.remove(store, one.id, **who)  # type: ignore[arg-type]
        for own in beside.added:
            obligations.add(store, case, own.title, owner=own.owner, days=own.days, **who)  # type: ignore[arg-type]
    return made
