"""Fields as SQL: of a partner, or of a row that a condition looks at; as they are, or as they were on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm_tui.domain.condition.catalogue import Field
from prm_tui.domain.condition.scope import Selector
from storage.days import same
from storage.sql import Sql, yes_no

if TYPE_CHECKING:
    from storage.conditions import Compiler, Place

_LASTING = ("code", "name", "joined_on")  # what is not expected to have been another
KEPT = ("name", "ref", "starts_on", "status", "ends_on", "open")
"""Fields of a record that are not expected to have been another, or have a past."""


def partner_field(compiler: Compiler, found: Field, place: Place) -> Sql:
    """A field of the partner."""
    if not found.own:
        if place.days.many:
            place.days.todays.add(f"custom.{found.key}")
        return _typed(f"json_extract(p.custom, {compiler.bind(_path(found.key))})", found)
    if found.key == "manager":
        manager = past(compiler, "partner", "manager", "p", place)
        return Sql(f"(SELECT name FROM people WHERE people.id = {manager})", empty=True)
    if found.key == "parent":
        return Sql("(SELECT o.name FROM partners o WHERE o.id = p.parent)", empty=True)
    return Sql(past(compiler, "partner", found.key, "p", place), empty=True)


def past(compiler: Compiler, subject: str, key: str, alias: str, place: Place) -> str:
    """A column as it was on the day, where the file knows its past; else as it is today."""
    if not place.days.many:
        return f"{alias}.{key}"
    if (subject, key) not in place.days.histories:
        if key not in _LASTING:
            place.days.todays.add(key if subject == "partner" else f"{subject}.{key}")
        return f"{alias}.{key}"
    place.days.watch("history", (subject, key), "r.valid_from", None, place.reckoned(same))
    row = f"h.subject = '{subject}' AND h.row_id = {alias}.id AND h.field = '{key}'"
    then = f"h.valid_from <= {place.bound(compiler, watched=True)}"
    if place.days.known is not None:
        place.days.watch("learned", (), "", None, None)
        then += f" AND h.learned_at <= {place.days.text(compiler, place.days.known, watched=True)}"
    return (
        f"(CASE WHEN EXISTS (SELECT 1 FROM field_history h WHERE {row}) THEN (SELECT h.value FROM field_history h"
        f" WHERE {row} AND (h.valid_from IS NULL OR {then}) ORDER BY h.valid_from DESC, h.id DESC LIMIT 1)"
        f" ELSE {alias}.{key} END)"
    )


def row_field(compiler: Compiler, rows: Selector, found: Field, alias: str, place: Place) -> Sql:
    """A field of a row of a selector's table."""
    if not found.own:
        return _typed(f"json_extract({alias}.data, {compiler.bind(_path(found.key))})", found)
    if found.key == "open":
        return Sql(_open(compiler, rows, alias, place))
    if found.key in ("person", "owner"):
        column = "person_id" if found.key == "person" else "owner"
        return Sql(f"(SELECT name FROM people WHERE people.id = {alias}.{column})", empty=True)
    if rows.table == "tag":
        return Sql(f"{alias}.tag")
    if rows.table == "record" and found.key in ("status", "ends_on"):
        return Sql(past(compiler, "record", found.key, alias, place), empty=True)
    return Sql(f"{alias}.{found.key}", found.key in ("amount", "quantity"), empty=True)


def _open(compiler: Compiler, rows: Selector, alias: str, place: Place) -> str:
    if rows.table == "case":
        if place.days.many:
            place.days.todays.add("case.open")
        return f"({alias}.state = 'open')"
    states = [s for kind in rows.kinds for s in kind.open]
    if not states:
        return "1"
    status = past(compiler, "record", "status", alias, place)
    opened = f"coalesce({status} COLLATE NOCASE IN ({', '.join(compiler.bind(s) for s in states)}), 1)"
    over = [s for kind in rows.kinds for s in kind.closed]
    if not over:
        return opened
    closed = f"{status} COLLATE NOCASE IN ({', '.join(compiler.bind(s) for s in over)})"
    return f"(CASE WHEN {opened} THEN 1 WHEN {closed} THEN 0 END)"


def _typed(text: str, found: Field) -> Sql:
    """A value kept as JSON, which may hold what its sheet said: only what has the field's type counts."""
    if found.type == "date":
        return Sql(f"(CASE WHEN {text} GLOB '????-??-??*' THEN substr({text}, 1, 10) END)", empty=True)
    if found.type in ("number", "money", "ratio", "days"):
        number = f"(CASE WHEN typeof({text}) IN ('integer', 'real') THEN {text} END)"
        return Sql(number, found.type == "money", empty=True)
    if found.type == "yes/no":
        return Sql(yes_no(text), empty=True)
    if found.type == "text":  # a sheet may say it in digits alone
        return Sql(f"CAST({text} AS TEXT)", empty=True)
    return Sql(text, empty=True)


def _path(key: str) -> str:
    return '$."' + key + '"'
