"""Partners: finding, reading, adding, editing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from prm_tui.domain.activity import TimelineRow
from prm_tui.domain.errors import AlreadyThere, UsageError
from prm_tui.domain.inactivity import PartnerState
from prm_tui.domain.partner import (
    CASE_STATUSES,
    FIELDS,
    STATUSES,
    Column,
    Listing,
    Partner,
    PartnerRow,
    Rhythm,
)
from prm_tui.domain.text import nearest, trimmed
from prm_tui.services import people, values
from storage import Store, activities, joining, ledger
from storage import partners as stored

_COMMANDS = {"Suspended": "prm suspend", "In notice": "prm deactivate", "Deactivated": "prm deactivate"}
LATEST_SHOWN = 5
PREVIEW_MONTHS = 24

_LIKE_A_CONDITION = re.compile(r"(?i)\b(?:is (?:not )?(?:empty|known)|contains\b|between\b|(?:not )?in \()")


@dataclass(frozen=True)
class Preview:
    """What is worth knowing about a partner at a glance.

    `trend` holds the order amounts of the last 24 months in whole currency units, oldest first;
    `year` and `year_before` the amounts of the last 12 months and of the 12 before.
    """

    partner: Partner
    rhythm: Rhythm
    days_since: int | None
    trend: tuple[int, ...]
    latest: tuple[TimelineRow, ...]
    state: PartnerState | None = None

    @property
    def year(self) -> int:
        """Order amount of the last 12 months, whole currency units."""
        return sum(self.trend[PREVIEW_MONTHS - 12 :])

    @property
    def year_before(self) -> int:
        """Order amount of the 12 months before those."""
        return sum(self.trend[: PREVIEW_MONTHS - 12])


def columns(store: Store) -> list[Column]:
    """Every column a list of partners can show: fields, custom fields, facts."""
    with store.reading() as conn:
        return stored.columns(conn)


def check_columns(store: Store, keys: Sequence[str]) -> list[Column]:
    """The columns of these keys, “custom.” left out or not. UsageError names the nearest."""
    known = {c.key: c for c in columns(store)}
    found = []
    for key in keys:
        column = known.get(key) or known.get(f"custom.{key}")
        if column is None:
            like = nearest(key, known)
            raise UsageError(
                f"There is no column “{key}”. "
                + (f"Did you mean “{like}”?" if like else f"Columns: {', '.join(known)}")
            )
        found.append(column)
    return found


def words_or_condition(said: str) -> tuple[str, str]:
    """What stands in a filter line, as words to look for and a condition; one of them is empty.

    Brackets, comparisons and the words of the language make it a condition; in quotes it is always words.
    """
    text = said.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1], ""
    signs = any(c in text for c in "()=<>")
    return ("", text) if signs or _LIKE_A_CONDITION.search(text) else (text, "")


def find(
    store: Store,
    *,
    text: str = "",
    condition: str = "",
    sort: str = "name",
    descending: bool = False,
    as_of: date,
    show_unknown: bool = False,
) -> Listing:
    """Partners that match every word of `text` and the condition, in order.

    Those for which the condition is unknown are counted apart, and listed only on demand. Raises UsageError
    for a bad column, ConditionError for a condition that cannot be understood.
    """
    (column,) = check_columns(store, [sort])
    where = None
    if condition.strip():
        from prm_tui.services import conditions  # a list without a condition does not wait for the language

        where = conditions.compiled(store, condition, as_of)
    with store.reading() as conn:
        if column.key == "state":
            _fill_states(store, as_of)
        ids, unknown = stored.find(
            conn,
            text=text,
            where=where,
            sort=column.key,
            descending=descending,
            as_of=as_of,
            show_unknown=show_unknown,
        )
        return Listing(ids, stored.total(conn), unknown)


def by_status(store: Store) -> list[tuple[str, int]]:
    """How many partners have each status, the most frequent first."""
    with store.reading() as conn:
        return stored.by_status(conn)


def rows(store: Store, ids: Sequence[int], columns: Sequence[str], as_of: date) -> list[PartnerRow]:
    """One page of a list, in the order of `ids`, with the cells of the asked columns."""
    with store.reading() as conn:
        if "state" in columns:
            _fill_states(store, as_of, ids)
        return stored.rows(conn, ids, columns, as_of)


def _fill_states(store: Store, as_of: date, ids: Sequence[int] | None = None) -> None:
    from prm_tui.services import looks  # a list without states does not wait for policies

    looks.fill(store, as_of, ids=ids)


def resolve(store: Store, said: str) -> int:
    """The id of the partner a person means by a code, another key, a name or a part of one.

    Raises UsageError when there is none, and with the candidates when there are several.
    """
    with store.reading() as conn:
        found = stored.by_name(conn, said)
        if len(found) == 1:
            return found[0][0]
        if found:
            listed = ", ".join(f"{code} {name}" for _, code, name in found[:5])
            more = ", …" if len(found) > 5 else ""
            raise UsageError(f"“{said}” may be several partners: {listed}{more}. Give the code.")
        names = [name for (name,) in conn.execute("SELECT name FROM partners LIMIT 20000")]
    like = nearest(said, names)
    hint = f"Did you mean “{like}”?" if like else "See them with: prm partners"
    raise UsageError(f"“{said}”: no partner of that code or name. {hint}")


def get(store: Store, partner_id: int, as_of: date) -> Partner:
    """One partner whole. UsageError when it is not there (any more)."""
    with store.reading() as conn:
        partner = stored.get(conn, partner_id, as_of)
    if partner is None:
        raise UsageError("That partner is not in the file any more.")
    return partner


def preview(store: Store, partner_id: int, as_of: date) -> Preview:
    """What the pane beside the list shows."""
    from prm_tui.services import inactivity

    with store.reading() as conn:
        partner = get(store, partner_id, as_of)
        rhythm = stored.rhythm(conn, partner_id, as_of)
        months = stored.trend(conn, [partner_id], as_of, PREVIEW_MONTHS)
        latest = activities.entries(conn, partner_id, None, as_of, LATEST_SHOWN)
        return Preview(
            partner=partner,
            rhythm=rhythm,
            days_since=(as_of - rhythm.last_on).days if rhythm.last_on else None,
            trend=months.get(partner_id, (0,) * PREVIEW_MONTHS),
            latest=tuple(activities.rows(conn, latest)),
            state=inactivity.of(store, partner_id, as_of),
        )


def add(store: Store, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int:
    """A new partner from what was written in its fields; returns its id.

    A name is needed; a code is made up when none is given. Raises UsageError that names the field.
    """
    known, custom = _read(store, fields)
    if not known.get("name"):
        raise UsageError("name: a partner needs a name.")
    try:
        with store.change(f"added partner {known['name']}", actor=actor, as_of=as_of) as change:
            known["code"] = known.get("code") or stored.next_code(change.conn)
            written = {k: v for k, v in known.items() if v is not None}
            return stored.add(change, written, {k: v for k, v in custom.items() if v is not None})
    except AlreadyThere:
        raise UsageError(_taken(known["code"])) from None


def edit(store: Store, partner_id: int, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int | None:
    """Set fields of a partner; an empty text empties the field.

    Returns the change, None when nothing changed. Raises UsageError for an unknown field, a value of the
    wrong type, a code taken, and for a status only a case may set.
    """
    partner = get(store, partner_id, as_of)
    known, custom = _read(store, fields)
    if known.get("status") == partner.fields["status"]:
        del known["status"]
    elif "status" in known and partner.fields["status"] in CASE_STATUSES:
        raise UsageError(
            f"status: {partner.name} is {partner.fields['status']} by a case; the case changes it. "
            f"See: prm cases list --partner {partner.code}"
        )
    for needed in ("code", "name"):
        if needed in known and not known[needed]:
            raise UsageError(f"{needed}: cannot be empty.")
    if known.get("parent") == partner_id:
        raise UsageError("parent: a partner cannot be its own parent.")
    said = ", ".join(fields)
    try:
        with store.change(f"edited {said} of {partner.name}", actor=actor, as_of=as_of) as change:
            stored.edit(change, partner_id, known, custom)
    except AlreadyThere:
        raise UsageError(_taken(known.get("code"))) from None
    return change.id if change.kept else None


def join(store: Store, keep: int, other: int, *, actor: int | None, as_of: date) -> tuple[int, dict[str, int]]:
    """Make one partner of two: `keep` gets everything of `other`, whose code finds `keep` from now on.

    Returns the change, which undo takes apart again, and how many rows of which table moved. UsageError for
    one and the same partner and for one that was joined before.
    """
    first, second = get(store, keep, as_of), get(store, other, as_of)
    if keep == other:
        raise UsageError(f"{first.code} and {second.code} are one partner already.")
    why = f"{second.name} ({second.code}) is {first.name} ({first.code})"
    with store.change(why, actor=actor, as_of=as_of) as change:
        moved = joining.join(change, keep, other)
        ledger.book(change, partner_id=keep)
    return change.id, moved


def _taken(code: Any) -> str:
    return f"code: “{code}” belongs to another partner already. Choose another code."


def _read(store: Store, fields: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    with store.reading() as conn:
        types = {c.key[7:]: c.type for c in stored.columns(conn) if c.key.startswith("custom.")}
    known: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for said, text in fields.items():
        key = said.removeprefix("custom.")
        if said in FIELDS:
            known[said] = _field(store, said, text)
        elif key in types:
            custom[key] = values.custom(types[key], text, said)
        else:
            like = nearest(said, [*FIELDS, *types])
            raise UsageError(
                f"There is no field “{said}”. "
                + (f"Did you mean “{like}”?" if like else f"Fields: {', '.join([*FIELDS, *types])}")
            )
    return known, custom


def _field(store: Store, key: str, text: str) -> Any:
    kind = FIELDS[key][1]
    if key == "status":
        return _status(text)
    if not trimmed(text):
        return None
    if kind == "person":
        return people.find(store, text).id
    if kind == "partner":
        return resolve(store, text)
    return values.stored(kind, text, key)


def _status(text: str) -> str:
    said = {s.casefold(): s for s in STATUSES}.get(trimmed(text).casefold())
    if said is None:
        like = nearest(text, STATUSES)
        raise UsageError(
            f"status: “{text}” is none. " + (f"Did you mean “{like}”?" if like else f"One of: {', '.join(STATUSES)}")
        )
    if said in CASE_STATUSES:
        raise UsageError(f"status: only a case makes a partner {said}. Begin one: {_COMMANDS[said]} CODE")
    return said
