"""What each sheet of a staging file is, and what its columns mean; every decision with its reason.

In this order: a saved mapping for these headers; exact words of other people's sheets; near words with a
clear margin; the values. By values a column is a partner key only when nearly all its values are keys, each
reference has one, and its header is the key's own or it covers a good part of all keys.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from importers import aliases
from importers.columns import as_numbers
from prm_tui.domain.mapping import NEEDED, ColumnPlan, Question, SavedMap, SheetPlan

CONTAINED = 0.99
COVERED = 0.30
NEAR = 88
MARGIN = 6


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
) -> Proposal:
    """Plans for all visible sheets of a staging file, and for hidden ones named in `forced`.

    `forced` says what a sheet is (sheet name → partners, people, activity:KIND or skip). Partner keys the
    file has already stand in the staging table `known`.
    """
    told = {name.casefold(): what for name, what in (forced or {}).items()}
    drafts = [_draft(staging, row) for row in _sheets(staging) if row[4] or row[3].casefold() in told]
    drafts = [_classified(plan, told, saved) for plan in drafts]
    key_headers = {
        aliases.words(c.header) for p in drafts if p.noun == "partners" for c in p.columns if c.target == "code"
    }
    person_headers = {
        aliases.words(c.header) for p in drafts if p.noun == "people" for c in p.columns if c.target == "key"
    }
    plans, questions = [], []
    for plan in drafts:
        if plan.noun == "activity" and not _saved_for(plan, saved):
            plan = _activity(staging, plan, key_headers, person_headers, drafts)
        for target in ("amount", "quantity") if plan.noun == "activity" else ():
            column = plan.column(target)
            if column and column.type == "text":
                as_numbers(staging, plan.table, f"c{column.pos}")
        plan = replace(plan, lines=plan.noun == "activity" and _has_lines(staging, plan))
        plans.append(plan)
        questions += _questions(plan)
    return Proposal(plans, questions)


def _sheets(staging: sqlite3.Connection) -> list[tuple[int, str, str, str, int, int, int]]:
    return staging.execute(
        "SELECT s.id, f.name, f.hash, s.name, s.visible, s.header_row, s.n_rows FROM sheets s"
        " JOIN files f ON f.id = s.file_id ORDER BY s.id"
    ).fetchall()


def _draft(staging: sqlite3.Connection, row: tuple[int, str, str, str, int, int, int]) -> SheetPlan:
    sheet_id, file, file_hash, name, _, header_row, n_rows = row
    columns = tuple(
        ColumnPlan(pos, header, kind, "data", f"kept as it is ({decided})", example)
        for pos, header, kind, decided, example in staging.execute(
            "SELECT pos, header, type, decided, example FROM columns WHERE sheet_id = ? ORDER BY pos",
            (sheet_id,),
        )
    )
    notes = tuple(t for (t,) in staging.execute("SELECT text FROM notes WHERE sheet_id = ?", (sheet_id,)))
    return SheetPlan(sheet_id, file, file_hash, name, header_row, n_rows, "skip", "", columns, notes=notes)


def _saved_for(plan: SheetPlan, saved: Sequence[SavedMap]) -> SavedMap | None:
    headers = [c.header for c in plan.columns]
    return next((s for s in saved if s.fits(headers)), None)


def _classified(plan: SheetPlan, told: dict[str, str], saved: Sequence[SavedMap]) -> SheetPlan:
    known = _saved_for(plan, saved)
    if known and plan.sheet.casefold() not in told:
        folded = {header.casefold(): target for header, target in known.columns.items()}
        columns = tuple(
            replace(c, target=folded[c.header.casefold()], why="by the saved mapping") for c in plan.columns
        )
        return replace(plan, what=known.what, why="by the saved mapping", columns=columns)
    if not plan.rows:
        return replace(plan, why="the sheet has a heading but no rows" if plan.columns else "the sheet is empty")
    what = told.get(plan.sheet.casefold())
    if what:
        plan = replace(plan, what=what, why="as you said")
    else:
        what, why = _what(plan)
        plan = replace(plan, what=what, why=why)
    if plan.noun == "partners":
        return _partners(plan)
    return _people(plan) if plan.noun == "people" else plan


def _what(plan: SheetPlan) -> tuple[str, str]:
    headers = [c.header for c in plan.columns]
    said = [aliases.words(h) for h in headers]
    has_date = any(s in aliases.ACTIVITY["occurred_on"] or s.endswith(" date") for s in said) and any(
        c.type in ("date", "date?", "text") for c in plan.columns
    )
    names_partner = any(aliases.partner_name(h) for h in headers)
    keys_partner = any(aliases.partner_key(h) for h in headers)
    has_amount = any(s in aliases.ACTIVITY["amount"] for s in said)
    has_ref = any(s in aliases.ACTIVITY["ref"] for s in said)
    if has_date and (has_amount or has_ref) and (keys_partner or names_partner or has_ref):
        kind = _kind(plan.sheet, said) or _kind(plan.file, said)
        if kind:
            return f"activity:{kind}", "it has dates, amounts or references, and a partner in every row"
    names_person = any(aliases.person_name(h) for h in headers)
    keys_person = any(aliases.person_key(h) for h in headers)
    if (names_person or (keys_person and "name" in said)) and not keys_partner:
        return "people", "it lists people of our own by name"
    if names_partner or (keys_partner and "name" in said):
        return "partners", "it brings partners under their own name"
    return "skip", "nothing in it says what its rows are"


def _kind(title: str, said: list[str]) -> str | None:
    looked_at = [*aliases.words(title).split(), *(w for s in said for w in s.split())]
    for word in looked_at:
        for kind, known in aliases.KINDS.items():
            if word in known:
                return kind
    return None


def _partners(plan: SheetPlan) -> SheetPlan:
    keys = [c for c in plan.columns if aliases.partner_key(c.header)]
    plan = _by_words(plan, aliases.PARTNER)
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


def _people(plan: SheetPlan) -> SheetPlan:
    for column in plan.columns:
        if aliases.person_key(column.header):
            plan = plan.with_target(column.header, "key", "its header is the key of a person")
            break
    return _by_words(plan, aliases.PERSON)


def _by_words(plan: SheetPlan, known: dict[str, tuple[str, ...]]) -> SheetPlan:
    """Targets by exact words first (the order of the words counts), then by near ones with a clear margin."""
    said = {aliases.words(c.header): c for c in plan.columns if c.target == "data" and c.type != "empty"}
    for target, spellings in known.items():
        if plan.column(target) is None:
            exact = next((s for s in spellings if s in said), None)
            if exact is None and target == "name":
                exact = next((s for s, c in said.items() if aliases.partner_name(c.header)), None)
            if exact is not None and plan.columns[_at(plan, said[exact])].target == "data":
                plan = plan.with_target(said[exact].header, target, f"“{said[exact].header}” says so")
    return _by_near_words(plan, known)


def _at(plan: SheetPlan, column: ColumnPlan) -> int:
    return next(n for n, c in enumerate(plan.columns) if c.pos == column.pos)


def _by_near_words(plan: SheetPlan, known: dict[str, tuple[str, ...]]) -> SheetPlan:
    from rapidfuzz import fuzz, process

    for target, spellings in known.items():
        free = {aliases.words(c.header): c for c in plan.columns if c.target == "data" and c.type != "empty"}
        if plan.column(target) is not None or not free:
            continue
        scores: dict[str, float] = {}
        for spelling in spellings:
            if len(spelling) > 4:
                for header, score, _ in process.extract(spelling, free.keys(), scorer=fuzz.ratio, limit=2):
                    scores[header] = max(scores.get(header, 0.0), score)
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        if ranked and ranked[0][1] >= NEAR and (len(ranked) < 2 or ranked[0][1] - ranked[1][1] >= MARGIN):
            column = free[ranked[0][0]]
            plan = plan.with_target(column.header, target, f"“{column.header}” is nearly a word for it")
    return plan


def _activity(
    staging: sqlite3.Connection,
    plan: SheetPlan,
    key_headers: set[str],
    person_headers: set[str],
    drafts: Sequence[SheetPlan],
) -> SheetPlan:
    plan = _by_words(plan, aliases.ACTIVITY)
    if plan.column("occurred_on") is None:
        dates = [c for c in plan.columns if c.type in ("date", "date?") and c.target == "data"]
        if len(dates) == 1:
            plan = plan.with_target(dates[0].header, "occurred_on", "the only column of dates")
    for column in plan.columns:
        if aliases.words(column.header) in person_headers:
            plan = plan.with_target(column.header, "person", "its header is the key of the people sheet")
        elif plan.column("person") is None and column.target == "data" and aliases.person_name(column.header):
            plan = plan.with_target(column.header, "person", "its header names a person of our own")
    return _partner_column(staging, plan, key_headers, drafts)


def _partner_column(
    staging: sqlite3.Connection, plan: SheetPlan, key_headers: set[str], drafts: Sequence[SheetPlan]
) -> SheetPlan:
    free = [c for c in plan.columns if c.target == "data" and c.type != "empty"]
    same = [c for c in free if aliases.words(c.header) in key_headers]
    keys = [c for c in free if aliases.partner_key(c.header)]
    names = [c for c in free if aliases.partner_name(c.header)]
    _collect_keys(staging, drafts)
    for found, why in (
        (same, "its header is the key of the partner sheet"),
        (keys, "its header is the key of a partner"),
        (names, "its header names a partner"),
    ):
        if len(found) == 1:
            return plan.with_target(found[0].header, "partner", why)
    ref = plan.column("ref")
    by_value = [c for c in free if _is_partner_by_values(staging, plan, c, ref)]
    if len(by_value) == 1:
        return plan.with_target(
            by_value[0].header, "partner", "nearly all its values are partner keys, one for each reference"
        )
    return plan


def _collect_keys(staging: sqlite3.Connection, drafts: Sequence[SheetPlan]) -> None:
    for plan in drafts:
        code = plan.column("code") if plan.noun == "partners" else None
        if code:
            staging.execute(
                f"INSERT INTO known SELECT 'code', CAST(c{code.pos} AS TEXT) FROM {plan.table}"
                f" WHERE c{code.pos} IS NOT NULL"
                " AND NOT EXISTS (SELECT 1 FROM known WHERE system = ?)",
                (f"sheet {plan.id}",),
            )


def _is_partner_by_values(
    staging: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan, ref: ColumnPlan | None
) -> bool:
    name = f"c{column.pos}"
    used, contained = staging.execute(
        f"SELECT count(*), sum(v IN (SELECT key FROM known)) FROM"
        f" (SELECT DISTINCT CAST({name} AS TEXT) AS v FROM {plan.table} WHERE {name} IS NOT NULL)"
    ).fetchone()
    (every,) = staging.execute("SELECT count(DISTINCT key) FROM known").fetchone()
    if not used or contained < CONTAINED * used or contained < COVERED * every:
        return False
    if ref is None:
        return True
    (several,) = staging.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {plan.table} WHERE c{ref.pos} IS NOT NULL"
        f" GROUP BY c{ref.pos} HAVING count(DISTINCT {name}) > 1)"
    ).fetchone()
    return int(several) == 0


def _has_lines(staging: sqlite3.Connection, plan: SheetPlan) -> bool:
    ref, on, partner = plan.column("ref"), plan.column("occurred_on"), plan.column("partner")
    if ref is None or on is None or partner is None:
        return False
    found = staging.execute(
        f"SELECT 1 FROM {plan.table} WHERE c{ref.pos} IS NOT NULL"
        f" GROUP BY c{ref.pos}, c{partner.pos}, c{on.pos} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return found is not None


def _questions(plan: SheetPlan) -> list[Question]:
    asked = []
    for needed in plan.missing():
        candidates = ", ".join(c.header for c in plan.columns if c.target == "data")
        asked.append(
            Question(
                plan.sheet,
                f"which column is the {needed.replace('_', ' ')}? One of: {candidates}",
                f"--map (write one with: prm map “{plan.file}”), or --as “{plan.sheet}=skip”",
            )
        )
    for column in plan.columns:
        if column.type == "date?" and column.target in ("occurred_on", "joined_on"):
            asked.append(
                Question(
                    plan.sheet,
                    f"is {column.example} in “{column.header}” written day first or month first?",
                    "--dates day-first, or --dates month-first",
                )
            )
    return asked if plan.noun in NEEDED else []
