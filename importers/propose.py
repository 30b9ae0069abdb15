"""What each sheet of a staging file is, and what its columns mean; every decision with its reason.

In this order: a saved mapping for these headers; exact words of other people's sheets; near words with a
clear margin; the values. By values a column is a partner key only when nearly all its values are keys, each
reference has one, and its header is the key's own or it covers a good part of all keys.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from importers import aliases, partner_column, periods, remarks
from importers.asked import asked_of
from importers.by_words import by_words
from importers.columns import as_numbers, settle
from importers.dates import MIXED
from importers.kinds import OwnKind, named
from importers.own import Own
from prm_tui.domain.mapping import NUMBERS, REASON, SAID, ColumnPlan, Question, SavedMap, SheetPlan
from prm_tui.domain.sheet import META

REPEATED = 0.05
MAPPED = "by the saved mapping"
UNTOLD = "nothing in it says what its rows are"


@dataclass(frozen=True)
class Taken:
    """A sheet that was taken before: what it was, how its headers were read, its rows, and how much it held."""

    what: str
    map: Mapping[str, str]
    rows: int
    held: int


@dataclass
class Proposal:
    """How every visible sheet would be read, and what a person must decide first."""

    plans: list[SheetPlan]
    questions: list[Question]


def propose(
    staging: sqlite3.Connection,
    *,
    saved: Sequence[SavedMap] = (),
    forced: dict[str, str] | None = None,
    own: Mapping[int, Own] | None = None,
    known: Callable[[], Iterable[str]] = tuple,
    taken: Mapping[str, Taken] | None = None,
    kinds: Sequence[OwnKind] = (),
) -> Proposal:
    """Plans for all sheets of a staging file; hidden ones are left out unless named in `forced`.

    `forced` says what a sheet is (sheet name → partners, people, contacts, activity:KIND, record:KIND or
    skip). `own`: sheets of ours that came back, which say themselves what they are. `known` gives the partner
    keys the file has already; it is asked only where a column must be found by its values. `taken`: sheets that
    were taken before, by their content. `kinds`: those the file knows, by whose labels sheets and by whose fields columns
    are understood.
    """
    own, taken = own or {}, taken or {}
    told = {name.casefold(): what for name, what in (forced or {}).items()}
    drafts = [
        _ours(_draft(staging, row), own[row[0]])
        if row[0] in own
        else _again(_draft(staging, row), taken[row[7]])
        if row[8]
        else _classified(staging, _draft(staging, row), told, saved, kinds)
        for row in _sheets(staging)
    ]
    key_headers = {
        aliases.words(c.header)
        for p in drafts
        if p.noun == "partners"
        for c in p.columns
        if c.target == "code" or (c.target == "name" and p.column("code") is None)
    }
    person_headers = {
        aliases.words(c.header)
        for p in drafts
        if p.noun == "people"
        for c in p.columns
        if c.target == "key" or (c.target == "name" and p.column("key") is None)
    }
    plans, questions = [], []
    for plan in drafts:
        if plan.again:
            plans.append(plan)
            continue
        if plan.noun in ("activity", "record", "contacts"):
            kind = next((kind for kind in kinds if kind.what == plan.what), OwnKind(plan.what, ""))
            plan = _fields(plan, kind)
            if plan.why != MAPPED and not plan.ours:
                plan = _owned(staging, plan, key_headers, person_headers, drafts, known, kind)
            plan = replace(periods.dated(staging, plan), flat=_is_flat(plan, drafts))
        for target in NUMBERS if plan.noun in ("activity", "record") else ():
            column = plan.column(target)
            if column and column.type == "text":
                as_numbers(staging, plan.table, f"c{column.pos}")
        plan = replace(plan, lines=plan.noun == "activity" and not plan.ours and _has_lines(staging, plan))
        plans.append(plan)
        questions += asked_of(plan)
    return Proposal([remarks.noted(staging, plan, plans) for plan in plans], questions)


_Sheet = tuple[int, str, str, str, int, int, int, str, int]


def _sheets(staging: sqlite3.Connection) -> list[_Sheet]:
    return staging.execute(
        "SELECT s.id, f.name, f.hash, s.name, s.visible, s.header_row, s.n_rows, s.content, s.again"
        " FROM sheets s"
        " JOIN files f ON f.id = s.file_id WHERE s.name <> ? ORDER BY s.id",
        (META,),
    ).fetchall()


def _draft(staging: sqlite3.Connection, row: _Sheet) -> SheetPlan:
    sheet_id, file, file_hash, name, visible, header_row, n_rows, content, _ = row
    columns = tuple(
        ColumnPlan(pos, header, kind, "skip", "what prm said of refused rows", example)
        if header == REASON
        else ColumnPlan(
            pos, header, kind, "data", f"kept as it is ({decided})", example, "", tuple(orders.split()), decided
        )
        for pos, header, kind, decided, example, orders in staging.execute(
            "SELECT pos, header, type, decided, example, orders FROM columns WHERE sheet_id = ? ORDER BY pos",
            (sheet_id,),
        )
    )
    notes = tuple(t for (t,) in staging.execute("SELECT text FROM notes WHERE sheet_id = ?", (sheet_id,)))
    return SheetPlan(
        sheet_id, file, file_hash, name, header_row, n_rows, "skip", "", columns,
        visible=bool(visible), notes=notes, content=content,
    )  # fmt: skip


def _again(plan: SheetPlan, taken: Taken) -> SheetPlan:
    """A sheet whose very content was taken before, as it was read then."""
    columns = tuple(
        replace(c, target=taken.map.get(c.header, "skip"), why="as it was read before") for c in plan.columns
    )
    why = "the very same cells were taken before"
    return replace(plan, what=taken.what, why=why, columns=columns, rows=taken.rows, held=taken.held)


def _ours(plan: SheetPlan, own: Own) -> SheetPlan:
    """A sheet that prm wrote, by what it says of itself; a column that somebody added is kept."""
    columns = []
    for column in plan.columns:
        target = own.targets.get(column.header, column.target)
        kept_as = target.removeprefix("custom:") if target.startswith("custom:") else ""
        known = column.header in own.targets
        columns.append(
            replace(
                column,
                target="data" if kept_as else target,
                kept_as=kept_as,
                why="prm wrote it" if known else "somebody added it",
            )
        )
    back = {c.header for c in plan.columns}
    lost = tuple((h, t) for h, t in own.targets.items() if h not in back and t != "skip")
    return replace(plan, what=own.what or "skip", why="prm wrote it", columns=tuple(columns), lost=lost)


def _saved_for(plan: SheetPlan, saved: Sequence[SavedMap]) -> SavedMap | None:
    headers = [c.header for c in plan.columns]
    return next((s for s in saved if s.fits(headers)), None)


def _classified(
    staging: sqlite3.Connection,
    plan: SheetPlan,
    told: dict[str, str],
    saved: Sequence[SavedMap],
    kinds: Sequence[OwnKind],
) -> SheetPlan:
    what = told.get(plan.sheet.casefold())
    if not plan.visible and what is None:
        return replace(plan, why="the sheet is hidden; it is read when you name it")
    known = _saved_for(plan, saved)
    if known and what in (None, known.what):
        folded = {header.casefold(): target for header, target in known.columns.items()}
        said = {header.casefold(): order for header, order in known.dates.items()}
        columns = tuple(
            _answered(
                staging, plan, replace(c, target=folded[c.header.casefold()], why=MAPPED),
                said.get(c.header.casefold()),
            ) if c.header != REASON else c
            for c in plan.columns
        )  # fmt: skip
        return replace(plan, what=known.what, why=MAPPED, columns=columns)
    if not plan.rows:
        return replace(plan, why="the sheet has a heading but no rows" if plan.columns else "the sheet is empty")
    if what:
        plan = replace(plan, what=what, why=SAID)
    else:
        what, why = _what(staging, plan, kinds)
        plan = replace(plan, what=what, why=why)
    if plan.noun == "partners":
        return _partners(staging, plan)
    return _people(plan) if plan.noun == "people" else plan


def _answered(staging: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan, order: str | None) -> ColumnPlan:
    """A column of dates with the answer that was given for it before; evidence in the column itself counts more."""
    another = ("swapped" in column.orders and order != "swapped") or MIXED in column.decided
    if order not in column.orders or another:  # it is not the question that was answered then
        return column
    return replace(column, type="date", orders=(), decided=settle(staging, plan.id, column.pos, order))


def _what(staging: sqlite3.Connection, plan: SheetPlan, kinds: Sequence[OwnKind]) -> tuple[str, str]:
    headers = [c.header for c in plan.columns]
    said = [aliases.words(h) for h in headers]
    has_date = any(s in aliases.ACTIVITY["occurred_on"] or s.endswith(" date") for s in said) and any(
        c.type in ("date", "date?", "text") for c in plan.columns
    )
    names_partner = any(aliases.partner_name(h) for h in headers)
    keys_partner = any(aliases.partner_key(h) for h in headers)
    has_amount = any(s in aliases.ACTIVITY["amount"] for s in said)
    has_ref = any(s in aliases.ACTIVITY["ref"] for s in said)
    has_status = any(s in aliases.RECORD["status"] for s in said)
    ends = any(s in aliases.RECORD["ends_on"] for s in said)
    if keys_partner or names_partner:
        own = aliases.words(plan.sheet).removesuffix("s")
        keys = [c for c in plan.columns if aliases.partner_key(c.header) and aliases.words(c.header).split()[0] != own]
        several = len(keys) == 1 and _repeats(staging, plan, keys[0])
        lasting = has_status or ends or not has_date
        called = named(kinds, plan.sheet, dated=has_date, lasting=lasting, several=several)
        if called is not None:
            return called.what, f"it is called like what the file knows as {called.label.lower()}"
        money = _kind(aliases.MONEY_KINDS, plan.sheet, []) or _kind(aliases.MONEY_KINDS, plan.file, [])
        if money and (has_amount or any(s in aliases.MONEY["amount"] for s in said)):
            return f"activity:{money}", "it is called like what partners earn, and has amounts"
    if (keys_partner or names_partner) and (has_status or ends):
        kind = _kind(aliases.RECORD_KINDS, plan.sheet, said) or _kind(aliases.RECORD_KINDS, plan.file, [])
        if kind:
            return f"record:{kind}", "its rows have a state or an end, and a partner each"
    if has_date and (has_amount or has_ref) and (keys_partner or names_partner or has_ref):
        kind = _kind(aliases.KINDS, plan.sheet, said) or _kind(aliases.KINDS, plan.file, said)
        if kind:
            return f"activity:{kind}", "it has dates, amounts or references, and a partner in every row"
    if _lists_contacts(staging, plan, said):
        return "contacts", "it lists persons with the partner each belongs to"
    names_person = any(aliases.person_name(h) for h in headers)
    keys_person = any(aliases.person_key(h) for h in headers)
    if (names_person or (keys_person and "name" in said)) and not keys_partner:
        return "people", "it lists people of our own by name"
    if names_partner or (keys_partner and "name" in said):
        return "partners", "it brings partners under their own name"
    return "skip", UNTOLD


def _lists_contacts(staging: sqlite3.Connection, plan: SheetPlan, said: list[str]) -> bool:
    """Persons with an address of their own, several of them at one partner, or a title that says so."""
    owner = next((c for c in plan.columns if aliases.partner_key(c.header) or aliases.partner_name(c.header)), None)
    reached = any(s in aliases.CONTACT["email"] or s in aliases.CONTACT["phone"] for s in said)
    if owner is None or not reached:
        return False
    if {"contact", "contacts"} & set(aliases.words(plan.sheet).split()):
        return True
    if not any(s in aliases.CONTACT["name"] and s != "name" for s in said):
        return False
    return _repeats(staging, plan, owner)


def _kind(kinds: dict[str, tuple[str, ...]], title: str, said: list[str]) -> str | None:
    looked_at = [*aliases.words(title).split(), *(w for s in said for w in s.split())]
    for word in looked_at:
        for kind, known in kinds.items():
            if word in known:
                return kind
    return None


def _partners(staging: sqlite3.Connection, plan: SheetPlan) -> SheetPlan:
    keys = [c for c in plan.columns if aliases.partner_key(c.header)]
    plan = by_words(plan, aliases.PARTNER)
    if not keys and plan.column("code") is None:
        named = [c for c in plan.columns if c.target == "data" and aliases.key_like(c.header)]
        own = [c for c in named if _tells_rows_apart(staging, plan, c)]
        if len(own) == 1:
            plan = plan.with_target(own[0].header, "code", "every row has one of its own")
    if keys:
        plan = plan.with_target(keys[0].header, "code", "its header is the key of a partner")
    for other in plan.columns:
        said = aliases.words(other.header)
        if other.target == "data" and (other in keys[1:] or said.endswith("alternate key")):
            system = other.key.removesuffix("_key").removesuffix("_id")
            plan = plan.with_target(other.header, f"key:{system}", "another key of the partner")
    named = [c for c in plan.columns if aliases.partner_name(c.header)]
    if named and plan.column("name") is None:
        plan = plan.with_target(named[0].header, "name", "its header names a partner")
    return plan


def _repeats(staging: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan) -> bool:
    """Whether a good part of the values stand in several rows: a list of partners has one row for each."""
    filled, different = staging.execute(
        f"SELECT count(c{column.pos}), count(DISTINCT c{column.pos}) FROM {plan.table}"
    ).fetchone()
    return bool(filled and different <= (1 - REPEATED) * filled)


def _tells_rows_apart(staging: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan) -> bool:
    rows, filled, different = staging.execute(
        f"SELECT count(*), count(c{column.pos}), count(DISTINCT c{column.pos}) FROM {plan.table}"
    ).fetchone()
    return bool(rows and rows == filled == different)


def _people(plan: SheetPlan) -> SheetPlan:
    for column in plan.columns:
        if aliases.person_key(column.header):
            plan = plan.with_target(column.header, "key", "its header is the key of a person")
            break
    return by_words(plan, aliases.PERSON)


def _owned(
    staging: sqlite3.Connection,
    plan: SheetPlan,
    key_headers: set[str],
    person_headers: set[str],
    drafts: Sequence[SheetPlan],
    known: Callable[[], Iterable[str]],
    kind: OwnKind,
) -> SheetPlan:
    """Columns of a sheet whose rows belong to partners: activities, records, contacts.

    A column with the name of one of the kind's own fields is that field, but may be the reference.
    """
    if plan.noun == "contacts":
        return by_words(partner_column.find(staging, plan, key_headers, drafts, known), aliases.CONTACT)
    if plan.noun == "record":
        plan = partner_column.find(staging, plan, key_headers, drafts, known, kind)
    who = "person" if plan.noun == "activity" else "owner"
    for column in plan.columns:
        if column.target == "data" and aliases.words(column.header) in person_headers:
            plan = plan.with_target(column.header, who, "its header is that of the people sheet")
    known_words = {**(aliases.ACTIVITY if plan.noun == "activity" else aliases.RECORD)}
    for target, more in kind.spelt().items():
        known_words[target] = (*more, *known_words.get(target, ()))
    plan = by_words(plan, known_words, kind.fields)
    if plan.noun == "activity" and plan.column("occurred_on") is None:
        dates = [c for c in plan.columns if c.type in ("date", "date?") and c.target == "data"]
        if len(dates) == 1:
            plan = plan.with_target(dates[0].header, "occurred_on", "the only column of dates")
    for column in plan.columns:
        if plan.column(who) is None and column.target == "data" and aliases.person_name(column.header):
            plan = plan.with_target(column.header, who, "its header names a person of our own")
    if plan.noun == "record":
        return plan
    return partner_column.find(staging, plan, key_headers, drafts, known, kind)


def _fields(plan: SheetPlan, kind: OwnKind) -> SheetPlan:
    """Columns that are fields of the kind under its own names for them, unless the sheet has that column, too."""
    there = {column.key for column in plan.columns}
    own = [kind.field(c.key) if c.target == "data" and not c.kept_as else None for c in plan.columns]
    columns = (
        replace(column, kept_as=field, why=f"“{column.header}” says so")
        if field and field not in there and own.count(field) == 1
        else column
        for column, field in zip(plan.columns, own, strict=True)
    )
    return replace(plan, columns=tuple(columns))


def _is_flat(plan: SheetPlan, drafts: Sequence[SheetPlan]) -> bool:
    """Whether a sheet names its partners itself, with no other sheet to say who they are."""
    partner = plan.column("partner")
    if partner is None or plan.ours or any(d.noun == "partners" for d in drafts):
        return False
    return plan.column("partner_name") is not None or aliases.partner_name(partner.header)


def _has_lines(staging: sqlite3.Connection, plan: SheetPlan) -> bool:
    ref, on, partner = plan.column("ref"), plan.column("occurred_on"), plan.column("partner")
    if ref is None or on is None or partner is None:
        return False
    found = staging.execute(
        f"SELECT 1 FROM {plan.table} WHERE c{ref.pos} IS NOT NULL"
        f" GROUP BY c{ref.pos}, c{partner.pos}, c{on.pos} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return found is not None
