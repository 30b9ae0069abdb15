"""The evidence pack of a case: one folder that can be read, computed and checked by anyone, without prm."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from prm_tui import clock
from prm_tui.domain.case import STAGES, Case
from prm_tui.domain.casepack import Approval, Happened, Link
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.letter import LetterRow
from prm_tui.domain.obligation import ObligationRow
from prm_tui.domain.settlement import Statement
from prm_tui.domain.text import safe_name
from prm_tui.services import casepack_sheets, cases, letters, obligations, packs, settlement, settlement_sheets
from storage import Store
from storage import casepack as stored

SUMS, README, LOG, BOOK = "SHA256SUMS", "README.txt", "log.jsonl", "case.xlsx"
BACK = 730
"""So many days before the case was opened the timeline begins."""
MOST = 100_000
_CHECK = (
    'python3 -c "import hashlib,json; b=None\n'
    f"for x in map(json.loads, open('{LOG}')):\n"
    " assert b in (None, x['before']), x['change']; b = x['hash']\n"
    " assert not x['own'] or hashlib.sha256(x['sealed'].encode()).hexdigest() == b == x['hash'], x['change']\n"
    " assert not x['own'] or json.loads(x['sealed'])[-1] == x['before'], x['change']\n"
    "print('the chain holds')\""
)


@dataclass(frozen=True)
class _Known:
    """Everything a pack tells of a case."""

    case: Case
    reason: str
    approvals: Sequence[Approval]
    obligations: Sequence[ObligationRow]
    letters: Sequence[LetterRow]
    links: Sequence[Link]
    happened: Sequence[Happened]
    money: Statement | None
    led_by: Sequence[Case] = ()
    hidden: Sequence[int] = ()


def write(store: Store, case_id: int, folder: Path, *, viewer: int | None = None, as_of: date) -> list[Path]:
    """Write everything about a deactivation into a new folder; its files. All of it is there, or nothing.

    UsageError for another case, or one that is restricted to others; InputError for a folder that is there already, or
    cannot be written.
    """
    known = _known(store, case_id, viewer, as_of)
    if folder.exists():
        raise InputError(f"{folder}: is there already. Name another folder; nothing is written over.")
    if not folder.parent.is_dir():
        raise InputError(f"{folder}: the folder {folder.parent} does not exist. Make it first.")
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)  # what an interrupted one left
        part.mkdir()
        _fill(store, known, part, as_of)
        part.rename(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error}). Choose another place.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _known(store: Store, case_id: int, viewer: int | None, as_of: date) -> _Known:
    case = cases.shown(store, case_id, viewer)
    if case.row.kind != "deactivation":
        raise UsageError(f"Case {case_id} is a {case.row.kind}. Its documents: prm cases evidence {case_id} FOLDER")
    reasons = packs.deactivation().reasons
    reason = reasons[case.row.reason].title if case.row.reason in reasons else case.row.reason or ""
    led_by, hidden = _led_by(store, case, viewer)
    with store.reading() as conn:
        since = case.row.opened_on - timedelta(days=BACK)
        return _Known(
            case, reason, stored.approvals(conn, case_id), obligations.of(store, case_id, viewer), letters.of(store, case_id, viewer),
            stored.links(conn, case_id, case.row.partner_id), stored.timeline(conn, case.row.partner_id, since, MOST),
            settlement.of(store, case_id, as_of, viewer) if case.data.get("effective_on") else None, led_by, hidden,
        )  # fmt: skip


def _led_by(store: Store, case: Case, viewer: int | None) -> tuple[list[Case], list[int]]:
    """The cases that proposed this one, and the numbers of those that are restricted to others."""
    found, hidden = [], []
    for number in case.data.get("led_by", ()):
        try:
            found.append(cases.shown(store, number, viewer))
        except UsageError:
            hidden.append(number)
    return found, hidden


def _fill(store: Store, known: _Known, folder: Path, as_of: date) -> None:
    from importers import export
    from prm_tui.domain.sheet import names_apart

    kept = [(proof, "letters" if proof.kind == "letter" else "proofs") for proof in known.case.evidence]
    kept += [(proof, "proposal") for case in known.led_by for proof in case.evidence]
    for proof, place in kept:
        (folder / place).mkdir(exist_ok=True)
        name = safe_name(f"{proof.id} {proof.file or proof.title + _suffix(proof.kind)}")
        (folder / place / name).write_bytes(cases.evidence(store, proof.id))
    book = casepack_sheets.sheets(
        known.case, known.reason, known.approvals, known.obligations, known.letters, known.links, known.happened
    )
    money = settlement_sheets.sheets(known.money) if known.money else []
    written = export.write(folder / BOOK, names_apart([*book[:5], *money, *book[5:]]))
    (folder / LOG).write_text("".join(_line(link) for link in known.links), encoding="utf-8", newline="\n")
    notes = [*written.notes]
    if len(known.happened) == MOST:
        notes.append(f"The timeline holds its latest {MOST:,} rows; there are more")
    (folder / README).write_text(_readme(store, known, folder, as_of, notes), encoding="utf-8", newline="\n")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    ]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8", newline="\n")


def _suffix(kind: str) -> str:
    return ".json" if kind == "snapshot" else ".txt"


def _line(link: Link) -> str:
    """A change as a line of the log: its seal, and for one of the case all that is sealed and what it changed."""
    said = {"change": link.id, "own": link.own, "hash": link.hash, "before": link.before}
    if link.own:
        rows = [{k: v.hex() if isinstance(v, bytes) else v for k, v in row.items()} for row in link.rows]
        said |= {
            "at": f"{link.at:%Y-%m-%dT%H:%M:%SZ}",
            "who": link.actor,
            "why": link.why,
            "changed": rows,
            "sealed": link.text,
        }
    return json.dumps(said, ensure_ascii=False) + "\n"


# ---- the first page ----


def _readme(store: Store, known: _Known, folder: Path, as_of: date, notes: Sequence[str]) -> str:
    case = known.case
    at = datetime.fromtimestamp(clock.now(), UTC)
    lines = [
        f"Deactivation of {case.row.name} ({case.row.code}), case {case.row.id}",
        f"As of {as_of}, written at {at:%Y-%m-%d %H:%M} UTC" + ("; the clock of this file was replaced" if store.setting("clock") else ""),
        "", f"Stage: {STAGES.get(case.row.stage, case.row.stage)}" + (f" ({case.row.outcome})" if case.row.outcome else ""),
        f"Reason: {known.reason}; path: {case.path}", f"Asked for by {case.requested_by or 'nobody in particular'} on {case.row.opened_on}",
        *([case.one_person] if case.one_person else []), *_dates(case),
    ]  # fmt: skip
    parts: list[tuple[str, Callable[[_Known], list[str]]]] = [
        ("What led here", _proposals), ("What ends (as seen when it was asked for)", _impact), ("Approvals", _approvals),
        ("Let pass, though it stood in the way", _passed),
        ("Obligations", _obligations),
        ("Letters", _letters), ("Money", _money),
    ]  # fmt: skip
    for title, said in parts:
        lines += ["", title, *(f"  {line}" for line in said(known) or ["none"])]
    lines += ["", "In this folder", *(f"  {line}" for line in _contents(folder)), *(f"  {note}." for note in notes)]
    lines += ["", "To check it, without prm", f"  Files:  sha256sum -c {SUMS}   (macOS: shasum -a 256 -c {SUMS})",
              "  Chain:  each line of the log is a change; `sealed` is what its `hash` is over, and ends with the hash of the change",
              "          before. Changes that are not of this case are told by their seal alone; what",
              "          a change did to the rows of this case stands beside it for reading.", "",
              *_CHECK.split("\n"), "",
              "A local file cannot prove who sat at the keyboard: approvals that were entered here say so, those with a signed answer",
              "name it with its hash. This is no legal advice."]  # fmt: skip
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _flat(text: object) -> str:
    """Text of a person or file on one line, without signs that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in " ".join(str(text).split()))


