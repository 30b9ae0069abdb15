"""Handing over, when a partner leaves: customer by customer, deal by deal; planned early, done when it takes effect."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from prm_tui.domain.case import Case
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import CellChange, Refused, SheetReport
from prm_tui.domain.letter import CUSTOMER
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.sheet import UID_LENGTH, token_row
from prm_tui.domain.transition import ENDS, Candidate, Item, chosen, propose, read_consent
from prm_tui.services import agreeing, cases, conditions, letters, partners, people
from storage import Store, outgoing
from storage import transition as stored
from storage.store import Change

NOT_YET = ("draft", "approval", "withdrawal")
"""Stages of a case in which nothing is handed over: it may still come to nothing."""
_GUIDE = (
    "For each row write under “Goes to” the code of a partner, the name of one of our own people, or the word ends.",
    "“Proposed” is somebody who could take it; you may choose another.",
    "“Consent”: needed, given, refused, or not needed. Nothing is handed over before its consent is given.",
    "“Message” names the letter its customer gets, “Message on” the day. Leave a row as it is to leave it open.",
    "Grey cells are there to be read.",
)


@dataclass(frozen=True)
class Handed:
    """What was carried out: the change, and the items; `open` are those that were not ready, with the reason."""

    change: int | None
    done: tuple[Item, ...]
    open: tuple[Item, ...]


def items(store: Store, case_id: int, as_of: date) -> list[Item]:
    """Everything a case's partner holds that goes over to somebody or ends. UsageError for a case of another kind."""
    _leaving(store, case_id)
    with store.reading() as conn:
        return stored.items(conn, case_id, as_of)


def candidates(store: Store, case_id: int, eligible: str, as_of: date) -> list[Candidate]:
    """Who could take over, who holds least first; `eligible` is a condition they meet, empty for none."""
    _leaving(store, case_id)
    where = conditions.compiled(store, eligible, as_of) if eligible.strip() else None
    with store.reading() as conn:
        return stored.candidates(conn, case_id, where)


def proposals(store: Store, case_id: int, eligible: str, as_of: date) -> dict[int, Candidate]:
    """A proposed holder for each item that has none, by record."""
    return propose(items(store, case_id, as_of), candidates(store, case_id, eligible, as_of))


def accept(store: Store, case_id: int, eligible: str, *, actor: int | None, as_of: date) -> int | None:
    """Take every proposal; the change, None where there is none to take."""
    found = proposals(store, case_id, eligible, as_of)
    return assign(store, case_id, {f"#{record}": c.code for record, c in found.items()}, actor=actor, as_of=as_of)


def assign(
    store: Store,
    case_id: int,
    to: Mapping[str, str],
    *,
    lines: Sequence[str] = (),
    consent: str = "",
    letter: str = "",
    letter_on: date | None = None,
    actor: int | None,
    as_of: date,
) -> int | None:
    """Say to whom things go (`to`: reference → partner, one of our people, or ends), and what is known beside it.

    `consent`, `letter` and `letter_on` are said of the items of `to` and of `lines`. A new holder begins with the usual
    consent unless it is said. `letter`: a kind of letter to customers, written with the other letters of the case. Returns
    the change, None when all is so already. UsageError for what is no item, a holder who cannot be one, a letter that is
    none, and a case that is over.
    """
    case = _leaving(store, case_id)
    agreeing.someone(store, actor, "say what is handed over")
    said = {
        "consent": read_consent(consent),
        "letter": _letter(letter),
        "letter_on": letter_on and letter_on.isoformat(),
    }
    said = {key: value for key, value in said.items() if value}
    there = items(store, case_id, as_of)
    todo: dict[int, tuple[Item, dict[str, Any]]] = {
        item.record_id: (item, {}) for ref in lines for item in chosen(there, ref)
    }
    for ref, name in to.items():
        todo |= {item.record_id: (item, _new_holder(store, case, item, name)) for item in chosen(there, ref)}
    why = f"hand-over of {case.row.name}: {', '.join(dict.fromkeys([*to, *lines]))}"
    with store.change(why[:200], actor=actor, as_of=as_of) as change:
        for item, holder in todo.values():
            _open(item)
            stored.assign(change, case_id, item, case.data.get("effective_on"), {**holder, **said})
    return change.id if change.kept else None


