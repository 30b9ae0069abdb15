"""Partners known by their tax id or their domain, where no key and no code has found them.

The same tax id is the same company. The same domain is it under the same name; under another name it is asked,
because the companies of a group share one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from prm_tui.domain.exchange import Candidate, Choices, Doubt, SheetReport
from prm_tui.domain.identity import TAX_FIELDS, WEB_FIELDS
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.text import folded, slug
from storage import matching
from storage.store import Change

_MARKS = (("tax id", "tax_key", TAX_FIELDS), ("domain", "web_domain", WEB_FIELDS))


def find(change: Change, plan: SheetPlan, choices: Choices, report: SheetReport) -> None:
    """Give new rows of temp.incoming the partner that has their tax id or domain, or ask."""
    for mark, function, keys in _MARKS:
        brought = [c.key for c in plan.kept() if c.key in keys]
        if brought and _brought(change.conn, function, brought):
            _find(change, plan, choices, report, mark, function, keys)


def _find(
    change: Change,
    plan: SheetPlan,
    choices: Choices,
    report: SheetReport,
    mark: str,
    function: str,
    keys: Sequence[str],
) -> None:
    conn, code = change.conn, plan.column("code")
    _held(conn, function, keys, with_contacts=mark == "domain")
    rows: dict[int, tuple[int, str | None, str, list[tuple[Candidate, bool]]]] = {}
    for place, row, said, name, value, partner_id, their_code, their_name, alike, apart, many in conn.execute(
        "SELECT DISTINCT i.rowid, i.row, i.said, i.name, h.mark, p.id, p.code, p.name, p.name_key = name_key(i.name),"
        f" coalesce(slug({matching.HELD}) = ?, 0), count(*) OVER (PARTITION BY h.mark, p.id) > 1"
        " FROM temp.brought b CROSS JOIN temp.held h ON h.mark = b.mark JOIN temp.incoming i ON i.rowid = b.place"
        " JOIN main.partners p ON p.id = h.partner_id WHERE i.state = 'new' ORDER BY i.row, p.id",
        (slug(code.header) if code else None,),
    ).fetchall():
        if apart and mark == "domain":
            continue  # it has a key of its own, and so has the row
        evidence = f"the same {mark} {value}, {'the same' if alike else 'another'} name"
        told = not apart and (alike if mark == "domain" else not many)
        found = rows.setdefault(place, (row, said, name, []))[3]
        found.append((Candidate(partner_id, their_code, their_name, evidence), told))
    for place, (row, said, name, found) in rows.items():
        likely = tuple(candidate for candidate, _ in found)
        sure = len(found) == 1 and found[0][1]
        key = f"{matching.system_of(code)} {said}" if code else f"name {folded(name)}"
        if sure:
            answer: tuple[str, int | None] = ("sure", likely[0].id)
        else:
            doubt = Doubt(plan.sheet, row, key, said or "", name, likely[: matching.LIKELY])
            answer = matching.answered(change, plan, choices, report, doubt)
        matching.settle(change, plan, place, said, answer)


def _brought(conn: sqlite3.Connection, function: str, keys: Sequence[str]) -> bool:
    """temp.brought: the marks of the rows that are new so far; False when there is none, or nobody here to be found."""
    conn.execute("DROP TABLE IF EXISTS temp.brought")
    fields = ", ".join(f"'{key}'" for key in keys)
    conn.execute(
        f"CREATE TEMP TABLE brought AS SELECT i.rowid AS place, {function}(j.value) AS mark FROM temp.incoming i,"
        f" json_each(i.cells, '$.custom') j WHERE i.state = 'new' AND j.key IN ({fields})"
        " AND EXISTS (SELECT 1 FROM main.partners)"
    )
    return conn.execute("SELECT 1 FROM temp.brought WHERE mark IS NOT NULL LIMIT 1").fetchone() is not None


def _held(conn: sqlite3.Connection, function: str, keys: Sequence[str], *, with_contacts: bool) -> None:
    """temp.held: the marks that partners have here, in their custom fields or in the addresses of their contacts."""
    conn.execute("DROP TABLE IF EXISTS temp.held")
    conn.execute("CREATE TEMP TABLE held(mark TEXT, partner_id INTEGER, PRIMARY KEY (mark, partner_id)) WITHOUT ROWID")
    fields = ", ".join(f"'{key}'" for key in keys)
    sources = [
        f"SELECT {function}(j.value) AS mark, p.id AS partner_id FROM main.partners p, json_each(p.custom) j"
        f" WHERE p.joined_into IS NULL AND j.key IN ({fields})"
    ]
    if with_contacts:
        sources.append(f"SELECT {function}(c.email), c.partner_id FROM main.contacts c WHERE c.email IS NOT NULL")
    conn.execute(
        f"INSERT OR IGNORE INTO held SELECT mark, partner_id FROM ({' UNION ALL '.join(sources)}) WHERE mark IS NOT NULL"
    )
