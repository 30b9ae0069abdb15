"""Why partners go quiet, and what that says of whom to recruit."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date

from prm_tui.domain.inactivity import QUIET
from prm_tui.domain.insights import NONE, Behind, rate, where
from prm_tui.domain.insights_why import Lift, Prospect, Reason, Reasons, Separation, gain, pareto
from prm_tui.services.insights import SHEETS, Picture, counted, picture
from storage import Store, insights_why
from storage import quiet as stored_quiet
from storage.catalogue import catalogue
from storage.insights import FIELDS

BY = ("type", "tier", "territory")
MOST = 1_000
"""How many prospects are listed, the likeliest."""


def reasons(store: Store, as_of: date) -> Reasons:
    """Reasons by how many partners, by type, tier and territory; losses by competitor; fields that separate; prospects."""
    with picture(store, as_of) as now:
        return of_picture(now)


def of_picture(now: Picture) -> Reasons:
    """As `reasons`, of a picture there is."""
    conn, as_of = now.conn, now.as_of
    quiet, unexplained = counted(now)
    period = f"until {as_of}"
    ended = pareto(insights_why.ended(conn, as_of), period, "closed cases")
    groups = tuple(insights_why.groups(conn, BY))
    found = insights_why.competitors(conn, as_of)
    fields = insights_why.fields(conn)
    separations = _separations(now, fields)
    stayed, of = insights_why.survivors(conn, fields, as_of)
    prospects = insights_why.prospects(conn, fields, stayed / of, MOST) if of else []
    inferred = _inferred(now, unexplained.behind.ids or ())
    return Reasons(
        as_of, quiet, inferred, ended, groups, tuple((q, name, n, n / whole) for q, name, n, whole in found), unexplained,
        separations, (stayed, of),
        tuple(Prospect(id_, code, name, score, tuple(map(tuple, json.loads(by)))) for id_, code, name, score, by in prospects),
    )  # fmt: skip


def _inferred(now: Picture, ids: tuple[int, ...]) -> tuple[Reason, ...]:
    """What the data suggest of those of whom nobody said why."""
    stored_quiet.choose(now.conn, ids)
    found = defaultdict[str, list[int]](list)
    for partner, likely in stored_quiet.likely(now.conn, now.as_of).items():
        found[likely.key].append(partner)
    rows = [(key, insights_why.label(key), tuple(sorted(listed))) for key, listed in found.items()]
    return pareto(rows, f"until {now.as_of}", "inferred from the file's own data")


def _separations(now: Picture, fields: dict[str, str]) -> tuple[Separation, ...]:
    """Fields with at least two values, the one that tells most first."""
    found = []
    for field, sql in fields.items():
        rows = [row for row in insights_why.separated(now.conn, sql) if row[1]]
        if len(rows) < 2:
            continue
        whole, quiet = sum(row[1] for row in rows), sum(row[2] for row in rows)
        usual = quiet / whole
        values = tuple(
            Lift(
                field, value, n, inactive,
                rate(inactive, n, "share of partners ever active", f"on {now.as_of}", SHEETS, Behind(QUIET, _where(now, field, value))),
                inactive / n / usual if usual else None,
            )
            for value, n, inactive, _ in rows
        )  # fmt: skip
        ordered = tuple(sorted(values, key=lambda one: (-(one.lift or 0), one.value)))
        found.append(Separation(field, gain((inactive, n) for _, n, inactive, _ in rows), ordered))
    return tuple(sorted(found, key=lambda one: (-one.gain, one.field)))


def _where(now: Picture, field: str, value: str) -> str:
    """The condition of a value; a custom field is named as such, and may be a yes or a no."""
    if field in FIELDS:
        return where(field, value)
    name = f"custom.{field}"
    if catalogue(now.conn).partner[field].type == "yes/no" and value != NONE:
        return f"{name} = {'true' if value == 'yes' else 'false'}"
    return where(name, value)