def _letter(said: str) -> str:
    """A kind of letter that goes to customers, as it is kept; empty for nothing said."""
    if not said.strip():
        return ""
    kind = letters.kind_named(said.strip().casefold())
    if kind.each != CUSTOMER:
        to_them = ", ".join(one.name for one in letters.kinds().values() if one.each == CUSTOMER)
        raise UsageError(f"letter: “{kind.name}” goes to the partner. To its customers goes: {to_them}")
    return kind.name


def _leaving(store: Store, case_id: int) -> Case:
    case = cases.get(store, case_id)
    if case.row.kind != "deactivation":
        raise UsageError(f"Case {case_id} is a {case.row.kind}: nothing is handed over by it.")
    if not case.row.open and case.row.outcome != "deactivated":
        raise UsageError(f"Case {case_id} of {case.row.name} is closed ({case.row.outcome}): nothing is handed over.")
    return case


def _open(item: Item) -> None:
    if item.done_on is not None:
        raise UsageError(f"{item.title} was handed over on {item.done_on}. Take that back first: prm history")


def _new_holder(store: Store, case: Case, item: Item, said: str) -> dict[str, Any]:
    """Who is meant, as a line keeps it; with another holder than before the consent is asked for anew."""
    found = _holder(store, case, said)
    same = found["way"] == item.way and said.strip().casefold() in (item.to.casefold(), item.to_name.casefold())
    return found if same else {"consent": "", **found}


def _holder(store: Store, case: Case, said: str) -> dict[str, Any]:
    if said.strip().casefold() == ENDS:
        return {"way": ENDS, "partner": None, "person": None}
    try:
        partner = partners.resolve(store, said)
    except UsageError as error:
        try:
            return {"way": "person", "partner": None, "person": people.find(store, said).id}
        except UsageError:
            raise UsageError(f"{str(error).rstrip('.')}. Or name one of our own people, or: ends") from None
    if partner == case.row.partner_id:
        raise UsageError(f"{case.row.name} is the partner that leaves. Name another one, one of our people, or: ends")
    status, name = (partners.get(store, partner, case.row.opened_on).fields[key] for key in ("status", "name"))
    leaves = any(c.kind == "deactivation" for c in cases.list_of(store, partner_id=partner))
    if status != "Active" or leaves:
        raise UsageError(f"{name} is {'leaving' if leaves else status} and takes nothing over. Name another partner.")
    return {"way": "partner", "partner": partner, "person": None}


# ---- carrying out ----


def apply(store: Store, case_id: int, lines: Sequence[str] = (), *, actor: int | None, as_of: date) -> Handed:
    """Hand over what is ready, in one change; before the case takes effect only the `lines` that are named.

    UsageError while the case is not approved, before its effective date without lines, and for a named line that is
    not ready.
    """
    case = _leaving(store, case_id)
    agreeing.someone(store, actor, "hand over")
    if case.row.stage in NOT_YET:
        raise UsageError(
            f"Case {case_id} of {case.row.name} is not approved: nothing is handed over yet. See: prm inbox"
        )
    effective = case.data.get("effective_on")
    if not lines and case.row.stage not in ("after", "closed") and (effective is None or as_of.isoformat() < effective):
        raise UsageError(
            f"Case {case_id} takes effect on {effective}. To hand something over earlier, name it: --line REF"
        )
    there = items(store, case_id, as_of)
    meant = [item for ref in lines for item in chosen(there, ref)] if lines else there
    late = next((item for item in meant if not item.ready), None)
    if lines and late is not None:
        raise UsageError(f"{late.title}: {late.said}. Nothing was handed over.")
    ready = [item for item in meant if item.ready]
    with store.change(f"handed over {len(ready):,} of {case.row.name}", actor=actor, as_of=as_of) as change:
        stored.hand_over(change, [item.line_id for item in ready if item.line_id], as_of)
    left = tuple(item for item in there if item.done_on is None and item not in ready)
    return Handed(change.id if change.kept else None, tuple(ready), left)


def take_effect(change: Change, case_id: int) -> int:
    """Hand over everything that is ready, within the change that makes a case effective; how many."""
    ready = [item for item in stored.items(change.conn, case_id, change.as_of) if item.ready and item.line_id]
    return stored.hand_over(change, [item.line_id for item in ready if item.line_id], change.as_of)


# ---- the sheet ----


