"""SQL functions and expressions over text: how names are compared and what a search looks at."""

from __future__ import annotations

import sqlite3

from prm_tui.domain import text
from prm_tui.domain.ratio import wilson_lower

SEARCH = (
    "folded(code || ' ' || name || ' ' || coalesce(type, '') || ' ' || coalesce(tier, '') || ' '"
    " || coalesce(territory, '') || ' ' || coalesce(country, '') || ' ' || coalesce(industry, '') || ' '"
    " || coalesce((SELECT group_concat(value, ' ') FROM json_each(custom) WHERE type = 'text'), ''))"
)
"""What `partners.search` holds, as an expression over a row of partners."""


def register(conn: sqlite3.Connection) -> None:
    """Teach a connection `name_key`, `folded`, `trimmed`, `slug` (NULL stays NULL) and `wilson_lower`."""
    for function in (text.name_key, text.folded, text.trimmed, text.slug):
        conn.create_function(
            function.__name__,
            1,
            lambda value, call=function: None if value is None else call(str(value)),
            deterministic=True,
        )
    conn.create_function("wilson_lower", 2, wilson_lower, deterministic=True)


def refresh(conn: sqlite3.Connection, where: str, parameters: tuple[object, ...] = ()) -> None:
    """Bring name_key and search of the partners a condition selects up to their other columns."""
    conn.execute(
        f"UPDATE partners SET name_key = name_key(name), search = {SEARCH}"
        f" WHERE {where} AND (search IS NOT {SEARCH} OR name_key IS NOT name_key(name))",
        parameters,
    )
