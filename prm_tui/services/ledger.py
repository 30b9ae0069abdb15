"""The ledger of a partner: its lines, as what each counts, where it comes from, and what they come to in each currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prm_tui.domain.settlement import Line, Sums, parted, summed
from prm_tui.services.settlement import twice_told
from storage import Store, settlement


@dataclass(frozen=True)
class Account:
    """The ledger of a partner as of a day, without what happened later. `remarks`: what has to be known to read it."""

    as_of: date
    lines: tuple[Line, ...]
    sums: tuple[Sums, ...]
    remarks: tuple[str, ...] = ()


def of(store: Store, partner_id: int, as_of: date) -> Account:
    """Every line of a partner until a day, and its balance by currency; funds and a tail belong to a settlement, not here."""
    with store.reading() as conn:
        happened = [line for line in settlement.lines(conn, partner_id, as_of, store.zone) if not line.after]
    lines = parted(happened, None)
    sums = summed(lines, ())
    return Account(as_of, tuple(lines), sums, tuple(twice_told(sums)))
