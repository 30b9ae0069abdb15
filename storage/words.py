"""SQL functions and expressions over text: how names are compared and what a search looks at."""

from __future__ import annotations

import sqlite3

from prm_tui.domain import identity, rhythm, text
from prm_tui.domain.ratio import wilson_lower
from prm_tui.domain.sheet import LONGEST, NEVER
from prm_tui.domain.winback import chance

SEARCH = (
    "folded(code || ' ' || name || ' ' || coalesce(type, '') || ' ' || coalesce(tier, '') || ' '"
    " || coalesce(territory, '') || ' ' || coalesce(country, '') || ' ' || coalesce(industry, '') || ' '"
    " || coalesce((SELECT group_concat(value, ' ') FROM json_each(custom) WHERE type = 'text'), ''))"
)
"""What `partners.search` holds, as an expression over a row of partners."""


def register(conn: sqlite3.Connection) -> None:
    """Teach a connection `name_key`, `folded`, `trimmed`, `slug`, `tax_key`, `web_domain` (NULL stays NULL), `alike`
    `wilson_lower`, `chance`, and what domain/rhythm.py says of a silence: `surprise` and `silence_limit`.
    """
    for function in (text.name_key, text.folded, text.trimmed, text.slug, identity.tax_key, identity.web_domain):
        conn.create_function(
            function.__name__,
            1,
            lambda value, call=function: None if value is None else call(str(value)),
            deterministic=True,
        )
    conn.create_function("alike", 2, alike, deterministic=True)
    conn.create_function("wilson_lower", 2, wilson_lower, deterministic=True)
    conn.create_function("surprise", 5, rhythm.of_days, deterministic=True)
    conn.create_function("chance", 3, chance, deterministic=True)
    conn.create_function("silence_limit", 5, rhythm.limit_of, deterministic=True)


def alike(theirs: object, ours: object) -> int:
    """Whether a cell that went out and came back says the same: 12 and "12", yes and true, 0.3 and 0.30000000000000004.

    A text cut at the longest a cell may be says the same as the whole.
    """
    if theirs is None or ours is None:
        return theirs is ours
    numbers = [_number(value) for value in (theirs, ours)]
    if numbers[0] is not None and numbers[1] is not None and not isinstance(ours, str):
        return abs(numbers[0] - numbers[1]) <= 1e-14 * abs(numbers[1])
    first, second = (str(value).replace("\r\n", "\n").translate(NEVER).strip() for value in (theirs, ours))
    if len(second) > LONGEST // 2 and first.endswith("…"):
        return second.startswith(first[:-1])
    return first == second


def _number(value: object) -> float | None:
    if value in ("yes", "no"):
        return float(value == "yes")
    try:
        return float(str(value))
    except ValueError:
        return None


def refresh(conn: sqlite3.Connection, where: str, parameters: tuple[object, ...] = (), *, renamed: bool = True) -> None:
    """Bring name_key and search of the partners a condition selects up to their other columns.

    Without `renamed` their names are as they were.
    """
    key = "name_key(name)" if renamed else "name_key"
    conn.execute(
        f"WITH told AS MATERIALIZED (SELECT id AS of_row, {key} AS name_now, {SEARCH} AS search_now"
        f" FROM partners WHERE {where}) UPDATE partners SET name_key = name_now, search = search_now FROM told"
        " WHERE partners.id = of_row AND (search IS NOT search_now OR name_key IS NOT name_now)",
        parameters,
    )
