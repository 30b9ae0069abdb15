"""Sheets that were read before, and rows as an earlier sheet of their feed had them: they bring nothing back unasked.

Of lists (partners, people, contacts, records) the cells of such rows are left alone or are conflicts: `mark` before
conflicts are decided, `leave` after it. Of activities: `decide`.
"""

from __future__ import annotations

import json
import sqlite3

from prm_tui.domain.errors import DecisionNeeded, InputError
from prm_tui.domain.exchange import CellChange, Choices, SheetReport
from prm_tui.domain.mapping import SheetPlan
from storage import cells, imports
from storage.store import Change

Before = tuple[int, str]


def read_before(conn: sqlite3.Connection, plan: SheetPlan, feed_id: int | None) -> Before | None:
    """The source and the day under which a feed took this very sheet, if it has brought a newer one since."""
    row = conn.execute(
        "SELECT max(id), date(max(read_at), 'unixepoch') FROM sources WHERE feed_id = :feed AND hash = :hash"
        " AND sheet = :sheet HAVING max(id) < (SELECT max(id) FROM sources WHERE feed_id = :feed AND hash <> :hash)",
        {"feed": feed_id, "hash": plan.file_hash, "sheet": plan.sheet},
    ).fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


def mark(conn: sqlite3.Connection, plan: SheetPlan, feed: int | None, choices: Choices, report: SheetReport) -> None:
    """temp.stale: rows as an earlier sheet of the feed had them, which a newer one brought otherwise.

    In a sheet that was read before they are left alone; in another one they may be meant: they are conflicts.
    """
    again = read_before(conn, plan, feed)
    known = (
        "SELECT i.row FROM temp.incoming i JOIN main.feed_rows f ON f.feed_id = :feed AND f.key = i.key"
        " WHERE i.state = 'known' AND i.base IS NOT NULL"
    )
    earlier = (
        " AND EXISTS (SELECT 1 FROM main.change_log l JOIN main.changes c ON c.id = l.change_id"
        " WHERE l.tbl = 'feed_rows' AND l.row_id = f.id AND l.col = 'row_hash' AND l.before = :read_as || i.hash"
        " AND c.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM main.changes u WHERE u.undoes = c.id))"
    )
    conn.execute("DROP TABLE IF EXISTS temp.stale")
    conn.execute(
        f"CREATE TEMP TABLE stale AS {known}{'' if again else earlier}",
        {"feed": feed, "read_as": imports.read_as(plan)},
    )
    conn.execute("UPDATE temp.delta SET conflict = 1 WHERE row IN (SELECT row FROM temp.stale)")
    (count,) = conn.execute(
        "SELECT count(DISTINCT row) FROM temp.delta WHERE base IS ours AND row IN (SELECT row FROM temp.stale)"
    ).fetchone()
    if again and (choices.prefer != "theirs" or choices.open):
        conn.execute("DELETE FROM temp.delta WHERE row IN (SELECT row FROM temp.stale)")
    if count and again:
        report.notes.append(
            f"this is the sheet of {again[1]} again: {count:,} rows are as it had them, and what newer ones brought is left"
            " alone. --theirs takes them"
        )
    elif count:
        report.notes.append(
            f"{count:,} rows are as an earlier sheet of this feed had them; a newer one brought them otherwise"
        )


def leave(conn: sqlite3.Connection) -> int:
    """Stale rows of which nothing is taken are as if they were not in the sheet: their feed does not remember them."""
    return conn.execute(
        "UPDATE temp.incoming SET state = 'same' WHERE state = 'known' AND row IN (SELECT row FROM temp.stale)"
        " AND row NOT IN (SELECT row FROM temp.delta WHERE take)"
    ).rowcount


