"""The workbook of an evidence pack: the case in sheets, its figures as formulas over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prm_tui.domain.case import STAGES, Case
from prm_tui.domain.casepack import Approval, Happened, Link
from prm_tui.domain.letter import LetterRow
from prm_tui.domain.obligation import STATES, ObligationRow
from prm_tui.domain.sheet import Live, OutColumn, OutSheet

YEAR = 365
_SAID = (
    ("notice_on", "Notice on"), ("served_on", "Served on"), ("method", "Served by"), ("effective_on", "Takes effect on"),
    ("rule", "By the rule"), ("memo", "Memo"), ("snapshot", "Hash of the snapshot"),
)  # fmt: skip


def _columns(*headers: str, **types: str) -> list[OutColumn]:
    kinds = {key.replace("_", " "): kind for key, kind in types.items()}
    return [OutColumn(header, "skip", kinds.get(header, "text")) for header in headers]


def sheets(
    case: Case,
    reason: str,
    approvals: Sequence[Approval],
    obligations: Sequence[ObligationRow],
    letters: Sequence[LetterRow],
    links: Sequence[Link],
    happened: Sequence[Happened],
) -> list[OutSheet]:
    """The sheets of a pack, but for those of the settlement."""
    return [
        _case(case, reason, obligations, happened), _impact(case), _approvals(approvals), _obligations(obligations),
        _letters(letters), _changes(links), _timeline(happened),
    ]  # fmt: skip


def _case(case: Case, reason: str, obligations: Sequence[ObligationRow], happened: Sequence[Happened]) -> OutSheet:
    row, last = case.row, len(obligations) + 1
    said: list[list[Any]] = [
        ["Partner", f"{row.name} ({row.code})"], ["Case", str(row.id)], ["Stage", STAGES.get(row.stage, row.stage)],
        ["Outcome", row.outcome], ["Reason", reason], ["Path", case.path], ["Asked for by", case.requested_by],
        ["Opened on", row.opened_on.isoformat()], *([label, case.data.get(key)] for key, label in _SAID if case.data.get(key)),
    ]  # fmt: skip
    for state in STATES:
        count = sum(one.state == state for one in obligations)
        said.append([f"Obligations {state}", Live(f'=COUNTIF(Obligations!$F$2:$F${max(last, 2)},"{state}")', count)])
    since, end = row.opened_on - timedelta(days=YEAR), len(happened) + 1
    mine = [
        one for one in happened if since < one.on <= row.opened_on and not one.superseded and one.amount is not None
    ]
    for currency in sorted({one.currency or "" for one in mine}):
        total = sum(float(one.amount or 0) for one in mine if (one.currency or "") == currency)
        n = len(said) + 2
        said.append([f"Amounts of the timeline in the {YEAR} days before, {currency or 'without currency'}",
                     Live(_total(n, max(end, 2), f'DATE({since.year},{since.month},{since.day})',
                                 f'DATE({row.opened_on.year},{row.opened_on.month},{row.opened_on.day})'), total), currency])  # fmt: skip
    columns = [*_columns("What", "Says"), OutColumn("Currency", "skip")]
    return OutSheet("Case", "skip", columns, [[*line, None][:3] for line in said])


def _total(row: int, last: int, after: str, until: str) -> str:
    at = {
        key: f"Timeline!${column}$2:${column}${last}"
        for key, column in zip(("day", "amount", "currency", "corrected"), "ADEI", strict=True)
    }
    return (f'=SUMPRODUCT(--({at["day"]}>{after}),--({at["day"]}<={until}),--EXACT({at["currency"]},$C{row}),'
            f'--({at["corrected"]}=""),{at["amount"]})')  # fmt: skip


def _impact(case: Case) -> OutSheet:
    rows = [[line["label"], line["state"], line["count"], None if line["amount"] is None else float(line["amount"]),
             line["note"], "; ".join(line["items"])] for line in case.data.get("impact", ())]  # fmt: skip
    return OutSheet("Impact", "skip", _columns("What ends", "State", "Count", "Amount", "Note", "Which", Count="number",
                                               Amount="money"), rows)  # fmt: skip


def _approvals(approvals: Sequence[Approval]) -> OutSheet:
    rows = [[a.id, a.title, a.role, a.state, a.by, a.on and a.on.isoformat(), a.how, a.entered_by, _at(a.entered_at), a.reason,
             a.hash] for a in approvals]  # fmt: skip
    headers = (
        "Task",
        "What",
        "For",
        "State",
        "By",
        "On",
        "How",
        "Entered by",
        "Entered at (UTC)",
        "Reason",
        "Hash of the answer",
    )
    return OutSheet("Approvals", "skip", _columns(*headers, Task="number", On="date"), rows)


def _at(instant: Any) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}"


def _obligations(obligations: Sequence[ObligationRow]) -> OutSheet:
    rows = [[o.id, o.area, o.title, o.whose, o.due and o.due.isoformat(), o.state, o.by, o.on and o.on.isoformat(), o.said, o.proof,
             o.rule, o.why, o.hash] for o in obligations]  # fmt: skip
    headers = ("Obligation", "Area", "What", "Whose", "Due", "State", "By", "On", "Proven by, or waived because", "Proof wanted",
               "Rule", "Why it applies", "Hash of the proof")  # fmt: skip
    return OutSheet("Obligations", "skip", _columns(*headers, Obligation="number", Due="date", On="date"), rows)


def _letters(letters: Sequence[LetterRow]) -> OutSheet:
    rows = [[r.kind.title, r.message.id, r.message.whom, r.message.subject, r.standing, r.written.approved_by, r.written.approved]
            for r in letters if r.message]  # fmt: skip
    headers = ("Letter", "Message", "To", "Subject", "Where it stands", "Approved by", "Hash of the approved text")
    return OutSheet("Letters", "skip", _columns(*headers, Message="number"), rows)


def _changes(links: Sequence[Link]) -> OutSheet:
    rows = [[x.id, _at(x.at), x.actor, x.why, x.hash, x.before] for x in links if x.own]
    headers = ("Change", "At (UTC)", "Who", "Why", "Hash", "Hash of the change before")
    return OutSheet("Changes", "skip", _columns(*headers, Change="number"), rows)


def _timeline(happened: Sequence[Happened]) -> OutSheet:
    rows = [[h.on.isoformat(), h.kind, h.ref, _number(h.amount), h.currency or "", _number(h.quantity), h.note, _at(h.learned_at),
             "yes" if h.superseded else "", h.file, h.sheet, h.row] for h in happened]  # fmt: skip
    headers = ("Day", "What", "Reference", "Amount", "Currency", "Quantity", "Note", "Learned at (UTC)", "Corrected since", "File",
               "Sheet", "Row")  # fmt: skip
    return OutSheet(
        "Timeline", "skip", _columns(*headers, Day="date", Amount="money", Quantity="number", Row="number"), rows
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