def _dates(case: Case) -> list[str]:
    data = case.data
    if not data.get("effective_on"):
        return ["Dates: not known yet"]
    served = (
        f"served on {data['served_on']} by {_flat(data.get('method', ''))}"
        if data.get("served_on")
        else "not served yet, planned"
    )
    return [
        f"Notice: {data.get('notice_on')}, {served}",
        *[
            f"Service corrected on {one['on']} by {one['by']}: {_flat(one['reason'])}. Before: {_flat(one['before'])}"
            for one in data.get("corrected", ())
        ],
        f"Takes effect: {data['effective_on']}; rule: {_flat(data.get('rule', ''))}",
        *([f"Learned: {_flat(data['lesson'])}"] if data.get("lesson") else []),
        *([f"May apply again from {data['reapply_on']}"] if data.get("reapply_on") else []),
    ]


def _proposals(known: _Known) -> list[str]:
    found = []
    for case in known.led_by:
        found.append(f"case {case.row.id}, opened on {case.row.opened_on}: {_flat(case.row.reason or case.row.kind)}")
        for task in case.tasks:
            if task.kind == "approval" and task.done_on:
                answer = f": {_flat(task.choice or task.reason)}" if task.choice or task.reason else ""
                found.append(f"  {_flat(task.title)} {task.state} by {task.done_by} on {task.done_on}{answer}")
                found += [f"  {_flat(task.detail)}"] if task.detail else []
    return [*found, *(f"case {number} is restricted to others and left out" for number in known.hidden)]


