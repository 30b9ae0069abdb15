"""Partners with whom nothing new begins: suspended, leaving by an approved case, or gone."""

from __future__ import annotations

import sqlite3

from storage.rounds import Round

LEAVING = "c.kind = 'deactivation' AND c.state = 'open' AND c.stage IN ('notice', 'in notice', 'withdrawal')"
"""Cases `c` of partners that leave: approved, and not over."""
FROZEN = (
    "(p.status IN ('Suspended', 'In notice', 'Deactivated')"
    f" OR EXISTS (SELECT 1 FROM main.cases c WHERE c.partner_id = p.id AND {LEAVING}))"
)
"""Whether nothing new begins with a partner `p`."""
_SAID = {"Suspended": "is suspended", "In notice": "is in notice", "Deactivated": "has left"}


def of(conn: sqlite3.Connection, partner_id: int) -> tuple[str, int | None] | None:
    """Why nothing new begins with a partner, in words, and the case behind it; None where it may."""
    row = conn.execute(
        "SELECT p.status, f.id, f.restricted FROM partners p LEFT JOIN cases f ON f.id = (SELECT max(c.id) FROM cases c"
        f" WHERE c.partner_id = p.id AND (({LEAVING}) OR c.kind = 'suspension' AND c.state = 'open'"
        f" OR c.kind = 'deactivation' AND (c.stage = 'after' OR c.outcome = 'deactivated'))) WHERE p.id = ? AND {FROZEN}",
        (partner_id,),
    ).fetchone()
    if row is None:
        return None
    status, case, restricted = row
    return _SAID.get(status, "is subject to a restricted case" if restricted else "is about to leave"), case


def told(found: tuple[str, int | None]) -> str:
    """Why, in one breath: is in notice, case 12."""
    why, case = found
    return f"{why}, case {case}" if case else why


def acting(round_: Round) -> dict[int, str]:
    """The visits in temp.acting whose partner is frozen, and why."""
    rows = round_.conn.execute(
        f"SELECT a.visit, a.partner_id FROM temp.acting a JOIN main.partners p ON p.id = a.partner_id WHERE {FROZEN}"
    ).fetchall()
    found = {visit: of(round_.conn, partner) for visit, partner in rows}
    return {visit: told(why) for visit, why in found.items() if why}
