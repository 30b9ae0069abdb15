"""How a sheet is read: what its rows are, and which column means what.

A mapping is proposed (importers/propose.py), corrected by a person, applied (storage/imports.py) and
remembered for sheets with the same headers. `to_toml` and `from_toml` carry it between machines.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from prm_tui.domain.errors import InputError
from prm_tui.domain.text import nearest, slug

PARTNER_TARGETS = (
    "code", "name", "type", "tier", "territory", "country", "industry", "joined_on", "manager",
)  # fmt: skip
PEOPLE_TARGETS = ("key", "name", "title", "email")
CONTACT_TARGETS = ("partner", "partner_name", "name", "role", "email", "phone", "language", "valid_until")
ACTIVITY_TARGETS = (
    "partner", "partner_name", "occurred_on", "ref", "amount", "quantity", "currency", "note", "person",
)  # fmt: skip
RECORD_TARGETS = (
    "partner", "partner_name", "ref", "name", "status", "starts_on", "ends_on", "amount", "currency", "quantity",
    "note", "owner",
)  # fmt: skip
APPROVAL_TARGETS = ("decision", "signed_by", "signed_on", "remark")
TRANSITION_TARGETS = ("hand_over_to", "consent", "letter", "letter_on")
REASON_TARGETS = ("reason", "said_by", "said_on", "competitor", "remark")
REVIEW_TARGETS = ("decision", "reason", "until", "decided_by")
TARGETS = {
    "partners": PARTNER_TARGETS,
    "people": PEOPLE_TARGETS,
    "contacts": CONTACT_TARGETS,
    "activity": ACTIVITY_TARGETS,
    "record": RECORD_TARGETS,
    "approvals": APPROVAL_TARGETS,
    "transition": TRANSITION_TARGETS,
    "reasons": REASON_TARGETS,
    "review": REVIEW_TARGETS,
}
NEEDED = {
    "partners": ("name",),
    "people": ("name",),
    "contacts": ("partner", "name"),
    "activity": ("partner", "occurred_on"),
    "record": ("partner",),
    "approvals": (),
    "transition": (),
    "reasons": (),
    "review": (),
}
DATES = frozenset(
    {"occurred_on", "joined_on", "starts_on", "ends_on", "valid_until", "signed_on", "letter_on", "said_on", "until"}
)
NUMBERS = frozenset({"amount", "quantity"})
REASON = "Why prm could not take this row"
"""The header of the column that a workbook of refused rows gets; it means nothing when the rows come back."""


def targets(what: str) -> tuple[str, ...]:
    """What a column of such a sheet may mean, beside `key:SYSTEM`, `data` and `skip`."""
    return TARGETS.get(what.partition(":")[0], ())


def right_what(what: str) -> bool:
    """Whether this says what a sheet is: partners, people, contacts, activity:KIND, record:KIND, approvals, transition, reasons,
    review or skip.
    """
    noun, colon, kind = what.partition(":")
    if noun in ("activity", "record"):
        return kind.isidentifier()
    return noun in (*TARGETS, "skip") and not colon


def right_target(what: str, target: str) -> bool:
    """Whether a column of such a sheet may mean this: one of `targets`, data, skip, id, key:SYSTEM or custom:KEY."""
    prefix, colon, name = target.partition(":")
    if colon:
        return prefix in ("key", "custom") and name.isidentifier()
    return target in (*targets(what), "data", "skip", "id")


def header_hash(headers: Sequence[str]) -> str:
    """Names a header set, whatever the order of its columns."""
    kept = "\n".join(sorted(header.casefold() for header in headers if header != REASON))
    return hashlib.sha256(kept.encode("utf-8", "surrogatepass")).hexdigest()[:32]


SAID = "as you said"
"""Why something is read as it is, where a person said so."""
ORDERS = ("day-first", "month-first", "year-first", "swapped")
"""How dates may be written: which part comes first; swapped: day and month of real dates have been exchanged."""


def as_you_said(order: str) -> str:
    """How the type of a column of dates was decided, when a person said how they are written."""
    return f"{order.replace('-', ' ')}, {SAID}"


@dataclass(frozen=True)
class ColumnPlan:
    """One column of a sheet.

    `pos` counts from 0 and names the staging column c0, c1, …; `type` is text, number, date or empty;
    `target` is one of `targets(what)`, `key:SYSTEM` (another key of the partner), `data` (kept under
    `key` as a custom field, or with the activity), `skip`, or `id` (the tokens of a sheet of ours);
    `why` says in words how that was decided. `orders`: how its dates may be written, where that
    must be asked; `decided`: how its type was found.
    """

    pos: int
    header: str
    type: str
    target: str
    why: str
    example: str = ""
    kept_as: str = ""
    orders: tuple[str, ...] = ()
    decided: str = ""

    @property
    def key(self) -> str:
        """The name under which the column is kept when it means nothing else."""
        return self.kept_as or slug(self.header)

    @property
    def answer(self) -> str:
        """How its dates are written, where a person said so (one of ORDERS); else empty."""
        return next((order for order in ORDERS if self.decided == as_you_said(order)), "")

    @property
    def reason(self) -> str:
        """Why it means what it means, and, of dates and numbers, how they were read."""
        plain = self.decided in ("", "text", "dates", "every cell is a number") or self.decided in self.why
        return self.why if plain else f"{self.why}; {self.decided}"


@dataclass(frozen=True)
class SheetPlan:
    """One sheet: `what` is partners, people, contacts, activity:KIND, record:KIND, approvals or skip.

    `lines`: several rows may be one activity (they share reference, partner and date). `flat`: partners it
    names that nobody knows are made from it. `header_row` is 0 when the sheet has no header. `notes` tells
    what a person should know about how it was read. `lost`: in a sheet of ours, headers (with their targets)
    that went out and did not come back. `content` is the hash of all cells. `held`: of a sheet that was taken
    before with the very same content, how many partners, records or activities it holds; its rows are not staged.
    """

    id: int
    file: str
    file_hash: str
    sheet: str
    header_row: int
    rows: int
    what: str
    why: str
    columns: tuple[ColumnPlan, ...]
    lines: bool = False
    flat: bool = False
    visible: bool = True
    lost: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    content: str | None = None
    held: int | None = None

    def __post_init__(self) -> None:
        """What a file says of itself becomes a plan only through words that are known: it is never SQL.

        A word that only another noun knows stays, for a person who looks at a sheet as something else and back.
        """
        if not right_what(self.what):
            raise InputError(f"{self.file}: {self.sheet}: nothing is read as “{self.what}”")
        for column in self.columns:
            if not any(right_target(noun, column.target) for noun in TARGETS) or not column.key.isidentifier():
                raise InputError(f"{self.file}: {self.sheet}: {column.header}: no column means “{column.target}”")

    @property
    def again(self) -> bool:
        """Whether the sheet has the content that its feed brought last, so that nothing in it is new."""
        return self.held is not None

    @property
    def table(self) -> str:
        """The staging table that holds the rows."""
        return f"rows_{self.id}"

    @property
    def kind(self) -> str | None:
        """The kind of activity or record its rows are, if they are either."""
        return self.what.partition(":")[2] or None

    @property
    def noun(self) -> str:
        """partners, people, contacts, activity, record, approvals, transition or skip."""
        return self.what.partition(":")[0]

    def column(self, target: str) -> ColumnPlan | None:
        """The column that means this, if any."""
        return next((c for c in self.columns if c.target == target), None)

    def kept(self) -> tuple[ColumnPlan, ...]:
        """Columns that are kept under their own name."""
        return tuple(c for c in self.columns if c.target == "data")

    @property
    def ours(self) -> bool:
        """Whether prm wrote the sheet, so that its rows say which of ours they are."""
        return self.column("id") is not None

    @property
    def header_hash(self) -> str:
        """Names the header set, whatever the order of its columns."""
        return header_hash([c.header for c in self.columns])

    def missing(self) -> tuple[str, ...]:
        """What such a sheet needs and no column brings."""
        return tuple(t for t in NEEDED.get(self.noun, ()) if self.column(t) is None)

    def with_target(self, header: str, target: str, why: str) -> SheetPlan:
        """The same plan with one column meaning something else; what meant that before is kept as data."""
        single = target not in ("data", "skip")
        columns = []
        for column in self.columns:
            if column.header == header:
                columns.append(replace(column, target=target, why=why))
            elif single and column.target == target:
                columns.append(replace(column, target="data", why=f"{header} is the {target}"))
            else:
                columns.append(column)
        return replace(self, columns=tuple(columns))


@dataclass(frozen=True)
class Question:
    """Something only a person can decide. `flag` is what answers it on the command line."""

    sheet: str
    text: str
    flag: str


@dataclass(frozen=True)
class SavedMap:
    """A mapping to use for sheets with the same headers: header → target, and how dates are written, where asked."""

    name: str
    what: str
    columns: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def fits(self, headers: list[str]) -> bool:
        """Whether a sheet has exactly the headers this map speaks of, in whatever order."""
        return {h.casefold() for h in headers if h != REASON} == {h.casefold() for h in self.columns}

    @classmethod
    def of(cls, plan: SheetPlan) -> SavedMap:
        """The mapping of a plan."""
        kept = [c for c in plan.columns if c.header != REASON]
        return cls(
            plan.sheet, plan.what, {c.header: c.target for c in kept}, {c.header: c.answer for c in kept if c.answer}
        )


def to_toml(maps: list[SavedMap]) -> str:
    """Mappings as a file a person can read, change and share."""
    parts = []
    for saved in maps:
        lines = [
            "[[sheet]]",
            f"name = {_quoted(saved.name)}",
            f"what = {_quoted(saved.what)}",
            "[sheet.columns]",
        ]
        lines += [f"{_quoted(header)} = {_quoted(target)}" for header, target in saved.columns.items()]
        if saved.dates:
            lines.append("[sheet.dates]")
            lines += [f"{_quoted(header)} = {_quoted(order)}" for header, order in saved.dates.items()]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def from_toml(text: str, file: str) -> list[SavedMap]:
    """The mappings of a file. InputError names what is wrong with it."""
    try:
        found: list[dict[str, Any]] = tomllib.loads(text).get("sheet", [])
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: not a mapping file: {error}. Write one with: prm map WORKBOOK") from None
    if not found:
        raise InputError(f"{file}: there is no [[sheet]] in it. Write one with: prm map WORKBOOK")
    maps = []
    for sheet in found:
        saved = SavedMap(
            str(sheet.get("name", "")),
            str(sheet.get("what", "")),
            dict(sheet.get("columns", {})),
            dict(sheet.get("dates", {})),
        )
        noun = saved.what.partition(":")[0]
        if not right_what(saved.what):
            raise InputError(
                f"{file}: sheet “{saved.name}”: what = “{saved.what}” is none of partners, people, contacts,"
                " activity:KIND, record:KIND, skip"
            )
        allowed = (*targets(noun), "data", "skip")
        for header, target in saved.columns.items():
            if not right_target(saved.what, str(target)):
                like = nearest(target, allowed)
                hint = f"Did you mean “{like}”?" if like else f"One of: {', '.join(allowed)}, key:SYSTEM"
                raise InputError(f"{file}: “{header}” = “{target}” is not known. {hint}")
        for header, order in saved.dates.items():
            if order not in ORDERS or header not in saved.columns:
                raise InputError(
                    f"{file}: dates: “{header}” = “{order}”: a header of the sheet and one of {', '.join(ORDERS)}"
                )
        maps.append(saved)
    return maps