def send(
    store: Store,
    case_id: int,
    out: Path,
    *,
    eligible: str = "",
    recipient: str = "",
    due: date | None = None,
    actor: int | None,
    as_of: date,
) -> int:
    """Write what is to be handed over as a sheet to fill in and send back; how many rows. InputError as export does."""
    from importers import export

    if out.suffix.lower() not in (".xlsx", ".csv"):
        raise InputError(f"{out.name}: a sheet that is to return is a workbook or csv. Name it .xlsx or .csv")
    case = _leaving(store, case_id)
    found = [item for item in items(store, case_id, as_of) if item.done_on is None]
    if not found:
        raise InputError(f"{out.name}: {case.row.name} holds nothing that is to be handed over.")
    proposed = propose(found, candidates(store, case_id, eligible, as_of))
    to = recipient.strip() or case.row.owner or "the partner manager"
    uid = uuid.uuid4().hex[:UID_LENGTH]
    with store.change(f"hand-over of {case.row.name} sent to {to}", actor=actor, as_of=as_of) as change:
        sheet = stored.sheet(found, uid, proposed)
        until = f", please by {due:%d %B %Y}" if due else ""
        written = export.write(out, [sheet], locked=True, guide=[f"For {to}{until}", "", *_GUIDE])
        told = {"file": out.name, "ids": {stored.SHEET: [item.record_id for item in found]}, "case": case_id}
        outgoing.send(change, uid, stored.SHEET, to, due, told)
    return written.rows


def take(store: Store, change: Change, plan: SheetPlan) -> SheetReport:
    """Enter what a sheet of a hand-over brings back; a row that cannot be taken is refused with its reason.

    Empty cells say nothing. InputError for a sheet that prm did not write, or whose decisions are gone.
    """
    if not plan.ours or any(target == "hand_over_to" for _, target in plan.lost):
        raise InputError(
            f"{plan.file}: {plan.sheet}: prm did not write this, or its prm id or “Goes to” column is gone. A hand-over"
            " goes out with: prm cases transition ID --out FILE.xlsx"
        )
    report = SheetReport(plan)
    for number, token, *said in _rows(change, plan):
        uid = token[:UID_LENGTH]
        try:
            told = _enter(store, change, token, *said)
        except UsageError as error:
            shown = plan.column("hand_over_to")
            report.refused.append(
                Refused(plan.file, plan.sheet, number, shown.header if shown else plan.sheet, said[0], str(error))
            )
            continue
        outgoing.back(change, uid)
        if told is None:
            report.same += 1
        else:
            report.changed += 1
            report.cells.append(CellChange(number, told[0], "hand-over", told[1], told[2]))
    return report


def _rows(change: Change, plan: SheetPlan) -> list[tuple[Any, ...]]:
    at = [plan.column(target) for target in ("id", "hand_over_to", "consent", "letter", "letter_on")]
    cells = ", ".join(f"r.c{column.pos}" if column else "NULL" for column in at)
    found = change.conn.execute(f"SELECT r.row, {cells} FROM st.{plan.table} r ORDER BY r.row").fetchall()
    return [(number, *("" if cell is None else str(cell).strip() for cell in said)) for number, *said in found]


def _enter(
    store: Store, change: Change, token: str, to: str, consent: str, letter: str, letter_on: str
) -> tuple[str, str, str] | None:
    """Enter one row; (item, before, after), None where nothing of it is new."""
    letter_, record = token_row(token)
    case_id = stored.case_of(change.conn, token[:UID_LENGTH])
    if letter_ != "h" or case_id is None:
        raise UsageError("this row did not go out from this file, so nobody can tell what is meant")
    case = _leaving(store, case_id)
    item = next((i for i in stored.items(change.conn, case_id, change.as_of) if i.record_id == record), None)
    if item is None:
        raise UsageError("the partner does not hold this any more")
    values: dict[str, Any] = {"consent": read_consent(consent), "letter": _letter(letter), "letter_on": _day(letter_on)}
    if values["consent"] == item.consent:
        values["consent"] = ""  # it stood there when the sheet went out, of the holder there was then
    told = {key: value for key, value in values.items() if value}
    values = {**_new_holder(store, case, item, to), **told} if to else told
    if item.done_on is not None or not values:
        return None
    if not stored.assign(change, case_id, item, case.data.get("effective_on"), values):
        return None
    now = next(i for i in stored.items(change.conn, case_id, change.as_of) if i.record_id == record)
    return item.title, item.to or "nobody", f"{now.to or 'nobody'}, {now.consent}"


def _day(said: str) -> str:
    try:
        return date.fromisoformat(said[:10]).isoformat() if said else ""
    except ValueError:
        raise UsageError(f"message on: “{said}” is not a date. Write it like 2026-03-31") from None
