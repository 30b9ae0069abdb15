"""The settlement of a partner that leaves: earned − paid − clawback − unspent funds + tail, in each currency.

What was paid is told in two ways: by payouts, and by the state of the lines they paid. Both tell of the same money, so the larger
of the two counts. Locked lines (approved, paid) stay due; pending ones (new, on hold) stay apart until somebody decides: they may be
reversed, by a line of their own. The deactivation takes effect at 23:59:59 of the effective day in the file's time
zone: what happened until then is earned; what happened later counts for as long as the agreement's tail runs. Source of
the rule: the terms of impact.com for ending a contract with a partner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

PAID = "paid"
PENDING = ("new", "hold")
NEVER = ("declined", "reversed")
EARNED, TAIL, CLAWBACK, PAYOUT, OPEN, OUT = "earned", "tail", "clawback", "payout", "pending", "not due"
PARTS = (EARNED, TAIL, CLAWBACK, PAYOUT, OPEN, OUT)
"""As what a line counts."""
NO_CURRENCY = "no currency"
ITEMS = {
    "earned": "Earned", "paid": "Paid", "clawback": "Clawed back", "unspent": "Unspent funds", "tail": "Tail so far",
    "balance": "Balance", "pending": "Pending, undecided", "with_pending": "Balance with what is pending",
}  # fmt: skip
"""What a statement says in each currency, in order."""
ZERO = Decimal(0)


@dataclass(frozen=True)
class Origin:
    """Where a line comes from: file, sheet and row, as far as it came from one; its reference and amount there."""

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    ref: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """A line of the ledger. `on`: the day that decides, of the activity behind it where there is one; `after`: it happened
    after the effective moment; `reverses`: the line it takes back; `payout`: it says what was paid, not what for; `part`: as
    what it counts.
    """

    id: int
    on: date
    kind: str
    amount: Decimal
    currency: str
    state: str
    rule: str | None = None
    note: str | None = None
    basis: Decimal | None = None
    rate: Decimal | None = None
    reverses: int | None = None
    origin: Origin = Origin()
    after: bool = False
    part: str = OUT
    payout: bool = False

    @property
    def paid(self) -> Decimal:
        """What of it was paid."""
        return self.amount if self.state == PAID else ZERO


@dataclass(frozen=True)
class Fund:
    """Money that was given for something. `spent` is None where nobody has said: then nothing of it is set off."""

    name: str
    given: Decimal
    spent: Decimal | None
    currency: str
    status: str | None
    origin: Origin = Origin()

    @property
    def unspent(self) -> Decimal:
        """What is left of it for certain."""
        return ZERO if self.spent is None else self.given - self.spent


@dataclass(frozen=True)
class Month:
    """A month of the tail, or the part of one: what was earned in it so far in a currency."""

    begins: date
    ends: date
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Sums:
    """What a statement comes to in one currency. `payouts` and `marked`: the two ways in which it is told what was paid."""

    currency: str
    earned: Decimal = ZERO
    paid: Decimal = ZERO
    clawback: Decimal = ZERO
    unspent: Decimal = ZERO
    tail: Decimal = ZERO
    pending: Decimal = ZERO
    payouts: Decimal = ZERO
    marked: Decimal = ZERO

    @property
    def balance(self) -> Decimal:
        """What is due to the partner; below zero, what it owes."""
        return self.earned - self.paid - self.clawback - self.unspent + self.tail

    @property
    def with_pending(self) -> Decimal:
        """The balance if all that is pending were approved."""
        return self.balance + self.pending


@dataclass(frozen=True)
class Difference:
    """What one item says otherwise than in the statement that was approved."""

    currency: str
    item: str
    before: Decimal
    now: Decimal


@dataclass(frozen=True)
class Approved:
    """The statement that was approved last: who, when, its hash, its figures (currency, item) and lines."""

    by: str
    at: datetime
    hash: str
    figures: dict[tuple[str, str], Decimal]
    lines: frozenset[int]


@dataclass(frozen=True)
class Statement:
    """A settlement as of a day. `effect`: the moment from which on nothing more is earned; `tail_ends`: the last day of the
    tail, None where there is none or nobody knows; `proposals`: what may be withdrawn; `deals`: open ones that may still
    bring something within the tail; `remarks`: what has to be known to read it.
    """

    case_id: int
    code: str
    name: str
    as_of: date
    effective_on: date
    effect: str
    tail_ends: date | None
    lines: tuple[Line, ...]
    funds: tuple[Fund, ...]
    months: tuple[Month, ...]
    sums: tuple[Sums, ...]
    proposals: tuple[str, ...] = ()
    deals: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    approved: Approved | None = None

    @property
    def pending(self) -> tuple[Line, ...]:
        """Lines that may be reversed: pending, and not taken back already."""
        back = {line.reverses for line in self.lines}
        return tuple(line for line in self.lines if line.part == OPEN and line.reverses is None and line.id not in back)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is otherwise than in the statement that was approved; nothing where none was."""
        if self.approved is None:
            return ()
        now = figures(self.sums)
        keys = dict.fromkeys([*self.approved.figures, *now])
        pairs = ((key, self.approved.figures.get(key, ZERO), now.get(key, ZERO)) for key in keys)
        return tuple(Difference(*key, was, now_is) for key, was, now_is in pairs if was != now_is)

    @property
    def new_lines(self) -> tuple[Line, ...]:
        """Lines that came since the statement that was approved."""
        known = self.approved.lines if self.approved else frozenset()
        return tuple(line for line in self.lines if self.approved and line.id not in known)