def decide(
    change: Change, plan: SheetPlan, feed: int, choices: Choices, again: Before | None, report: SheetReport
) -> None:
    """Leave alone what the sheet does not change: what is old in it, and conflicts in which ours counts.

    An activity is old when this feed had it so before something newer changed or withdrew it. In a sheet that brings
    nothing else, or was read before, such rows are left alone. In a sheet with news they may have been put back on
    purpose: that is a conflict, as is what was corrected here and changed there. Raises DecisionNeeded while nothing
    says which counts.
    """
    found = _conflicts(change.conn, plan, feed)
    if not found:
        return
    (news,) = change.conn.execute("SELECT count(*) FROM temp.incoming WHERE state <> 'same'").fetchone()
    if again or (news == len(found) and all(old for _, old in found)):
        left = [cell for cell, _ in found] if choices.prefer != "theirs" or choices.open else []
        sheet = f"this is the sheet of {again[1]} again" if again else "nothing in this sheet is new"
        if left:
            report.notes.append(
                f"{sheet}: {len(left):,} are as it had them, and what was changed or withdrawn since is left alone."
                " --theirs takes them"
            )
    else:
        report.cells, report.conflicts = [cell for cell, _ in found[: cells.SHOWN]], len(found)
        sides = [choices.sides.get((plan.sheet, c.row, c.field), choices.prefer) for c, _ in found]
        left = [cell for (cell, _), side in zip(found, sides, strict=True) if side != "theirs"]
        if None in sides and not change.rehearsed:
            cell, old = found[sides.index(None)]
            why = (
                "as an earlier sheet had it, changed or withdrawn since" if old else "changed there, and corrected here"
            )
            raise DecisionNeeded(
                f"{plan.file}: {plan.sheet} row {cell.row}, {cell.subject}: {why} ({sides.count(None):,} such rows)."
                " Say whose counts: --theirs (this sheet), or --ours (as it is here)"
            )
    change.conn.execute(
        "UPDATE temp.incoming SET state = 'same' WHERE row IN (SELECT value FROM json_each(?))",
        (json.dumps([cell.row for cell in left]),),
    )


def refuse_twice(conn: sqlite3.Connection, plan: SheetPlan) -> None:
    """A row of this very sheet that counts already makes no second activity because it is now read otherwise.

    It would with other answers about its dates or its partner. Raises InputError with the change to take back first.
    """
    before = json.dumps([
        source for (source,) in conn.execute(
            "SELECT id FROM sources WHERE hash = ? AND sheet = ?", (plan.file_hash, plan.sheet)
        )
    ])  # fmt: skip
    if before == "[]":
        return
    found = conn.execute(
        "SELECT i.row, count(*) OVER (), i.on_day, a.occurred_on, p.name, s.change_id FROM temp.incoming i JOIN (SELECT row,"
        " occurred_on, partner_id, source_id FROM main.activities WHERE source_id IN (SELECT value FROM json_each(:before))"
        " AND kind = :kind AND superseded_at IS NULL) a ON a.row = i.row JOIN main.partners p ON p.id = a.partner_id"
        " JOIN main.sources s ON s.id = a.source_id WHERE i.state = 'new' ORDER BY i.row LIMIT 1",
        {"before": before, "kind": plan.kind},
    ).fetchone()
    if found:
        row, many, now, then, name, change = found
        raise InputError(
            f"{plan.file}: {plan.sheet} row {row}: change {change} took this as {plan.kind} of {then}, {name}. Read this"
            f" way it would count twice, on {now} ({many:,} such rows). Take that import back first: prm undo {change}"
        )


def _conflicts(conn: sqlite3.Connection, plan: SheetPlan, feed: int) -> list[tuple[CellChange, bool]]:
    """Rows on which the sheet and the file disagree, each with whether it is old (else it was corrected here)."""
    old = (
        "EXISTS (SELECT 1 FROM main.activities a WHERE a.partner_id = incoming.partner_id AND a.kind = :kind"
        " AND a.ref IS incoming.ref AND a.occurred_on = incoming.on_day AND a.superseded_at IS NOT NULL"
        " AND a.row_hash = incoming.hash AND a.source_id IN (SELECT id FROM main.sources WHERE feed_id = :feed))"
    )
    corrected = (  # it keeps its source, but another change than the one that read it made it
        "EXISTS (SELECT 1 FROM main.activities o JOIN main.sources s ON s.id = o.source_id"
        " WHERE o.id = incoming.old_id AND o.change_id <> s.change_id)"
    )
    before = (
        "(SELECT a.amount FROM main.activities o JOIN main.activities a ON a.partner_id = o.partner_id AND a.kind = o.kind"
        " AND a.superseded_by = o.id WHERE o.id = incoming.old_id LIMIT 1)"
    )
    return [
        (CellChange(row, " ".join(filter(None, (name, ref))), "amount", ours, theirs, True, base), bool(is_old))
        for row, name, ref, is_old, base, ours, theirs in conn.execute(
            f"SELECT row, (SELECT name FROM main.partners p WHERE p.id = partner_id), ref, {old} AS is_old,"
            f" CASE WHEN {old} THEN amount ELSE {before} END,"
            " (SELECT amount FROM main.activities o WHERE o.id = old_id), amount FROM temp.incoming"
            f" WHERE state IN ('changed', 'new') AND (is_old OR (state = 'changed' AND {corrected}))"
            " ORDER BY row",
            {"kind": plan.kind, "feed": feed},
        )
    ]
