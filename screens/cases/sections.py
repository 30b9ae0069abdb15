"""What the sections of a case's page show: obligations, what is handed over, letters, money, systems, gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from prm_tui.domain.money import shown
from prm_tui.domain.settlement import ITEMS
from prm_tui.services import gates, letters, obligations, settlement, systems, transition
from screens.text import cell, short_date, visible
from screens.widgets.table import Col, Line
from screens.words import by_keys

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True)
class Part:
    """The lines of a section, by what acts need to know of each; `nothing` is said where there is none."""

    columns: Sequence[Col]
    lines: dict[Any, Line]
    nothing: str


_STANDING = {
    "overdue": "bad",
    "open": "bright",
    "done": "good",
    "waived": "muted",
    "planned": "text",
    "cancelled": "muted",
}


def owed(store: Store, case_id: int, viewer: int | None, as_of: date) -> Part:
    """Obligations: whose, by when, how each is proven."""
    lines = {}
    for one in obligations.of(store, case_id, viewer):
        standing = one.standing(as_of)
        proven = f"{one.said}, {one.by or 'nobody named'} on {one.on}" if one.said else ""
        proven += f" (sha256 {one.hash[:12]}…)" if one.hash else ""
        wanted = f"wanted: {one.proof}" if one.proof and not proven else ""
        told = (one.title, proven or wanted, one.rule or "", f"applies: {one.why}")
        lines[one.id] = Line(
            ((visible(one.title), "bright" if one.unmet else "muted"), (standing, _STANDING.get(standing, "text")), cell(one.due, "date"),
             (visible(one.whose), "muted")),
            detail=" · ".join(visible(part) for part in told if part),
        )  # fmt: skip
    columns = [
        Col("what", "Obligation", least=28),
        Col("state", "State", 9),
        Col("due", "Due", 12),
        Col("who", "By", 17),
    ]
    return Part(columns, lines, "Nothing is owed when this case ends. n adds an obligation.")


def handed(store: Store, case_id: int, viewer: int | None, as_of: date) -> Part:
    """What goes over to somebody: customer by customer, deal by deal."""
    lines = {}
    for item in transition.items(store, case_id, as_of):
        colour = "good" if item.done_on else "warn" if item.unassigned else "text"
        amount = "" if item.amount is None else f"{item.amount:,.2f}"
        lines[item.record_id] = Line(
            ((visible(item.label), "muted"), (visible(item.name), "bright"), (amount, "text"), (visible(item.to_name or item.to), "accent"),
             (item.consent, "text"), (item.said, colour)),
            detail=f"{visible(item.title)} · goes to {visible(item.to_name or item.to or 'nobody yet')} · consent {item.consent}"
            + (f" · letter {visible(item.letter)}" if item.letter else ""),
        )  # fmt: skip
    columns = [Col("kind", "", 10), Col("name", "What", least=18), Col("amount", "Amount", 13, True), Col("to", "Goes to", 20),
               Col("consent", "Consent", 10), Col("state", "", 18)]  # fmt: skip
    return Part(columns, lines, "No customer, deal, lead, project, licence or asset of this partner is known.")


def written(store: Store, case_id: int, viewer: int | None, as_of: date) -> Part:
    """Letters: which the case needs, and where each stands."""
    lines = {}
    rows = sorted(letters.of(store, case_id, viewer), key=lambda row: not row.needed and row.message is None)
    for row in rows:
        colour = "warn" if row.missing else "good" if row.message else "muted"
        to = row.written.customer_name or (row.message.recipient if row.message else "") or ""
        approved = (
            f" · text approved by {row.written.approved_by}, sha256 {row.written.approved[:12]}…"
            if row.written.approved
            else ""
        )
        lines[row.kind.name, row.message.id if row.message else None, row.needed] = Line(
            (
                (visible(row.kind.title), "bright" if row.needed else "text"),
                (visible(to), "text"),
                (visible(row.standing), colour),
            ),
            detail=f"{visible(row.kind.title)} · {visible(row.standing)}{visible(approved)}",
        )
    columns = [Col("kind", "Letter", 34), Col("to", "To", least=16), Col("state", "", 34)]
    return Part(columns, lines, "This case needs no letter.")


def money(store: Store, case_id: int, viewer: int | None, as_of: date) -> Part:
    """The settlement: what is due, what may be reversed, and how it differs from the one that was approved."""
    found = settlement.of(store, case_id, as_of, viewer)
    lines: dict[Any, Line] = {}
    for one in found.sums:
        for item, label in ITEMS.items():
            lines[one.currency, item] = Line(
                ((label, "text"), (shown(getattr(one, item)), "bright"), (one.currency, "muted"), ("", "")),
                detail=f"{label}, {one.currency}, as of {short_date(found.as_of)}; takes effect at {found.effect}.",
            )
    for other in found.differences:
        lines["differs", other.currency, other.item] = Line(
            ((f"! {ITEMS[other.item]} differs", "warn"), (shown(other.now - other.before), "warn"), (other.currency, "muted"),
             (f"{shown(other.before)} was approved", "muted")),
            detail="Something came after the statement was approved; approve it again when it is right.",
        )  # fmt: skip
    for n, line in enumerate(found.lines):
        lines["line", n] = Line(
            ((f"  {line.on} {visible(line.kind)}", "text"), (shown(line.amount), "text"), (line.currency, "muted"),
             (visible(f"{line.state} · {line.part}"), "muted")),
            detail=f"Ledger line {line.id}: {line.kind}, {line.state}, counts as {line.part}"
            + (f"; from {line.origin.file}, {line.origin.sheet}, row {line.origin.row}" if line.origin.file else ""),
        )  # fmt: skip
    for n, remark in enumerate(found.remarks):
        lines["remark", n] = Line(((visible(by_keys(remark)), "muted"),), detail=visible(by_keys(remark)))
    columns = [
        Col("what", "", least=28),
        Col("amount", "Amount", 16, True),
        Col("currency", "", 4),
        Col("state", "", 26),
    ]
    return Part(columns, lines, "The ledger has no line of this partner, and no funds are known.")


_TOLD = {"confirmed": "good", "contradicted": "bad", "sent": "text", "to send": "warn", "to take back": "warn"}


def told(store: Store, case_id: int, viewer: int | None, as_of: date) -> Part:
    """Other systems and departments: who was told, and whose own sheet still shows the partner active."""
    lines = {}
    for line in systems.lines(store, case_id):
        state = line.state(as_of)
        seen = f" · {line.seen.where} says {line.seen.says}" if line.seen is not None else ""
        lines[line.system.name] = Line(
            ((visible(line.system.name), "bright"), (line.system.kind, "muted"), (visible(line.system.owner or ""), "text"),
             (short_date(line.due_on), "bad" if line.overdue(as_of) else "text"), (state, _TOLD.get(state, "text"))),
            detail=f"{visible(line.system.name)}: {state}, due {short_date(line.due_on)}{visible(seen)}",
        )  # fmt: skip
    columns = [Col("system", "System or department", 24), Col("kind", "", 11), Col("owner", "Owner", least=14), Col("due", "Due", 12),
               Col("state", "", 14)]  # fmt: skip
    return Part(
        columns,
        lines,
        "No other system is described, or the case is not approved yet. Systems are described from the command line: prm systems add.",
    )


def barred(store: Store, case_id: int, viewer: int | None, as_of: date) -> Part:
    """What stands in the way of a stage, by name."""
    lines = {}
    for one in gates.of_case(store, case_id, as_of):
        said = (
            f"passed: {one.passed.reason} ({one.passed.by})"
            if one.passed
            else ("stands in the way" if one.known else "cannot be told")
        )
        may = f"may let it pass: {visible(one.by)}" if one.by else "nobody may let it pass"
        lines[one.gate, one.name] = Line(
            ((f"before {one.blocks}", "muted"), (visible(one.title), "bright"), (visible(one.name), "text"),
             (visible(said), "good" if one.passed else "bad")),
            detail=f"{visible(one.said)} · {visible(one.detail)} · {may}",
        )  # fmt: skip
    columns = [Col("stage", "", 17), Col("gate", "Gate", 32), Col("name", "What", least=16), Col("state", "", 24)]
    return Part(columns, lines, "Nothing stands in the way: no gate of a pack finds anything.")


Read = Callable[["Store", int, "int | None", date], Part]
SECTIONS: dict[str, Read] = {
    "Obligations": owed, "Hand-over": handed, "Letters": written, "Money": money, "Systems": told, "Gates": barred,
}  # fmt: skip
"""Of a deactivation, beside its steps: title → what it shows."""