def figures(sums: Iterable[Sums]) -> dict[tuple[str, str], Decimal]:
    """(currency, item) → amount."""
    return {(one.currency, item): getattr(one, item) for one in sums for item in ITEMS}


def parted(lines: Sequence[Line], tail_ends: date | None) -> list[Line]:
    """Lines with the part as which each counts.

    A line that takes another back counts as that one does, so that both come to nothing; what takes back a paid line, or
    is negative by itself, is a clawback, but for a paid line that was wrong: of that the negative is paid, too.
    """
    by_id = {line.id: line for line in lines}
    return [replace(line, part=_part(line, by_id, tail_ends)) for line in lines]


def _part(line: Line, by_id: dict[int, Line], tail_ends: date | None) -> str:
    first = by_id.get(line.reverses) if line.reverses is not None else None
    if first is not None and first is not line:
        return (
            CLAWBACK
            if first.state == PAID and line.state != PAID
            else _part(replace(first, reverses=None), by_id, tail_ends)
        )
    if line.payout:
        return PAYOUT if line.state == PAID else OUT
    if line.state in NEVER and line.reverses is None:
        return OUT
    if line.state in PENDING:
        return OPEN
    if line.amount < 0:
        return CLAWBACK
    if not line.after:
        return EARNED
    return TAIL if tail_ends is not None and line.on <= tail_ends else OUT


def summed(lines: Sequence[Line], funds: Sequence[Fund]) -> tuple[Sums, ...]:
    """What lines and funds come to, a currency each, by name."""
    found = []
    for currency in sorted({line.currency for line in lines} | {fund.currency for fund in funds}):
        mine = [line for line in lines if line.currency == currency]
        of = {part: sum((line.amount for line in mine if line.part == part), ZERO) for part in PARTS}
        payouts, marked = of[PAYOUT], sum((line.paid for line in mine if line.part in (EARNED, TAIL)), ZERO)
        back = sum((line.paid for line in mine if line.part == CLAWBACK), ZERO)
        paid = max(payouts, marked) + back
        unspent = sum((fund.unspent for fund in funds if fund.currency == currency), ZERO)
        found.append(Sums(currency, of[EARNED], paid, -of[CLAWBACK], unspent, of[TAIL], of[OPEN], payouts, marked))
    return tuple(found)


def schedule(lines: Sequence[Line], effective_on: date, tail_ends: date | None) -> tuple[Month, ...]:
    """The tail month by month, in each currency there is, with what was earned in it so far."""
    if tail_ends is None:
        return ()
    currencies = sorted({line.currency for line in lines}) or [NO_CURRENCY]
    found, begins = [], effective_on + timedelta(days=1)
    while begins <= tail_ends:
        following = date(begins.year + begins.month // 12, begins.month % 12 + 1, 1)
        ends = min(following - timedelta(days=1), tail_ends)
        for currency in currencies:
            mine = (x.amount for x in lines if x.part == TAIL and x.currency == currency and begins <= x.on <= ends)
            found.append(Month(begins, ends, currency, sum(mine, ZERO)))
        begins = following
    return tuple(found)