def _impact(known: _Known) -> list[str]:
    found = []
    for line in known.case.data.get("impact", ()):
        count = f"{line['count']:,}" if line["state"] == "counted" else line["state"]
        found.append(f"{line['label']:<22} {count:>12}  {_amount(line['amount'])}  {_flat(line['note'])}")
    return found


def _amount(said: str | None) -> str:
    return f"{Decimal(said):,.2f}" if said else ""


def _approvals(known: _Known) -> list[str]:
    found = []
    for one in known.approvals:
        if one.by:
            typed = f", typed in by {one.entered_by}" if one.entered_by not in (None, one.by) else ""
            proof = f", sha256 {one.hash}" if one.hash else ""
            why = f": {_flat(one.reason)}" if one.reason else ""
            found.append(f"{_flat(one.title)}: {one.state} by {one.by} on {one.on}, {one.how}{typed}{proof}{why}")
        else:
            found.append(f"{_flat(one.title)}: {one.state}, by {one.role or 'anyone'}")
    return found


def _passed(known: _Known) -> list[str]:
    return [
        f"{_flat(one['title'])}: {_flat(one['name'])}, by {one['by']} on {one['on']}: {_flat(one['reason'])}"
        for one in known.case.data.get("passed", ())
    ]


def _obligations(known: _Known) -> list[str]:
    found = []
    for one in known.obligations:
        met = f"by {one.by} on {one.on}: {_flat(one.said)}" if one.by else f"due {one.due}, {one.whose}"
        found.append(f"[{one.state}] {_flat(one.title)}; {met}" + (f"; sha256 {one.hash}" if one.hash else ""))
    return found


def _letters(known: _Known) -> list[str]:
    found = []
    for row in known.letters:
        if row.message:
            approved = (
                f"; approved by {row.written.approved_by}, sha256 {row.written.approved}"
                if row.written.approved
                else ""
            )
            found.append(f"{row.kind.title} to {_flat(row.message.whom)}: {row.standing}{approved}")
        elif row.missing:
            found.append(f"{row.kind.title}: still to be written")
    return found


def _money(known: _Known) -> list[str]:
    return settlement.text(known.money).split("\n")[1:] if known.money else []


def _contents(folder: Path) -> list[str]:
    about = {BOOK: "the case in sheets; its sums are formulas over them", LOG: "the chained log of changes",
             "letters": "approved texts, and documents with a letterhead",
             "proposal": "what was kept with the case that proposed it",
             "proofs": "snapshot, service, signed answers, proofs"}  # fmt: skip
    return [f"{path.name:<12} {about.get(path.name, '')}" for path in sorted(folder.iterdir())] + [
        f"{SUMS:<12} the hash of every file here"
    ]
